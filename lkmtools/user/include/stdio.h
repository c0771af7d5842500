/* <stdio.h>: output only. */

#ifndef _STDIO_H_
#define _STDIO_H_

#include <sys/types.h>
#include <sys/null.h>
#include <stdarg.h>

#define EOF	(-1)
typedef struct __file FILE;
extern FILE	*stdout, *stderr;

int	printf(const char *, ...) __attribute__((__format__(__printf__, 1, 2)));
int	fprintf(FILE *, const char *, ...) __attribute__((__format__(__printf__, 2, 3)));
int	snprintf(char *, size_t, const char *, ...) __attribute__((__format__(__printf__, 3, 4)));
int	vfprintf(FILE *, const char *, va_list);
int	vsnprintf(char *, size_t, const char *, va_list);
int	putchar(int);
int	puts(const char *);
int	fputc(int, FILE *);
int	fputs(const char *, FILE *);
int	fflush(FILE *);
void	perror(const char *);

#endif
