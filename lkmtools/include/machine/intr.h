/* <machine/intr.h>: interrupt priority levels. */

#ifndef _MACHINE_INTR_H_
#define _MACHINE_INTR_H_

#include <sys/types.h>

#define IPL_NONE	0
#define IPL_PREEMPT	1
#define IPL_SOFTCLOCK	2
#define IPL_SOFTBIO	3
#define IPL_SOFTNET	4
#define IPL_SOFTSERIAL	5
#define IPL_VM		6
#define IPL_SCHED	7
#define IPL_HIGH	8
#define NIPL		9

#define IPL_SOFT	IPL_SOFTCLOCK
#define IPL_BIO		IPL_VM
#define IPL_NET		IPL_VM
#define IPL_TTY		IPL_VM
#define IPL_LPT		IPL_VM
#define IPL_AUDIO	IPL_VM
#define IPL_SERIAL	IPL_HIGH
#define IPL_IPI		IPL_HIGH
#define IPL_CLOCK	IPL_SCHED
#define IPL_STATCLOCK	IPL_SCHED
#define IPL_LOCK	IPL_HIGH

#ifdef _KERNEL
int	splraise(int ipl);
void	spllower(int ipl);

typedef uint8_t ipl_t;
typedef struct {
	ipl_t	_ipl;
} ipl_cookie_t;

/* A level as it is kept, for splraiseipl(). */
static inline ipl_cookie_t
makeiplcookie(ipl_t ipl)
{
	ipl_cookie_t cookie = { ipl };

	return cookie;
}

static inline int
splraiseipl(ipl_cookie_t cookie)
{
	return splraise(cookie._ipl);
}

#include <sys/intr.h>
#endif

#endif
