/* <sys/signal.h>: signal numbers and sets. */

#ifndef _SYS_SIGNAL_H_
#define _SYS_SIGNAL_H_

#include <sys/types.h>
#include <sys/siginfo.h>

#define _NSIG           64
#define NSIG            _NSIG

#define SIGHUP          1
#define SIGINT          2
#define SIGQUIT         3
#define SIGILL          4
#define SIGTRAP         5
#define SIGABRT         6
#define SIGEMT          7
#define SIGFPE          8
#define SIGKILL         9
#define SIGBUS          10
#define SIGSEGV         11
#define SIGSYS          12
#define SIGPIPE         13
#define SIGALRM         14
#define SIGTERM         15
#define SIGURG          16
#define SIGSTOP         17
#define SIGTSTP         18
#define SIGCONT         19
#define SIGCHLD         20
#define SIGTTIN         21
#define SIGTTOU         22
#define SIGIO           23
#define SIGXCPU         24
#define SIGXFSZ         25
#define SIGVTALRM       26
#define SIGPROF         27
#define SIGWINCH        28
#define SIGINFO         29
#define SIGUSR1         30
#define SIGUSR2         31
#define SIGPWR          32
#define SIGIOT          SIGABRT

typedef struct {
	uint32_t	__bits[4];
} sigset_t;

typedef int	sig_atomic_t;
typedef void (*sig_t)(int);

#define SIG_DFL         ((void (*)(int))0)
#define SIG_IGN         ((void (*)(int))1)
#define SIG_ERR         ((void (*)(int))-1)

struct sigaction {
	union {
		void	(*_sa_handler)(int);
		void	(*_sa_sigaction)(int, siginfo_t *, void *);
	}		_sa_u;
	sigset_t	sa_mask;
	int		sa_flags;
};
#define sa_handler	_sa_u._sa_handler
#define sa_sigaction	_sa_u._sa_sigaction

#define SA_ONSTACK	0x0001
#define SA_RESTART	0x0002
#define SA_RESETHAND	0x0004
#define SA_NOCLDSTOP	0x0008
#define SA_NODEFER	0x0010
#define SA_NOCLDWAIT	0x0020
#define SA_SIGINFO	0x0040

#define SIG_BLOCK	1
#define SIG_UNBLOCK	2
#define SIG_SETMASK	3

typedef struct sigaltstack {
	void	*ss_sp;
	size_t	 ss_size;
	int	 ss_flags;
} stack_t;
#define SS_ONSTACK	0x0001
#define SS_DISABLE	0x0004
#define MINSIGSTKSZ	8192
#define SIGSTKSZ	(MINSIGSTKSZ + 32768)

#define __sigmask(n)		(1U << (((n) - 1) & 31))
#define __sigword(n)		(((n) - 1) >> 5)
#define sigemptyset(s)		((s)->__bits[0] = (s)->__bits[1] = (s)->__bits[2] = (s)->__bits[3] = 0, 0)
#define sigfillset(s)		((s)->__bits[0] = (s)->__bits[1] = (s)->__bits[2] = (s)->__bits[3] = ~0U, 0)
#define sigaddset(s, n)		((s)->__bits[__sigword(n)] |= __sigmask(n), 0)
#define sigdelset(s, n)		((s)->__bits[__sigword(n)] &= ~__sigmask(n), 0)
#define sigismember(s, n)	(((s)->__bits[__sigword(n)] & __sigmask(n)) != 0)

#define sigmask(n)      (1 << ((n) - 1))

#endif
