/*
 * Every call with one address for every argument, and with it where pointers are, in a child of its own each: an answer
 * comes, or the child dies. Says whether all ended.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	static const int sleeping[] = { SYS_pause, SYS_rt_sigsuspend, SYS_poll, SYS_ppoll, SYS_futex,
	    SYS_select, SYS_pselect6,
#ifdef SYS_ppoll_time64
	    SYS_ppoll_time64, SYS_pselect6_time64, SYS__newselect,
#endif
	};
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long w = argv[1][0] == 'p' ? (long)(page + 4090) : (long)strtoull(argv[1], NULL, 0);
	int ended = 1, skip;
	pid_t p;

	munmap(page + 4096, 4096);
	close(0);
	for (long i = 0; i < 460; i++) {
		skip = 0;
		for (size_t n = 0; n < sizeof(sleeping) / sizeof(sleeping[0]); n++)
			skip |= sleeping[n] == i;
		if (skip)
			continue;
		if ((p = fork()) == 0) {
			setpgid(0, 0);	/* kill(0, 1) is one of the calls */
			syscall(i, w, w, w, w, w, w);
			syscall(i, 1, w, 100, w, w, w);
			syscall(i, w, 1, w, 8, w, w);
			syscall(i, 2, w, w, 8, w, w);
			syscall(i, -100, w, w, 0, w, w);
			syscall(SYS_exit_group, 0);
		}
		ended &= waitpid(p, NULL, 0) == p;
	}
	printf("\n%s ended\n", ended ? "all" : "not all");
	return 0;
}
