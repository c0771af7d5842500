/* <miscfs/syncfs/syncfs.h>: the syncer, which writes file systems now and then. There is none: sync(2) does it. */

#ifndef _MISCFS_SYNCFS_SYNCFS_H_
#define _MISCFS_SYNCFS_SYNCFS_H_

#include <sys/cdefs.h>

struct mount;

#ifdef _KERNEL
extern int	(**sync_vnodeop_p)(void *);

int	vfs_allocate_syncvnode(struct mount *mp);
void	vfs_deallocate_syncvnode(struct mount *mp);

#define sync_close	genfs_nullop
#define sync_lock	genfs_lock
#define sync_unlock	genfs_unlock
#define sync_islocked	genfs_islocked
#define sync_putpages	genfs_null_putpages
int	sync_fsync(void *v);
int	sync_inactive(void *v);
int	sync_reclaim(void *v);
int	sync_print(void *v);
#endif

#endif
