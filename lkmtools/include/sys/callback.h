/* <sys/callback.h>: callback(9): functions that are called in turn when something runs short. */

#ifndef _SYS_CALLBACK_H_
#define _SYS_CALLBACK_H_

#include <sys/types.h>
#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/queue.h>

struct callback_entry {
	TAILQ_ENTRY(callback_entry)	  ce_q;
	int				(*ce_func)(struct callback_entry *, void *, void *);
	void				 *ce_obj;
};

struct callback_head {
	kmutex_t			 ch_lock;
	kcondvar_t			 ch_cv;
	TAILQ_HEAD(, callback_entry)	 ch_q;
	struct callback_entry		*ch_next;
	u_int				 ch_nentries;
	u_int				 ch_running;
};

/* What such a function answers: go on with the next one, or not. */
#define CALLBACK_CHAIN_CONTINUE	0
#define CALLBACK_CHAIN_ABORT	1

#ifdef _KERNEL
int	callback_run(struct callback_head *ch, void *arg);
int	callback_run_roundrobin(struct callback_head *ch, void *arg);
void	callback_register(struct callback_head *ch, struct callback_entry *ce, void *obj,
	    int (*func)(struct callback_entry *, void *, void *));
void	callback_unregister(struct callback_head *ch, struct callback_entry *ce);
void	callback_head_init(struct callback_head *ch, int ipl);
void	callback_head_destroy(struct callback_head *ch);
#endif

#endif
