/* <sys/proc.h>: processes, and sleeping; their threads are <sys/lwp.h>'s. */

#ifndef _SYS_PROC_H_
#define _SYS_PROC_H_

#include <sys/param.h>
#include <sys/event.h>
#include <sys/lwp.h>
#include <sys/rwlock.h>
#ifdef __OpenBSD__
#include <sys/timeout.h>
#include <sys/selinfo.h>
#include <sys/event.h>
#endif

struct simplelock;
struct cwdinfo;
struct exec_package;
struct execsw;
struct lcproc;
struct plimit;
struct ps_strings;
struct pstats;
struct ptimers;
struct ras;
struct sa_emul;
struct sadata;
struct sigacts;
struct sysctlnode;
struct tty;
struct uvm_object;
struct vmspace;
struct vnode;

/*
 * How the programs of another system are served. Members that are NULL mean the native behaviour; those marked with
 * a star are never looked at.
 */
struct emul {
	const char		 *e_name;
	const char		 *e_path;	/* absolute file names are looked for below this first */
	const struct sysent	 *e_sysent;	/* SYS_NSYSENT entries */
	const char *const	 *e_syscallnames;
	void			(*e_sendsig)(const struct ksiginfo *, const sigset_t *);
	void			(*e_trapsignal)(struct lwp *, struct ksiginfo *);
	int			(*e_tracesig)(struct proc *, int);	/* * */
	char			 *e_sigcode;	/* [e_sigcode, e_esigcode) is mapped at p_sigctx.ps_sigcode */
	char			 *e_esigcode;
	struct uvm_object	**e_sigobject;	/* * */
	void			(*e_setregs)(struct lwp *, struct exec_package *, u_long);
	void			(*e_proc_exec)(struct proc *, struct exec_package *);
	void			(*e_proc_fork)(struct proc *, struct proc *, int);
	void			(*e_proc_exit)(struct proc *);
	void			(*e_lwp_fork)(struct lwp *, struct lwp *);
	void			(*e_lwp_exit)(struct lwp *);
	void			(*e_syscall_intern)(struct proc *);	/* chooses p_md.md_syscall */
	struct sysctlnode	 *e_sysctlovly;	/* * */
	int			(*e_fault)(struct proc *, vaddr_t, int);	/* * */
	vaddr_t			(*e_vm_default_addr)(struct proc *, vaddr_t, vsize_t);	/* * */
	int			(*e_usertrap)(struct lwp *, vaddr_t, void *);	/* * */
	const struct sa_emul	 *e_sa;		/* * */
	size_t			  e_ucsize;	/* * */
	void			(*e_startlwp)(void *);	/* * */
};

/* Sessions and process groups. Their lists are empty: a process has a copy of each of its own. */
struct session {
	int		 s_count;
	u_int		 s_flags;
	struct proc	*s_leader;	/* NULL when it has ended */
	struct vnode	*s_ttyvp;
	struct tty	*s_ttyp;
	char		 s_login[MAXLOGNAME];
	pid_t		 s_sid;
};

struct pgrp {
	LIST_HEAD(, proc) pg_members;
	struct session	*pg_session;
	pid_t		 pg_id;
	int		 pg_jobc;
};

struct sigctx {
	int		 ps_signo;
	int		 ps_code;
	int		 ps_lwp;
	void		*ps_sigcode;	/* the signal trampoline, in the process's memory */
	sigset_t	 ps_sigignore;
	sigset_t	 ps_sigcatch;
};

/* The kernel keeps the members with a comment; the others are zero. */
struct proc {
	LIST_ENTRY(proc)	 p_list;
	kmutex_t		 p_auxlock;
	kmutex_t		*p_lock;
	kmutex_t		 p_stmutex;
	krwlock_t		 p_reflock;
	kcondvar_t		 p_waitcv;
	kcondvar_t		 p_lwpcv;
#if __LKM_API < 400
	struct pcred		*p_cred;
#else
	struct kauth_cred	*p_cred;
#endif
	struct filedesc		*p_fd;
	struct cwdinfo		*p_cwdi;
	struct pstats		*p_stats;
	struct plimit		*p_limit;
	struct vmspace		*p_vmspace;	/* says only which process's memory it is */
	struct sigacts		*p_sigacts;
	void			*p_aio;
	u_int			 p_mqueue_cnt;
	specificdata_reference	 p_specdataref;
	int			 p_exitsig;
	int			 p_flag;
	int			 p_sflag;
	int			 p_slflag;
	int			 p_lflag;
	int			 p_stflag;
	char			 p_stat;	/* SACTIVE, SZOMB */
	char			 p_trace_enabled;
	char			 p_pad1[2];
	pid_t			 p_pid;
	LIST_ENTRY(proc)	 p_pglist;
	struct proc		*p_pptr;
	LIST_ENTRY(proc)	 p_sibling;
	LIST_HEAD(, proc)	 p_children;
	LIST_HEAD(, lwp)	 p_lwps;	/* one */
	struct ras		*p_raslist;
	int			 p_nlwps;	/* 1 */
	int			 p_nzlwps;
	int			 p_nrlwps;
	int			 p_nlwpwait;
	int			 p_ndlwps;
	int			 p_nlwpid;
	u_int			 p_nstopchild;
	u_int			 p_waited;
	struct lwp		*p_zomblwp;
	struct sadata		*p_sa;
	void			*p_sched_info;
	fixpt_t			 p_estcpu;
	fixpt_t			 p_estcpu_inherited;
	u_int			 p_forktime;
	fixpt_t			 p_pctcpu;
	struct proc		*p_opptr;
	struct ptimers		*p_timers;
	struct bintime		 p_rtime;
	u_quad_t		 p_uticks;
	u_quad_t		 p_sticks;
	u_quad_t		 p_iticks;
	int			 p_traceflag;
	int			 p_timerpend;
	void			*p_tracep;
	struct vnode		*p_textvp;
	void			(*p_userret)(void);
	const struct emul	*p_emul;	/* who serves its system calls */
	void			*p_emuldata;
	const struct execsw	*p_execsw;	/* the row of its program; NULL for a client */
	struct klist		 p_klist;
	LIST_HEAD(, lwp)	 p_sigwaiters;
	struct sigstore		 p_sigstore;
	sigpend_t		 p_sigpend;
	struct lcproc		*p_lwpctl;
	pid_t			 p_ppid;
	struct sigctx		 p_sigctx;
	u_char			 p_nice;
	char			 p_comm[MAXCOMLEN + 1];
	struct pgrp		*p_pgrp;
	struct ps_strings	*p_psstr;
	size_t			 p_psargv;
	size_t			 p_psnargv;
	size_t			 p_psenv;
	size_t			 p_psnenv;
	int			 p_pax;
	u_short			 p_xstat;
	u_short			 p_acflag;
	struct mdproc		 p_md;
	vaddr_t			 p_stackbase;
};

