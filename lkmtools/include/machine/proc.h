/* <machine/proc.h>: what this machine adds to threads and processes. */

#ifndef _MACHINE_PROC_H_
#define _MACHINE_PROC_H_

#include <sys/cdefs.h>

struct pmap;
struct trapframe;
struct vm_page;

struct mdlwp {
	struct trapframe	*md_regs;	/* while it is in the kernel: the program's registers */
#ifdef __LP64__
	struct pmap		*md_gc_pmap;
	struct vm_page		*md_gc_ptp;
	int			 md_flags;
	volatile int		 md_astpending;
#else
	int			 md_flags;
	volatile int		 md_astpending;
	struct pmap		*md_gc_pmap;
	struct vm_page		*md_gc_ptp;
#endif
};

struct mdproc {
	int			 md_flags;
	void			(*md_syscall)(struct trapframe *);	/* serves its system calls */
};

#endif
