/* <sys/once.h>: RUN_ONCE: initialisation that happens once, whoever comes first. */

#ifndef _SYS_ONCE_H_
#define _SYS_ONCE_H_

#include <sys/types.h>

typedef struct {
	int	o_status;
	int	o_error;
} once_t;

#define ONCE_VIRGIN	0
#define ONCE_RUNNING	1
#define ONCE_DONE	2

#define ONCE_DECL(o)	once_t o = { .o_status = ONCE_VIRGIN }

#ifdef _KERNEL
int	_init_once(once_t *o, int (*func)(void));

#define RUN_ONCE(o, func) \
	(__predict_true((o)->o_status == ONCE_DONE) ? (o)->o_error : _init_once((o), (func)))
#endif

#endif
