/* <miscfs/fifofs/fifo.h>: the vnodes of FIFOs. */

#ifndef _MISCFS_FIFOFS_FIFO_H_
#define _MISCFS_FIFOFS_FIFO_H_

#include <sys/cdefs.h>

#ifdef _KERNEL
extern int	(**fifo_vnodeop_p)(void *);

int	fifo_open(void *v);
int	fifo_close(void *v);
int	fifo_read(void *v);
int	fifo_write(void *v);
int	fifo_ioctl(void *v);
int	fifo_poll(void *v);
int	fifo_kqfilter(void *v);
int	fifo_inactive(void *v);
int	fifo_bmap(void *v);
int	fifo_print(void *v);
int	fifo_pathconf(void *v);
int	fifo_advlock(void *v);

#define fifo_lookup	genfs_badop
#define fifo_create	genfs_badop
#define fifo_mknod	genfs_badop
#define fifo_access	genfs_ebadf
#define fifo_getattr	genfs_ebadf
#define fifo_setattr	genfs_ebadf
#define fifo_fcntl	genfs_fcntl
#define fifo_revoke	genfs_revoke
#define fifo_mmap	genfs_badop
#define fifo_fsync	genfs_nullop
#define fifo_seek	genfs_badop
#define fifo_remove	genfs_badop
#define fifo_link	genfs_badop
#define fifo_rename	genfs_badop
#define fifo_mkdir	genfs_badop
#define fifo_rmdir	genfs_badop
#define fifo_symlink	genfs_badop
#define fifo_readdir	genfs_badop
#define fifo_readlink	genfs_badop
#define fifo_abortop	genfs_badop
#define fifo_reclaim	genfs_nullop
#define fifo_lock	genfs_lock
#define fifo_unlock	genfs_unlock
#define fifo_islocked	genfs_islocked
#define fifo_strategy	genfs_badop
#define fifo_bwrite	genfs_nullop
#define fifo_putpages	genfs_null_putpages
#endif

#endif
