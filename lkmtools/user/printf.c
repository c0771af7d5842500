/* The printf family. What converts floating point is in float.c. */

#include "library.h"
#include "printf.h"

#include <sys/types.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

WEAK(printf) WEAK(fprintf) WEAK(sprintf) WEAK(snprintf) WEAK(vprintf) WEAK(vfprintf) WEAK(vsprintf) WEAK(vsnprintf)
WEAK(asprintf) WEAK(vasprintf)

struct args { va_list list; };

void
__put_to(struct sink *s, int c)
{
	if (s->file != NULL)
		__put(c, s->file);
	else if ((size_t)s->count + 1 < s->room)
		s->buf[s->count] = (char)c;
	s->count++;
}

void
__pad(struct sink *s, int n, int c)
{
	while (n-- > 0)
		__put_to(s, c);
}

static void
text(struct sink *s, const struct spec *o, const char *str, int n)
{
	if (!o->left)
		__pad(s, o->width - n, ' ');
	for (int i = 0; i < n; i++)
		__put_to(s, str[i]);
	if (o->left)
		__pad(s, o->width - n, ' ');
}

static void
number(struct sink *s, const struct spec *o, unsigned long long v, unsigned base, const char *before)
{
	const char *digits = o->conv == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char reversed[32];
	int n = 0, zeros, blanks, signs = (int)strlen(before);

	for (; v != 0 || (n == 0 && o->prec != 0); v /= base)
		reversed[n++] = digits[v % base];
	zeros = o->prec > n ? o->prec - n : 0;
	if (o->alt && base == 8 && zeros == 0 && (n == 0 || reversed[n - 1] != '0'))
		zeros = 1;
	if (o->zero && o->prec < 0 && !o->left && o->width > n + signs + zeros)
		zeros = o->width - n - signs;
	blanks = o->width - n - signs - zeros;
	if (!o->left)
		__pad(s, blanks, ' ');
	while (*before != '\0')
		__put_to(s, *before++);
	__pad(s, zeros, '0');
	while (n > 0)
		__put_to(s, reversed[--n]);
	if (o->left)
		__pad(s, blanks, ' ');
}

static long long
signed_arg(struct args *a, enum size size)
{
	long long v = size == LLONG ? va_arg(a->list, long long) : size == LONG ? va_arg(a->list, long) : va_arg(a->list, int);

	return size == CHAR ? (signed char)v : size == SHORT ? (short)v : v;
}

static unsigned long long
unsigned_arg(struct args *a, enum size size)
{
	unsigned long long v = size == LLONG ? va_arg(a->list, unsigned long long) :
	    size == LONG ? va_arg(a->list, unsigned long) : va_arg(a->list, unsigned);

	return size == CHAR ? (unsigned char)v : size == SHORT ? (unsigned short)v : v;
}

/* A width or a precision: digits, or `*`. */
static int
amount(const char **f, struct args *a)
{
	int n = 0;

	if (**f == '*') {
		(*f)++;
		return va_arg(a->list, int);
	}
	while (**f >= '0' && **f <= '9')
		n = n * 10 + *(*f)++ - '0';
	return n;
}

/* What stands between a `%` and its conversion, and that. */
static const char *
specify(const char *f, struct spec *o, struct args *a)
{
	memset(o, 0, sizeof(*o));
	for (;; f++)
		if (*f == '-') o->left = 1;
		else if (*f == '0') o->zero = 1;
		else if (*f == '#') o->alt = 1;
		else if (*f == '+') o->sign = '+';
		else if (*f == ' ') o->sign = o->sign != 0 ? o->sign : ' ';
		else break;
	o->width = amount(&f, a);
	if (o->width < 0)
		o->left = 1, o->width = -o->width;
	o->prec = -1;
	if (*f == '.')
		f++, o->prec = amount(&f, a);
	o->size = INT;
	for (;; f++)
		if (*f == 'l') o->size = o->size == LONG ? LLONG : LONG;
		else if (*f == 'h') o->size = o->size == SHORT ? CHAR : SHORT;
		else if (*f == 'j' || *f == 'q') o->size = LLONG;
		else if (*f == 'z' || *f == 't') o->size = LONG;
		else if (*f == 'L') o->wide = 1;
		else break;
	o->conv = *f;
	return f;
}

