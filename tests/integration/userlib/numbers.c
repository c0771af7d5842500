/* Numbers from text, sorting and searching. What depends on the size of a long is named, not printed. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {
	"", " ", "0", "1", "-1", "+1", " \t\n\v\f\r42x", "--1", "+-1", "- 1", "0x", "0x1f", "0X1Fg", "-0x10", "0xg", "08", "017",
	"00x1", "zZ", "12345678901234567890123", "-12345678901234567890123", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "-18446744073709551615",
	"-18446744073709551616", "a", "1_000", "1.5", "ffffffffffffffff", "-8000000000000000", "1111111111111111111111111",
};
static const int bases[] = { 0, 2, 8, 10, 16, 36, 1, 37, -1 };

static const char *
name(long v)
{
	static char text[30];

	if (v == LONG_MAX)
		return "LONG_MAX";
	if (v == LONG_MIN)
		return "LONG_MIN";
	snprintf(text, sizeof(text), "%ld", v);
	return text;
}

static void
parse(const char *text, int base)
{
	char *end = NULL, *end2 = NULL;
	long long ll;
	unsigned long long ull;
	int error, error2;

	errno = 0;
	ll = strtoll(text, &end, base);
	error = errno;
	errno = 0;
	ull = strtoull(text, &end2, base);
	error2 = errno;
	printf("'%s' %d: %lld %s %d, %llu %s %d\n", text, base, ll, end == NULL ? "none" : end, error == ERANGE, ull,
	    end2 == NULL ? "none" : end2, error2 == ERANGE);
	if (strtoimax(text, NULL, base) != ll || strtoumax(text, NULL, base) != ull)
		puts("the widest are others");
	if (strlen(text) > 21 || strlen(text) < 8) {	/* beyond any long, or in each */
		errno = 0;
		printf("    %s", name(strtol(text, &end, base)));
		printf(" %s %d", end == NULL ? "none" : end, errno == ERANGE);
		errno = 0;
		ull = strtoul(text, &end, base);
		printf(" %s %d\n", ull == ULONG_MAX ? "ULONG_MAX" : ull > LONG_MAX ? "negated" : name((long)ull), errno == ERANGE);
	}
}

static int by_number(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void
sorting(void)
{
	int n[101], i, found, key;
	const char *words[] = { "pear", "apple", "fig", "date", "cherry", "banana", "" };
	const size_t count = sizeof(words) / sizeof(*words);

	for (i = 0; i < 101; i++)
		n[i] = i * 37 % 101 * 3;
	qsort(n, 101, sizeof(*n), by_number);
	for (i = found = 0; i < 101; i++)
		found += n[i] == 3 * i;
	printf("%d in place\n", found);
	for (key = -1, found = 0; key < 310; key++) {
		int *at = bsearch(&key, n, 101, sizeof(*n), by_number);

		found += at == NULL ? 0 : *at == key ? 1 : 1000;
	}
	printf("%d found\n", found);
	qsort(words, count, sizeof(*words), by_text);
	qsort(words, 0, sizeof(*words), by_text);
	for (i = 0; i < (int)count; i++)
		printf("%s ", words[i]);
	printf("%d\n", bsearch(&key, n, 0, sizeof(*n), by_number) == NULL);
}

static void first(void) { printf("first\n"); }
static void last(void) { printf("last, without end of line"); }

int
main(void)
{
	for (unsigned b = 0; b < sizeof(bases) / sizeof(*bases); b++)
		for (unsigned t = 0; t < sizeof(texts) / sizeof(*texts); t++)
			if (bases[b] != 1 && bases[b] <= 36 && bases[b] >= 0)
				parse(texts[t], bases[b]);
	errno = 0;
	printf("%lld %d %d\n", strtoll("1", NULL, 1), errno == EINVAL, strtol("1", NULL, 37) == 0);
	printf("%d %ld %lld %d %ld %lld\n", atoi(" -12x"), atol("99"), atoll("-5000000000"), abs(-3), labs(-4L), llabs(-5LL));
	printf("%jd %jd %jd\n", imaxabs(-6), imaxdiv(-7, 2).quot, imaxdiv(-7, 2).rem);
	srand(1);
	printf("%d\n", rand() != rand() && rand() >= 0);
	sorting();
	atexit(last);
	atexit(first);
	return 3;
}
