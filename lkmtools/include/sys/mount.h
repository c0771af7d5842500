/* <sys/mount.h>: file systems: the operations of a type, and each mounted one. */

#ifndef _SYS_MOUNT_H_
#define _SYS_MOUNT_H_

#include <sys/param.h>
#include <sys/kauth.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/rwlock.h>
#include <sys/statvfs.h>

struct fid;
struct vfsops;
struct vnode;
struct vnodeopv_desc;

#define MFSNAMELEN	16
#define MNAMELEN	90
#define VFS_MAX_MOUNT_DATA	8192

TAILQ_HEAD(vnodelst, vnode);

struct mount {
	CIRCLEQ_ENTRY(mount)	 mnt_list;
	struct vnodelst		 mnt_vnodelist;
	struct vfsops		*mnt_op;
	struct vnode		*mnt_vnodecovered;	/* NULL on a directory of the root file system */
	struct vnode		*mnt_syncer;
	void			*mnt_data;
	krwlock_t		 mnt_unmounting;
	kmutex_t		 mnt_renamelock;
	int			 mnt_refcnt;
	int			 mnt_flag;
	int			 mnt_iflag;
	int			 mnt_fs_bshift;
	int			 mnt_dev_bshift;
	struct statvfs		 mnt_stat;
};

#define MNT_RDONLY	0x00000001
#define MNT_SYNCHRONOUS	0x00000002
#define MNT_NOEXEC	0x00000004
#define MNT_NOSUID	0x00000008
#define MNT_NODEV	0x00000010
#define MNT_UNION	0x00000020
#define MNT_ASYNC	0x00000040
#define MNT_LOCAL	0x00001000
#define MNT_ROOTFS	0x00004000
#define MNT_UPDATE	0x00010000
#define MNT_RELOAD	0x00040000
#define MNT_FORCE	0x00080000
#define MNT_GETARGS	0x00400000
#define MNT_NOATIME	0x04000000

#define MNT_BASIC_FLAGS \
	(MNT_RDONLY | MNT_SYNCHRONOUS | MNT_NOEXEC | MNT_NOSUID | MNT_NODEV | MNT_UNION | MNT_ASYNC | MNT_NOATIME)

#define MNT_OP_FLAGS	(MNT_UPDATE | MNT_RELOAD | MNT_FORCE | MNT_GETARGS)

#define IMNT_GONE	0x00000001
#define IMNT_UNMOUNT	0x00000002
#define IMNT_MPSAFE	0x00000008
#define IMNT_DTYPE	0x00000040

#define MNT_WAIT	1
#define MNT_NOWAIT	2
#define MNT_LAZY	3

struct vfsops {
	const char	 *vfs_name;
	size_t		  vfs_min_mount_data;
	int		(*vfs_mount)(struct mount *mp, const char *path, void *data, size_t *data_len);
	int		(*vfs_start)(struct mount *mp, int flags);
	int		(*vfs_unmount)(struct mount *mp, int mntflags);
	int		(*vfs_root)(struct mount *mp, struct vnode **vpp);
	int		(*vfs_quotactl)(struct mount *mp, int cmd, uid_t uid, void *arg);
	int		(*vfs_statvfs)(struct mount *mp, struct statvfs *sbp);
	int		(*vfs_sync)(struct mount *mp, int waitfor, kauth_cred_t cred);
	int		(*vfs_vget)(struct mount *mp, ino_t ino, struct vnode **vpp);
	int		(*vfs_fhtovp)(struct mount *mp, struct fid *fh, struct vnode **vpp);
	int		(*vfs_vptofh)(struct vnode *vp, struct fid *fh, size_t *len);
	void		(*vfs_init)(void);
	void		(*vfs_reinit)(void);
	void		(*vfs_done)(void);
	int		(*vfs_mountroot)(void);
	int		(*vfs_snapshot)(struct mount *mp, struct vnode *vp, struct timespec *ts);
	int		(*vfs_extattrctl)(struct mount *mp, int cmd, struct vnode *vp, int ns, const char *name);
	int		(*vfs_suspendctl)(struct mount *mp, int cmd);
	int		(*vfs_renamelock_enter)(struct mount *mp);
	void		(*vfs_renamelock_exit)(struct mount *mp);
	int		(*vfs_fsync)(struct vnode *vp, int flags);
	const struct vnodeopv_desc * const *vfs_opv_descs;
	int		  vfs_refcount;
	LIST_ENTRY(vfsops) vfs_list;
};

#ifdef _KERNEL
CIRCLEQ_HEAD(mntlist, mount);
LIST_HEAD(vfs_list_head, vfsops);
extern struct mntlist		mountlist;
extern struct vfs_list_head	vfs_list;

/* A struct vfsops is named twice: this made the set of those in the kernel. */
#define VFS_ATTACH(vfs)		struct __vfs_attach_dropped

#define VFS_ROOT(mp, vpp)		(*(mp)->mnt_op->vfs_root)((mp), (vpp))
#define VFS_STATVFS(mp, sbp)		(*(mp)->mnt_op->vfs_statvfs)((mp), (sbp))
#define VFS_SYNC(mp, wait, cred)	(*(mp)->mnt_op->vfs_sync)((mp), (wait), (cred))
#define VFS_VGET(mp, ino, vpp)		(*(mp)->mnt_op->vfs_vget)((mp), (ino), (vpp))

int	vfs_attach(struct vfsops *vfs);
int	vfs_detach(struct vfsops *vfs);
struct vfsops	*vfs_getopsbyname(const char *name);
void	vfs_delref(struct vfsops *vfs);
struct mount	*vfs_getvfs(fsid_t *fsid);
void	vfs_getnewfsid(struct mount *mp);
long	makefstype(const char *type);
int	vfs_busy(struct mount *mp, struct mount **nextp);
void	vfs_unbusy(struct mount *mp, bool keepref, struct mount **nextp);
int	set_statvfs_info(const char *onp, int ukon, const char *fromp, int ukfrom, const char *vfsname, struct mount *mp,
	    struct lwp *l);
void	copy_statvfs_info(struct statvfs *sbp, const struct mount *mp);
int	vfs_stdextattrctl(struct mount *mp, int cmd, struct vnode *vp, int ns, const char *name);
#endif

#endif
