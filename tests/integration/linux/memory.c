/* What a C library sets up before main(): arguments, a thread's own memory, malloc, floating point. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __thread int mine = 5;

int
main(int argc, char **argv)
{
	char *big = malloc(3 << 20);

	memset(big, 7, 3 << 20);
	errno = 0;
	close(99);
	mine += argc;
	printf("%d %s %d %d %.3f %d\n", argc, argv[1], errno == EBADF, mine, 1.0 / 3, big[(3 << 20) - 1]);
	big = realloc(big, 9 << 20);
	printf("%d\n", big[(3 << 20) - 1]);
	free(big);
	return 3;
}
