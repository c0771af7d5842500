/* <stdlib.h>: the part that small programs need. */

#ifndef _STDLIB_H_
#define _STDLIB_H_

#include <sys/types.h>
#include <sys/null.h>

#define EXIT_SUCCESS	0
#define EXIT_FAILURE	1

void	exit(int) __attribute__((__noreturn__));
void	abort(void) __attribute__((__noreturn__));
int	atoi(const char *);
long	strtol(const char *, char **, int);
unsigned long	strtoul(const char *, char **, int);
char	*getenv(const char *);
void	*malloc(size_t);
void	*calloc(size_t, size_t);
void	*realloc(void *, size_t);
void	free(void *);

#endif
