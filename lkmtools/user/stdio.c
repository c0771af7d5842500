/* printf and friends. Standard output is buffered until a newline, standard error is not. */

#include <sys/types.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct __file { int fd; int lined; size_t used; char data[1024]; };
static struct __file out = { 1, 1, 0, { 0 } }, err = { 2, 0, 0, { 0 } };
FILE *stdout = &out, *stderr = &err;
extern char *__progname;

struct sink { FILE *file; char *buf; size_t room; int count; };

int
fflush(FILE *f)
{
	size_t done = 0;
	ssize_t n;

	while (done < f->used) {
		n = write(f->fd, f->data + done, f->used - done);
		if (n < 0)
			break;
		done += (size_t)n;
	}
	f->used = 0;
	return 0;
}

int
fputc(int c, FILE *f)
{
	f->data[f->used++] = (char)c;
	if (f->used == sizeof(f->data) || (c == '\n' && f->lined))
		fflush(f);
	return c;
}

static void
put(struct sink *s, int c)
{
	if (s->file != NULL)
		fputc(c, s->file);
	else if ((size_t)s->count + 1 < s->room)
		s->buf[s->count] = (char)c;
	s->count++;
}

static void
pad(struct sink *s, int n, int c)
{
	while (n-- > 0)
		put(s, c);
}

static void
number(struct sink *s, unsigned long long v, unsigned base, const char *sign, int width, int prec, int left,
    int zero, const char *digits)
{
	char text[32];
	int n = 0, signs = (int)strlen(sign), zeros;

	do
		text[n++] = digits[v % base];
	while ((v /= base) != 0);
	zeros = prec > n ? prec - n : zero && prec < 0 && !left && width > n + signs ? width - n - signs : 0;
	if (!left)
		pad(s, width - n - signs - zeros, ' ');
	while (*sign)
		put(s, *sign++);
	pad(s, zeros, '0');
	for (width -= n + signs + zeros; n > 0; )
		put(s, text[--n]);
	if (left)
		pad(s, width, ' ');
}

static int
format(struct sink *s, const char *f, va_list ap)
{
	int left, zero, alt, plus, width, prec, longs, n;
	const char *str, *digits;
	unsigned long long v;
	long long i;

	for (; *f != '\0'; f++) {
		if (*f != '%') {
			put(s, *f);
			continue;
		}
		left = zero = alt = plus = width = longs = 0;
		prec = -1;
		for (f++;; f++)
			if (*f == '-') left = 1;
			else if (*f == '0') zero = 1;
			else if (*f == '#') alt = 1;
			else if (*f == '+') plus = 1;
			else break;
		if (*f == '*')
			width = va_arg(ap, int), f++;
		else
			while (*f >= '0' && *f <= '9')
				width = width * 10 + *f++ - '0';
		if (width < 0)
			left = 1, width = -width;
		if (*f == '.') {
			prec = 0;
			if (*++f == '*')
				prec = va_arg(ap, int), f++;
			else
				while (*f >= '0' && *f <= '9')
					prec = prec * 10 + *f++ - '0';
		}
		for (;; f++)
			if (*f == 'l') longs++;
			else if (*f == 'j' || *f == 'q') longs = 2;
			else if (*f == 'z' || *f == 't') longs = 1;
			else if (*f != 'h') break;
		digits = *f == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
		switch (*f) {
		case 'c':
			if (!left) pad(s, width - 1, ' ');
			put(s, va_arg(ap, int));
			if (left) pad(s, width - 1, ' ');
			break;
		case 's':
			if ((str = va_arg(ap, const char *)) == NULL)
				str = "(null)";
			for (n = 0; (prec < 0 || n < prec) && str[n] != '\0'; n++)
				;
			if (!left) pad(s, width - n, ' ');
			width -= n;
			while (n-- > 0)
				put(s, *str++);
			if (left) pad(s, width, ' ');
			break;
		case 'd': case 'i':
			i = longs > 1 ? va_arg(ap, long long) : longs ? va_arg(ap, long) : va_arg(ap, int);
			v = i < 0 ? -(unsigned long long)i : (unsigned long long)i;
			number(s, v, 10, i < 0 ? "-" : plus ? "+" : "", width, prec, left, zero, digits);
			break;
		case 'u': case 'o': case 'x': case 'X':
			v = longs > 1 ? va_arg(ap, unsigned long long) : longs ? va_arg(ap, unsigned long) : va_arg(ap, unsigned);
			number(s, v, *f == 'u' ? 10 : *f == 'o' ? 8 : 16,
			    alt && v != 0 ? (*f == 'o' ? "0" : *f == 'u' ? "" : "0x") : "", width, prec, left, zero, digits);
			break;
		case 'p':
			number(s, (unsigned long)va_arg(ap, void *), 16, "0x", width, prec, left, zero, digits);
			break;
		case '\0':
			f--;
			break;
		default:
			put(s, *f);
		}
	}
	return s->count;
}

int
vfprintf(FILE *f, const char *fmt, va_list ap)
{
	struct sink s = { f, NULL, 0, 0 };
	int n = format(&s, fmt, ap);

	if (!f->lined)
		fflush(f);
	return n;
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

#define WITH_LIST(call) va_list ap; int n; va_start(ap, fmt); n = call; va_end(ap); return n
int printf(const char *fmt, ...) { WITH_LIST(vfprintf(stdout, fmt, ap)); }
int fprintf(FILE *f, const char *fmt, ...) { WITH_LIST(vfprintf(f, fmt, ap)); }
int snprintf(char *buf, size_t room, const char *fmt, ...) { WITH_LIST(vsnprintf(buf, room, fmt, ap)); }
int putchar(int c) { return fputc(c, stdout); }
int fputs(const char *s, FILE *f) { return fprintf(f, "%s", s); }
int puts(const char *s) { return printf("%s\n", s); }
