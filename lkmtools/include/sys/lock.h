/* <sys/lock.h>: lock(9), the sleeping lock before NetBSD 5, and simple locks, which cost nothing on one CPU.
 * NetBSD 5 has mutex(9), rwlock(9) and condvar(9) instead.
 */

#ifndef _SYS_LOCK_H_
#define _SYS_LOCK_H_

#include <sys/types.h>
#include <machine/lock.h>

struct lwp;

struct simplelock {
	u_long		lock_data;
};
typedef struct simplelock simple_lock_data_t;
#define SIMPLELOCK_INITIALIZER	{ 0 }

struct lock {
	u_long		 lk_magic;
	u_int		 lk_flags;
	int		 lk_sharecount;
	int		 lk_exclusivecount;
	int		 lk_waitcount;
	int		 lk_recurselevel;
	int		 lk_prio;
	int		 lk_timo;
	struct lwp	*lk_lockholder;
	const char	*lk_wmesg;
};

#define LK_TYPE_MASK	0x0000000f
#define LK_SHARED	0x00000001
#define LK_EXCLUSIVE	0x00000002
#define LK_UPGRADE	0x00000003
#define LK_EXCLUPGRADE	0x00000004
#define LK_DOWNGRADE	0x00000005
#define LK_RELEASE	0x00000006
#define LK_DRAIN	0x00000007
#define LK_EXCLOTHER	0x00000008	/* lockstatus(): another lwp has it exclusively */
#define LK_NOWAIT	0x00000010
#define LK_SLEEPFAIL	0x00000020
#define LK_CANRECURSE	0x00000040
#define LK_REENABLE	0x00000080	/* with LK_RELEASE of a drained lock: it can be used again */
#define LK_INTERLOCK	0x00010000
#define LK_RETRY	0x00020000
#define LK_SETRECURSE	0x00100000	/* until this hold ends, others of the lwp need no LK_CANRECURSE */
#define LK_RECURSEFAIL	0x00200000	/* EDEADLK instead of a panic */
#define LK_SPIN		0x00400000

#ifdef _KERNEL
void	lockinit(struct lock *lkp, int prio, const char *wmesg, int timo, int flags);
int	lockmgr(volatile struct lock *lkp, u_int flags, struct simplelock *interlock __lkm_more);
int	lockstatus(struct lock *lkp);
void	lockmgr_printinfo(volatile struct lock *lkp);

#define simple_lock_init(lk)	((lk)->lock_data = 0)
#define simple_lock(lk)		((lk)->lock_data = 1)
#define simple_lock_try(lk)	((lk)->lock_data ? 0 : ((lk)->lock_data = 1))
#define simple_unlock(lk)	((lk)->lock_data = 0)
#define simple_lock_held(lk)	((lk)->lock_data != 0)

/* What they check, LOCKDEBUG checked. */
#define simple_lock_only_held(lk, name)			((void)0)
#define simple_lock_assert_locked(lk, name)		((void)0)
#define simple_lock_assert_unlocked(lk, name)		((void)0)
#define simple_lock_freecheck(start, end)		((void)0)
#define simple_lock_dump()				((void)0)

#define spinlockinit(lkp, name, flags)		lockinit((lkp), 0, (name), 0, (flags) | LK_SPIN)
#define spinlockmgr(lkp, flags, interlock)	lockmgr((lkp), (flags) | LK_SPIN, (interlock))
#endif

#endif
