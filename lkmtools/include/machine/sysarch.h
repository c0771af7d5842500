/* <machine/sysarch.h>: sysarch(2), and the bases of a thread's own segments. */

#ifndef _MACHINE_SYSARCH_H_
#define _MACHINE_SYSARCH_H_

#include <sys/types.h>

#ifdef __LP64__
#define X86_GET_FSBASE	15
#define X86_GET_GSBASE	16
#define X86_SET_FSBASE	17
#define X86_SET_GSBASE	18
#else
#define X86_GET_GSBASE	14
#define X86_GET_FSBASE	15
#define X86_SET_GSBASE	16
#define X86_SET_FSBASE	17
#endif

#ifdef _KERNEL
struct lwp;

/*
 * Set the base of %fs (which 'f') or %gs ('g'): with direct it is arg itself, else what the program has at the address
 * arg. On i386 it takes effect when the program loads the register with the selector of GUFS_SEL or GUGS_SEL, see
 * <machine/segments.h>, and at once where it has. EFAULT, EINVAL.
 */
int	x86_set_sdbase(void *arg, char which, struct lwp *l, bool direct);
int	x86_get_sdbase(void *arg, char which);
#endif

#endif
