/* <stdio.h>: streams, text from values, and values from text. */

#ifndef _STDIO_H_
#define _STDIO_H_

#include <sys/types.h>
#include <sys/null.h>
#include <sys/unistd.h>
#include <stdarg.h>

#define EOF		(-1)
#define BUFSIZ		1024
#define FILENAME_MAX	1024
#define FOPEN_MAX	20
#define _IOFBF		0
#define _IOLBF		1
#define _IONBF		2

typedef struct __file FILE;
typedef off_t	fpos_t;
extern FILE	*stdin, *stdout, *stderr;

#define __PRINTFLIKE(fmt, first)	__attribute__((__format__(__printf__, fmt, first)))
#define __SCANFLIKE(fmt, first)		__attribute__((__format__(__scanf__, fmt, first)))

extern const char *const sys_errlist[];
extern const int	sys_nerr;

int	asprintf(char **, const char *, ...) __PRINTFLIKE(2, 3);

void	clearerr(FILE *);
int	fclose(FILE *);
FILE	*fdopen(int, const char *);
int	feof(FILE *);
int	ferror(FILE *);
int	fflush(FILE *);
int	fgetc(FILE *);
char	*fgetln(FILE *, size_t *);
int	fgetpos(FILE *, fpos_t *);
char	*fgets(char *, int, FILE *);
int	fileno(FILE *);
FILE	*fopen(const char *, const char *);
int	fprintf(FILE *, const char *, ...) __PRINTFLIKE(2, 3);
int	fputc(int, FILE *);
int	fputs(const char *, FILE *);
size_t	fread(void *, size_t, size_t, FILE *);
FILE	*freopen(const char *, const char *, FILE *);
int	fscanf(FILE *, const char *, ...) __SCANFLIKE(2, 3);
int	fseek(FILE *, long, int);
int	fseeko(FILE *, off_t, int);
int	fsetpos(FILE *, const fpos_t *);
long	ftell(FILE *);
off_t	ftello(FILE *);
size_t	fwrite(const void *, size_t, size_t, FILE *);
int	getc(FILE *);
int	getchar(void);
char	*gets(char *);
void	perror(const char *);
int	printf(const char *, ...) __PRINTFLIKE(1, 2);
int	putc(int, FILE *);
int	putchar(int);
int	puts(const char *);
int	remove(const char *);
int	rename(const char *, const char *);
void	rewind(FILE *);
int	scanf(const char *, ...) __SCANFLIKE(1, 2);
void	setbuf(FILE *, char *);
int	setlinebuf(FILE *);
int	setvbuf(FILE *, char *, int, size_t);
int	snprintf(char *, size_t, const char *, ...) __PRINTFLIKE(3, 4);
int	sprintf(char *, const char *, ...) __PRINTFLIKE(2, 3);
int	sscanf(const char *, const char *, ...) __SCANFLIKE(2, 3);
int	ungetc(int, FILE *);
int	vasprintf(char **, const char *, va_list) __PRINTFLIKE(2, 0);
int	vfprintf(FILE *, const char *, va_list) __PRINTFLIKE(2, 0);
int	vfscanf(FILE *, const char *, va_list) __SCANFLIKE(2, 0);
int	vprintf(const char *, va_list) __PRINTFLIKE(1, 0);
int	vsnprintf(char *, size_t, const char *, va_list) __PRINTFLIKE(3, 0);
int	vscanf(const char *, va_list) __SCANFLIKE(1, 0);
int	vsscanf(const char *, const char *, va_list) __SCANFLIKE(2, 0);
int	vsprintf(char *, const char *, va_list) __PRINTFLIKE(2, 0);

#undef __PRINTFLIKE
#undef __SCANFLIKE

#endif
