/*
 * The printf conversions of floating point, in integers. A double is a multiple of a power of two, and so has finitely many
 * decimal digits: all of them are found, and then as many kept as are wanted, to the nearest, of two to the even one.
 */

#include "library.h"
#include "printf.h"

#include <sys/types.h>
#include <ctype.h>
#include <string.h>

#define BASE	10000		/* of a word of four digits */
#define WORDS	200		/* 767 digits at most are not zeros */

struct decimal {
	int	n, point;	/* how many digits, and how many of them are before the point: perhaps fewer than none */
	char	digits[WORDS * 4];
};

struct big { int n; unsigned word[WORDS]; };	/* the lowest word first */

static void
multiply(struct big *b, unsigned factor)
{
	unsigned carry = 0;
	int i;

	for (i = 0; i < b->n || carry != 0; i++) {
		if (i == b->n)
			b->word[b->n++] = 0;
		carry += b->word[i] * factor;
		b->word[i] = carry % BASE;
		carry /= BASE;
	}
}

/* All digits of a number that is neither infinite nor none, without its sign. */
static void
expand(struct decimal *d, uint64_t bits)
{
	struct big b = { 1, { 0 } };
	int exponent = (int)(bits >> 52 & 0x7ff), twos = (exponent != 0 ? exponent : 1) - 1075, i;
	unsigned unit;
	uint64_t fraction = (bits & ((1ULL << 52) - 1)) | (exponent != 0 ? 1ULL << 52 : 0);

	for (i = 52; i >= 0; i--) {
		multiply(&b, 2);
		b.word[0] += (unsigned)(fraction >> i & 1);
	}
	for (i = twos; i > 0; i--)
		multiply(&b, 2);
	for (i = twos; i < 0; i++)	/* a half is five tenths */
		multiply(&b, 5);
	d->n = 0;
	for (i = b.n - 1; i >= 0; i--)
		for (unit = BASE / 10; unit != 0; unit /= 10)
			if (d->n != 0 || b.word[i] / unit % 10 != 0)
				d->digits[d->n++] = (char)('0' + b.word[i] / unit % 10);
	d->point = d->n == 0 ? 1 : d->n + (twos < 0 ? twos : 0);
}

/* Keep this many digits. */
static void
shorten(struct decimal *d, int keep)
{
	int i, up;

	if (keep >= d->n)
		return;
	if (keep < 0) {
		d->n = 0;
		return;
	}
	for (i = d->n - 1; i > keep && d->digits[i] == '0'; i--)
		continue;
	up = d->digits[keep] > '5' || (d->digits[keep] == '5' && (i > keep || (keep > 0 && d->digits[keep - 1] % 2 != 0)));
	d->n = keep;
	for (i = keep - 1; up && i >= 0; i--) {
		up = d->digits[i] == '9';
		d->digits[i] = up ? '0' : (char)(d->digits[i] + 1);
	}
	if (up) {
		memmove(d->digits + 1, d->digits, (size_t)d->n);
		d->digits[0] = '1';
		d->n++;
		d->point++;
	}
}

/* What one conversion consists of: digits before the point and behind it, and an exponent. */
struct layout { int before, behind, exponent, has_exponent; };

static struct layout
lay_out(struct decimal *d, const struct spec *o, int conv)
{
	struct layout l = { .behind = o->prec < 0 ? 6 : o->prec };
	int significant = l.behind != 0 ? l.behind : 1, exponent;

	if (conv == 'f')
		shorten(d, d->point + l.behind);
	else
		shorten(d, conv == 'e' ? l.behind + 1 : significant);
	exponent = d->n == 0 ? 0 : d->point - 1;
	l.has_exponent = conv == 'e' || (conv == 'g' && (exponent < -4 || exponent >= significant));
	if (conv == 'g') {
		while (!o->alt && d->n > 0 && d->digits[d->n - 1] == '0')
			d->n--;
		l.behind = (o->alt ? significant : d->n) - 1 - (l.has_exponent ? 0 : exponent);
		if (l.behind < 0 || (d->n == 0 && !o->alt))
			l.behind = 0;
	}
	if (l.has_exponent) {
		l.exponent = exponent;
		d->point -= exponent;
	}
	l.before = d->point > 1 ? d->point : 1;
	return l;
}

static int
digit_at(const struct decimal *d, int place)
{
	return place >= 0 && place < d->n ? d->digits[place] : '0';
}

