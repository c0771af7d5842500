/* <string.h>, <strings.h> and <libgen.h>. */

#include "library.h"

#include <sys/types.h>
#include <sys/stat.h>
#include <ctype.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

WEAK(memcpy) WEAK(memset) WEAK(memmove) WEAK(memcmp) WEAK(memchr) WEAK(strlen) WEAK(strcmp) WEAK(strncmp) WEAK(strcpy)
WEAK(strncpy) WEAK(strcat) WEAK(strncat) WEAK(strlcpy) WEAK(strlcat) WEAK(strchr) WEAK(strrchr) WEAK(strstr) WEAK(strspn)
WEAK(strcspn) WEAK(strpbrk) WEAK(strsep) WEAK(strtok) WEAK(strtok_r) WEAK(strdup) WEAK(strcasecmp) WEAK(strncasecmp)
WEAK(bcopy) WEAK(bzero) WEAK(bcmp) WEAK(index) WEAK(rindex) WEAK(ffs) WEAK(strcoll)
WEAK(strxfrm) WEAK(strcasestr) WEAK(memccpy) WEAK(swab) WEAK(strmode) WEAK(basename) WEAK(dirname)

void *memcpy(void *d, const void *s, size_t n) { char *p = d; const char *q = s; while (n--) *p++ = *q++; return d; }
void *memset(void *d, int c, size_t n) { char *p = d; while (n--) *p++ = (char)c; return d; }

void *
memmove(void *d, const void *s, size_t n)
{
	char *p = d;
	const char *q = s;

	if (p <= q)
		return memcpy(d, s, n);
	while (n--)
		p[n] = q[n];
	return d;
}

int
memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *p = a, *q = b;

	for (; n--; p++, q++)
		if (*p != *q)
			return *p - *q;
	return 0;
}

void *
memchr(const void *s, int c, size_t n)
{
	const unsigned char *p = s;

	for (; n--; p++)
		if (*p == (unsigned char)c)
			return (void *)p;
	return NULL;
}

size_t strlen(const char *s) { const char *p = s; while (*p) p++; return (size_t)(p - s); }
int strcmp(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return (u_char)*a - (u_char)*b; }
int strcoll(const char *a, const char *b) { return strcmp(a, b); }

size_t
strxfrm(char *d, const char *s, size_t room)
{
	size_t n = strlen(s);

	if (n < room)
		memcpy(d, s, n + 1);
	return n;
}

int
strncmp(const char *a, const char *b, size_t n)
{
	for (; n--; a++, b++)
		if (*a != *b || *a == '\0')
			return (u_char)*a - (u_char)*b;
	return 0;
}

int
strncasecmp(const char *a, const char *b, size_t n)
{
	int x, y;

	for (; n--; a++, b++)
		if ((x = tolower((u_char)*a)) != (y = tolower((u_char)*b)) || x == '\0')
			return x - y;
	return 0;
}
int strcasecmp(const char *a, const char *b) { return strncasecmp(a, b, (size_t)-1); }

char *strcpy(char *d, const char *s) { memcpy(d, s, strlen(s) + 1); return d; }
char *strcat(char *d, const char *s) { strcpy(d + strlen(d), s); return d; }

char *
strncpy(char *d, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && s[i] != '\0'; i++)
		d[i] = s[i];
	memset(d + i, 0, n - i);
	return d;
}

char *
strncat(char *d, const char *s, size_t n)
{
	char *end = d + strlen(d);

	while (n-- && *s != '\0')
		*end++ = *s++;
	*end = '\0';
	return d;
}

size_t
strlcpy(char *d, const char *s, size_t room)
{
	size_t n = strlen(s), kept = n < room ? n : room - 1;

	if (room != 0) {
		memcpy(d, s, kept);
		d[kept] = '\0';
	}
	return n;
}

size_t
strlcat(char *d, const char *s, size_t room)
{
	const char *end = memchr(d, '\0', room);
	size_t had = end != NULL ? (size_t)(end - d) : room;

	return had + strlcpy(d + had, s, room - had);
}

char *
strchr(const char *s, int c)
{
	for (; *s != (char)c; s++)
		if (*s == '\0')
			return NULL;
	return (char *)s;
}

char *
strrchr(const char *s, int c)
{
	const char *found = NULL;

	do
		if (*s == (char)c)
			found = s;
	while (*s++);
	return (char *)found;
}

char *
strstr(const char *s, const char *what)
{
	size_t n = strlen(what);

	for (; strncmp(s, what, n) != 0; s++)
		if (*s == '\0')
			return NULL;
	return (char *)s;
}

