/* Memory: a bump allocator with one free list, enough for small programs. Blocks are aligned to 16 bytes. */

#include "library.h"

#include <sys/types.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

WEAK(malloc) WEAK(free) WEAK(calloc) WEAK(realloc)

#define HEAD	16
#define MOST	((size_t)1 << 30)

struct block { size_t size; struct block *next; };
static struct block *freed;

void *
malloc(size_t n)
{
	struct block **p, *b;

	if (n > MOST) {
		errno = ENOMEM;
		return NULL;
	}
	n = n != 0 ? (n + 15) & ~(size_t)15 : 16;
	for (p = &freed; (b = *p) != NULL; p = &b->next)
		if (b->size >= n) {
			*p = b->next;
			return (char *)b + HEAD;
		}
	sbrk(-(intptr_t)sbrk(0) & 15);
	b = sbrk((intptr_t)(n + HEAD));
	if (b == (void *)-1)
		return NULL;
	b->size = n;
	return (char *)b + HEAD;
}

void
free(void *p)
{
	struct block *b;

	if (p == NULL)
		return;
	b = (struct block *)((char *)p - HEAD);
	b->next = freed;
	freed = b;
}

void *
calloc(size_t n, size_t size)
{
	void *p;

	if (size != 0 && n > (size_t)-1 / size) {
		errno = ENOMEM;
		return NULL;
	}
	p = malloc(n * size);
	return p != NULL ? memset(p, 0, n * size) : NULL;
}

/* A block that is large enough stays where it is, and the last one of all grows there. */
void *
realloc(void *old, size_t n)
{
	struct block *b = old != NULL ? (struct block *)((char *)old - HEAD) : NULL;
	size_t more;
	void *p;

	if (old == NULL || n > MOST)
		return malloc(n);
	if (n <= b->size)
		return old;
	more = ((n + 15) & ~(size_t)15) - b->size;
	if (sbrk(0) == (char *)old + b->size && sbrk((intptr_t)more) != (void *)-1) {
		b->size += more;
		return old;
	}
	if ((p = malloc(n)) != NULL) {
		memcpy(p, old, b->size);
		free(old);
	}
	return p;
}
