/* <machine/reg.h>: floating-point registers, as the fxsave instruction stores them on both machines. */

#ifndef _MACHINE_REG_H_
#define _MACHINE_REG_H_

#include <sys/cdefs.h>

struct fpreg {
	unsigned char	fxsave[512];
} __attribute__((__aligned__(16)));

#ifdef _KERNEL
struct lwp;

int	process_read_fpregs(struct lwp *l, struct fpreg *regs);
int	process_write_fpregs(struct lwp *l, const struct fpreg *regs);
#endif

#endif
