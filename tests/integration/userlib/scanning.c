#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOW(text, fmt, ...) \
	do { \
		memset(s, '#', sizeof(s)), s[31] = t[31] = '\0', memset(t, '#', 31); \
		a = b = -77, u = 77, l = -7, h = -7, c = '#', n = -1, d = -1, f = -1; \
		r = sscanf(text, fmt, __VA_ARGS__); \
		printf("%d: %d %d %u %ld %d %c [%.8s] [%.8s] %d %.4f %.4f\n", r, a, b, u, l, h, c, s, t, n, d, f); \
	} while (0)

/* Every width by the letters of <inttypes.h>; what stands behind an object stays. */
#define WIDTH(type, letters) \
	do { \
		struct { type value; type behind; } o = { 0, 7 }; \
		int n = sscanf("-77", "%" letters, &o.value); \
		printf("%d %d %d,", n, (int)o.value, (int)o.behind); \
	} while (0)
static void
widths(void)
{
	WIDTH(int8_t, SCNd8);
	WIDTH(int16_t, SCNi16);
	WIDTH(int32_t, SCNd32);
	WIDTH(int64_t, SCNd64);
	WIDTH(int_least8_t, SCNdLEAST8);
	WIDTH(int_least64_t, SCNiLEAST64);
	WIDTH(int_fast8_t, SCNdFAST8);
	WIDTH(int_fast16_t, SCNdFAST16);
	WIDTH(int_fast32_t, SCNdFAST32);
	WIDTH(uint8_t, SCNu8);
	WIDTH(intmax_t, SCNdMAX);
	WIDTH(intptr_t, SCNdPTR);
	WIDTH(uintmax_t, SCNuMAX);
	puts("");
}

int main(void)
{
	widths();
	int a, b, n, r;
	unsigned u;
	long l;
	short h;
	char c, s[32], t[32];
	double d;
	float f;

	SHOW("12 34", "%d %d", &a, &b);
	SHOW("12,34", "%d,%d", &a, &b);
	SHOW("  -5x", "%d%c", &a, &c);
	SHOW("0x1f 017 9", "%i %i %i", &a, &b, &u);
	SHOW("ff 0xFE", "%x %x", &a, &u);
	SHOW("777", "%o", &u);
	SHOW("name 42", "%s %d", s, &a);
	SHOW("abcdef", "%3s%s", s, t);
	SHOW("12345", "%2d%3d", &a, &b);
	SHOW("key=value;", "%[a-z]=%[^;]", s, t);
	SHOW("]x", "%[]x]", s);
	SHOW("1 2 3", "%*d %d%n", &b, &n);
	SHOW("1234567890", "%ld", &l);
	SHOW("-3", "%hd", &h);
	SHOW("", "%d", &a);
	SHOW("x", "%d", &a);
	SHOW("5", "%d %d", &a, &b);
	SHOW("   ", "%s", s);
	SHOW("100%", "%d%%%n", &a, &n);
	SHOW("3.5 -2e3", "%lf %f", &d, &f);
	SHOW("1.25e-2x", "%lf%c", &d, &c);
	SHOW("a b", "%c%c", &c, s);
	SHOW("+7 -0", "%d %d", &a, &b);
	SHOW("0", "%i", &a);
	SHOW("7 up", "%u up%n", &u, &n);
	SHOW("", "%[a]", s);
	SHOW("b", "%[a]", s);
	SHOW("abc", "%5c", s);
	SHOW("abc", "%*2c%4c", s);
	SHOW("", "%c", &c);
	SHOW("a-z", "%[z-a]%s", s, t);
	SHOW("-x", "%d%s", &a, s);
	SHOW("-x", "%f%s", &f, s);
	SHOW("0x1.8p1 inf -nanx", "%lf %f %*f%c", &d, &f, &c);
	SHOW("0x1p-1,INFINITYx", "%a,%la%c", &f, &d, &c);
	SHOW("12.5.5", "%3lf%f", &d, &f);
	SHOW("1234567890123456789012345678901234567890.5", "%*10d%f", &f);
	SHOW("00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000007 8",
	    "%d %d", &a, &b);
	long double ld = -1;
	printf("%d %.3f\n", sscanf("2.125", "%Lf", &ld), (double)ld);
	while ((r = scanf("%15s %d", s, &a)) == 2)
		printf("<%s %d>", s, a);
	printf(" %d\n", r);
	printf("%.3f %.3f %.3f %.1f\n", atof("2.5"), strtod("-.5e1z", NULL), strtod("1e400", NULL) > 1e300 ? 1.0 : 0.0, strtod("12.", NULL));
	return 0;
}
