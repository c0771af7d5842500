/* <sys/proc.h>: processes and their threads (lwps), and sleeping. The members modules use; their order is ours. */

#ifndef _SYS_PROC_H_
#define _SYS_PROC_H_

#include <sys/param.h>
#include <sys/queue.h>
#include <sys/ucred.h>
#include <machine/cpu.h>

struct simplelock;
struct kmutex;

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
struct proc	*pfind(pid_t pid);
void		 psignal(struct proc *p, int signo);

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
