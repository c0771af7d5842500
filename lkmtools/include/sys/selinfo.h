/* <sys/selinfo.h>: who waits for a device in poll(2) or select(2). Zeroed memory is nobody. */

#ifndef _SYS_SELINFO_H_
#define _SYS_SELINFO_H_

#include <sys/types.h>

struct knote;
struct lwp;

struct klist {
	struct knote	*slh_first;
};

struct selinfo {
	u_long		 sel_pollers;
	union {
		u_long		sel_spare[5];
		struct klist	sel_klist;	/* stays empty: there are no knotes */
	};
};

#ifdef _KERNEL
void	selinit(struct selinfo *sip);
void	seldestroy(struct selinfo *sip);
void	selrecord(struct lwp *selector, struct selinfo *sip);
void	selnotify(struct selinfo *sip, int events, long knhint);

/* Before NetBSD 5 there were no events: selnotify(sip, hint) is selnotify(sip, 0, hint). */
#define selnotify(...)	__lkm_pick4(__VA_ARGS__, __lkm_selnotify3, __lkm_selnotify2, )(__VA_ARGS__)
#define __lkm_selnotify3(sip, events, hint)	(selnotify)((sip), (events), (hint))
#define __lkm_selnotify2(sip, hint)		(selnotify)((sip), 0, (hint))
#define selwakeup(sip)	(selnotify)((sip), 0, 0)
#endif

#endif
