/* <stdlib.h>: numbers, memory, sorting, and the end of a program. */

#ifndef _STDLIB_H_
#define _STDLIB_H_

#include <sys/types.h>
#include <sys/null.h>

#define EXIT_SUCCESS	0
#define EXIT_FAILURE	1
#define RAND_MAX	0x7fffffff

#if !defined(__cplusplus) && !defined(_WCHAR_T)	/* the guard of clang's own header */
#define _WCHAR_T
typedef __WCHAR_TYPE__	wchar_t;
#endif

typedef struct { int quot, rem; } div_t;
typedef struct { long quot, rem; } ldiv_t;
typedef struct { long long quot, rem; } lldiv_t;

#define alloca(n)	__builtin_alloca(n)

void	abort(void) __attribute__((__noreturn__));
int	abs(int);
int	atexit(void (*)(void));
double	atof(const char *);
int	atoi(const char *);
long	atol(const char *);
long long	atoll(const char *);
void	*bsearch(const void *, const void *, size_t, size_t, int (*)(const void *, const void *));
uint32_t	arc4random(void);
void	*calloc(size_t, size_t);
int	daemon(int, int);
div_t	div(int, int);
void	exit(int) __attribute__((__noreturn__));
void	free(void *);
char	*getenv(const char *);
const char	*getprogname(void);
long	labs(long);
ldiv_t	ldiv(long, long);
lldiv_t	lldiv(long long, long long);
long long	llabs(long long);
void	*malloc(size_t);
int	mkstemp(char *);
int	putenv(char *);
void	qsort(void *, size_t, size_t, int (*)(const void *, const void *));
int	rand(void);
long	random(void);
void	*realloc(void *, size_t);
int	setenv(const char *, const char *, int);
void	setprogname(const char *);
void	srand(unsigned);
void	srandom(unsigned long);
double	strtod(const char *, char **);
float	strtof(const char *, char **);
long	strtol(const char *, char **, int);
long double	strtold(const char *, char **);
long long	strtoll(const char *, char **, int);
quad_t	strtoq(const char *, char **, int);
unsigned long	strtoul(const char *, char **, int);
unsigned long long	strtoull(const char *, char **, int);
u_quad_t	strtouq(const char *, char **, int);
int	system(const char *);
int	unsetenv(const char *);

#endif
