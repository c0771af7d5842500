/* The scanf family: values from text, of a stream or a string. */

#include "library.h"
#include "printf.h"

#include <sys/types.h>
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

WEAK(scanf) WEAK(fscanf) WEAK(sscanf) WEAK(vscanf) WEAK(vfscanf) WEAK(vsscanf)

struct source {
	FILE		*file;
	const char	*text;	/* when there is no stream */
	int		 taken;	/* characters, for %n */
};

/* A conversion: whether its value is dropped (*), the field's width, how large the object is. */
struct want { int dropped, width; enum size size; };

#define LONGEST	512	/* characters of a number that are looked at */

/* The text of a number, and how many characters its field still has. */
struct number { char text[LONGEST]; int n, left; };

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

static int
look(struct source *s, const struct number *to)
{
	return to->left > 0 && to->n < LONGEST - 1 ? next(s) : EOF;
}

/* Take c, and look at the next. */
static int
keep(struct source *s, struct number *to, int c)
{
	to->text[to->n++] = (char)c;
	to->left--;
	return look(s, to);
}

/* The text of a number has been read as far as `end`: what is behind that goes back. 1, or 0 when there is no number. */
static int
settle(struct source *s, struct number *from, const char *end)
{
	while (from->text + from->n > end)
		back(s, (u_char)from->text[--from->n]);
	return from->n > 0;
}

static int
value_of(int c)
{
	return isdigit(c) ? c - '0' : isalpha(c) ? (c | 32) - 'a' + 10 : 99;
}

/* What strtol() may take. */
static void
digits(struct source *s, int *base, struct number *to)
{
	int c = look(s, to);

	if (c == '+' || c == '-')
		c = keep(s, to, c);
	if (c == '0' && (*base == 0 || *base == 16)) {
		c = keep(s, to, c);
		if ((c | 32) == 'x')
			*base = 16, c = keep(s, to, c);
		else if (*base == 0)
			*base = 8;
	}
	if (*base == 0)
		*base = 10;
	while (value_of(c) < *base)
		c = keep(s, to, c);
	back(s, c);
	to->text[to->n] = '\0';
}

/* What strtod() may take. */
static void
real(struct source *s, struct number *to)
{
	int c = look(s, to), base = 10, point = 0, seen = 0;
	const char *word;

	if (c == '+' || c == '-')
		c = keep(s, to, c);
	if (isalpha(c))
		for (word = (c | 32) == 'i' ? "infinity" : "nan"; *word != '\0' && (c | 32) == *word; word++)
			c = keep(s, to, c);
	else if (c == '0') {
		c = keep(s, to, c);
		seen = 1;
		if ((c | 32) == 'x')
			base = 16, seen = 0, c = keep(s, to, c);
	}
	if (to->n == 0 || !isalpha((u_char)to->text[to->n - 1]) || base == 16)
		for (; value_of(c) < base || (c == '.' && !point); c = keep(s, to, c))
			if (c == '.')
				point = 1;
			else
				seen = 1;
	if (seen && (c | 32) == (base == 16 ? 'p' : 'e')) {
		c = keep(s, to, c);
		if (c == '+' || c == '-')
			c = keep(s, to, c);
		while (isdigit(c))
			c = keep(s, to, c);
	}
	back(s, c);
	to->text[to->n] = '\0';
}

/* 1, or 0 when there is no number. */
static int
integer(struct source *s, const struct want *w, int base, int is_signed, void *to)
{
	struct number from = { .left = w->width };
	unsigned long long value;
	char *end;

	digits(s, &base, &from);
	value = is_signed ? (unsigned long long)strtoll(from.text, &end, base) : strtoull(from.text, &end, base);
	if (!settle(s, &from, end))
		return 0;
	if (!w->dropped)
		store(w, to, value);
	return 1;
}

static int
floating(struct source *s, const struct want *w, void *to)
{
	struct number from = { .left = w->width };
	char *end;

	real(s, &from);
	strtod(from.text, &end);
	if (!settle(s, &from, end))
		return 0;
	from.text[from.n] = '\0';
	if (w->dropped)
		return 1;
	if (w->size == INT)
		*(float *)to = strtof(from.text, NULL);
	else if (w->size == LONG)
		*(double *)to = strtod(from.text, NULL);
	else
		*(long double *)to = strtold(from.text, NULL);
	return 1;
}

/* Characters into an array: as long as `set` has them, or blanks end it, or (`any`) as many as the width says. */
static int
characters(struct source *s, const struct want *w, const char *set, int any, char *to)
{
	int c, n = 0;

	while (n < w->width && (c = next(s)) != EOF) {
		if (!any && (set != NULL ? !set[c] : isspace(c))) {
			back(s, c);
			break;
		}
		if (!w->dropped)
			to[n] = (char)c;
		n++;
	}
	if (!any && !w->dropped && n > 0)
		to[n] = '\0';
	return n > 0;
}

/* The set between brackets, as a table; returns the closing one, or without one the last character of the format. */
static const char *
bracket(const char *f, char set[256])
{
	int negated = *f == '^', c;
	const char *first;

	memset(set, negated, 256);
	for (first = f += negated; *f != '\0' && (*f != ']' || f == first); f++) {
		if (*f == '-' && f != first && f[1] != ']' && (u_char)f[1] >= (u_char)f[-1]) {
			for (c = (u_char)f[-1], f++; c <= (u_char)*f; c++)
				set[c] = !negated;
		} else
			set[(u_char)*f] = !negated;
	}
	return *f != '\0' ? f : f - 1;
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
	int conv = **f, c;

	if (w->width == 0)
		w->width = conv == 'c' ? 1 : INT_MAX;
	if (conv == '[')
		*f = bracket(*f + 1, set);
	else if (conv != 'c')
		skip(s);
	c = next(s);
	back(s, c);
	if (c == EOF)
		return EOF;
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
	case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': return floating(s, w, to);
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
