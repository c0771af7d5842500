/* <signal.h>: the functions of <sys/signal.h>. */

#ifndef _SIGNAL_H_
#define _SIGNAL_H_

#include <sys/signal.h>

int	kill(pid_t, int);
int	killpg(pid_t, int);
extern const char *const sys_siglist[], *const sys_signame[];

void	psignal(int, const char *);
int	raise(int);
int	sigblock(int);
int	siginterrupt(int, int);
int	sigsetmask(int);
sig_t	signal(int, sig_t);
int	sigaction(int, const struct sigaction *, struct sigaction *);
int	sigprocmask(int, const sigset_t *, sigset_t *);
int	sigpending(sigset_t *);
int	sigsuspend(const sigset_t *);
int	sigaltstack(const stack_t *, stack_t *);

#endif
