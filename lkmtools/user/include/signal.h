/* <signal.h>: signal sets and actions, as NetBSD 5 has them. */

#ifndef _SIGNAL_H_
#define _SIGNAL_H_

#include <sys/signal.h>

typedef struct {
	int	si_signo;
	int	si_code;
	int	si_errno;
#ifdef __LP64__
	int	__pad;
#endif
	void	*si_addr;
	char	__rest[128 - 4 * sizeof(int) - 2 * sizeof(void *)];
} siginfo_t __attribute__((__aligned__(8)));

struct sigaction {
	union {
		void	(*__handler)(int);
		void	(*__sigaction)(int, siginfo_t *, void *);
	}		__u;
	sigset_t	sa_mask;
	int		sa_flags;
};
#define sa_handler	__u.__handler
#define sa_sigaction	__u.__sigaction

#define SA_ONSTACK	0x0001
#define SA_RESTART	0x0002
#define SA_RESETHAND	0x0004
#define SA_NODEFER	0x0010
#define SA_SIGINFO	0x0040
#define SIG_BLOCK	1
#define SIG_UNBLOCK	2
#define SIG_SETMASK	3

#define sigemptyset(s)		((s)->__bits[0] = (s)->__bits[1] = (s)->__bits[2] = (s)->__bits[3] = 0, 0)
#define sigaddset(s, n)		((s)->__bits[((n) - 1) >> 5] |= 1U << (((n) - 1) & 31), 0)
#define sigismember(s, n)	(((s)->__bits[((n) - 1) >> 5] >> (((n) - 1) & 31)) & 1)

int	kill(pid_t, int);
int	raise(int);
sig_t	signal(int, sig_t);
int	sigaction(int, const struct sigaction *, struct sigaction *);
int	sigprocmask(int, const sigset_t *, sigset_t *);
int	sigpending(sigset_t *);
int	sigsuspend(const sigset_t *);

#endif
