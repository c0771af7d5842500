/* <err.h>: one message of each function, or the end by the function named by argv[1]. */
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
with(int which, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	switch (which) {
	case 0: vwarn(fmt, ap); break;
	case 1: vwarnx(fmt, ap); break;
	case 2: verr(5, fmt, ap);
	case 3: verrx(6, fmt, ap);
	}
	va_end(ap);
}

int
main(int argc, char **argv)
{
	printf("not flushed yet ");
	errno = ENOENT;
	if (strcmp(argv[1], "err") == 0)
		err(3, "%s %d", argv[1], 1);
	if (strcmp(argv[1], "errx") == 0)
		errx(4, "%s %d", argv[1], 2);
	if (strcmp(argv[1], "verr") == 0)
		with(2, "%s", argv[1]);
	if (strcmp(argv[1], "verrx") == 0)
		with(3, "%s", argv[1]);
	if (strcmp(argv[1], "nothing") == 0)
		err(7, NULL);
	puts("");
	errno = EACCES;
	warn("%s: %x", "warn", 255);
	warnx("%d%%", 50);
	errno = EEXIST;
	with(0, "vwarn %c", 'v');
	with(1, "vwarnx");
	errno = EPERM;
	warn(NULL);
	warnx(NULL);
	return 0;
}
