/* <sys/signalvar.h>: signals from within the kernel: sending, and what emulations build sigaction(2) and others of. */

#ifndef _SYS_SIGNALVAR_H_
#define _SYS_SIGNALVAR_H_

#include <sys/signal.h>
#include <sys/mutex.h>
#include <sys/queue.h>

struct lwp;
struct pgrp;
struct proc;

struct sigact_sigdesc {
	struct sigaction	 sd_sigact;
	const void		*sd_tramp;
	int			 sd_vers;
};

/* What a process does at each signal. */
struct sigacts {
	struct sigact_sigdesc	sa_sigdesc[NSIG];
	int			sa_refcnt;
	kmutex_t		sa_mutex;
};

/* What is pending. */
typedef struct sigpend {
	CIRCLEQ_HEAD(, ksiginfo) sp_info;
	sigset_t		 sp_set;
} sigpend_t;

/* What an lwp gets from its process when it is made. */
struct sigstore {
	stack_t			 ss_sigstk;
	sigset_t		 ss_sigmask;
};

#ifdef _KERNEL
/* The system calls, for the current process and without its memory. Trampoline versions: 0 the kernel's, 2 tramp. */
int	sigaction1(struct lwp *l, int signum, const struct sigaction *nsa, struct sigaction *osa, const void *tramp, int vers);
int	sigprocmask1(struct lwp *l, int how, const sigset_t *nss, sigset_t *oss);
void	sigpending1(struct lwp *l, sigset_t *ss);
int	issignal(struct lwp *l);	/* the first that is pending and not blocked: it stays so. 0: none */
int	sigsuspend1(struct lwp *l, const sigset_t *ss);
int	sigaltstack1(struct lwp *l, const struct sigaltstack *nss, struct sigaltstack *oss);

/* To each process of a group; with checkctty to those of them that have a controlling terminal: none has one. */
void	pgsignal(struct pgrp *pgrp, int signo, int checkctty);
void	gsignal(int pgid, int signo);	/* of NetBSD before 5.0 */
void	kpsignal(struct proc *p, struct ksiginfo *ksi, void *data);
void	trapsignal(struct lwp *l, struct ksiginfo *ksi);
void	sendsig_siginfo(const struct ksiginfo *ksi, const sigset_t *mask);
/* End the process as by this signal. It does not return. */
void	sigexit(struct lwp *l, int signo) __dead;
/* Where a signal frame ends: below the red zone, or the top of the alternate stack. */
void	*getframe(struct lwp *l, int signo, int *onstack);
#endif

#endif
