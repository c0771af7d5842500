/* Takes commands from standard input. */
#include <sys/types.h>
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int total;

static void add(char *rest) { int a, b; if (sscanf(rest, "%d %i", &a, &b) == 2) printf("%d\n", total += a + b); else warnx("add: two numbers"); }
static void hex(char *rest) { unsigned n; while (sscanf(rest, "%x", &n) == 1) { printf("%u ", n); rest += strspn(rest, " "); rest += strcspn(rest, " "); if (*rest == '\0') break; } putchar('\n'); }
static void words(char *rest) { char *w; while ((w = strsep(&rest, " ")) != NULL) if (*w != '\0') printf("<%s>", w); printf("\n"); }

static const struct { const char *name; void (*run)(char *); } table[] = {
	{ "add", add }, { "hex", hex }, { "words", words }, { NULL, NULL },
};

int
main(int argc, char **argv)
{
	char line[128], name[16], *p;
	int c, n, i, lines = 0;

	setprogname(argv[0]);
	if ((c = getc(stdin)) != '!')
		ungetc(c, stdin);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		lines++;
		if ((p = strchr(line, '\n')) != NULL)
			*p = '\0';
		if (sscanf(line, "%15s%n", name, &n) != 1 || isspace((unsigned char)*line))
			continue;
		for (i = 0; table[i].name != NULL && strcasecmp(table[i].name, name) != 0; i++)
			;
		if (table[i].name == NULL)
			warnx("%s: unknown", name);
		else
			table[i].run(line + n);
	}
	printf("%s: %d lines\n", getprogname(), lines);
	return feof(stdin) && !ferror(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
