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

#define ARGS	64	/* that may have numbers: "%2$s" */

enum type { NONE, INTEGER, A_LONG, A_LLONG, POINTER, DOUBLE, A_LDOUBLE };
union value { long long integer; void *pointer; double number; };

/* Arguments: as they come, or when some are asked for by number, from a table, which a first reading of the format makes. */
struct args {
	va_list		list;
	enum { IN_ORDER, LISTED, TABLED } how;
	int		last;		/* the number of the one that came last */
	int		numbered;	/* a number was met */
	enum type	types[ARGS];
	union value	values[ARGS];
};

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
	int i;

	if (!o->left)
		__pad(s, o->width - n, ' ');
	for (i = 0; i < n; i++)
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

/* -- arguments -- */

static union value
next(struct args *a, enum type type)
{
	union value v = { 0 };

	switch (type) {
	case NONE: break;
	case INTEGER: v.integer = va_arg(a->list, int); break;
	case A_LONG: v.integer = va_arg(a->list, long); break;
	case A_LLONG: v.integer = va_arg(a->list, long long); break;
	case POINTER: v.pointer = va_arg(a->list, void *); break;
	case DOUBLE: v.number = va_arg(a->list, double); break;
	case A_LDOUBLE: v.number = (double)va_arg(a->list, long double); break;
	}
	return v;
}

/* The argument of this number; 0 is the one after the last. */
static union value
fetch(struct args *a, int number, enum type type)
{
	union value none = { 0 };

	if (type == NONE)
		return none;
	if (a->how == IN_ORDER)
		return next(a, type);
	a->numbered |= number != 0;
	if (number == 0)
		number = ++a->last;
	if (number > ARGS)
		return none;
	if (a->how == TABLED)
		return a->values[number - 1];
	a->types[number - 1] = type;
	return none;
}

static enum type
type_of(const struct spec *o)
{
	switch (o->conv) {
	case 'd': case 'i': case 'u': case 'o': case 'x': case 'X': case 'D': case 'O': case 'U':
		return o->size == LLONG ? A_LLONG : o->size == LONG ? A_LONG : INTEGER;
	case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
		return o->wide ? A_LDOUBLE : DOUBLE;
	case 's': case 'p': case 'n':
		return POINTER;
	case 'c':
		return INTEGER;
	}
	return NONE;
}

static long long
signed_value(long long v, enum size size)
{
	return size == CHAR ? (signed char)v : size == SHORT ? (short)v : v;
}

static unsigned long long
unsigned_value(long long v, enum size size)
{
	return size == CHAR ? (unsigned char)v : size == SHORT ? (unsigned short)v : size == INT ? (unsigned)v :
	    size == LONG ? (unsigned long)v : (unsigned long long)v;
}

/* -- formats -- */

static int
decimal(const char **f)
{
	unsigned n = 0;

	while (**f >= '0' && **f <= '9')
		n = n * 10 + (unsigned)(*(*f)++ - '0');
	return n <= INT_MAX ? (int)n : INT_MAX;
}

/* The number in "2$", which is stepped over; 0 without one. */
static int
position(const char **f)
{
	const char *g = *f;
	int n = decimal(&g);

	if (g == *f || *g != '$')
		return 0;
	*f = g + 1;
	return n;
}

/* A width or a precision: digits, or `*`. */
static int
amount(const char **f, struct args *a)
{
	if (**f != '*')
		return decimal(f);
	(*f)++;
	return (int)fetch(a, position(f), INTEGER).integer;
}

/* What stands between a `%` and its conversion, and that. */
static const char *
specify(const char *f, struct spec *o, struct args *a)
{
	memset(o, 0, sizeof(*o));
	o->number = position(&f);
	for (;; f++)
		if (*f == '-') o->left = 1;
		else if (*f == '0') o->zero = 1;
		else if (*f == '#') o->alt = 1;
		else if (*f == '+') o->sign = '+';
		else if (*f == ' ') o->sign = o->sign != 0 ? o->sign : ' ';
		else break;
	o->width = amount(&f, a);
	if (o->width < 0)
		o->left = 1, o->width = o->width == INT_MIN ? INT_MAX : -o->width;
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
	if (*f == 'D' || *f == 'O' || *f == 'U')
		o->size = LONG;
	return f;
}

/* How many characters there were, for %n. */
static void
tell(int count, enum size size, void *to)
{
	if (size == LLONG)
		*(long long *)to = count;
	else if (size == LONG)
		*(long *)to = count;
	else if (size == SHORT)
		*(short *)to = (short)count;
	else if (size == CHAR)
		*(signed char *)to = (signed char)count;
	else
		*(int *)to = count;
}

static void
convert(struct sink *s, const struct spec *o, union value arg)
{
	const char *str;
	unsigned long long v;
	long long i;
	char c, sign[2] = { (char)o->sign };
	int n;

	switch (o->conv) {
	case 'n':
		tell(s->count, o->size, arg.pointer);
		break;
	case 'c':
		c = (char)arg.integer;
		text(s, o, &c, 1);
		break;
	case 's':
		if ((str = arg.pointer) == NULL)
			str = "(null)";
		for (n = 0; (o->prec < 0 || n < o->prec) && str[n] != '\0'; n++)
			continue;
		text(s, o, str, n);
		break;
	case 'd': case 'i': case 'D':
		i = signed_value(arg.integer, o->size);
		number(s, o, i < 0 ? -(unsigned long long)i : (unsigned long long)i, 10, i < 0 ? "-" : sign);
		break;
	case 'u': case 'U':
		number(s, o, unsigned_value(arg.integer, o->size), 10, "");
		break;
	case 'o': case 'O':
		number(s, o, unsigned_value(arg.integer, o->size), 8, "");
		break;
	case 'x': case 'X':
		v = unsigned_value(arg.integer, o->size);
		number(s, o, v, 16, !o->alt || v == 0 ? "" : o->conv == 'x' ? "0x" : "0X");
		break;
	case 'p':
		number(s, o, (unsigned long)arg.pointer, 16, "0x");
		break;
	case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
		__floating(s, o, arg.number);
		break;
	default:	/* as if that character were to be printed */
		text(s, o, &o->conv, 1);
	}
}

/* A table of the arguments, when one is asked for by number; the format is read for their types. */
static void
tabulate(struct args *a, const char *f)
{
	struct spec o;
	int i;

	a->how = LISTED;
	for (i = 0; i < ARGS; i++)
		a->types[i] = NONE;
	for (a->last = 0, a->numbered = 0; *f != '\0'; f++)
		if (*f == '%') {
			f = specify(f + 1, &o, a);
			if (*f == '\0')
				break;
			fetch(a, o.number, type_of(&o));
		}
	if (!a->numbered) {
		a->how = IN_ORDER;
		return;
	}
	for (a->last = ARGS; a->last > 0 && a->types[a->last - 1] == NONE; a->last--)
		continue;
	for (i = 0; i < a->last; i++)
		a->values[i] = next(a, a->types[i] != NONE ? a->types[i] : INTEGER);
	a->how = TABLED;
	a->last = 0;
}

static int
format(struct sink *s, const char *f, va_list list)
{
	struct args a;
	struct spec o;

	va_copy(a.list, list);
	a.how = IN_ORDER;
	if (strchr(f, '$') != NULL)
		tabulate(&a, f);
	for (; *f != '\0'; f++) {
		if (*f != '%') {
			__put_to(s, *f);
			continue;
		}
		f = specify(f + 1, &o, &a);
		if (*f == '\0')
			break;
		convert(s, &o, fetch(&a, o.number, type_of(&o)));
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
