/* <sys/workqueue.h>: workqueue(9): work that a thread of the kernel does later. */

#ifndef _SYS_WORKQUEUE_H_
#define _SYS_WORKQUEUE_H_

#include <sys/types.h>

/* Part of what is to be done; the queue has it until its function is called. */
struct work {
	void	*wk_dummy;
};

struct workqueue;
struct cpu_info;

#define WQ_MPSAFE	0x01
#define WQ_PERCPU	0x02

#ifdef _KERNEL
int	workqueue_create(struct workqueue **wqp, const char *name, void (*func)(struct work *, void *), void *arg,
	    pri_t pri, int ipl, int flags);
void	workqueue_destroy(struct workqueue *wq);
void	workqueue_enqueue(struct workqueue *wq, struct work *wk, struct cpu_info *ci);
#endif

#endif
