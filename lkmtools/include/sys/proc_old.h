/* <sys/proc_old.h>: what <sys/proc.h> and its kin had before NetBSD 5.0; <sys/proc.h> includes it. */

#ifndef _SYS_PROC_OLD_H_
#define _SYS_PROC_OLD_H_

#include <sys/cdefs.h>
#if defined(_KERNEL) && __LKM_API < 500

#include <sys/proc.h>
#include <sys/signalvar.h>
#include <sys/ucred.h>

/* In p_flag. No process of this kernel has a controlling terminal. */
#define P_CONTROLT	0
#define P_SYSTEM	PK_SYSTEM
#define P_SUGID		PK_SUGID

/* One lwp runs at a time. */
#define KERNEL_PROC_LOCK(l)	((void)(l))
#define KERNEL_PROC_UNLOCK(l)	((void)(l))

#if __LKM_API < 400
#define want_resched	1	/* yield() returns soon when nobody else wants to run */

/* Of the current process. */
#define CURSIG(p)	((void)(p), issignal(curlwp))
#endif

#if defined(__OpenBSD__)
/* Its suser() takes the process and flags; at first it took what NetBSD's does. */
static inline int
__lkm_suser(struct proc *p, u_short *flags)
{
	return (suser)(p->p_ucred, NULL);
}
#define suser(who, how) \
	_Generic((who), struct proc *: __lkm_suser, default: (suser))((void *)(who), (u_short *)(u_long)(how))
#endif

#endif

#endif
