/*
 * Floating point from text, in integers: the digits, all of them that can matter, are halved or doubled until they stand for a
 * number from a half to one, and the bits of the result are taken off its front; the last is rounded to the nearest, of two to the
 * even one.
 */

#include "library.h"

#include <sys/types.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

WEAK(strtod) WEAK(strtof) WEAK(strtold) WEAK(atof)

#define DIGITS	800	/* 767 at most decide how a double is rounded */
#define STEP	27	/* bits shifted at once */
#define FAR	100000	/* an exponent beyond those of every type */

/* 0.d1d2d3... times a power of ten. */
struct decimal {
	int	n, point;
	int	more;		/* digits that are not zeros were dropped behind these */
	u_char	digits[DIGITS];
};

/* A type: how many bits there are, and which exponents of numbers from a half to one. */
struct format { int bits, least, most; };

static const struct format single = { 24, -125, 128 }, dual = { 53, -1021, 1024 }, extended = { 64, -16381, 16384 };

static void
trim(struct decimal *d)
{
	while (d->n > 0 && d->digits[d->n - 1] == 0)
		d->n--;
}

static void
append(struct decimal *d, unsigned digit)
{
	if (d->n < DIGITS)
		d->digits[d->n++] = (u_char)digit;
	else
		d->more |= digit != 0;
}

/* Divide by two k times. */
static void
halve(struct decimal *d, int k)
{
	unsigned rest = 0, mask = (1u << k) - 1;
	int from = 0, n = d->n;

	for (; rest >> k == 0; from++)
		rest = rest * 10 + (from < n ? d->digits[from] : 0);
	d->point -= from - 1;
	for (d->n = 0; rest != 0 || from < n; from++) {
		append(d, rest >> k);
		rest = (rest & mask) * 10 + (from < n ? d->digits[from] : 0);
	}
	trim(d);
}

/* Multiply by two k times. */
static void
redouble(struct decimal *d, int k)
{
	unsigned carry = 0;
	u_char front[10];
	int i, grown = 0, kept;

	for (i = d->n - 1; i >= 0; i--, carry /= 10) {
		carry += (unsigned)d->digits[i] << k;
		d->digits[i] = (u_char)(carry % 10);
	}
	for (; carry != 0; carry /= 10)
		front[grown++] = (u_char)(carry % 10);
	kept = d->n + grown <= DIGITS ? d->n : DIGITS - grown;
	for (i = kept; i < d->n; i++)
		d->more |= d->digits[i] != 0;
	memmove(d->digits + grown, d->digits, (size_t)kept);
	for (i = 0; i < grown; i++)
		d->digits[i] = front[grown - 1 - i];
	d->n = kept + grown;
	d->point += grown;
	trim(d);
}

/* How often a number with so many digits before its point (or zeros behind it) can be halved (or doubled) safely. */
static int
steps(int digits)
{
	static const int safe[] = { 1, 3, 6, 9, 13, 16, 19, 23, 26 };

	return digits < 9 ? safe[digits] : STEP;
}

/* The whole part, rounded. */
static uint64_t
rounded(const struct decimal *d, int *carried)
{
	uint64_t value = 0;
	int i, up = 0;

	for (i = 0; i < d->point; i++)
		value = value * 10 + (i < d->n ? d->digits[i] : 0);
	if (d->point >= 0 && d->point < d->n) {
		up = d->digits[d->point] >= 5;
		if (d->digits[d->point] == 5 && d->point + 1 == d->n && !d->more)
			up = (int)(value & 1);
	}
	*carried = up && value + 1 == 0;
	return value + (uint64_t)up;
}

/*
 * d * 2^exponent in a format: its bits, of which the first is 1 unless the number is smaller than others, and its exponent;
 * ERANGE: that is f->most + 1 when it is too large, and there are no bits when it is too small.
 */
static uint64_t
binary(struct decimal *d, int *exponent, const struct format *f)
{
	uint64_t value;
	int k, carried;

	while (d->n > 0 && (d->point > 0 || d->point < 0 || d->digits[0] < 5)) {
		k = steps(d->point > 0 ? d->point : -d->point);
		if (d->point > 0)
			halve(d, k), *exponent += k;
		else
			redouble(d, k), *exponent -= k;
	}
	if (d->n == 0)
		return 0;
	for (; *exponent < f->least && d->n > 0 && *exponent > f->least - 2 * STEP - f->bits; *exponent += k)
		halve(d, k = f->least - *exponent < STEP ? f->least - *exponent : STEP);
	if (*exponent < f->least)
		d->n = 0, *exponent = f->least;
	for (k = f->bits; k > 0; k -= STEP)
		redouble(d, k < STEP ? k : STEP);
	value = d->n > 0 ? rounded(d, &carried) : (uint64_t)(carried = 0);
	if (carried || (f->bits < 64 && value >> f->bits != 0)) {
		value = 1ULL << (f->bits - 1);
		++*exponent;
	}
	if (*exponent > f->most)
		*exponent = f->most + 1, value = 1ULL << (f->bits - 1);
	if (*exponent > f->most || value == 0)
		errno = ERANGE;
	return value;
}

