/* <sys/event.h>: kqueue(2) is not there; the names are, for the drivers that mention it. */

#ifndef _SYS_EVENT_H_
#define _SYS_EVENT_H_

#include <sys/selinfo.h>

#define EVFILT_READ	0
#define EVFILT_WRITE	1

struct filterops {
	int	f_isfd;
	int	(*f_attach)(struct knote *);
	void	(*f_detach)(struct knote *);
	int	(*f_event)(struct knote *, long);
};

struct knote {
	struct { struct knote *sle_next; }	 kn_selnext;
	const struct filterops			*kn_fop;
	void					*kn_hook;
	int64_t					 kn_data;
	uint32_t				 kn_sfflags;
	uint32_t				 kn_filter;
};

#endif
