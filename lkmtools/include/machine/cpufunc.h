/* <machine/cpufunc.h>: what one instruction does. */

#ifndef _MACHINE_CPUFUNC_H_
#define _MACHINE_CPUFUNC_H_

#include <sys/cdefs.h>

#ifdef _KERNEL
static __inline __unused void
x86_pause(void)
{
	__asm __volatile("pause");
}

void	x86_lfence(void);
void	x86_sfence(void);
void	x86_mfence(void);
#endif

#endif
