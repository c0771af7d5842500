/* <stdlib.h>: numbers, memory, sorting, and the end of a program. */

#ifndef _STDLIB_H_
#define _STDLIB_H_

#include <sys/types.h>
#include <sys/null.h>

#define EXIT_SUCCESS	0
#define EXIT_FAILURE	1
#define RAND_MAX	0x7fffffff

void	abort(void) __attribute__((__noreturn__));
int	abs(int);
int	atexit(void (*)(void));
int	atoi(const char *);
long	atol(const char *);
long long	atoll(const char *);
void	*bsearch(const void *, const void *, size_t, size_t, int (*)(const void *, const void *));
void	*calloc(size_t, size_t);
void	exit(int) __attribute__((__noreturn__));
void	free(void *);
char	*getenv(const char *);
const char	*getprogname(void);
long	labs(long);
long long	llabs(long long);
void	*malloc(size_t);
void	qsort(void *, size_t, size_t, int (*)(const void *, const void *));
int	rand(void);
long	random(void);
void	*realloc(void *, size_t);
void	setprogname(const char *);
void	srand(unsigned);
void	srandom(unsigned long);
long	strtol(const char *, char **, int);
long long	strtoll(const char *, char **, int);
quad_t	strtoq(const char *, char **, int);
unsigned long	strtoul(const char *, char **, int);
unsigned long long	strtoull(const char *, char **, int);
u_quad_t	strtouq(const char *, char **, int);

#endif
