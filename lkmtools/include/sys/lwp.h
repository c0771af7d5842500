/* <sys/lwp.h>: threads. The kernel keeps the members with a comment; the others are zero. */

#ifndef _SYS_LWP_H_
#define _SYS_LWP_H_

#include <sys/param.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/signal.h>
#include <sys/signalvar.h>
#include <sys/specificdata.h>
#include <sys/time.h>
#include <sys/ucred.h>
#include <machine/cpu.h>
#include <machine/proc.h>

struct filedesc;
struct kcpuset;
struct ksiginfo;
struct lcpage;
struct lockdebug;
struct lwpctl;
struct proc;
struct sadata_vp;
struct selcpu;
struct selinfo;
struct sleepq;
struct syncobj;
struct sysent;
struct turnstile;
struct user;

struct lwp {
	/* Scheduling. */
	TAILQ_ENTRY(lwp)	 l_runq;
	union {
		void		*info;
		u_int		 timeslice;
	}			 l_sched;
	struct cpu_info		*volatile l_cpu;	/* the only one */
	kmutex_t		*volatile l_mutex;
	int			 l_ctxswtch;
	struct user		*l_addr;
	struct mdlwp		 l_md;
	int			 l_flag;
	int			 l_stat;	/* LSRUN */
	struct bintime		 l_rtime;
	struct bintime		 l_stime;
	u_int			 l_swtime;
	u_int			 l_holdcnt;
	u_int			 l_rticks;
	u_int			 l_rticksum;
	u_int			 l_slpticks;
	u_int			 l_slpticksum;
	int			 l_biglocks;
	int			 l_class;
	int			 l_kpriority;
	pri_t			 l_kpribase;
	pri_t			 l_priority;
	pri_t			 l_inheritedprio;
	SLIST_HEAD(, turnstile)	 l_pi_lenders;
	uint64_t		 l_ncsw;
	uint64_t		 l_nivcsw;
	u_int			 l_cpticks;
	fixpt_t			 l_pctcpu;
	fixpt_t			 l_estcpu;
	psetid_t		 l_psid;
	struct cpu_info		*l_target_cpu;
	kmutex_t		 l_swaplock;
	struct lwpctl		*l_lwpctl;
	struct lcpage		*l_lcpage;
	struct kcpuset		*l_affinity;
	struct sadata_vp	*l_savp;

	/* Sleeping. */
	struct turnstile	*l_ts;
	struct syncobj		*l_syncobj;
	TAILQ_ENTRY(lwp)	 l_sleepchain;
	wchan_t			 l_wchan;
	const char		*l_wmesg;
	struct sleepq		*l_sleepq;
	int			 l_sleeperr;
	u_int			 l_slptime;
	callout_t		 l_timeout_ch;

	/* Its process. */
	LIST_ENTRY(lwp)		 l_list;
	void			*l_ctxlink;
	struct proc		*l_proc;	/* whose lwp it is */
	LIST_ENTRY(lwp)		 l_sibling;
	lwpid_t			 l_waiter;
	lwpid_t			 l_waitingfor;
	int			 l_prflag;
	u_int			 l_refcnt;
	lwpid_t			 l_lid;		/* 1 */
	u_int			 l_selflag;
	SLIST_HEAD(, selinfo)	 l_selwait;
	struct selcpu		*l_selcpu;
	char			*l_name;

	/* Signals. */
	int			 l_sigrestore;
	sigset_t		 l_sigwaitset;
	kcondvar_t		 l_sigcv;
	struct ksiginfo		*l_sigwaited;
	sigpend_t		*l_sigpendset;
	LIST_ENTRY(lwp)		 l_sigwaiter;
	stack_t			 l_sigstk;
	sigset_t		 l_sigmask;
	sigpend_t		 l_sigpend;
	sigset_t		 l_sigoldmask;

	/* What only the thread itself uses. */
	specificdata_reference	 l_specdataref;
	union {
		struct timeval	 tv;
		struct timespec	 ts;
	}			 l_ktrcsw;
	void			*l_private;
	struct lwp		*l_switchto;
	struct kauth_cred	*l_cred;	/* its process's */
	struct filedesc		*l_fd;
	void			*l_emuldata;
	u_int			 l_cv_signalled;
	u_short			 l_shlocks;
	u_short			 l_exlocks;
	u_short			 l_unused;
	u_short			 l_blcnt;
	int			 l_nopreempt;
	u_int			 l_dopreempt;
	int			 l_pflag;
	int			 l_dupfd;
	const struct sysent	*volatile l_sysent;
	struct rusage		 l_ru;
	uint64_t		 l_pfailtime;
	uintptr_t		 l_pfailaddr;
	uintptr_t		 l_pfaillock;
	TAILQ_HEAD(, lockdebug)	 l_ld_locks;
	int			 l_syscall_time;
	uint64_t		*l_syscall_counter;
};

#define LSIDL		1
#define LSRUN		2
#define LSSLEEP		3
#define LSSTOP		4
#define LSZOMB		5
#define LSONPROC	7
#define LSSUSPENDED	8

#define LW_SINTR	0x00000080
#define LW_SYSTEM	0x00000200
#define LW_WEXIT	0x00100000

#ifdef _KERNEL
extern struct lwp	lwp0;	/* proc0's, which also runs soft interrupts */

/* The lock of a thread: kernel mode is not preempted, and nothing else runs. The priority is kept, not used. */
static inline void lwp_lock(struct lwp *l) { (void)l; }
static inline void lwp_unlock(struct lwp *l) { (void)l; }
static inline void lwp_changepri(struct lwp *l, pri_t pri) { l->l_priority = pri; }
#endif

#endif