static void
convert(struct sink *s, const struct spec *o, struct args *a)
{
	const char *str;
	unsigned long long v;
	long long i;
	char c, sign[2] = { (char)o->sign };
	int n;

	switch (o->conv) {
	case 'n':
		if (o->size == LLONG)
			*va_arg(a->list, long long *) = s->count;
		else if (o->size == LONG)
			*va_arg(a->list, long *) = s->count;
		else
			*va_arg(a->list, int *) = s->count;
		break;
	case 'c':
		c = (char)va_arg(a->list, int);
		text(s, o, &c, 1);
		break;
	case 's':
		if ((str = va_arg(a->list, const char *)) == NULL)
			str = "(null)";
		for (n = 0; (o->prec < 0 || n < o->prec) && str[n] != '\0'; n++)
			continue;
		text(s, o, str, n);
		break;
	case 'd': case 'i':
		i = signed_arg(a, o->size);
		number(s, o, i < 0 ? -(unsigned long long)i : (unsigned long long)i, 10, i < 0 ? "-" : sign);
		break;
	case 'u':
		number(s, o, unsigned_arg(a, o->size), 10, "");
		break;
	case 'o':
		number(s, o, unsigned_arg(a, o->size), 8, "");
		break;
	case 'x': case 'X':
		v = unsigned_arg(a, o->size);
		number(s, o, v, 16, !o->alt || v == 0 ? "" : o->conv == 'x' ? "0x" : "0X");
		break;
	case 'p':
		number(s, o, (unsigned long)va_arg(a->list, void *), 16, "0x");
		break;
	case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
		__floating(s, o, o->wide ? (double)va_arg(a->list, long double) : va_arg(a->list, double));
		break;
	default:
		__put_to(s, o->conv);
	}
}

static int
format(struct sink *s, const char *f, va_list list)
{
	struct args a;
	struct spec o;

	va_copy(a.list, list);
	for (; *f != '\0'; f++) {
		if (*f != '%') {
			__put_to(s, *f);
			continue;
		}
		f = specify(f + 1, &o, &a);
		if (*f == '\0')
			break;
		convert(s, &o, &a);
	}
	va_end(a.list);
	return s->count;
}

int
vfprintf(FILE *f, const char *fmt, va_list ap)
{
	struct sink s = { f, NULL, 0, 0 };
	int n = format(&s, fmt, ap);

	return __settle(f) == 0 ? n : -1;
}

int
vsnprintf(char *buf, size_t room, const char *fmt, va_list ap)
{
	struct sink s = { NULL, buf, room, 0 };
	int n = format(&s, fmt, ap);

	if (room != 0)
		buf[(size_t)n < room ? (size_t)n : room - 1] = '\0';
	return n;
}

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

#define WITH_LIST(call) va_list ap; int n; va_start(ap, fmt); n = call; va_end(ap); return n
int vprintf(const char *fmt, va_list ap) { return vfprintf(stdout, fmt, ap); }
int vsprintf(char *buf, const char *fmt, va_list ap) { return vsnprintf(buf, INT_MAX, fmt, ap); }
int printf(const char *fmt, ...) { WITH_LIST(vfprintf(stdout, fmt, ap)); }
int fprintf(FILE *f, const char *fmt, ...) { WITH_LIST(vfprintf(f, fmt, ap)); }
int sprintf(char *buf, const char *fmt, ...) { WITH_LIST(vsprintf(buf, fmt, ap)); }
int snprintf(char *buf, size_t room, const char *fmt, ...) { WITH_LIST(vsnprintf(buf, room, fmt, ap)); }
int asprintf(char **to, const char *fmt, ...) { WITH_LIST(vasprintf(to, fmt, ap)); }
