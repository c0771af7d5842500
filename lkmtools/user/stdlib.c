/* <stdlib.h> and <inttypes.h>: numbers from text, sorting, chance, the environment, a temporary file, and the end of a program. */

#include "library.h"

#include <sys/types.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

WEAK(strtol) WEAK(strtoul) WEAK(strtoll) WEAK(strtoull) WEAK(strtoimax) WEAK(strtoumax) WEAK(strtoq) WEAK(strtouq)
WEAK(atoi) WEAK(atol) WEAK(atoll) WEAK(abs) WEAK(labs) WEAK(llabs) WEAK(imaxabs) WEAK(imaxdiv) WEAK(qsort) WEAK(bsearch)
WEAK(rand) WEAK(srand) WEAK(random) WEAK(srandom) WEAK(getenv) WEAK(getprogname) WEAK(setprogname) WEAK(atexit) WEAK(exit) WEAK(abort)
WEAK(div) WEAK(ldiv) WEAK(lldiv) WEAK(arc4random) WEAK(setenv) WEAK(unsetenv) WEAK(putenv) WEAK(mkstemp)

extern char **environ;

static unsigned
digit(char c)
{
	unsigned letter = (unsigned)(c | 32) - 'a';

	return c >= '0' && c <= '9' ? (unsigned)(c - '0') : letter < 26 ? letter + 10 : UINT_MAX;
}

/* The number that `s` begins with: at most `most`, and in a signed type at least -most - 1. ERANGE, EINVAL. */
static unsigned long long
parse(const char *s, char **endp, int base, unsigned long long most, int is_signed)
{
	const char *end = s;
	unsigned long long value = 0;
	unsigned d, radix = (unsigned)base;
	int minus, over = 0;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	minus = *s == '-';
	s += *s == '-' || *s == '+';
	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x' && digit(s[2]) < 16)
		s += 2, radix = 16;
	else if (base == 0)
		radix = *s == '0' ? 8 : 10;
	if (radix < 2 || radix > 36)
		errno = EINVAL;
	else {
		most += is_signed && minus;
		for (; (d = digit(*s)) < radix; end = ++s) {
			over |= value > (most - d) / radix;
			value = value * radix + d;
		}
	}
	if (endp != NULL)
		*endp = (char *)end;
	if (over) {
		errno = ERANGE;
		value = most;
	}
	return minus && (is_signed || !over) ? -value : value;
}

long strtol(const char *s, char **e, int base) { return (long)parse(s, e, base, LONG_MAX, 1); }
unsigned long strtoul(const char *s, char **e, int base) { return (unsigned long)parse(s, e, base, ULONG_MAX, 0); }
long long strtoll(const char *s, char **e, int base) { return (long long)parse(s, e, base, LLONG_MAX, 1); }
unsigned long long strtoull(const char *s, char **e, int base) { return parse(s, e, base, ULLONG_MAX, 0); }
quad_t strtoq(const char *s, char **e, int base) { return strtoll(s, e, base); }
u_quad_t strtouq(const char *s, char **e, int base) { return strtoull(s, e, base); }
intmax_t strtoimax(const char *s, char **e, int base) { return strtoll(s, e, base); }
uintmax_t strtoumax(const char *s, char **e, int base) { return strtoull(s, e, base); }
int atoi(const char *s) { return (int)strtol(s, NULL, 10); }
long atol(const char *s) { return strtol(s, NULL, 10); }
long long atoll(const char *s) { return strtoll(s, NULL, 10); }

int abs(int n) { return n < 0 ? -n : n; }
long labs(long n) { return n < 0 ? -n : n; }
long long llabs(long long n) { return n < 0 ? -n : n; }
intmax_t imaxabs(intmax_t n) { return n < 0 ? -n : n; }
imaxdiv_t imaxdiv(intmax_t a, intmax_t b) { imaxdiv_t r = { a / b, a % b }; return r; }
div_t div(int a, int b) { div_t r = { a / b, a % b }; return r; }
ldiv_t ldiv(long a, long b) { ldiv_t r = { a / b, a % b }; return r; }
lldiv_t lldiv(long long a, long long b) { lldiv_t r = { a / b, a % b }; return r; }

