/* <machine/proc.h>: what this machine adds to threads and processes. */

#ifndef _MACHINE_PROC_H_
#define _MACHINE_PROC_H_

#include <sys/cdefs.h>

struct trapframe;

struct mdlwp {
	struct trapframe	*md_regs;	/* while it is in the kernel: the program's registers */
	int			 md_flags;
};

struct mdproc {
	int			 md_flags;
	void			(*md_syscall)(struct trapframe *);	/* serves its system calls */
};

#endif
