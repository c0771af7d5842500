/* <sys/proc.h>: processes and their threads (lwps), and sleeping. The members modules use; their order is ours. */

#ifndef _SYS_PROC_H_
#define _SYS_PROC_H_

#include <sys/param.h>
#include <sys/queue.h>
#include <sys/ucred.h>
#include <sys/signal.h>
#include <machine/cpu.h>
#include <machine/proc.h>

struct simplelock;
struct kmutex;
struct exec_package;
struct execsw;
struct ksiginfo;
struct ps_strings;
struct sa_emul;
struct sysctlnode;
struct sysent;
struct uvm_object;

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

struct sigctx {
	void			*ps_sigcode;	/* the signal trampoline, in the process's memory */
};

struct lwp {
	LIST_ENTRY(lwp)		 l_list;
	LIST_ENTRY(lwp)		 l_sibling;
	struct proc		*l_proc;
	struct kauth_cred	*l_cred;
	const void		*l_wchan;	/* what it sleeps for */
	const char		*l_wmesg;
	const char		*l_name;
	void			*l_private;
	lwpid_t			 l_lid;
	int			 l_flag;
	int			 l_stat;
	pri_t			 l_priority;
	int			 l_dupfd;
	int			 l_kpri;
	struct mdlwp		 l_md;
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

/*
 * A process's first lwp lies at its start: a device or system call written for NetBSD 2.0, which takes a struct proc *
 * where later ones take a struct lwp *, finds its members behind the same pointer.
 */
struct proc {
	struct lwp		 p_lwp0;
	LIST_ENTRY(proc)	 p_list;
	LIST_HEAD(, lwp)	 p_lwps;
	struct proc		*p_pptr;
	struct kauth_cred	*p_cred;
	struct filedesc		*p_fd;
	struct cwdinfo		*p_cwdi;
	struct pstats		*p_stats;
	struct plimit		*p_limit;
	struct vmspace		*p_vmspace;
	struct sigacts		*p_sigacts;
	struct pgrp		*p_pgrp;
	const struct emul	*p_emul;
	void			*p_emuldata;
	pid_t			 p_pid;
	int			 p_flag;
	int			 p_nlwps;
	int			 p_xstat;
	int			 p_dupfd;
	u_short			 p_acflag;
	char			 p_stat;
	char			 p_comm[MAXCOMLEN + 1];
	const struct execsw	*p_execsw;	/* the row of its program; NULL for a client */
	struct ps_strings	*p_psstr;
	struct sigctx		 p_sigctx;
	struct mdproc		 p_md;
};

#define SIDL		1
#define SACTIVE		2
#define SDYING		3
#define SSTOP		4
#define SZOMB		5
#define SDEAD		6

#define PK_SYSTEM	0x00000002
#define PK_SUGID	0x00000100

/* Before NetBSD 4.0: the effective and the real credentials. */
#define p_ucred		p_cred

#ifdef _KERNEL
extern struct vmspace	vmspace0;
#define vmspace_kernel()	(&vmspace0)

extern const struct emul emul_netbsd;

struct proc	*pfind(pid_t pid);
void		 psignal(struct proc *p, int signo);

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

#endif
