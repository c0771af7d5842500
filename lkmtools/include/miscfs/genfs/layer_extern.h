/* <miscfs/genfs/layer_extern.h>: the functions that file systems over another share; such a module brings them. */

#ifndef _MISCFS_GENFS_LAYER_EXTERN_H_
#define _MISCFS_GENFS_LAYER_EXTERN_H_

#include <miscfs/genfs/layer.h>

#ifdef _KERNEL
void	layerfs_init(void);
void	layerfs_done(void);
int	layer_node_alloc(struct mount *mp, struct vnode *lowervp, struct vnode **vpp);
int	layer_node_create(struct mount *mp, struct vnode *lowervp, struct vnode **vpp);
struct vnode	*layer_node_find(struct mount *mp, struct vnode *lowervp);

int	layerfs_start(struct mount *mp, int flags);
int	layerfs_root(struct mount *mp, struct vnode **vpp);
int	layerfs_quotactl(struct mount *mp, int cmd, uid_t uid, void *arg);
int	layerfs_statvfs(struct mount *mp, struct statvfs *sbp);
int	layerfs_sync(struct mount *mp, int waitfor, struct kauth_cred *cred);
int	layerfs_vget(struct mount *mp, ino_t ino, struct vnode **vpp);
int	layerfs_fhtovp(struct mount *mp, struct fid *fh, struct vnode **vpp);
int	layerfs_vptofh(struct vnode *vp, struct fid *fh, size_t *len);
int	layerfs_snapshot(struct mount *mp, struct vnode *vp, struct timespec *ts);
int	layerfs_renamelock_enter(struct mount *mp);
void	layerfs_renamelock_exit(struct mount *mp);

int	layer_bypass(void *v);
int	layer_getattr(void *v);
int	layer_inactive(void *v);
int	layer_reclaim(void *v);
int	layer_print(void *v);
int	layer_bwrite(void *v);
int	layer_bmap(void *v);
int	layer_lock(void *v);
int	layer_unlock(void *v);
int	layer_islocked(void *v);
int	layer_fsync(void *v);
int	layer_lookup(void *v);
int	layer_setattr(void *v);
int	layer_access(void *v);
int	layer_open(void *v);
int	layer_remove(void *v);
int	layer_rename(void *v);
int	layer_rmdir(void *v);
int	layer_getpages(void *v);
int	layer_putpages(void *v);
int	layer_revoke(void *v);
#endif

#endif
