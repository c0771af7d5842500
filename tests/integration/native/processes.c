/* Processes: the two results of fork and pipe, errors in the carry flag, exec, wait4, and who a process is. */
struct answer { long first, second; int carry; };

/* A system call without the C library's stub: two results, and the carry flag. */
static struct answer raw(long number, long a, long b, long c)
{
	struct answer r;
	unsigned char carry;
#ifdef __LP64__
	__asm__ volatile("syscall; setc %2" : "=a"(r.first), "=d"(r.second), "=q"(carry)
	    : "0"(number), "D"(a), "S"(b), "1"(c) : "rcx", "r11", "memory");
#else
	__asm__ volatile("pushl %6; pushl %5; pushl %4; pushl $0; int $0x80; setc %2; leal 16(%%esp), %%esp"
	    : "=a"(r.first), "=d"(r.second), "=&c"(carry) : "0"(number), "S"(a), "D"(b), "b"(c) : "memory", "cc");
#endif
	r.carry = carry;
	return r;
}

static void conventions(void)
{
	struct answer r = raw(SYS_getpid, 0, 0, 0);
	int st;

	CHECK(!r.carry && r.first == getpid());
	r = raw(SYS_close, 99, 0, 0);
	CHECK(r.carry && r.first == EBADF);
	signal(SIGSYS, SIG_IGN);
	r = raw(510, 0, 0, 0);
	CHECK(r.carry && r.first == ENOSYS);
	signal(SIGSYS, SIG_DFL);
	r = raw(SYS_pipe, 0, 0, 0);
	CHECK(!r.carry && r.second == r.first + 1 && close(r.first) == 0 && close(r.second) == 0);
	r = raw(SYS_fork, 0, 0, 0);
	if (r.second == 1)
		_exit(r.carry == 0 && r.first == 0 ? 5 : 6);
	CHECK(!r.carry && r.second == 0 && wait(&st) == r.first && WEXITSTATUS(st) == 5);
}

static void waiting(void)
{
	struct rusage ru, all;
	volatile int i;
	pid_t p;
	int st;

	memset(&ru, 7, sizeof ru);
	if ((p = fork()) == 0) {
		signal(SIGUSR1, SIG_DFL);
		for (i = 0; i < 200000; i++) ;
		_exit(3);
	}
	CHECK(wait4(p, &st, 0, &ru) == p && WIFEXITED(st) && WEXITSTATUS(st) == 3);
	CHECK(ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec > 100 && ru.ru_utime.tv_sec < 1000 && ru.ru_maxrss == 0);
	CHECK(getrusage(RUSAGE_CHILDREN, &all) == 0 && all.ru_utime.tv_sec * 1000000 + all.ru_utime.tv_usec
	    >= ru.ru_utime.tv_sec * 1000000 + ru.ru_utime.tv_usec);
	FAILS(getrusage(5, &all), EINVAL);
	FAILS(wait4(-1, &st, 0, NULL), ECHILD);
	FAILS(wait4(-1, &st, 0x1000, NULL), EINVAL);
	if ((p = fork()) == 0)
		raise(SIGABRT);
	CHECK(wait(&st) == p && WIFSIGNALED(st) && WTERMSIG(st) == SIGABRT);
	if ((p = fork()) == 0) {
		raise(SIGSTOP);
		_exit(4);
	}
	CHECK(wait4(p, &st, WUNTRACED, NULL) == p && WIFSTOPPED(st) && WSTOPSIG(st) == SIGSTOP);
	CHECK(wait4(p, &st, WUNTRACED | WNOHANG, NULL) == 0);	/* told once */
	CHECK(kill(p, SIGCONT) == 0 && wait4(p, &st, WUNTRACED, NULL) == p && WEXITSTATUS(st) == 4);
	if ((p = fork()) == 0) {
		raise(SIGSTOP);
		_exit(4);
	}
	wait4(p, &st, WUNTRACED, NULL);
	CHECK(kill(p, SIGKILL) == 0 && wait(&st) == p && WTERMSIG(st) == SIGKILL);
	signal(SIGCHLD, SIG_IGN);		/* nobody waits: nothing is left to wait for */
	if (fork() == 0)
		_exit(1);
	FAILS(wait(&st), ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void programs(char *name)
{
	char *args[] = { name, "again", NULL }, *none[] = { NULL };
	int st;

	if (fork() == 0)
		execve(name, args, none);
	CHECK(wait(&st) > 0 && WEXITSTATUS(st) == 77);
	FAILS(execve(name, none, none), EINVAL);
	FAILS(execve(name, NULL, none), EFAULT);
	FAILS(execve(name, (char **)8, none), EFAULT);
	FAILS(execve("/nothing", args, none), ENOENT);
	FAILS(execve("/dev", args, none), EACCES);
	FAILS(execve("", args, none), ENOENT);
}

int main(int argc, char **argv, char **envp)
{
	if (argc > 1)
		return envp[0] == NULL ? 77 : 78;
	conventions();
	waiting();
	programs(argv[0]);
	CHECK(getppid() > 0 && getppid() != getpid());
	CHECK(getuid() == 0 && geteuid() == 0 && getgid() == 0 && getegid() == 0);
	return 0;
}
