/* <sys/workqueue.h>: work for a thread of the kernel. */

#ifndef _SYS_WORKQUEUE_H_
#define _SYS_WORKQUEUE_H_

struct work {
	void	*wk_dummy;
};

#endif
