/* <sys/fstrans.h>: who is in a file system, so that it can be suspended. */

#ifndef _SYS_FSTRANS_H_
#define _SYS_FSTRANS_H_

#include <sys/mount.h>

#define SUSPEND_SUSPEND	0x0001	/* the commands of vfs_suspendctl */
#define SUSPEND_RESUME	0x0002

enum fstrans_lock_type {
	FSTRANS_LAZY = 1,	/* granted while it is not suspended */
	FSTRANS_SHARED = 2,	/* granted while it is not suspending */
	FSTRANS_EXCL = 3
};

enum fstrans_state {
	FSTRANS_NORMAL,
	FSTRANS_SUSPENDING,
	FSTRANS_SUSPENDED
};

#ifdef _KERNEL
void	fstrans_init(void);
#define fstrans_start(mp, t)		_fstrans_start((mp), (t), 1)
#define fstrans_start_nowait(mp, t)	_fstrans_start((mp), (t), 0)
int	_fstrans_start(struct mount *mp, enum fstrans_lock_type lock_type, int wait);
void	fstrans_done(struct mount *mp);
int	fstrans_is_owner(struct mount *mp);
int	fstrans_mount(struct mount *mp);
void	fstrans_unmount(struct mount *mp);
int	fstrans_setstate(struct mount *mp, enum fstrans_state new_state);
enum fstrans_state	fstrans_getstate(struct mount *mp);
int	fscow_establish(struct mount *mp, int (*func)(void *, struct buf *, bool), void *arg);
int	fscow_disestablish(struct mount *mp, int (*func)(void *, struct buf *, bool), void *arg);
int	fscow_run(struct buf *bp, bool data_valid);
int	vfs_suspend(struct mount *mp, int nowait);
void	vfs_resume(struct mount *mp);
#endif

#endif
