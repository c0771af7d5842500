/* Clocks and sleeping; protected memory, the break, limits, the system's name. */

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int
main(void)
{
	struct timespec a, b, t = { 0, 2000000 };
	struct utsname u;
	struct rlimit r;
	char *m, *end;
	int st;
	pid_t p;

	clock_gettime(CLOCK_MONOTONIC, &a);
	nanosleep(&t, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%d ", (b.tv_sec - a.tv_sec) * 1000000000LL + b.tv_nsec - a.tv_nsec >= 2000000);
	printf("%d ", clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &a, NULL));
	printf("%d ", time(NULL) > 1000000000);

	m = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	m[1] = 5;
	m = mremap(m, 8192, 1 << 20, MREMAP_MAYMOVE);
	m[(1 << 20) - 1] = 1;
	printf("%d ", m[1]);
	fflush(stdout);
	if ((p = fork()) == 0) {
		mprotect(m, 4096, PROT_READ);
		m[1] = 1;
		_exit(0);
	}
	waitpid(p, &st, 0);
	printf("%d ", WTERMSIG(st) == SIGSEGV);
	end = (char *)syscall(SYS_brk, 0);
	printf("%d ", (char *)syscall(SYS_brk, end + 8192) == end + 8192);
	end[8191] = 1;

	uname(&u);
	getrlimit(RLIMIT_NOFILE, &r);
	printf("%s %d %d\n", u.sysname, r.rlim_cur > 60, geteuid() == getuid());
	return 0;
}
