/* <setjmp.h>: setjmp() and longjmp() keep the signal mask, _setjmp() and _longjmp() do not. */

#ifndef _SETJMP_H_
#define _SETJMP_H_

#include <signal.h>

struct __jmp_buf {
	char		regs[64];	/* registers of the caller */
	sigset_t	mask;
	int		savemask;	/* of sigsetjmp() */
};

typedef struct __jmp_buf jmp_buf[1];
typedef struct __jmp_buf sigjmp_buf[1];

int	setjmp(jmp_buf) __attribute__((__returns_twice__));
int	_setjmp(jmp_buf) __attribute__((__returns_twice__));
int	sigsetjmp(sigjmp_buf, int) __attribute__((__returns_twice__));
void	longjmp(jmp_buf, int) __attribute__((__noreturn__));
void	_longjmp(jmp_buf, int) __attribute__((__noreturn__));
void	siglongjmp(sigjmp_buf, int) __attribute__((__noreturn__));

#endif
