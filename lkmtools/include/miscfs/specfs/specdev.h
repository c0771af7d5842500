/* <miscfs/specfs/specdev.h>: the vnodes of devices. */

#ifndef _MISCFS_SPECFS_SPECDEV_H_
#define _MISCFS_SPECFS_SPECDEV_H_

#include <sys/types.h>
#include <sys/mutex.h>
#include <sys/stdbool.h>

struct lockf;
struct mount;
struct vnode;

/* A vnode of a device: what v_specnode is. */
struct specnode {
	struct vnode	*sn_next;
	struct specdev	*sn_dev;
	u_int		 sn_opencnt;
	dev_t		 sn_rdev;
	bool		 sn_gone;
};

/* A device, which all its vnodes share. */
struct specdev {
	struct mount	*sd_mountpoint;
	struct lockf	*sd_lockf;
	struct vnode	*sd_bdevvp;
	u_int		 sd_opencnt;
	u_int		 sd_refcnt;
	dev_t		 sd_rdev;
};
typedef struct specnode	specnode_t;
typedef struct specdev	specdev_t;

#define v_specnext		v_specnode->sn_next
#define v_rdev			v_specnode->sn_rdev
#define v_specmountpoint	v_specnode->sn_dev->sd_mountpoint
#define v_speclockf		v_specnode->sn_dev->sd_lockf

#define SPECHSZ			64
#define SPECHASH(rdev)		(((unsigned)(((rdev) >> 5) + (rdev))) % SPECHSZ)

#ifdef _KERNEL
extern int	(**spec_vnodeop_p)(void *);

void	spec_node_init(struct vnode *vp, dev_t rdev);
void	spec_node_destroy(struct vnode *vp);
void	spec_node_revoke(struct vnode *vp);

int	spec_open(void *v);
int	spec_close(void *v);
int	spec_read(void *v);
int	spec_write(void *v);
int	spec_ioctl(void *v);
int	spec_poll(void *v);
int	spec_kqfilter(void *v);
int	spec_mmap(void *v);
int	spec_inactive(void *v);
int	spec_reclaim(void *v);
int	spec_fsync(void *v);
int	spec_strategy(void *v);
int	spec_bmap(void *v);
int	spec_print(void *v);
int	spec_pathconf(void *v);
int	spec_advlock(void *v);

#define spec_lookup	genfs_badop
#define spec_create	genfs_badop
#define spec_mknod	genfs_badop
#define spec_access	genfs_ebadf
#define spec_getattr	genfs_ebadf
#define spec_setattr	genfs_ebadf
#define spec_fcntl	genfs_fcntl
#define spec_revoke	genfs_revoke
#define spec_seek	genfs_nullop
#define spec_remove	genfs_badop
#define spec_link	genfs_badop
#define spec_rename	genfs_badop
#define spec_mkdir	genfs_badop
#define spec_rmdir	genfs_badop
#define spec_symlink	genfs_badop
#define spec_readdir	genfs_badop
#define spec_readlink	genfs_badop
#define spec_abortop	genfs_badop
#define spec_lock	genfs_lock
#define spec_unlock	genfs_unlock
#define spec_islocked	genfs_islocked
#define spec_bwrite	vn_bwrite
#define spec_getpages	genfs_getpages
#define spec_putpages	genfs_putpages
#endif

#endif
