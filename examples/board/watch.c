/*
 * watch: a user program for examples/board. It maps the page of a board, waits with poll until somebody has posted,
 * and prints what lies in the mapping; then it posts an answer by writing to the mapping itself.
 */

#include <sys/mman.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct pollfd p = { .events = POLLIN };
	char *page;

	if (argc != 2 || (p.fd = open(argv[1], O_RDWR)) < 0) {
		printf("usage: watch /dev/boardN\n");
		return 1;
	}
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, p.fd, 0);
	if (page == MAP_FAILED)
		return 2;
	if (poll(&p, 1, -1) != 1)
		return 3;
	printf("%s", page);
	strcpy(page, "seen\n");
	return 0;
}
