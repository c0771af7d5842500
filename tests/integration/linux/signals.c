/* Handlers of one argument and of three, blocked signals, restarted calls, another stack, faults; whole registers. */

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int got;
static char stack[65536];

static void
plain(int signo)
{
	got = got * 100 + signo;
}

static void
full(int signo, siginfo_t *info, void *context)
{
	_exit(signo == SIGSEGV && info->si_addr == (void *)16 ? 6 : 7);
}

static void
onstack(int signo)
{
	char here;

	got = &here >= stack && &here < stack + sizeof(stack);
}

int
main(void)
{
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction sa = { 0 };
	sigset_t set, old;
	volatile double x = 1.5;
	int fd[2], st;
	char c;
	pid_t p;

	sa.sa_handler = plain;
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGUSR2, &sa, NULL);
	for (int i = 0; i < 3; i++) {
		raise(SIGUSR1);
		x = x * 2;
	}
	printf("%d %.1f\n", got, x);

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, &old);
	got = 0;
	raise(SIGUSR2);
	sigpending(&set);
	printf("%d %d ", got, sigismember(&set, SIGUSR2));
	sigprocmask(SIG_SETMASK, &old, NULL);
	printf("%d\n", got);

	sigaltstack(&ss, NULL);
	sa.sa_handler = onstack;
	sa.sa_flags = SA_ONSTACK;
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	sigaction(SIGUSR1, NULL, &sa);
	printf("%d %d %d\n", got, sa.sa_handler == onstack, (sa.sa_flags & SA_ONSTACK) != 0);

	pipe(fd);
	sa.sa_handler = plain;
	sa.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &sa, NULL);
	got = 0;
	fflush(stdout);
	if ((p = fork()) == 0) {
		kill(getppid(), SIGUSR2);
		usleep(1000);
		write(fd[1], "y", 1);
		_exit(0);
	}
	st = read(fd[0], &c, 1);
	printf("%d %c %d\n", st, c, got == SIGUSR2);
	waitpid(p, NULL, 0);
	fflush(stdout);

	if ((p = fork()) == 0) {
		sa.sa_sigaction = full;
		sa.sa_flags = SA_SIGINFO;
		sigaction(SIGSEGV, &sa, NULL);
		*(volatile int *)16 = 1;
	}
	waitpid(p, &st, 0);
	printf("%d\n", WEXITSTATUS(st));
	fflush(stdout);
	*(volatile int *)16 = 1;
	return 0;
}
