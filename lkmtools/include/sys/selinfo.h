/* <sys/selinfo.h>: who waits for a device in poll(2) or select(2). Zeroed memory is nobody. */

#ifndef _SYS_SELINFO_H_
#define _SYS_SELINFO_H_

#include <sys/event.h>

struct lwp;
struct proc;

struct selinfo {
	struct klist	 sel_klist;	/* stays empty: there are no knotes */
	void		*sel_cpu;
	struct lwp	*sel_lwp;	/* the first that waits */
	SLIST_ENTRY(selinfo) sel_chain;
	u_int		 sel_collision;	/* 1 when others wait as well */
	uint32_t	 sel_reserved[3];
};

#if defined(__OpenBSD__)
#define si_note		sel_klist
#endif

#ifdef _KERNEL
void	selinit(struct selinfo *sip);
void	seldestroy(struct selinfo *sip);
#if __LKM_API < 400
void	selrecord(struct proc *selector, struct selinfo *sip);
#else
void	selrecord(struct lwp *selector, struct selinfo *sip);
#endif
void	selnotify(struct selinfo *sip, int events, long knhint);

/* Before NetBSD 5 there were no events: selnotify(sip, hint) is selnotify(sip, 0, hint). */
#define selnotify(...)	__lkm_pick4(__VA_ARGS__, __lkm_selnotify3, __lkm_selnotify2, )(__VA_ARGS__)
#define __lkm_selnotify3(sip, events, hint)	(selnotify)((sip), (events), (hint))
#define __lkm_selnotify2(sip, hint)		(selnotify)((sip), 0, (hint))
#define selwakeup(sip)	(selnotify)((sip), 0, 0)
#endif

#endif
