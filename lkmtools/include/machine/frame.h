/* <machine/frame.h>: the registers of a program while the kernel serves it. Segment registers are not shown. */

#ifndef _MACHINE_FRAME_H_
#define _MACHINE_FRAME_H_

#include <sys/types.h>

struct trapframe {
#ifdef __LP64__
	uint64_t	tf_rdi, tf_rsi, tf_rdx, tf_r10, tf_r8, tf_r9;
	uint64_t	tf_arg6, tf_arg7, tf_arg8, tf_arg9;
	uint64_t	tf_rcx, tf_r11, tf_r12, tf_r13, tf_r14, tf_r15;
	uint64_t	tf_rbp, tf_rbx, tf_rax;
	uint64_t	tf_gs, tf_fs, tf_es, tf_ds;
	uint64_t	tf_trapno;
	uint64_t	tf_err;		/* after a system call: the length of its instruction */
	uint64_t	tf_rip, tf_cs, tf_rflags, tf_rsp, tf_ss;
#else
	int		tf_gs, tf_fs, tf_es, tf_ds;
	int		tf_edi, tf_esi, tf_ebp, tf_ebx, tf_edx, tf_ecx, tf_eax;
	int		tf_trapno;
	int		tf_err;
	int		tf_eip, tf_cs, tf_eflags, tf_esp, tf_ss;
	int		tf_vm86_es, tf_vm86_ds, tf_vm86_fs, tf_vm86_gs;
#endif
};

#endif
