/* The scanf family: values from text, of a stream or a string. */

#include "library.h"

#include <sys/types.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

WEAK(scanf) WEAK(fscanf) WEAK(sscanf) WEAK(vscanf) WEAK(vfscanf) WEAK(vsscanf)

struct source {
	FILE		*file;
	const char	*text;	/* when there is no stream */
	int		 taken;	/* characters, for %n */
};

enum size { CHAR, SHORT, INT, LONG, LLONG };

/* A conversion: whether its value is dropped (*), the field's width, how large the object is. */
struct want { int dropped, width; enum size size; };

#define LONGEST	128	/* characters of a number that are looked at */

static int
next(struct source *s)
{
	int c = s->file != NULL ? fgetc(s->file) : *s->text != '\0' ? (u_char)*s->text++ : EOF;

	s->taken += c != EOF;
	return c;
}

static void
back(struct source *s, int c)
{
	if (c == EOF)
		return;
	s->taken--;
	if (s->file != NULL)
		ungetc(c, s->file);
	else
		s->text--;
}

/* The first character that is no white space; it stays where it is. */
static int
skip(struct source *s)
{
	int c;

	while (isspace(c = next(s)))
		continue;
	back(s, c);
	return c;
}

static void
store(const struct want *w, void *to, unsigned long long value)
{
	if (w->size == CHAR)
		*(u_char *)to = (u_char)value;
	else if (w->size == SHORT)
		*(u_short *)to = (u_short)value;
	else if (w->size == INT)
		*(u_int *)to = (u_int)value;
	else if (w->size == LONG)
		*(u_long *)to = (u_long)value;
	else
		*(u_quad_t *)to = value;
}

/* The text of a number: what strtol() or strtod() would take, which one character in advance decides. */
static void
digits(struct source *s, int width, int *base, int point, char *text)
{
	int c = next(s), n = 0, at = 0, seen = 0;

#define TAKE()	(text[n++] = (char)c, at++, c = at < width ? next(s) : EOF, at == width ? (c = EOF) : c)
	if (c == '+' || c == '-')
		TAKE();
	if (c == '0' && !point && (*base == 0 || *base == 16)) {
		seen = 1;
		TAKE();
		if (c == 'x' || c == 'X')
			*base = 16, TAKE();
		else if (*base == 0)
			*base = 8;
	}
	while (c != EOF && n < LONGEST - 2) {
		int digit = isdigit(c) ? c - '0' : isalpha(c) ? (c | 32) - 'a' + 10 : 99;

		if (point ? !isdigit(c) && !(c == '.' && point == 1) && !((c | 32) == 'e' && seen && point < 3) :
		    digit >= (*base != 0 ? *base : 10))
			break;
		seen |= isdigit(c);
		if (point && c == '.')
			point = 2;
		else if (point && (c | 32) == 'e') {
			point = 3;
			TAKE();
			if (c != '+' && c != '-')
				continue;
		}
		TAKE();
	}
	back(s, c);
	text[n] = '\0';
#undef TAKE
}

/* 1, or 0 when there is no number. */
static int
integer(struct source *s, const struct want *w, int base, int is_signed, void *to)
{
	char text[LONGEST], *end;
	unsigned long long value;

	digits(s, w->width, &base, 0, text);
	value = is_signed ? (unsigned long long)strtoll(text, &end, base) : strtoull(text, &end, base);
	if (end == text)
		return 0;
	if (!w->dropped)
		store(w, to, value);
	return 1;
}

static int
floating(struct source *s, const struct want *w, void *to)
{
	char text[LONGEST], *end;
	int base = 10;
	double value;

	digits(s, w->width, &base, 1, text);
	value = strtod(text, &end);
	if (end == text)
		return 0;
	if (!w->dropped) {
		if (w->size == INT)
			*(float *)to = (float)value;
		else
			*(double *)to = value;
	}
	return 1;
}

/* Characters into an array: as long as `set` has them, or blanks end it, or exactly as many as the width says. */
static int
characters(struct source *s, const struct want *w, const char *set, int exact, char *to)
{
	int c, n = 0;

	while (n < w->width && (c = next(s)) != EOF) {
		if (!exact && (set != NULL ? !set[c] : isspace(c))) {
			back(s, c);
			break;
		}
		if (!w->dropped)
			to[n] = (char)c;
		n++;
	}
	if (!exact && !w->dropped && n > 0)
		to[n] = '\0';
	return exact ? n == w->width : n > 0;
}

