/* <sys/eventvar.h>: a kqueue(2), of which this kernel makes none. */

#ifndef _SYS_EVENTVAR_H_
#define _SYS_EVENTVAR_H_

#include <sys/condvar.h>
#include <sys/event.h>
#include <sys/mutex.h>
#include <sys/selinfo.h>

struct filedesc;

#define KQ_NEVENTS	8	/* copied out at a time */

struct kqueue {
	TAILQ_HEAD(kqlist, knote) kq_head;
	kmutex_t	 kq_lock;
	struct filedesc	*kq_fdp;
	struct selinfo	 kq_sel;
	kcondvar_t	 kq_cv;
	u_int		 kq_count;
};

#endif
