#include <libgen.h>
#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static sigjmp_buf env;
static jmp_buf plain;
static void caught(int signo) { siglongjmp(env, signo); }

int main(void)
{
	static const char *paths[] = { "/usr/lib", "/usr/", "usr", "/", ".", "..", "a//b", "///", "a/b/" };
	char buf[64], *text;
	volatile int times = 0;
	size_t i;
	FILE *f;
	int fd;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		printf("%s ", (strcpy(buf, paths[i]), dirname(buf)));
		printf("%s\n", (strcpy(buf, paths[i]), basename(buf)));
	}
	setenv("A", "one", 1), setenv("A", "two", 0), putenv((char *)"B=three"), setenv("C", "", 1);
	printf("%s %s [%s] ", getenv("A"), getenv("B"), getenv("C"));
	setenv("A", "2", 1), unsetenv("B");
	printf("%s %s\n", getenv("A"), getenv("B") != NULL ? "there" : "gone");
	printf("%d %d %ld\n", div(-7, 2).quot, div(-7, 2).rem, ldiv(100, 7).rem);
	printf("%d %s", asprintf(&text, "%s-%d\n", "text", 42), text);
	printf("[%s][%s][%s] %d %d ", localeconv()->decimal_point, localeconv()->thousands_sep, localeconv()->negative_sign,
	    localeconv()->frac_digits == CHAR_MAX, localeconv()->int_n_sign_posn == CHAR_MAX);
	printf("%s %d %d\n", setlocale(LC_ALL, NULL), setlocale(LC_CTYPE, "none") == NULL, setlocale(77, "C") == NULL);
	printf("%s %d\n", strcasestr("Some Text", "TEX"), strcasestr("abc", "x") == NULL);
	if ((i = (size_t)setjmp(plain)) < 3)
		longjmp(plain, (int)i + 1);
	printf("%d %d\n", (int)i, setjmp(plain) == 0);
	signal(SIGUSR1, caught);
	for (times = 0; sigsetjmp(env, 1) == 0 || times < 3;)
		if (times++ < 3)
			raise(SIGUSR1);
	printf("%d\n", times);
	{
		int n;
		long l;

		printf("abc%n%5d%ln\n", &n, 7, &l);
		printf("%d %ld %s\n", n, l, strsignal(SIGTERM));
	}
	strcpy(buf, "/tmp/tryXXXXXX");
	fd = mkstemp(buf);
	printf("%d %d %d\n", fd >= 0, strncmp(buf, "/tmp/try", 8), strcmp(buf + 8, "XXXXXX") != 0);
	f = fdopen(fd, "r+");
	fprintf(f, "%d %s\n%x", 12, "words", 255);
	rewind(f);
	{
		int a, b;
		char s[8];

		printf("%d ", fscanf(f, "%d %7s %x", &a, s, (unsigned *)&b));
		printf("%d %s %d\n", a, s, b);
	}
	fclose(f);
	unlink(buf);
	return 0;
}
