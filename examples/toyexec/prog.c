/* A toy program: toy's system calls by their numbers. The stubs of the runtime pass whatever number they are given. */
#include <sys/types.h>
#include <errno.h>
#include <unistd.h>

#define TOY_EXIT	1
#define TOY_WRITE	2
#define TOY_OPEN	3
#define TOY_READ	4
#define TOY_COUNT	7

static void
say(const char *s)
{
	size_t n = 0;

	while (s[n] != '\0')
		n++;
	syscall(TOY_WRITE, 1, s, n);
}

int
main(int argc, char **argv)
{
	char line[64];
	long fd, n;

	say("a toy program called ");
	say(argv[0]);
	say(syscall(TOY_COUNT) == 1 && syscall(TOY_COUNT) == 2 ? ", counted\n" : ", not counted\n");
	if (syscall(99) == -1 && errno == 1078)
		say("no call 99: error 1078\n");
	fd = syscall(TOY_OPEN, "/etc/motd", 0, 0);
	if (fd == -1 && errno == 1002)
		say("no /etc/motd: error 1002\n");
	else if ((n = syscall(TOY_READ, fd, line, sizeof(line))) > 0)
		syscall(TOY_WRITE, 1, line, n);
	syscall(TOY_EXIT, 7);
	return 0;
}