static void
finite(struct sink *s, const struct spec *o, uint64_t bits, const char *sign, int conv)
{
	struct decimal d;
	struct layout l;
	int size, i, away;
	int point;

	expand(&d, bits);
	l = lay_out(&d, o, conv);
	point = l.behind != 0 || o->alt;
	away = l.exponent < 0 ? -l.exponent : l.exponent;
	size = (int)strlen(sign) + l.before + point + l.behind + (l.has_exponent ? away > 99 ? 5 : 4 : 0);
	if (!o->left && !o->zero)
		__pad(s, o->width - size, ' ');
	while (*sign != '\0')
		__put_to(s, *sign++);
	if (!o->left && o->zero)
		__pad(s, o->width - size, '0');
	for (i = d.point - l.before; i < d.point; i++)
		__put_to(s, digit_at(&d, i));
	if (point)
		__put_to(s, '.');
	for (; i < d.point + l.behind; i++)
		__put_to(s, digit_at(&d, i));
	if (l.has_exponent) {
		__put_to(s, isupper(o->conv) ? 'E' : 'e');
		__put_to(s, l.exponent < 0 ? '-' : '+');
		if (away > 99)
			__put_to(s, '0' + away / 100);
		__put_to(s, '0' + away / 10 % 10);
		__put_to(s, '0' + away % 10);
	}
	if (o->left)
		__pad(s, o->width - size, ' ');
}

/* "0x1.8p+1": the first digit is 1 unless the number is zero, or was rounded up to 2. */
static void
hexadecimal(struct sink *s, const struct spec *o, uint64_t bits, const char *sign)
{
	const char *digits = o->conv == 'A' ? "0123456789ABCDEF" : "0123456789abcdef";
	int exponent = (int)(bits >> 52 & 0x7ff) - 1023, places = 13, prec = o->prec, left, size, away, i;
	uint64_t fraction = bits & ((1ULL << 52) - 1), first = exponent != -1023, below;

	if (!first && fraction != 0) {
		for (exponent++; fraction >> 52 == 0; exponent--)
			fraction <<= 1;
		fraction &= (1ULL << 52) - 1;
		first = 1;
	} else if (!first)
		exponent = 0;
	fraction |= first << 52;
	if (prec < 0)
		for (prec = places; prec > 0 && (fraction >> (4 * (places - prec)) & 15) == 0; prec--)
			continue;
	if (prec < places) {
		left = 4 * (places - prec);
		below = fraction & ((1ULL << left) - 1);
		fraction >>= left;
		fraction += below > 1ULL << (left - 1) || (below == 1ULL << (left - 1) && fraction & 1);
		places = prec;
	}
	away = exponent < 0 ? -exponent : exponent;
	size = (int)strlen(sign) + 3 + (prec != 0 || o->alt) + prec + (away > 999 ? 6 : away > 99 ? 5 : away > 9 ? 4 : 3);
	if (!o->left && !o->zero)
		__pad(s, o->width - size, ' ');
	while (*sign != '\0')
		__put_to(s, *sign++);
	__put_to(s, '0');
	__put_to(s, o->conv == 'A' ? 'X' : 'x');
	if (!o->left && o->zero)
		__pad(s, o->width - size, '0');
	__put_to(s, digits[fraction >> (4 * places)]);
	if (prec != 0 || o->alt)
		__put_to(s, '.');
	for (i = places; i > 0; i--)
		__put_to(s, digits[fraction >> (4 * (i - 1)) & 15]);
	__pad(s, prec - places, '0');
	__put_to(s, o->conv == 'A' ? 'P' : 'p');
	__put_to(s, exponent < 0 ? '-' : '+');
	for (i = away > 999 ? 1000 : away > 99 ? 100 : away > 9 ? 10 : 1; i > 0; i /= 10)
		__put_to(s, '0' + away / i % 10);
	if (o->left)
		__pad(s, o->width - size, ' ');
}

void
__floating(struct sink *s, const struct spec *o, double value)
{
	union { double value; uint64_t bits; } u = { value };
	int none = (u.bits >> 52 & 0x7ff) == 0x7ff && u.bits << 12 != 0, size;
	char sign[2] = { none ? '\0' : u.bits >> 63 != 0 ? '-' : (char)o->sign };	/* a NaN has none */
	const char *name;

	if ((u.bits >> 52 & 0x7ff) != 0x7ff) {
		u.bits &= ~(1ULL << 63);
		if ((o->conv | 32) == 'a')
			hexadecimal(s, o, u.bits, sign);
		else
			finite(s, o, u.bits, sign, o->conv | 32);
		return;
	}
	name = none ? isupper(o->conv) ? "NAN" : "nan" : isupper(o->conv) ? "INF" : "inf";
	size = (int)strlen(sign) + 3;
	if (!o->left)
		__pad(s, o->width - size, ' ');
	if (*sign != '\0')
		__put_to(s, *sign);
	while (*name != '\0')
		__put_to(s, *name++);
	if (o->left)
		__pad(s, o->width - size, ' ');
}
