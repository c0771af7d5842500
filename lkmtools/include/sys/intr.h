/* <sys/intr.h>: softint(9): functions that are called when no interrupt is being served any more; priority levels. */

#ifndef _SYS_INTR_H_
#define _SYS_INTR_H_

#include <sys/types.h>
#include <machine/intr.h>

#define SOFTINT_BIO	0x0000
#define SOFTINT_CLOCK	0x0001
#define SOFTINT_SERIAL	0x0002
#define SOFTINT_NET	0x0003
#define SOFTINT_COUNT	0x0004
#define SOFTINT_LVLMASK	0x00ff
#define SOFTINT_MPSAFE	0x0100

#ifdef _KERNEL
void	*softint_establish(u_int flags, void (*func)(void *), void *arg);
void	softint_disestablish(void *cookie);
void	softint_schedule(void *cookie);

/* Before NetBSD 5 they had another name, and a level instead of flags. */
#if __LKM_API < 500
static inline void *
softintr_establish(int ipl, void (*func)(void *), void *arg)
{
	u_int flags = ipl == IPL_SOFTSERIAL ? SOFTINT_SERIAL : ipl == IPL_SOFTNET ? SOFTINT_NET : SOFTINT_CLOCK;

	return softint_establish(flags, func, arg);
}

static inline void softintr_disestablish(void *cookie) { softint_disestablish(cookie); }
static inline void softintr_schedule(void *cookie) { softint_schedule(cookie); }
#endif
#endif

#endif