static void
swap(char *a, char *b, size_t size)
{
	char kept;

	for (; size--; a++, b++)
		kept = *a, *a = *b, *b = kept;
}

/* Let the member at `top` of a heap of n sink below larger ones. */
static void
sink(char *base, size_t top, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	size_t child;

	for (; (child = 2 * top + 1) < n; top = child) {
		if (child + 1 < n && compare(base + child * size, base + (child + 1) * size) < 0)
			child++;
		if (compare(base + top * size, base + child * size) >= 0)
			break;
		swap(base + top * size, base + child * size, size);
	}
}

void
qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	size_t i;

	for (i = n / 2; i-- > 0; )
		sink(base, i, n, size, compare);
	for (; n > 1; n--) {
		swap(base, (char *)base + (n - 1) * size, size);
		sink(base, 0, n - 1, size, compare);
	}
}

void *
bsearch(const void *key, const void *base, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	const char *middle;
	int order;

	for (; n != 0; n /= 2) {
		middle = (const char *)base + n / 2 * size;
		if ((order = compare(key, middle)) == 0)
			return (void *)middle;
		if (order > 0) {
			base = middle + size;
			n--;
		}
	}
	return NULL;
}

static unsigned long long state = 1;

int
rand(void)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (int)(state >> 33);
}
void srand(unsigned seed) { state = seed; }
long random(void) { return rand(); }
void srandom(unsigned long seed) { state = seed; }
uint32_t arc4random(void) { return (uint32_t)random() << 16 ^ (uint32_t)random(); }

/* -- the environment -- */

/* Where "name=" stands, or the NULL at the end. */
static char **
entry(const char *name, size_t n)
{
	static char *none[1];
	char **p;

	if (environ == NULL)	/* a program has none any more */
		environ = none;
	for (p = environ; *p != NULL && (strncmp(*p, name, n) != 0 || (*p)[n] != '='); p++)
		continue;
	return p;
}

char *
getenv(const char *name)
{
	size_t n = strlen(name);
	char **p = entry(name, n);

	return *p != NULL ? *p + n + 1 : NULL;
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

	if (text[n] == '\0') {
		errno = EINVAL;
		return -1;
	}
	if (*p == NULL) {
		if (grow() < 0)
			return -1;
		p = entry(text, n);
		p[1] = NULL;
	}
	*p = text;
	return 0;
}

/* Whether it can be a name: EINVAL. */
static int
proper(const char *name)
{
	if (name != NULL && *name != '\0' && strchr(name, '=') == NULL)
		return 1;
	errno = EINVAL;
	return 0;
}

int
setenv(const char *name, const char *value, int overwrite)
{
	char *text;

	if (!proper(name))
		return -1;
	if (!overwrite && getenv(name) != NULL)
		return 0;
	return asprintf(&text, "%s=%s", name, value) < 0 ? -1 : putenv(text);
}

int
unsetenv(const char *name)
{
	char **p;

	if (!proper(name))
		return -1;
	while (*(p = entry(name, strlen(name))) != NULL)	/* there may be several */
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

const char *getprogname(void) { return __progname; }
void
setprogname(const char *name)
{
	const char *slash = strrchr(name, '/');

	__progname = (char *)(slash != NULL ? slash + 1 : name);
}

#define ATEXIT_MAX	32
static void (*at_exit[ATEXIT_MAX])(void);
static int n_at_exit;

int
atexit(void (*function)(void))
{
	if (n_at_exit == ATEXIT_MAX) {
		errno = ENOMEM;
		return -1;
	}
	at_exit[n_at_exit++] = function;
	return 0;
}

void
exit(int status)
{
	while (n_at_exit > 0)
		at_exit[--n_at_exit]();
	__flush_all();
	_exit(status);
}

void
abort(void)
{
	sigset_t set = { { 1u << (SIGABRT - 1) } };

	sigprocmask(SIG_UNBLOCK, &set, NULL);
	__flush_all();
	raise(SIGABRT);
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
	_exit(127);
}
