/* <machine/lock.h>: spin locks of one byte, and mb(9). On one CPU nobody would release one that is held. */

#ifndef _MACHINE_LOCK_H_
#define _MACHINE_LOCK_H_

#include <sys/types.h>
#include <machine/cpufunc.h>

static __inline __unused int
__SIMPLELOCK_LOCKED_P(const __cpu_simple_lock_t *lockp)
{
	return *lockp == __SIMPLELOCK_LOCKED;
}

static __inline __unused int
__SIMPLELOCK_UNLOCKED_P(const __cpu_simple_lock_t *lockp)
{
	return *lockp == __SIMPLELOCK_UNLOCKED;
}

static __inline __unused void
__cpu_simple_lock_set(__cpu_simple_lock_t *lockp)
{
	*lockp = __SIMPLELOCK_LOCKED;
}

static __inline __unused void
__cpu_simple_lock_clear(__cpu_simple_lock_t *lockp)
{
	*lockp = __SIMPLELOCK_UNLOCKED;
}

#ifdef _KERNEL
void	__cpu_simple_lock_init(__cpu_simple_lock_t *lockp);
void	__cpu_simple_lock(__cpu_simple_lock_t *lockp);
int	__cpu_simple_lock_try(__cpu_simple_lock_t *lockp);
void	__cpu_simple_unlock(__cpu_simple_lock_t *lockp);

#define SPINLOCK_SPIN_HOOK	x86_pause()

#define mb_read()	x86_lfence()
#define mb_write()	x86_sfence()
#define mb_memory()	x86_mfence()
#endif

#endif
