/* Sets of descriptors waited for, alarms and interval timers, and how a child that was killed is told of. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef SYS__newselect
#define SELECT SYS__newselect
#else
#define SELECT SYS_select
#endif

static volatile int got;
static siginfo_t info;

static void
on(int signo, siginfo_t *i, void *uc)
{
	got = signo;
	info = *i;
}

int
main(void)
{
	struct sigaction sa = { .sa_sigaction = on, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct itimerval it = { { 0, 2000 }, { 0, 1000 } }, was;
	struct { long sec, usec; } tv = { 0, 20000 };
	struct timeval brief = { 0, 1000 };
	struct rusage ru;
	sigset_t block, none;
	fd_set in, out;
	int p[2], st;

	pipe(p);
	FD_ZERO(&in); FD_ZERO(&out);
	FD_SET(p[0], &in); FD_SET(p[1], &out);
	printf("%d ", select(p[1] + 1, &in, &out, NULL, &brief));
	printf("%d %d ", FD_ISSET(p[0], &in) != 0, FD_ISSET(p[1], &out) != 0);
	FD_SET(p[0], &in);
	write(p[1], "x", 1);
	printf("%d ", pselect(p[0] + 1, &in, NULL, NULL, NULL, NULL));
	printf("%ld ", syscall(SELECT, 0, NULL, NULL, NULL, &tv));
	printf("%ld ", tv.sec + tv.usec);
	tv.sec = 1000;
	printf("%ld ", syscall(SELECT, p[0] + 1, &in, NULL, NULL, &tv));
	printf("%d ", tv.sec >= 990 && tv.sec < 1001);
	FD_SET(9, &in);
	printf("%d ", select(10, &in, NULL, NULL, &brief) == -1 && errno == EBADF);
	tv.sec = -1;
	printf("%d\n", syscall(SELECT, 0, NULL, NULL, NULL, &tv) == -1 && errno == EINVAL);

	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGCHLD, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
	for (int i = 0; i < 3; i++)
		sigsuspend(&none);
	printf("%d ", got == SIGALRM);
	memset(&it, 0, sizeof(it));
	setitimer(ITIMER_REAL, &it, &was);
	printf("%ld %d ", (long)was.it_interval.tv_usec, was.it_value.tv_sec == 0);
	getitimer(ITIMER_REAL, &was);
	printf("%ld ", (long)was.it_value.tv_sec + was.it_value.tv_usec);
	printf("%u ", alarm(1000));
	printf("%u ", alarm(0));
	printf("%u\n", alarm(0));
	fflush(stdout);

	if (fork() == 0)
		raise(SIGUSR1);
	while (wait(&st) == -1)
		;
	printf("%d %d %d %d ", WTERMSIG(st), got, info.si_code == CLD_KILLED, info.si_status == SIGUSR1);
	printf("%d ", getrusage(RUSAGE_CHILDREN, &ru));
	printf("%d\n", ru.ru_utime.tv_sec < 100);
	return 0;
}
