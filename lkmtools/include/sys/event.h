/* <sys/event.h>: events of kqueue(2), for the drivers that mention them: no knote is ever attached. */

#ifndef _SYS_EVENT_H_
#define _SYS_EVENT_H_

#include <sys/types.h>
#include <sys/queue.h>

#define EVFILT_READ	0
#define EVFILT_WRITE	1
#define EVFILT_AIO	2
#define EVFILT_VNODE	3
#define EVFILT_PROC	4
#define EVFILT_SIGNAL	5
#define EVFILT_TIMER	6
#define EVFILT_SYSCOUNT	7

struct kevent {
	uintptr_t	ident;
	uint32_t	filter;
	uint32_t	flags;
	uint32_t	fflags;
	int64_t		data;
	intptr_t	udata;
};

/* flags: what to do; what an event is like. */
#define EV_ADD		0x0001
#define EV_DELETE	0x0002
#define EV_ENABLE	0x0004
#define EV_DISABLE	0x0008
#define EV_ONESHOT	0x0010
#define EV_CLEAR	0x0020
#define EV_SYSFLAGS	0xf000
#define EV_FLAG1	0x2000
#define EV_ERROR	0x4000
#define EV_EOF		0x8000

/* fflags of EVFILT_READ and EVFILT_WRITE, of EVFILT_VNODE, of EVFILT_PROC. */
#define NOTE_LOWAT	0x0001

#define NOTE_DELETE	0x0001
#define NOTE_WRITE	0x0002
#define NOTE_EXTEND	0x0004
#define NOTE_ATTRIB	0x0008
#define NOTE_LINK	0x0010
#define NOTE_RENAME	0x0020
#define NOTE_REVOKE	0x0040

#define NOTE_EXIT	0x80000000U
#define NOTE_FORK	0x40000000U
#define NOTE_EXEC	0x20000000U
#define NOTE_PCTRLMASK	0xf0000000U
#define NOTE_PDATAMASK	0x000fffffU
#define NOTE_TRACK	0x00000001U
#define NOTE_TRACKERR	0x00000002U
#define NOTE_CHILD	0x00000004U

struct knote;
SLIST_HEAD(klist, knote);

#ifdef _KERNEL
struct kfilter;
struct kqueue;

struct filterops {
	int	f_isfd;				/* kn_kevent.ident is a descriptor */
	int	(*f_attach)(struct knote *);
	void	(*f_detach)(struct knote *);
	int	(*f_event)(struct knote *, long);
};

struct knote {
	SLIST_ENTRY(knote)	 kn_link;	/* of a descriptor */
	SLIST_ENTRY(knote)	 kn_selnext;	/* of a klist */
	TAILQ_ENTRY(knote)	 kn_tqe;	/* of a kqueue */
	struct kqueue		*kn_kq;
	struct kevent		 kn_kevent;
	uint32_t		 kn_status;
	uint32_t		 kn_sfflags;
	uintptr_t		 kn_sdata;
	void			*kn_obj;
	const struct filterops	*kn_fop;
	struct kfilter		*kn_kfilter;
	void			*kn_hook;
};

#define kn_id		kn_kevent.ident
#define kn_filter	kn_kevent.filter
#define kn_flags	kn_kevent.flags
#define kn_fflags	kn_kevent.fflags
#define kn_data		kn_kevent.data

/* kn_status */
#define KN_ACTIVE	0x01U
#define KN_QUEUED	0x02U
#define KN_DISABLED	0x04U
#define KN_DETACHED	0x08U

void	knote(struct klist *list, long hint);
int	kfilter_register(const char *name, const struct filterops *filtops, int *retfilter);
int	kfilter_unregister(const char *name);

#define KNOTE(list, hint)	do { if (!SLIST_EMPTY(list)) knote((list), (hint)); } while (0)
#endif

#endif