#define SIDL		1
#define SACTIVE		2
#define SDYING		3
#define SSTOP		4
#define SZOMB		5
#define SDEAD		6

#define PK_SYSTEM	0x00000002
#define PK_SUGID	0x00000100

#define p_session	p_pgrp->pg_session
#define p_pgid		p_pgrp->pg_id

/* Before NetBSD 4.0: the effective and the real credentials. */
#if __LKM_API < 400
#define p_ucred		p_cred->pc_ucred
#else
#define p_ucred		p_cred
#endif

#ifdef _KERNEL
LIST_HEAD(proclist, proc);
extern struct proclist	allproc;	/* all of them, by p_list */
extern struct proclist	zombproc;	/* none: those that have ended are in allproc */
extern struct proc	proc0;		/* the kernel's own */
#define vmspace_kernel()	(proc0.p_vmspace)
extern const struct emul emul_netbsd;

extern struct proc	*initproc;	/* process 1 */
extern kmutex_t		*proc_lock;	/* the kernel does not take it */

/* Before NetBSD 5: the lock of allproc. Nobody changes it while a module that does not sleep reads it. */
#if __LKM_API < 500
#define proclist_lock_read()		((void)0)
#define proclist_unlock_read()		((void)0)
#define proclist_lock_write()		(0)
#define proclist_unlock_write(s)	((void)(s))
#endif

/* By number: NULL, also for a zombie unless flags say otherwise. They take proc_lock, and say when to release it. */
struct proc	*p_find(pid_t pid, u_int flags);
struct pgrp	*pg_find(pid_t pgid, u_int flags);
#define PFIND_ZOMBIE		1
#define PFIND_LOCKED		2	/* the caller has it */
#define PFIND_UNLOCK_FAIL	4
#define PFIND_UNLOCK_OK		8
#define PFIND_UNLOCK		(PFIND_UNLOCK_OK | PFIND_UNLOCK_FAIL)
#define pfind(pid)		p_find((pid), PFIND_UNLOCK)
#define pgfind(pgid)		pg_find((pgid), PFIND_UNLOCK)

void	psignal(struct proc *p, int signo);

/*
 * A copy of the current process, which goes on in child_return(). stack: where its stack begins, when not where the
 * parent's is. exitsig must be SIGCHLD; func(arg) is the first thing it does, if func is not NULL. The child's number is in retval[0].
 */
int	fork1(struct lwp *l, int flags, int exitsig, void *stack, size_t stacksize, void (*func)(void *), void *arg,
	    register_t *retval, struct proc **rnewprocp);
#define FORK_PPWAIT	0x0001	/* vfork: accepted, the child has memory of its own */
#define FORK_SHAREVM	0x0002	/* only with FORK_PPWAIT */
#define FORK_SHARECWD	0x0004	/* EINVAL, as what follows */
#define FORK_SHAREFILES	0x0008
#define FORK_SHARESIGS	0x0010

/* End the current process with this wait(2) status. It does not return. */
void	exit1(struct lwp *l, int rv) __dead;

/* Sleeping for an address until wakeup, a signal (PCATCH) or timo ticks: 0, EINTR, ERESTART or EWOULDBLOCK. */
int	tsleep(wchan_t ident, pri_t pri, const char *wmesg, int timo);
int	ltsleep(wchan_t ident, pri_t pri, const char *wmesg, int timo, volatile struct simplelock *interlock);
int	mtsleep(wchan_t ident, pri_t pri, const char *wmesg, int timo, struct kmutex *mtx);
int	kpause(const char *wmesg, bool intr, int timo, struct kmutex *mtx);
void	wakeup(wchan_t ident);
void	wakeup_one(wchan_t ident);
void	yield(void);
void	preempt(void);
#endif

#include <sys/proc_old.h>

#endif
