/* <err.h>: messages with the program's name, and with the reason for an error. */

#ifndef _ERR_H_
#define _ERR_H_

#include <sys/stdarg.h>

#define __PRINTFLIKE(fmt, first)	__attribute__((__format__(__printf__, fmt, first)))

void	err(int, const char *, ...) __PRINTFLIKE(2, 3) __attribute__((__noreturn__));
void	errx(int, const char *, ...) __PRINTFLIKE(2, 3) __attribute__((__noreturn__));
void	verr(int, const char *, va_list) __PRINTFLIKE(2, 0) __attribute__((__noreturn__));
void	verrx(int, const char *, va_list) __PRINTFLIKE(2, 0) __attribute__((__noreturn__));
void	warn(const char *, ...) __PRINTFLIKE(1, 2);
void	warnx(const char *, ...) __PRINTFLIKE(1, 2);
void	vwarn(const char *, va_list) __PRINTFLIKE(1, 0);
void	vwarnx(const char *, va_list) __PRINTFLIKE(1, 0);

#undef __PRINTFLIKE

#endif
