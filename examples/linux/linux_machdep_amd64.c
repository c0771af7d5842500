/* linux_machdep_amd64.c: how system calls, signal handlers and threads' own memory work on amd64. */

#ifdef __x86_64__

#include "linux_emul.h"

#include <sys/signalvar.h>
#include <machine/psl.h>
#include <machine/reg.h>
#include <machine/sysarch.h>

const char linux_platform[] = "x86_64";

/* Every sigaction brings its trampoline: the module has none to offer, but an instruction that is no good. */
__asm__(".globl linux_sigcode, linux_esigcode\nlinux_sigcode:\n	ud2\nlinux_esigcode:\n");

/* A system call: its number in rax, arguments in rdi, rsi, rdx, r10, r8, r9; the answer, or a negative errno, in rax. */
void
linux_syscall(struct trapframe *tf)
{
	struct lwp *l = curlwp;
	register_t args[8] = { tf->tf_rdi, tf->tf_rsi, tf->tf_rdx, tf->tf_r10, tf->tf_r8, tf->tf_r9 };
	register_t rval[2] = { 0, 0 };
	u_int code = tf->tf_rax;
	int error;

	if (code > LINUX_NOSYS)
		code = LINUX_NOSYS;
	error = linux_sysent[code].sy_call(l, args, rval);
	if (error == 0)
		tf->tf_rax = rval[0];
	else if (error == ERESTART)
		tf->tf_rip -= tf->tf_err;
	else if (error != EJUSTRETURN)
		tf->tf_rax = linux_result(error);
}

/* The registers as a handler finds them, and may change them. */
struct linux_sigcontext {
	uint64_t	r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t	rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, rflags;
	uint16_t	cs, gs, fs, ss;
	uint64_t	err, trapno, oldmask, cr2;
	uint64_t	fpstate;		/* the floating-point registers' address; 0: not stored */
	uint64_t	reserved[8];
};
struct linux_ucontext {
	uint64_t		uc_flags;
	uint64_t		uc_link;
	struct linux_stack	uc_stack;
	struct linux_sigcontext	uc_mcontext;
	linux_sigset_t		uc_sigmask;
};
struct linux_sigframe {
	void			*restorer;	/* where the handler returns to; then it calls rt_sigreturn */
	struct linux_ucontext	 uc;
	struct linux_siginfo	 info;
	char			 pad[8];
	struct fpreg		 fp;
};

static void
save_registers(const struct trapframe *tf, struct linux_sigcontext *sc)
{
	sc->r8 = tf->tf_r8;
	sc->r9 = tf->tf_r9;
	sc->r10 = tf->tf_r10;
	sc->r11 = tf->tf_r11;
	sc->r12 = tf->tf_r12;
	sc->r13 = tf->tf_r13;
	sc->r14 = tf->tf_r14;
	sc->r15 = tf->tf_r15;
	sc->rdi = tf->tf_rdi;
	sc->rsi = tf->tf_rsi;
	sc->rbp = tf->tf_rbp;
	sc->rbx = tf->tf_rbx;
	sc->rdx = tf->tf_rdx;
	sc->rax = tf->tf_rax;
	sc->rcx = tf->tf_rcx;
	sc->rsp = tf->tf_rsp;
	sc->rip = tf->tf_rip;
	sc->rflags = tf->tf_rflags;
	sc->cs = tf->tf_cs;
	sc->ss = tf->tf_ss;
	sc->trapno = tf->tf_trapno;
}

static void
restore_registers(const struct linux_sigcontext *sc, struct trapframe *tf)
{
	tf->tf_r8 = sc->r8;
	tf->tf_r9 = sc->r9;
	tf->tf_r10 = sc->r10;
	tf->tf_r11 = sc->r11;
	tf->tf_r12 = sc->r12;
	tf->tf_r13 = sc->r13;
	tf->tf_r14 = sc->r14;
	tf->tf_r15 = sc->r15;
	tf->tf_rdi = sc->rdi;
	tf->tf_rsi = sc->rsi;
	tf->tf_rbp = sc->rbp;
	tf->tf_rbx = sc->rbx;
	tf->tf_rdx = sc->rdx;
	tf->tf_rax = sc->rax;
	tf->tf_rcx = sc->rcx;
	tf->tf_rsp = sc->rsp;
	tf->tf_rip = sc->rip;
	tf->tf_rflags = (tf->tf_rflags & ~(uint64_t)PSL_USER) | (sc->rflags & PSL_USER);
}

