/* <err.h> and <assert.h>: messages on standard error, with the program's name in front. */

#include "library.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

WEAK(err) WEAK(errx) WEAK(verr) WEAK(verrx) WEAK(warn) WEAK(warnx) WEAK(vwarn) WEAK(vwarnx)

/* "prog: message: reason", each part but the first only if there is one. */
static void
say(const char *fmt, va_list ap, const char *why)
{
	fprintf(stderr, "%s: ", __progname);
	if (fmt != NULL)
		vfprintf(stderr, fmt, ap);
	if (fmt != NULL && why != NULL)
		fputs(": ", stderr);
	fprintf(stderr, "%s\n", why != NULL ? why : "");
}

void vwarn(const char *fmt, va_list ap) { say(fmt, ap, strerror(errno)); }
void vwarnx(const char *fmt, va_list ap) { say(fmt, ap, NULL); }
void verr(int status, const char *fmt, va_list ap) { say(fmt, ap, strerror(errno)); exit(status); }
void verrx(int status, const char *fmt, va_list ap) { say(fmt, ap, NULL); exit(status); }

#define WITH_LIST(call) va_list ap; va_start(ap, fmt); call; va_end(ap)
void warn(const char *fmt, ...) { WITH_LIST(say(fmt, ap, strerror(errno))); }
void warnx(const char *fmt, ...) { WITH_LIST(say(fmt, ap, NULL)); }
void err(int status, const char *fmt, ...) { WITH_LIST(say(fmt, ap, strerror(errno))); exit(status); }
void errx(int status, const char *fmt, ...) { WITH_LIST(say(fmt, ap, NULL)); exit(status); }

void
__assert13(const char *file, int line, const char *function, const char *what)
{
	fprintf(stderr, "assertion \"%s\" failed: file \"%s\", line %d, function \"%s\"\n", what, file, line, function);
	abort();
}