/* An exponent behind its letter: 0 and `*s` as it was when there is none. */
static int
power(const char **s)
{
	const char *p = *s + 1;
	int minus = *p == '-', n = 0;

	p += *p == '-' || *p == '+';
	if (!isdigit((u_char)*p))
		return 0;
	for (; isdigit((u_char)*p); p++)
		n = n < FAR ? n * 10 + *p - '0' : n;
	*s = p;
	return minus ? -n : n;
}

/* Decimal digits with a point; the text behind them, or NULL without any. */
static const char *
digits(const char *s, struct decimal *d)
{
	int any = 0, point = 0;

	for (; isdigit((u_char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = 1;
			continue;
		}
		any = 1;
		if (d->n > 0 || *s != '0') {
			append(d, (unsigned)(*s - '0'));
			d->point += !point;
		} else
			d->point -= point;
	}
	if (!any)
		return NULL;
	trim(d);
	if ((*s | 32) == 'e')
		d->point += power(&s);
	return s;
}

/* Behind "0x"; the number becomes d * 2^exponent. The last of 61 bits or more that are kept stands for all that are not. */
static const char *
hexdigits(const char *s, struct decimal *d, int *exponent)
{
	uint64_t value = 0;
	int any = 0, point = 0, digit;
	char reversed[20];

	for (; isxdigit((u_char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = 1;
			continue;
		}
		any = 1;
		digit = isdigit((u_char)*s) ? *s - '0' : (*s | 32) - 'a' + 10;
		if (value >> 60 == 0) {
			value = value << 4 | (unsigned)digit;
			*exponent -= 4 * point;
		} else {
			value |= digit != 0;
			*exponent += 4 * !point;
		}
	}
	if (!any)
		return NULL;
	for (d->n = 0; value != 0; value /= 10)
		reversed[d->n++] = (char)(value % 10);
	for (digit = 0; digit < d->n; digit++)
		d->digits[digit] = (u_char)reversed[d->n - 1 - digit];
	d->point = d->n;
	trim(d);
	if ((*s | 32) == 'p')
		*exponent += power(&s);
	return s;
}

/* "nan", perhaps with something in parentheses. */
static const char *
behind_nan(const char *s)
{
	const char *p = s;

	if (*p != '(')
		return s;
	for (p++; isalnum((u_char)*p) || *p == '_'; p++)
		continue;
	return *p == ')' ? p + 1 : s;
}

struct number { uint64_t bits; int exponent, minus, none; };	/* infinite: exponent above all others */

static void
parse(const char *text, char **endp, const struct format *f, struct number *to)
{
	struct decimal d = { 0 };
	const char *s = text, *end = NULL;

	memset(to, 0, sizeof(*to));
	while (isspace((u_char)*s))
		s++;
	to->minus = *s == '-';
	s += *s == '-' || *s == '+';
	if (strncasecmp(s, "inf", 3) == 0 || strncasecmp(s, "nan", 3) == 0) {
		to->none = (*s | 32) == 'n';
		to->exponent = f->most + 1;
		to->bits = 1ULL << (f->bits - 1);
		end = to->none ? behind_nan(s + 3) : s + (strncasecmp(s, "infinity", 8) == 0 ? 8 : 3);
	} else {
		if (*s == '0' && (s[1] | 32) == 'x')
			end = hexdigits(s + 2, &d, &to->exponent);
		if (end == NULL)
			end = digits(s, &d);
		if (d.point > 5000 || d.point < -5000 || to->exponent > FAR || to->exponent < -FAR) {
			to->exponent = d.n > 0 && (d.point > 5000 || to->exponent > FAR) ? f->most + 1 : 0;
			to->bits = to->exponent != 0 ? 1ULL << (f->bits - 1) : 0;
			errno = d.n > 0 ? ERANGE : errno;
		} else
			to->bits = binary(&d, &to->exponent, f);
	}
	if (end == NULL)
		to->minus = 0;
	if (endp != NULL)
		*endp = (char *)(end != NULL ? end : text);
}

/* The exponent's field: 0 for numbers whose first bit is 0. */
static unsigned
biased(const struct number *n, const struct format *f)
{
	return n->bits >> (f->bits - 1) != 0 ? (unsigned)(n->exponent - f->least + 1) : 0;
}

double
strtod(const char *s, char **endp)
{
	union { uint64_t bits; double value; } u;
	struct number n;

	parse(s, endp, &dual, &n);
	u.bits = (uint64_t)biased(&n, &dual) << 52 | (n.bits & ((1ULL << 52) - 1)) | (uint64_t)n.minus << 63 | (uint64_t)n.none << 51;
	return u.value;
}

float
strtof(const char *s, char **endp)
{
	union { uint32_t bits; float value; } u;
	struct number n;

	parse(s, endp, &single, &n);
	u.bits = biased(&n, &single) << 23 | (uint32_t)(n.bits & ((1 << 23) - 1)) | (uint32_t)n.minus << 31 | (uint32_t)n.none << 22;
	return u.value;
}

long double
strtold(const char *s, char **endp)
{
	union { struct { uint64_t bits; uint16_t exponent; } parts; long double value; } u;
	struct number n;

	parse(s, endp, &extended, &n);
	u.parts.bits = n.bits | (uint64_t)n.none << 62;
	u.parts.exponent = (uint16_t)(biased(&n, &extended) | (unsigned)n.minus << 15);
	return u.value;
}

double atof(const char *s) { return strtod(s, NULL); }
