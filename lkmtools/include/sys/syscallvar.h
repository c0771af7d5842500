/* <sys/syscallvar.h>: the system call table, which <sys/systm.h> declares, and who serves the calls. */

#ifndef _SYS_SYSCALLVAR_H_
#define _SYS_SYSCALLVAR_H_

#include <sys/systm.h>

#ifdef _KERNEL
struct trapframe;

extern const char *const	syscallnames[];	/* by number */

/*
 * The machine's own convention, over the e_sysent of the process's emulation. syscall_plain is the
 * md_syscall of native processes only.
 */
void	syscall(struct trapframe *frame);
void	syscall_plain(struct trapframe *frame);
void	syscall_intern(struct proc *p);
#endif

#endif
