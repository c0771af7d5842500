/* <machine/reg.h>: registers. Those of floating point are as the fxsave instruction stores them, on both machines. */

#ifndef _MACHINE_REG_H_
#define _MACHINE_REG_H_

#include <sys/cdefs.h>

struct reg {
#ifdef __LP64__
	unsigned long	regs[26];
#else
	int		r_eax, r_ecx, r_edx, r_ebx, r_esp, r_ebp, r_esi, r_edi;
	int		r_eip, r_eflags;
	int		r_cs, r_ss, r_ds, r_es, r_fs, r_gs;
#endif
};

struct fpreg {
	unsigned char	fxstate[512];
} __attribute__((__aligned__(16)));

#ifdef _KERNEL
struct lwp;

int	process_read_fpregs(struct lwp *l, struct fpreg *regs);
int	process_write_fpregs(struct lwp *l, const struct fpreg *regs);
#endif

#endif
