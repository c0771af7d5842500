/* Memory of a device and of nobody, and where they differ. */
#include <sys/param.h>
#include <sys/mman.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

int
main(int argc, char *argv[])
{
	char *p, *copy;
	int fd;
	pid_t pid;

	if (argc != 2)
		errx(1, "usage: %s device", getprogname());
	openlog("mapping", LOG_PID | LOG_PERROR, LOG_USER);
	if ((fd = open(argv[1], O_RDWR)) == -1)
		err(1, "%s", argv[1]);
	p = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)0);
	if (p == MAP_FAILED)
		err(1, "mmap");
	(void)close(fd);
	copy = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_ANON | MAP_PRIVATE, -1, (off_t)0);
	if (copy == MAP_FAILED)
		err(1, "anonymous");
	strcpy(p, "shared");
	strcpy(copy, "private");
	if ((pid = fork()) == 0) {
		strcpy(p, "changed");
		strcpy(copy, "lost");
		_exit(0);
	}
	wait(NULL);
	printf("%s %s\n", p, copy);
	if (mprotect(copy, PAGE_SIZE, PROT_READ) == -1 || munmap(p, PAGE_SIZE) == -1)
		err(1, "mprotect");
	syslog(LOG_NOTICE, "%s is mapped: %m", argv[1]);
	return 0;
}
