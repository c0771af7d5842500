/* <sys/callout.h>: callout(9): a function called once, some ticks from now. Opaque: use the functions. */

#ifndef _SYS_CALLOUT_H_
#define _SYS_CALLOUT_H_

#include <sys/types.h>

typedef struct callout {
	void	*_c_store[10];
} callout_t;

#define CALLOUT_PENDING		0x0002
#define CALLOUT_FIRED		0x0004
#define CALLOUT_INVOKING	0x0008
#define CALLOUT_MPSAFE		0x0100

#define CALLOUT_MAGIC		0x11deeba1

/* Before NetBSD 5: a callout for which callout_init() need not be called. */
#define CALLOUT_STATIC		0x11deeced
#define CALLOUT_INITIALIZER	CALLOUT_INITIALIZER_SETFUNC(0, 0)
#define CALLOUT_INITIALIZER_SETFUNC(func, arg) \
	{ { [2] = (void *)(func), [3] = (arg), [sizeof(void *) == 8 ? 6 : 7] = (void *)CALLOUT_STATIC } }

#ifdef _KERNEL
struct kmutex;

void	callout_init(callout_t *c, u_int flags);
void	callout_destroy(callout_t *c);
void	callout_setfunc(callout_t *c, void (*func)(void *), void *arg);
void	callout_reset(callout_t *c, int ticks, void (*func)(void *), void *arg);
void	callout_schedule(callout_t *c, int ticks);
bool	callout_stop(callout_t *c);
bool	callout_halt(callout_t *c, void *interlock);
bool	callout_pending(callout_t *c);
bool	callout_active(callout_t *c);
bool	callout_expired(callout_t *c);
bool	callout_invoking(callout_t *c);
void	callout_ack(callout_t *c);

/* Before NetBSD 5 it had no flags: callout_init(c) is callout_init(c, 0). */
#define callout_init(c, ...)	callout_init((c), __VA_ARGS__ + 0)
#endif

#endif
