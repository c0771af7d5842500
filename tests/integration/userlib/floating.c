/* The printf conversions of floating point. */
#include <stdint.h>
#include <stdio.h>

static const char *const flags[] = { "", "-", "0", "+", " ", "#" };
static const char *const precs[] = { "", ".", ".0", ".1", ".2", ".3", ".6", ".10", ".17", ".30" };
static const double values[] = {
	0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, 0.25, 0.125, 0.1, 0.2, 0.3, 1.0 / 3, 2.0 / 3, 9.5, 9.9, 9.99, 9.999999, 9.9999995,
	99.5, 999999.5, 1e5, 123456, 1234567, 1e15, 1e16, 1e21, 1e22, 1e23, 0.0001, 0.00001, 0.00009999995, 3.14159265358979,
	1.7976931348623157e308, 2.2250738585072014e-308, 4.9406564584124654e-324, -123.456, 5e-5, 1e100, 123456789.125,
};

static void
show(const char *fmt, uint64_t bits)
{
	union { uint64_t bits; double value; } u = { bits };

	printf("%s ", fmt);
	printf(fmt, u.value);
	putchar('\n');
}

static void
hexadecimal(void)
{
	static const char *const precisions[] = { "", ".0", ".1", ".6", ".12", ".13", ".15" };
	char fmt[20];
	uint64_t random = 1;

	for (unsigned f = 0; f < 6; f++)
		for (unsigned p = 0; p < 7; p++)
			for (unsigned i = 0; i < 35; i++) {
				union { double value; uint64_t bits; } u = { values[i] };

				random = random * 6364136223846793005ULL + 1442695040888963407ULL;
				snprintf(fmt, sizeof(fmt), "[%%%s22%s%c]", flags[f], precisions[p], random >> 60 & 1 ? 'a' : 'A');
				show(fmt, u.bits);
				if ((random >> 52 & 0x7ff) != 0 && (random >> 52 & 0x7ff) != 0x7ff)
					show(fmt, random);
			}
}

int
main(void)
{
	static const char conversions[] = "feEgG";
	char fmt[20];
	uint64_t random = 1;

	for (unsigned c = 0; c < 5; c++)
		for (unsigned f = 0; f < 6; f++)
			for (unsigned p = 0; p < 10; p++) {
				snprintf(fmt, sizeof(fmt), "[%%%s14%s%c]", flags[f], precs[p], conversions[c]);
				for (unsigned i = f == 0 ? 0 : 9; i < (f == 0 ? sizeof(values) / sizeof(*values) : 13); i++) {
					union { double value; uint64_t bits; } u = { values[i] };

					show(fmt, u.bits);
				}
			}
	for (int i = 0; i < 300; i++) {
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		show("%.17g", (random ^ random >> 29) & ~(1ULL << 62));
		show("%.3f", (random & ((1ULL << 52) - 1)) | (uint64_t)(1013 + i % 40) << 52);
	}
	hexadecimal();
	show("[%6a]", 0x7ff0000000000000ULL);
	show("[%6f]", 0x7ff0000000000000ULL);
	show("[%-6f]", 0xfff0000000000000ULL);
	show("[%+G]", 0x7ff0000000000000ULL);
	show("[%F]", 0x7ff8000000000000ULL);
	printf("%Lf %d %.1f %s\n", 2.5L, 7, 0.75, "end");
	return 0;
}
