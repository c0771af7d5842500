/* Children, their ends, and signals with their names. */
#include <sys/types.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <err.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static jmp_buf env;
static volatile sig_atomic_t got;

static void alarmed(int signo) { longjmp(env, signo); }
static void child(int signo) { got++; }

int
main(void)
{
	struct sigaction sa;
	struct rusage ru;
	int status;
	pid_t pid;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = child;
	sigemptyset(&sa.sa_mask);
	sa.sa_flags = SA_RESTART;
	if (sigaction(SIGCHLD, &sa, NULL) == -1)
		err(1, "sigaction");
	switch (pid = fork()) {
	case -1:
		err(1, "fork");
	case 0:
		exit(7);
	}
	if (wait(&status) != pid || !WIFEXITED(status))
		errx(1, "wait");
	printf("exit %d, %d\n", WEXITSTATUS(status), got);
	if ((pid = fork()) == 0)
		pause();
	kill(pid, SIGTERM);
	while (waitpid(pid, &status, 0) == -1)
		continue;
	printf("%s, %d\n", strsignal(WTERMSIG(status)), WIFSIGNALED(status));
	if ((pid = vfork()) == 0)
		_exit(3);
	printf("%d", wait4(pid, &status, 0, &ru) == pid);
	printf(" %d %ld\n", WEXITSTATUS(status), ru.ru_utime.tv_sec);
	signal(SIGALRM, alarmed);
	if (setjmp(env) == 0) {
		ualarm(1000, 0);
		for (;;)
			pause();
	}
	printf("alarmed\n");
	psignal(SIGSEGV, "would be");
	abort();
}
