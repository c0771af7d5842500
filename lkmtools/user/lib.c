/* Strings, memory, a little of <stdlib.h>, and 64-bit division for 32-bit machines. */

#include <sys/types.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

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
size_t strlen(const char *s) { const char *p = s; while (*p) p++; return (size_t)(p - s); }
int strcmp(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return (u_char)*a - (u_char)*b; }
int
strncmp(const char *a, const char *b, size_t n)
{
	for (; n--; a++, b++)
		if (*a != *b || *a == '\0')
			return (u_char)*a - (u_char)*b;
	return 0;
}
char *strcpy(char *d, const char *s) { memcpy(d, s, strlen(s) + 1); return d; }
char *strcat(char *d, const char *s) { strcpy(d + strlen(d), s); return d; }
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

long
strtol(const char *s, char **endp, int base)
{
	unsigned long value = 0;
	int minus, digit;

	while (*s == ' ' || (*s >= '\t' && *s <= '\r'))
		s++;
	minus = *s == '-';
	s += *s == '-' || *s == '+';
	if ((base == 0 || base == 16) && s[0] == '0' && (s[1] | 32) == 'x')
		s += 2, base = 16;
	else if (base == 0)
		base = *s == '0' ? 8 : 10;
	for (;; s++) {
		digit = *s >= '0' && *s <= '9' ? *s - '0' : (*s | 32) >= 'a' && (*s | 32) <= 'z' ? (*s | 32) - 'a' + 10 : 99;
		if (digit >= base)
			break;
		value = value * (unsigned)base + (unsigned)digit;
	}
	if (endp != NULL)
		*endp = (char *)s;
	return (long)(minus ? -value : value);
}
unsigned long strtoul(const char *s, char **e, int base) { return (unsigned long)strtol(s, e, base); }
int atoi(const char *s) { return (int)strtol(s, NULL, 10); }

char *
getenv(const char *name)
{
	size_t n = strlen(name);
	char **e;

	for (e = environ; *e != NULL; e++)
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
			return *e + n + 1;
	return NULL;
}

/* A bump allocator with one free list: enough for small programs. */
struct block { size_t size; struct block *next; };
static struct block *freed;

void *
malloc(size_t n)
{
	struct block **p, *b;

	if (n > (size_t)1 << 30)
		return NULL;
	n = (n + 15) & ~(size_t)15;
	for (p = &freed; (b = *p) != NULL; p = &b->next)
		if (b->size >= n) {
			*p = b->next;
			return (char *)b + 16;
		}
	b = sbrk((intptr_t)(n + 16));
	if (b == (void *)-1)
		return NULL;
	b->size = n;
	return (char *)b + 16;
}

void
free(void *p)
{
	struct block *b;

	if (p == NULL)
		return;
	b = (struct block *)((char *)p - 16);
	b->next = freed;
	freed = b;
}

void *
calloc(size_t n, size_t size)
{
	void *p = size != 0 && n > (size_t)-1 / size ? NULL : malloc(n * size);

	return p != NULL ? memset(p, 0, n * size) : NULL;
}

void *
realloc(void *old, size_t n)
{
	void *p = malloc(n);
	size_t had;

	if (p != NULL && old != NULL) {
		had = ((struct block *)((char *)old - 16))->size;
		memcpy(p, old, had < n ? had : n);
		free(old);
	}
	return p;
}

#ifndef __LP64__
unsigned long long __udivmoddi4(unsigned long long, unsigned long long, unsigned long long *);
unsigned long long __udivdi3(unsigned long long, unsigned long long);
unsigned long long __umoddi3(unsigned long long, unsigned long long);
long long __divdi3(long long, long long);
long long __moddi3(long long, long long);

unsigned long long
__udivmoddi4(unsigned long long a, unsigned long long b, unsigned long long *rest)
{
	unsigned long long q = 0, r = 0;
	int i;

	if (b == 0)
		__asm__ volatile("divl %0" : : "r"(0) : "eax", "edx");
	for (i = 63; i >= 0; i--) {
		r = r << 1 | (a >> i & 1);
		if (r >= b) {
			r -= b;
			q |= 1ULL << i;
		}
	}
	if (rest != NULL)
		*rest = r;
	return q;
}
unsigned long long __udivdi3(unsigned long long a, unsigned long long b) { return __udivmoddi4(a, b, NULL); }
unsigned long long
__umoddi3(unsigned long long a, unsigned long long b)
{
	unsigned long long r;

	__udivmoddi4(a, b, &r);
	return r;
}
long long
__divdi3(long long a, long long b)
{
	unsigned long long q = __udivmoddi4(a < 0 ? -(unsigned long long)a : (unsigned long long)a,
	    b < 0 ? -(unsigned long long)b : (unsigned long long)b, NULL);

	return (long long)((a < 0) != (b < 0) ? -q : q);
}
long long
__moddi3(long long a, long long b)
{
	unsigned long long r;

	__udivmoddi4(a < 0 ? -(unsigned long long)a : (unsigned long long)a,
	    b < 0 ? -(unsigned long long)b : (unsigned long long)b, &r);
	return (long long)(a < 0 ? -r : r);
}
#endif