/* How many characters from the beginning are in `set` (`in`), or are not in it. */
static size_t
span(const char *s, const char *set, int in)
{
	size_t n = 0;

	while (s[n] != '\0' && (strchr(set, s[n]) != NULL) == in)
		n++;
	return n;
}
size_t strspn(const char *s, const char *set) { return span(s, set, 1); }
size_t strcspn(const char *s, const char *set) { return span(s, set, 0); }
char *strpbrk(const char *s, const char *set) { s += strcspn(s, set); return *s != '\0' ? (char *)s : NULL; }

/* The word at `*at`, which goes on behind the character of `set` that ends it. */
static char *
next_word(char **at, const char *set)
{
	char *word = *at;

	if (word != NULL) {
		*at = strpbrk(word, set);
		if (*at != NULL)
			*(*at)++ = '\0';
	}
	return word;
}
char *strsep(char **at, const char *set) { return next_word(at, set); }

static char *
next_token(char *s, const char *set, char **at)
{
	if (s == NULL && (s = *at) == NULL)
		return NULL;
	s += strspn(s, set);
	*at = *s != '\0' ? s : NULL;
	return next_word(at, set);
}
char *strtok_r(char *s, const char *set, char **at) { return next_token(s, set, at); }
char *strtok(char *s, const char *set) { static char *at; return next_token(s, set, &at); }

char *
strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = malloc(n);

	return copy != NULL ? memcpy(copy, s, n) : NULL;
}

void bcopy(const void *s, void *d, size_t n) { memmove(d, s, n); }
void bzero(void *d, size_t n) { memset(d, 0, n); }
int bcmp(const void *a, const void *b, size_t n) { return memcmp(a, b, n); }
char *index(const char *s, int c) { return strchr(s, c); }
char *rindex(const char *s, int c) { return strrchr(s, c); }
int ffs(int value) { int bit; for (bit = 1; bit <= 32; bit++) if ((unsigned)value >> (bit - 1) & 1) return bit; return 0; }

char *
strcasestr(const char *s, const char *part)
{
	size_t n = strlen(part);

	for (;; s++) {
		if (strncasecmp(s, part, n) == 0)
			return (char *)s;
		if (*s == '\0')
			return NULL;
	}
}

void *
memccpy(void *to, const void *from, int c, size_t n)
{
	const u_char *f = from;
	u_char *t = to;

	while (n-- > 0)
		if ((*t++ = *f++) == (u_char)c)
			return t;
	return NULL;
}

void
swab(const void *from, void *to, size_t n)
{
	const char *f = from;
	char *t = to;

	for (; n > 1; n -= 2, f += 2, t += 2) {
		char c = f[0];

		t[0] = f[1];
		t[1] = c;
	}
}

/* "-rwxr-xr-x " */
void
strmode(mode_t mode, char *to)
{
	static const char letters[] = "rwxrwxrwx";
	mode_t type = mode & S_IFMT;
	int i;

	*to++ = type == S_IFDIR ? 'd' : type == S_IFCHR ? 'c' : type == S_IFBLK ? 'b' : type == S_IFREG ? '-' :
	    type == S_IFLNK ? 'l' : type == S_IFSOCK ? 's' : type == S_IFIFO ? 'p' : '?';
	for (i = 0; i < 9; i++)
		to[i] = mode & 0400 >> i ? letters[i] : '-';
	if (mode & S_ISUID)
		to[2] = mode & S_IXUSR ? 's' : 'S';
	if (mode & S_ISGID)
		to[5] = mode & S_IXGRP ? 's' : 'S';
	if (mode & S_ISVTX)
		to[8] = mode & S_IXOTH ? 't' : 'T';
	to[9] = ' ';
	to[10] = '\0';
}

/* -- the parts of a path -- */

static char component[1024];

/* A copy of n characters from `text`, or of "." or "/". */
static char *
piece(const char *text, size_t n)
{
	snprintf(component, sizeof(component), "%.*s", (int)n, text);
	return component;
}

char *
basename(char *path)
{
	size_t end = path != NULL ? strlen(path) : 0, begin;

	if (end == 0)
		return piece(".", 1);
	while (end > 1 && path[end - 1] == '/')
		end--;
	for (begin = end - 1; begin > 0 && path[begin - 1] != '/'; begin--)
		continue;
	return piece(path + begin, end - begin);
}

char *
dirname(char *path)
{
	size_t end = path != NULL ? strlen(path) : 0;

	while (end > 1 && path[end - 1] == '/')
		end--;
	while (end > 0 && path[end - 1] != '/')
		end--;
	if (end == 0)
		return piece(".", 1);
	while (end > 1 && path[end - 1] == '/')
		end--;
	return piece(path, end);
}
