/* Calls a system call by its number: callsys [-v] number [argument ...] */
#include <sys/types.h>
#include <sys/syscall.h>
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern char *optarg;
extern int optind;

static void
usage(void)
{
	extern char *__progname;

	(void)fprintf(stderr, "usage: %s [-v] number [argument ...]\n", __progname);
	exit(1);
}

int
main(int argc, char *argv[])
{
	long args[3] = { 0 }, result;
	int ch, i, verbose = 0;

	while ((ch = getopt(argc, argv, "v")) != -1)
		switch (ch) {
		case 'v':
			verbose++;
			break;
		case '?':
		default:
			usage();
			/* NOTREACHED */
		}
	argc -= optind;
	argv += optind;
	if (argc < 1)
		usage();
	for (i = 1; i < argc && i <= 3; i++)
		args[i - 1] = strtol(argv[i], NULL, 0);
	signal(SIGSYS, SIG_IGN);
	if (verbose)
		printf("call %d\n", atoi(argv[0]));
	if ((result = syscall(atoi(argv[0]), args[0], args[1], args[2])) == -1)
		err(1, "syscall %s", argv[0]);
	printf("%ld\n", result);
	exit(0);
}