/* The set between brackets, as a table; returns the closing one. */
static const char *
bracket(const char *f, char set[256])
{
	int negated = *f == '^', c;
	const char *first;

	memset(set, negated, 256);
	for (first = f += negated; *f != '\0' && (*f != ']' || f == first); f++) {
		if (*f == '-' && f != first && f[1] != ']' && f[1] != '\0') {
			for (c = (u_char)f[-1], f++; c <= (u_char)*f; c++)
				set[c] = !negated;
		} else
			set[(u_char)*f] = !negated;
	}
	return f;
}

static const char *
specify(const char *f, struct want *w)
{
	memset(w, 0, sizeof(*w));
	w->size = INT;
	if (*f == '*')
		w->dropped = 1, f++;
	while (isdigit((u_char)*f))
		w->width = w->width * 10 + *f++ - '0';
	for (;; f++)
		if (*f == 'h') w->size = w->size == SHORT ? CHAR : SHORT;
		else if (*f == 'l') w->size = w->size == LONG ? LLONG : LONG;
		else if (*f == 'q' || *f == 'j' || *f == 'L') w->size = LLONG;
		else if (*f == 'z' || *f == 't') w->size = LONG;
		else break;
	return f;
}

/* One conversion: 1, 0 when the text does not match, EOF at its end. */
static int
convert(struct source *s, const char **f, struct want *w, void *to)
{
	char set[256];
	int conv = **f;

	if (w->width == 0)
		w->width = conv == 'c' ? 1 : 0x7fffffff;
	if (conv != 'c' && conv != '[')
		skip(s);
	if (conv == '[')
		*f = bracket(*f + 1, set);
	else {
		int c = next(s);

		back(s, c);
		if (c == EOF)
			return EOF;
	}
	switch (conv) {
	case 'd': return integer(s, w, 10, 1, to);
	case 'i': return integer(s, w, 0, 1, to);
	case 'u': return integer(s, w, 10, 0, to);
	case 'o': return integer(s, w, 8, 0, to);
	case 'p': w->size = LONG;	/* FALLTHROUGH */
	case 'x': case 'X': return integer(s, w, 16, 0, to);
	case 'c': return characters(s, w, NULL, 1, to);
	case 's': return characters(s, w, NULL, 0, to);
	case '[': return characters(s, w, set, 0, to);
	case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': return floating(s, w, to);
	}
	return 0;
}

static int
scan(struct source *s, const char *f, va_list ap)
{
	int done = 0, met = 0, c, result;
	struct want w;

	for (; *f != '\0'; f++) {
		if (isspace((u_char)*f)) {
			skip(s);
			continue;
		}
		if (*f != '%' || f[1] == '%') {
			f += *f == '%' ? (skip(s), 1) : 0;
			if ((c = next(s)) == (u_char)*f)
				continue;
			back(s, c);
			return c == EOF && !met ? EOF : done;
		}
		f = specify(f + 1, &w);
		if (*f == 'n') {
			if (!w.dropped)
				store(&w, va_arg(ap, void *), (unsigned long long)s->taken);
			continue;
		}
		result = convert(s, &f, &w, w.dropped ? NULL : va_arg(ap, void *));
		if (result != 1)
			return result == EOF && !met ? EOF : done;
		met = 1;
		done += !w.dropped;
	}
	return done;
}

int vfscanf(FILE *f, const char *fmt, va_list ap) { struct source s = { f, NULL, 0 }; return scan(&s, fmt, ap); }
int vsscanf(const char *text, const char *fmt, va_list ap) { struct source s = { NULL, text, 0 }; return scan(&s, fmt, ap); }
int vscanf(const char *fmt, va_list ap) { return vfscanf(stdin, fmt, ap); }

#define WITH_LIST(call) va_list ap; int n; va_start(ap, fmt); n = call; va_end(ap); return n
int scanf(const char *fmt, ...) { WITH_LIST(vfscanf(stdin, fmt, ap)); }
int fscanf(FILE *f, const char *fmt, ...) { WITH_LIST(vfscanf(f, fmt, ap)); }
int sscanf(const char *text, const char *fmt, ...) { WITH_LIST(vsscanf(text, fmt, ap)); }
