/* Users, groups and process groups, as root sees them and gives them up. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

int
main(void)
{
	uid_t real, effective, saved;
	gid_t groups[40];

	printf("%d ", getpgid(0) == getpgrp());
	printf("%d ", setpgid(0, 0));
	printf("%d %d ", getpgrp() == getpid(), getsid(0) == getsid(getpid()));
	printf("%d %d ", getgroups(40, groups) >= 0, setresgid(5, 5, 5));
	printf("%d ", setresuid(1000, 1000, 1000));
	getresuid(&real, &effective, &saved);
	printf("%d %d %d %d ", real, effective, saved, getegid());
	printf("%d ", setuid(0));
	printf("%d\n", errno);
	return 0;
}