/* Send the process to its handler: a frame on its stack, and registers as for a call handler(signo, info, context). */
void
linux_sendsig(const struct ksiginfo *ksi, const sigset_t *mask)
{
	struct lwp *l = curlwp;
	struct trapframe *tf = l->l_md.md_regs;
	struct linux_sigframe frame;
	struct sigaction sa;
	u_long fp;
	int onstack;

	memset(&frame, 0, sizeof(frame));
	/* At a call the stack is eight bytes off sixteen; the registers that follow the frame want sixteen. */
	fp = ((u_long)getframe(l, ksi->ksi_signo, &onstack) - sizeof(frame)) & -16UL;
	fp -= sizeof(void *);
	(void)sigaction1(l, ksi->ksi_signo, NULL, &sa, NULL, 0);
	frame.restorer = LINUX_DATA(l->l_proc)->restorer[ksi->ksi_signo];
	if (frame.restorer == NULL)
		frame.restorer = l->l_proc->p_sigctx.ps_sigcode;
	save_registers(tf, &frame.uc.uc_mcontext);
	if ((ksi->ksi_flags & KSI_TRAP) != 0)
		frame.uc.uc_mcontext.cr2 = (u_long)ksi->ksi_addr;
	frame.uc.uc_stack.ss_flags = onstack ? LINUX_SS_ONSTACK : LINUX_SS_DISABLE;
	frame.uc.uc_sigmask = linux_sigset(mask);
	if (process_read_fpregs(l, &frame.fp) == 0)
		frame.uc.uc_mcontext.fpstate = fp + offsetof(struct linux_sigframe, fp);
	linux_siginfo(ksi, &frame.info);
	if (copyout(&frame, (void *)fp, sizeof(frame)) != 0)
		sigexit(l, SIGSEGV);

	tf->tf_rdi = frame.info.lsi_signo;
	tf->tf_rsi = fp + offsetof(struct linux_sigframe, info);
	tf->tf_rdx = fp + offsetof(struct linux_sigframe, uc);
	tf->tf_rax = 0;
	tf->tf_rsp = fp;
	tf->tf_rip = (u_long)sa.sa_handler;
	tf->tf_rflags &= ~(uint64_t)(PSL_T | PSL_D);
}

/* rt_sigreturn(): what the trampoline calls, its stack where the handler found the context. */
LINUX_CALL(rt_sigreturn)
{
	struct trapframe *tf = l->l_md.md_regs;
	struct linux_ucontext uc;
	struct fpreg fp;
	sigset_t mask;

	if (copyin((void *)tf->tf_rsp, &uc, sizeof(uc)) != 0)
		sigexit(l, SIGSEGV);
	if (uc.uc_mcontext.fpstate != 0) {
		if (copyin((void *)uc.uc_mcontext.fpstate, &fp, sizeof(fp)) != 0)
			sigexit(l, SIGSEGV);
		(void)process_write_fpregs(l, &fp);
	}
	restore_registers(&uc.uc_mcontext, tf);
	native_sigset(uc.uc_sigmask, &mask);
	(void)sigprocmask1(l, SIG_SETMASK, &mask, NULL);
	return EJUSTRETURN;
}

/* arch_prctl(what, address): the bases of fs and gs. */
LINUX_CALL(arch_prctl)
{
	switch (ARG(0, int)) {
	case LINUX_ARCH_SET_GS:
		return x86_set_sdbase(ARG(1, void *), 'g', l, true);
	case LINUX_ARCH_SET_FS:
		return x86_set_sdbase(ARG(1, void *), 'f', l, true);
	case LINUX_ARCH_GET_FS:
		return x86_get_sdbase(ARG(1, void *), 'f');
	case LINUX_ARCH_GET_GS:
		return x86_get_sdbase(ARG(1, void *), 'g');
	default:
		return EINVAL;
	}
}

/* clone(flags, stack, where the parent finds the child's number, where the child does, threads' own memory) */
LINUX_CALL(clone)
{
	return linux_clone(l, ARG(0, u_long), ARG(1, void *), ARG(2, int *), ARG(3, int *), retval);
}

/* mmap(address, length, protection, flags, file, offset) */
LINUX_CALL(mmap)
{
	return linux_mmap(l, ARG(0, vaddr_t), ARG(1, size_t), ARG(2, int), ARG(3, int), ARG(4, int), ARG(5, off_t), retval);
}

#endif
