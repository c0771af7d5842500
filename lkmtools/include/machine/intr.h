/* <machine/intr.h>: interrupt priority levels. */

#ifndef _MACHINE_INTR_H_
#define _MACHINE_INTR_H_

#include <sys/cdefs.h>

#define IPL_NONE	0
#define IPL_SOFTCLOCK	1
#define IPL_SOFTBIO	2
#define IPL_SOFTNET	3
#define IPL_SOFTSERIAL	4
#define IPL_VM		5
#define IPL_SCHED	6
#define IPL_HIGH	7

#define IPL_SOFT	IPL_SOFTCLOCK
#define IPL_BIO		IPL_VM
#define IPL_NET		IPL_VM
#define IPL_TTY		IPL_VM
#define IPL_SERIAL	IPL_SCHED
#define IPL_AUDIO	IPL_SCHED
#define IPL_CLOCK	IPL_SCHED
#define IPL_STATCLOCK	IPL_SCHED
#define IPL_LOCK	IPL_HIGH

#endif
