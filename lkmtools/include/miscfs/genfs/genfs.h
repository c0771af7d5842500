/* <miscfs/genfs/genfs.h>: vnode operations that many file systems share. */

#ifndef _MISCFS_GENFS_GENFS_H_
#define _MISCFS_GENFS_GENFS_H_

#include <sys/types.h>

struct mount;

#ifdef _KERNEL
int	genfs_badop(void *v);		/* panics */
int	genfs_nullop(void *v);
int	genfs_einval(void *v);
int	genfs_enoioctl(void *v);
int	genfs_ebadf(void *v);
int	genfs_eopnotsupp(void *v);	/* and lets the vnodes go that the operation would have */
int	genfs_abortop(void *v);
int	genfs_fcntl(void *v);
int	genfs_getpages(void *v);
int	genfs_putpages(void *v);
int	genfs_null_putpages(void *v);
int	genfs_kqfilter(void *v);
int	genfs_mmap(void *v);
int	genfs_poll(void *v);
int	genfs_revoke(void *v);
int	genfs_seek(void *v);
#if __LKM_API < 500
#define genfs_lease_check	genfs_nullop
#endif

int	genfs_lock(void *v);
int	genfs_unlock(void *v);
int	genfs_islocked(void *v);
int	genfs_nolock(void *v);
int	genfs_nounlock(void *v);
int	genfs_noislocked(void *v);

int	genfs_renamelock_enter(struct mount *mp);
void	genfs_renamelock_exit(struct mount *mp);
int	genfs_suspendctl(struct mount *mp, int cmd);
#endif

#endif
