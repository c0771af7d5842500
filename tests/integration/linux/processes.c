/* fork, vfork, wait, pipes, poll, and execve of the program itself. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* clone's last arguments: threads' own memory stands before or behind. */
#ifdef __LP64__
#define TID(p)	(p), 0
#else
#define TID(p)	0, (p)
#endif

int
main(int argc, char **argv)
{
	char b[64], *again[] = { "x", "two", NULL }, *env[] = { "A=b", NULL };
	struct pollfd pf;
	int fd[2], st, n;
	pid_t p;

	if (argc > 1) {
		printf("again %s %s\n", argv[1], getenv("A"));
		return 9;
	}
	pipe2(fd, O_CLOEXEC);
	if ((p = fork()) == 0) {
		close(fd[0]);
		dprintf(fd[1], "%d", getppid() > 0 && getpid() == gettid());
		_exit(5);
	}
	close(fd[1]);
	pf = (struct pollfd){ fd[0], POLLIN, 0 };
	poll(&pf, 1, -1);
	n = read(fd[0], b, sizeof(b));
	printf("%d %.*s %d ", pf.revents & POLLIN, n, b, waitpid(p, &st, 0) == p);
	printf("%d %d\n", WIFEXITED(st), WEXITSTATUS(st));
	fflush(stdout);
	if ((p = vfork()) == 0) {
		execve("/proc/self/exe", again, env);
		_exit(1);
	}
	waitpid(p, &st, 0);
	printf("%d\n", WEXITSTATUS(st));
	fflush(stdout);
	if ((p = fork()) == 0) {
		raise(SIGUSR2);
		_exit(0);
	}
	waitpid(p, &st, 0);
	printf("%d %d\n", WIFSIGNALED(st), WTERMSIG(st) == SIGUSR2);
	fflush(stdout);
	st = 0;
	if ((p = syscall(SYS_clone, CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, 0, &st, TID(&st))) == 0)
		_exit(st == getpid() ? 3 : 4);
	printf("%d ", st == p);
	waitpid(p, &st, 0);
	printf("%d\n", WEXITSTATUS(st));
	return 0;
}
