/* <string.h>, <strings.h> and <ctype.h>. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIGN(n)	((n) > 0 ? 1 : (n) < 0 ? -1 : 0)
#define SHOW(p)	((p) == NULL ? "none" : (char *)(p))

static const char *const words[] = { "", "a", "A", "ab", "aB", "abc", "b", "\200", "a\200", "abcabd", "abd", "zzz" };
#define N	(sizeof(words) / sizeof(*words))

static void
compared(const char *a, const char *b)
{
	printf("%d %d %d %d %d ", SIGN(strcmp(a, b)), SIGN(strncmp(a, b, 2)), SIGN(strcasecmp(a, b)), SIGN(strncasecmp(a, b, 1)),
	    SIGN(strcoll(a, b)));
	printf("%d %d %s %s ", (int)strspn(a, b), (int)strcspn(a, b), SHOW(strpbrk(a, b)), SHOW(strstr(a, b)));
	printf("%s %s %s\n", SHOW(strchr(a, *b)), SHOW(strrchr(a, *b)), SHOW(memchr(a, *b, strlen(a))));
}

static void
copied(const char *s)
{
	char buf[16], *copy = strdup(s);

	memset(buf, '#', sizeof(buf));
	buf[15] = '\0';
	strncpy(buf, s, 4);
	printf("%s|%d|", buf, buf[3]);
	strcpy(buf, s);
	strcat(buf, "+");
	strncat(buf, s, 2);
	printf("%s|%s|", buf, copy);
	memmove(buf + 1, buf, strlen(buf) + 1);
	printf("%s|", buf);
	memmove(buf, buf + 1, strlen(buf));
	printf("%s|%d|", buf, memcmp(buf, s, strlen(s)));
	printf("%d ", (int)strxfrm(buf, s, sizeof(buf)));
	puts(buf);
	free(copy);
}

static void
split(const char *text, const char *set)
{
	char one[40], two[40], three[40], *at = one, *word, *more;

	strcpy(one, text);
	strcpy(two, text);
	strcpy(three, text);
	while ((word = strsep(&at, set)) != NULL)
		printf("<%s>", word);
	for (word = strtok(two, set); word != NULL; word = strtok(NULL, set))
		printf("(%s)", word);
	for (word = strtok_r(three, set, &more); word != NULL; word = strtok_r(NULL, set, &more))
		printf("[%s]", word);
	putchar('\n');
}

static void
classes(void)
{
	for (int c = -1; c < 256; c++)
		printf("%d%d%d%d%d%d%d%d%d%d%d%d %d %d %d %d\n", !!isalnum(c), !!isalpha(c), !!isblank(c), !!iscntrl(c), !!isdigit(c),
		    !!isgraph(c), !!islower(c), !!isprint(c), !!ispunct(c), !!isspace(c), !!isupper(c), !!isxdigit(c),
		    tolower(c), toupper(c), !!isascii(c), toascii(c));
}

int
main(void)
{
	char bytes[4] = "abc";

	for (unsigned a = 0; a < N; a++) {
		for (unsigned b = 0; b < N; b++)
			compared(words[a], words[b]);
		copied(words[a]);
	}
	split("a,b;;c,", ",;");
	split("", ",");
	split(",,", ",");
	split("word", "");
	bcopy(bytes, bytes + 1, 2);
	printf("%s %d %d %s %s\n", bytes, bcmp("ab", "ab", 2), bcmp("ab", "ac", 2) != 0, index("x=y=z", '='), rindex("x=y=z", '='));
	bzero(bytes, 2);
	printf("%d %d %d %d %d\n", bytes[0], bytes[1], ffs(0), ffs(8), ffs(-2147483647 - 1));
	classes();
	return 0;
}
