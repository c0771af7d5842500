/* The printf family: every conversion with every flag, and what it returns. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char *const flags[] = { "", "-", "0", "+", " ", "#", "-0", "+0", "#0", "-#", "+ ", " -+#0" };
static const char *const widths[] = { "", "1", "7", "12" };
static const char *const precs[] = { "", ".", ".0", ".1", ".5", ".9" };
static const int ints[] = { 0, 1, -1, 8, 255, -4711, 2147483647, -2147483647 - 1 };

static int
through(char *buf, size_t room, const char *fmt, ...)
{
	va_list ap, again;
	char whole[100];
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(buf, room, fmt, ap);
	va_end(ap);
	if (vsprintf(whole, fmt, again) != n)
		puts("vsprintf counts otherwise");
	va_end(again);
	return n;
}

static int
out(FILE *f, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = f != NULL ? vfprintf(f, fmt, ap) : vprintf(fmt, ap);
	va_end(ap);
	return n;
}

static void
integers(void)
{
	static const char conversions[] = "diouxX";
	char fmt[40];

	for (unsigned c = 0; c < 6; c++)
		for (unsigned f = 0; f < sizeof(flags) / sizeof(*flags); f++)
			for (unsigned w = 0; w < 4; w++)
				for (unsigned p = 0; p < 6; p++) {
					sprintf(fmt, "[%%%s%s%s%c]", flags[f], widths[w], precs[p], conversions[c]);
					printf("%s", fmt);
					for (unsigned i = 0; i < sizeof(ints) / sizeof(*ints); i++)
						printf(fmt, ints[i]);
					putchar('\n');
				}
}

static void
others(void)
{
	char buf[12];
	int n;

	printf("[%s][%10s][%-10s][%.2s][%10.2s][%-10.2s][%.0s][%.*s]\n", "text", "text", "text", "text", "text", "text",
	    "text", 3, "text");
	printf("[%c][%5c][%-5c][%%]\n", 'a', 'b', 'c');
	printf("[%*d][%*d][%.*d][%-*d][%.*d]\n", 6, 42, -6, 42, 4, 42, 6, 42, -1, 42);
	printf("[%hhd][%hhu][%hhx][%hd][%hu][%ho]\n", 300, 300, -1, 70000, 70000, -1);
	printf("[%ld][%lu][%lx][%lld][%llu][%llx][%llo]\n", -7L, 7UL, 255UL, -9223372036854775807LL - 1,
	    18446744073709551615ULL, 18446744073709551615ULL, 18446744073709551615ULL);
	printf("[%zu][%zd][%td][%jd][%ju]\n", sizeof(buf), (size_t)1, (ptrdiff_t)-3, (intmax_t)-5, (uintmax_t)5);
	printf("[%p]\n", (void *)0x1234);
	for (size_t room = 0; room <= sizeof(buf); room++) {
		memset(buf, '#', sizeof(buf));
		n = through(buf, room, "%s-%d", "abc", 12345);
		printf("%d %.*s\n", n, (int)sizeof(buf), buf);
	}
	n = printf("%d", 12345);
	printf(" %d %d\n", n, fprintf(stdout, "abc\n"));
	fprintf(stdout, "%s", "");
	n = out(NULL, "%d,%s\n", 1, "one");
	printf("%d %d\n", n, out(stdout, "%c%c\n", 'x', 'y'));
}

/* Arguments by number, and what %n stores. */
static void
numbered(void)
{
	signed char c[2] = { 1, 1 };
	short h[2] = { 1, 1 };
	long long ll = -1;
	char buf[40];

	printf("%2$s %1$d %2$.*3$s %4$-8.2f|%5$c%5$3c %6$lld\n", 12, "abcdef", 3, 2.5, 'x', -5LL);
	printf("[%2$*1$d][%3$ld][%4$s] costs $5\n", 6, 7, 8L, "text");
	printf("%1$s %1$s %2$llx %2$llx\n", "twice", 0x123456789abcULL);
	printf("$ %d $%s\n", 1, "no numbers");
	sprintf(buf, "abc%hhn%hn%lln", c, h, &ll);
	printf("%d %d %d %d %lld\n", c[0], c[1], h[0], h[1], ll);
}

int
main(void)
{
	integers();
	others();
	numbered();
	return 0;
}
