/* Floating point from text: every bit, how much of the text is taken, and what is out of range. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const texts[] = {
	"", " ", ".", "-", "-.", "+.5", "5.", "5.e3", "1e", "1e+", "1e-", "1e+x", "  \t\n 12x", "1..2", "1.2.3", "1e5e5", "--1", "0.1",
	"inf", "-INF", "infinity", "infinit", "nan", "NaN(", "nan(12)", "nan(1_a)x", "nan()", "in", "na", "0x", "0x.", "0x1", "0X1P",
	"0x1p+", "0x.8p1", "0x1.8p1p2", "0x1.fffffffffffff8p0", "0x1.fffffffffffff7p0", "0x1.fffffffffffff800000000000001p0", "-0",
	"-0x0p5", "0e999999999999", "1e999999999999", "-1e999999999999", "1e-999999999999", "0x1p99999999999", "0x1p-99999999",
	"1e400", "1e-400", "4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "1.7976931348623157e308",
	"1.7976931348623158e308", "1.7976931348623159e308", "2.2250738585072011e-308", "2.2250738585072014e-308", "9007199254740993",
	"9007199254740993.0000000000000000000000000000000000000000000001", "123456789012345678901234567890e-320", "0X1P-1074",
	"0x1p-1075", "0x1.000001p-1075", "0x0.0000000000000000000000000000000000000001p160", "0x10000000000000000000000000000000p0",
	"3.4028235e38", "3.4028236e38", "1e-45", "7e-46", "16777217", "16777217.000001", "1.17549435e-38", "8.5", "1e22", "1e23",
	"0.000000000000000000000000000000000000000000000000000000000000000000000000000000001e100", "6.02214076e23garbage",
};

static void
parse(const char *text)
{
	char *end, *end2;
	union { double value; uint64_t bits; } d;
	union { float value; uint32_t bits; } f;
	int error, error2;

	errno = 0;
	d.value = strtod(text, &end);
	error = errno;
	errno = 0;
	f.value = strtof(text, &end2);
	error2 = errno;
	if (d.value != d.value) {
		printf("'%s' none %d %d\n", text, (int)(end - text), (int)(end2 - text));
		return;
	}
	printf("'%s' %016llx %d, %08x %d", text, (unsigned long long)d.bits, (int)(end - text), (unsigned)f.bits, (int)(end2 - text));
	if ((d.bits << 1 >> 53) != 0 || d.bits << 1 == 0)	/* whether a small number is out of range libraries do not agree */
		printf(" %d", error == ERANGE);
	if ((f.bits << 1 >> 24) != 0 || f.bits << 1 == 0)
		printf(" %d", error2 == ERANGE);
	printf(" %d\n", strtold(text, NULL) == (double)strtold(text, NULL) ? (double)strtold(text, NULL) == d.value : 2);
}

int
main(void)
{
	uint64_t random = 1;
	char text[60];

	for (unsigned t = 0; t < sizeof(texts) / sizeof(*texts); t++)
		parse(texts[t]);
	for (int i = 0; i < 400; i++) {
		union { uint64_t bits; double value; } u;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		u.bits = (random ^ random >> 29) & ~(1ULL << 62);
		snprintf(text, sizeof(text), "%.*e", 12 + i % 9, u.value);
		parse(text);
		snprintf(text, sizeof(text), "%llu.%03de%d", (unsigned long long)random >> (random & 63), (int)(random % 1000), i - 200);
		parse(text);
	}
	printf("%d %.1f\n", strtod("0x1p2", NULL) == 4, atof("2.5e0"));
	return 0;
}
