/* What programs of the time take from <stdlib.h>, <string.h>, <stdio.h>, <libgen.h> and <locale.h> besides the usual. */

#include "library.h"

#include <sys/types.h>
#include <sys/stat.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

WEAK(strtod) WEAK(atof) WEAK(div) WEAK(ldiv) WEAK(lldiv) WEAK(setenv) WEAK(unsetenv) WEAK(putenv) WEAK(mkstemp) WEAK(arc4random)
WEAK(asprintf) WEAK(vasprintf) WEAK(fgetln) WEAK(basename) WEAK(dirname) WEAK(setlocale) WEAK(strcasestr) WEAK(memccpy)
WEAK(swab) WEAK(strsignal) WEAK(psignal) WEAK(sys_siglist) WEAK(sys_signame) WEAK(strmode) WEAK(strerror_r)

extern char **environ;

/* -- numbers -- */

double
strtod(const char *s, char **endp)
{
	const char *end = s;
	double value = 0, scale = 1;
	int minus, exponent = 0, point = 0, sign;

	while (isspace((u_char)*s))
		s++;
	minus = *s == '-';
	s += *s == '-' || *s == '+';
	for (; isdigit((u_char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = 1;
			continue;
		}
		value = value * 10 + (*s - '0');
		exponent -= point;
		end = s + 1;
	}
	if (end != s && s[-1] == '.' && end == s - 1)
		end = s;	/* "5." */
	if (end == s && (*s | 32) == 'e' && (isdigit((u_char)s[1]) || ((s[1] == '-' || s[1] == '+') && isdigit((u_char)s[2])))) {
		sign = *++s == '-' ? -1 : 1;
		exponent += sign * (int)strtol(s + (*s == '-' || *s == '+'), (char **)&end, 10);
	}
	if (endp != NULL)
		*endp = (char *)end;
	for (sign = exponent < 0, exponent = sign ? -exponent : exponent; exponent > 0 && value != 0 && exponent < 800; exponent--)
		scale *= 10;
	if (exponent >= 800)
		errno = ERANGE;
	value = sign ? value / scale : value * scale;
	return minus ? -value : value;
}
double atof(const char *s) { return strtod(s, NULL); }

div_t div(int a, int b) { div_t r = { a / b, a % b }; return r; }
ldiv_t ldiv(long a, long b) { ldiv_t r = { a / b, a % b }; return r; }
lldiv_t lldiv(long long a, long long b) { lldiv_t r = { a / b, a % b }; return r; }
uint32_t arc4random(void) { return (uint32_t)random() << 16 ^ (uint32_t)random(); }

/* -- the environment -- */

/* Where "name=" stands, or the NULL at the end. */
static char **
entry(const char *name, size_t n)
{
	char **p;

	for (p = environ; *p != NULL && (strncmp(*p, name, n) != 0 || (*p)[n] != '='); p++)
		continue;
	return p;
}

/* Make environ[] our own with room for one more. */
static int
grow(void)
{
	static char **ours;
	size_t n;
	char **new;

	for (n = 0; environ[n] != NULL; n++)
		continue;
	if ((new = realloc(environ == ours ? ours : NULL, (n + 2) * sizeof(*new))) == NULL)
		return -1;
	if (environ != ours)
		memcpy(new, environ, (n + 1) * sizeof(*new));
	environ = ours = new;
	return 0;
}

int
putenv(char *text)
{
	size_t n = strcspn(text, "=");
	char **p = entry(text, n);

	if (*p == NULL) {
		if (grow() < 0)
			return -1;
		p = entry(text, n);
		p[1] = NULL;
	}
	*p = text;
	return 0;
}

int
setenv(const char *name, const char *value, int overwrite)
{
	char *text;

	if (name == NULL || *name == '\0' || strchr(name, '=') != NULL) {
		errno = EINVAL;
		return -1;
	}
	if (!overwrite && getenv(name) != NULL)
		return 0;
	return asprintf(&text, "%s=%s", name, value) < 0 ? -1 : putenv(text);
}

int
unsetenv(const char *name)
{
	char **p = entry(name, strlen(name));

	for (; *p != NULL; p++)
		p[0] = p[1];
	return 0;
}

int
mkstemp(char *template)
{
	static unsigned tries;
	size_t end = strlen(template), first = end, at;
	int fd, n;

	while (first > 0 && template[first - 1] == 'X')
		first--;
	for (n = 0; n < 1000; n++) {
		unsigned v = (unsigned)getpid() * 1000 + tries++;

		for (at = first; at < end; at++, v /= 26)
			template[at] = (char)('a' + v % 26);
		if ((fd = open(template, O_RDWR | O_CREAT | O_EXCL, 0600)) >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* -- text -- */

int
vasprintf(char **to, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if ((*to = malloc((size_t)n + 1)) == NULL)
		return -1;
	return vsnprintf(*to, (size_t)n + 1, fmt, ap);
}

int
asprintf(char **to, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(to, fmt, ap);
	va_end(ap);
	return n;
}

/* A line with its end, not NUL-terminated, until the next call. */
char *
fgetln(FILE *f, size_t *len)
{
	static char *line;
	static size_t room;
	size_t n = 0;
	int c;

	while ((c = fgetc(f)) != EOF) {
		if (n == room) {
			char *more = realloc(line, room + 256);

			if (more == NULL)
				return NULL;
			line = more;
			room += 256;
		}
		line[n++] = (char)c;
		if (c == '\n')
			break;
	}
	*len = n;
	return n != 0 ? line : NULL;
}

static char component[1024];

/* A copy of n characters from `text`, or of "." or "/". */
static char *
piece(const char *text, size_t n)
{
	snprintf(component, sizeof(component), "%.*s", (int)n, text);
	return component;
}

char *
basename(char *path)
{
	size_t end = path != NULL ? strlen(path) : 0, begin;

	if (end == 0)
		return piece(".", 1);
	while (end > 1 && path[end - 1] == '/')
		end--;
	for (begin = end - 1; begin > 0 && path[begin - 1] != '/'; begin--)
		continue;
	return piece(path + begin, end - begin);
}

char *
dirname(char *path)
{
	size_t end = path != NULL ? strlen(path) : 0;

	while (end > 1 && path[end - 1] == '/')
		end--;
	while (end > 0 && path[end - 1] != '/')
		end--;
	if (end == 0)
		return piece(".", 1);
	while (end > 1 && path[end - 1] == '/')
		end--;
	return piece(path, end);
}

char *
strcasestr(const char *s, const char *part)
{
	size_t n = strlen(part);

	for (;; s++) {
		if (strncasecmp(s, part, n) == 0)
			return (char *)s;
		if (*s == '\0')
			return NULL;
	}
}

void *
memccpy(void *to, const void *from, int c, size_t n)
{
	const u_char *f = from;
	u_char *t = to;

	while (n-- > 0)
		if ((*t++ = *f++) == (u_char)c)
			return t;
	return NULL;
}

void
swab(const void *from, void *to, size_t n)
{
	const char *f = from;
	char *t = to;

	for (; n > 1; n -= 2, f += 2, t += 2) {
		char c = f[0];

		t[0] = f[1];
		t[1] = c;
	}
}

int
strerror_r(int error, char *buf, size_t room)
{
	return strlcpy(buf, strerror(error), room) < room ? 0 : ERANGE;
}

/* "-rwxr-xr-x " */
void
strmode(mode_t mode, char *to)
{
	static const char letters[] = "rwxrwxrwx";
	mode_t type = mode & S_IFMT;
	int i;

	*to++ = type == S_IFDIR ? 'd' : type == S_IFCHR ? 'c' : type == S_IFBLK ? 'b' : type == S_IFREG ? '-' :
	    type == S_IFLNK ? 'l' : type == S_IFSOCK ? 's' : type == S_IFIFO ? 'p' : '?';
	for (i = 0; i < 9; i++)
		to[i] = mode & 0400 >> i ? letters[i] : '-';
	if (mode & S_ISUID)
		to[2] = mode & S_IXUSR ? 's' : 'S';
	if (mode & S_ISGID)
		to[5] = mode & S_IXGRP ? 's' : 'S';
	if (mode & S_ISVTX)
		to[8] = mode & S_IXOTH ? 't' : 'T';
	to[9] = ' ';
	to[10] = '\0';
}

char *
setlocale(int category, const char *locale)
{
	static char c[] = "C";

	return locale == NULL || *locale == '\0' || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0 ? c : NULL;
}

/* -- signals by name -- */

const char *const sys_signame[NSIG] = { "Signal 0", "hup", "int", "quit", "ill", "trap", "abrt", "emt", "fpe", "kill", "bus",
	"segv", "sys", "pipe", "alrm", "term", "urg", "stop", "tstp", "cont", "chld", "ttin", "ttou", "io", "xcpu", "xfsz",
	"vtalrm", "prof", "winch", "info", "usr1", "usr2", "pwr" };
const char *const sys_siglist[NSIG] = { "Signal 0", "Hangup", "Interrupt", "Quit", "Illegal instruction", "Trace/BPT trap",
	"Abort trap", "EMT trap", "Floating point exception", "Killed", "Bus error", "Segmentation fault", "Bad system call",
	"Broken pipe", "Alarm clock", "Terminated", "Urgent I/O condition", "Suspended (signal)", "Suspended", "Continued",
	"Child exited", "Stopped (tty input)", "Stopped (tty output)", "I/O possible", "CPU time limit exceeded",
	"File size limit exceeded", "Virtual timer expired", "Profiling timer expired", "Window size changed",
	"Information request", "User defined signal 1", "User defined signal 2", "Power fail/restart" };

char *
strsignal(int signo)
{
	static char unknown[32];

	if (signo > 0 && signo < NSIG && sys_siglist[signo] != NULL)
		return (char *)sys_siglist[signo];
	snprintf(unknown, sizeof(unknown), "Unknown signal: %d", signo);
	return unknown;
}

void
psignal(int signo, const char *what)
{
	fprintf(stderr, "%s%s%s\n", what != NULL ? what : "", what != NULL && *what != '\0' ? ": " : "", strsignal(signo));
}
