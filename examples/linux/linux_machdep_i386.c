/* linux_machdep_i386.c: how system calls, signal handlers and threads' own memory work on i386. */

#ifdef __i386__

#include "linux_emul.h"

#include <sys/signalvar.h>
#include <machine/psl.h>
#include <machine/reg.h>
#include <machine/segments.h>
#include <machine/sysarch.h>

const char linux_platform[] = "i686";

/*
 * For programs that bring no trampolines: sigreturn, with the signal's number popped, for handlers of one argument;
 * behind it rt_sigreturn, for those of three.
 */
extern char linux_rt_sigcode[];
__asm__(".globl linux_sigcode, linux_rt_sigcode, linux_esigcode\n"
    "linux_sigcode:\n	popl	%eax\n	movl	$119, %eax\n	int	$0x80\n"
    "linux_rt_sigcode:\n	movl	$173, %eax\n	int	$0x80\n"
    "linux_esigcode:\n");

/* A system call: its number in eax, arguments in ebx, ecx, edx, esi, edi, ebp; the answer, or a negative errno, in eax. */
void
linux_syscall(struct trapframe *tf)
{
	struct lwp *l = curlwp;
	register_t args[8] = { tf->tf_ebx, tf->tf_ecx, tf->tf_edx, tf->tf_esi, tf->tf_edi, tf->tf_ebp };
	register_t rval[2] = { 0, 0 };
	u_int code = tf->tf_eax;
	int error;

	if (code > LINUX_NOSYS)
		code = LINUX_NOSYS;
	error = linux_sysent[code].sy_call(l, args, rval);
	if (error == 0)
		tf->tf_eax = rval[0];
	else if (error == ERESTART)
		tf->tf_eip -= tf->tf_err;
	else if (error != EJUSTRETURN)
		tf->tf_eax = linux_result(error);
}

/* The registers as a handler finds them, and may change them. */
struct linux_sigcontext {
	uint32_t	gs, fs, es, ds;
	uint32_t	edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t	trapno, err;
	uint32_t	eip, cs, eflags, esp_at_signal, ss;
	uint32_t	fpstate;		/* 0: the floating-point registers are not stored */
	uint32_t	oldmask, cr2;
};
struct linux_ucontext {
	uint32_t		uc_flags;
	uint32_t		uc_link;
	struct linux_stack	uc_stack;
	struct linux_sigcontext	uc_mcontext;
	linux_sigset_t		uc_sigmask;
};

/* The frame of a handler of one argument: the context is that argument's neighbour. */
struct linux_sigframe {
	void			*restorer;
	int			 signo;
	struct linux_sigcontext	 sc;
	uint32_t		 extramask;	/* signals above 32; sc.oldmask has the others */
	struct fpreg		 fp;
};
/* ... of three: number, information, context. */
struct linux_rt_sigframe {
	void			*restorer;
	int			 signo;
	uint32_t		 infop;
	uint32_t		 ucp;
	struct linux_siginfo	 info;
	struct linux_ucontext	 uc;
	struct fpreg		 fp;
};

static void
save_registers(const struct trapframe *tf, struct linux_sigcontext *sc)
{
	sc->gs = tf->tf_gs;
	sc->fs = tf->tf_fs;
	sc->es = tf->tf_es;
	sc->ds = tf->tf_ds;
	sc->edi = tf->tf_edi;
	sc->esi = tf->tf_esi;
	sc->ebp = tf->tf_ebp;
	sc->esp = sc->esp_at_signal = tf->tf_esp;
	sc->ebx = tf->tf_ebx;
	sc->edx = tf->tf_edx;
	sc->ecx = tf->tf_ecx;
	sc->eax = tf->tf_eax;
	sc->trapno = tf->tf_trapno;
	sc->eip = tf->tf_eip;
	sc->cs = tf->tf_cs;
	sc->eflags = tf->tf_eflags;
	sc->ss = tf->tf_ss;
}

static void
restore_registers(const struct linux_sigcontext *sc, struct trapframe *tf)
{
	tf->tf_edi = sc->edi;
	tf->tf_esi = sc->esi;
	tf->tf_ebp = sc->ebp;
	tf->tf_esp = sc->esp;
	tf->tf_ebx = sc->ebx;
	tf->tf_edx = sc->edx;
	tf->tf_ecx = sc->ecx;
	tf->tf_eax = sc->eax;
	tf->tf_eip = sc->eip;
	tf->tf_eflags = (tf->tf_eflags & ~PSL_USER) | (sc->eflags & PSL_USER);
}

/* The part of a context that both frames have. `fp` is where the floating-point registers will lie, if they are known. */
static void
fill_context(struct lwp *l, const struct ksiginfo *ksi, const sigset_t *mask, struct linux_sigcontext *sc,
    struct fpreg *regs, u_long fp)
{
	save_registers(l->l_md.md_regs, sc);
	sc->oldmask = linux_sigset(mask);
	if ((ksi->ksi_flags & KSI_TRAP) != 0)
		sc->cr2 = (u_long)ksi->ksi_addr;
	if (process_read_fpregs(l, regs) == 0)
		sc->fpstate = fp;
}

/* At a call, the stack is four bytes off sixteen. */
static u_long
frame_at(u_long top, size_t size)
{
	return ((top - size) & -16UL) - sizeof(void *);
}

/* Go to the handler: the frame at fp is its stack, and what it may take from registers, too, is in them. */
static void
enter_handler(struct trapframe *tf, const struct sigaction *sa, u_long fp, int signo, u_long info, u_long uc)
{
	tf->tf_eax = signo;
	tf->tf_edx = info;
	tf->tf_ecx = uc;
	tf->tf_esp = fp;
	tf->tf_eip = (u_long)sa->sa_handler;
	tf->tf_eflags &= ~(PSL_T | PSL_D);
}

static void
send_plain(struct lwp *l, const struct ksiginfo *ksi, const sigset_t *mask, const struct sigaction *sa, u_long top)
{
	struct linux_sigframe frame;
	u_long fp = frame_at(top, sizeof(frame));

	memset(&frame, 0, sizeof(frame));
	frame.restorer = LINUX_DATA(l->l_proc)->restorer[ksi->ksi_signo];
	if (frame.restorer == NULL)
		frame.restorer = l->l_proc->p_sigctx.ps_sigcode;
	frame.signo = linux_signo(ksi->ksi_signo);
	frame.extramask = linux_sigset(mask) >> 32;
	fill_context(l, ksi, mask, &frame.sc, &frame.fp, fp + offsetof(struct linux_sigframe, fp));
	if (copyout(&frame, (void *)fp, sizeof(frame)) != 0)
		sigexit(l, SIGSEGV);
	enter_handler(l->l_md.md_regs, sa, fp, frame.signo, 0, 0);
}

static void
send_info(struct lwp *l, const struct ksiginfo *ksi, const sigset_t *mask, const struct sigaction *sa, u_long top)
{
	struct linux_rt_sigframe frame;
	u_long fp = frame_at(top, sizeof(frame));

	memset(&frame, 0, sizeof(frame));
	frame.restorer = LINUX_DATA(l->l_proc)->restorer[ksi->ksi_signo];
	if (frame.restorer == NULL)
		frame.restorer = (char *)l->l_proc->p_sigctx.ps_sigcode + (linux_rt_sigcode - linux_sigcode);
	frame.signo = linux_signo(ksi->ksi_signo);
	frame.infop = fp + offsetof(struct linux_rt_sigframe, info);
	frame.ucp = fp + offsetof(struct linux_rt_sigframe, uc);
	linux_siginfo(ksi, &frame.info);
	frame.uc.uc_stack.ss_flags = LINUX_SS_DISABLE;
	frame.uc.uc_sigmask = linux_sigset(mask);
	fill_context(l, ksi, mask, &frame.uc.uc_mcontext, &frame.fp, fp + offsetof(struct linux_rt_sigframe, fp));
	if (copyout(&frame, (void *)fp, sizeof(frame)) != 0)
		sigexit(l, SIGSEGV);
	enter_handler(l->l_md.md_regs, sa, fp, frame.signo, frame.infop, frame.ucp);
}

/* Send the process to its handler, with the frame that its kind of handler expects. */
void
linux_sendsig(const struct ksiginfo *ksi, const sigset_t *mask)
{
	struct lwp *l = curlwp;
	struct sigaction sa;
	int onstack;
	u_long top = (u_long)getframe(l, ksi->ksi_signo, &onstack);

	(void)sigaction1(l, ksi->ksi_signo, NULL, &sa, NULL, 0);
	((sa.sa_flags & SA_SIGINFO) != 0 ? send_info : send_plain)(l, ksi, mask, &sa, top);
}

static int
leave_handler(struct lwp *l, const struct linux_sigcontext *sc, linux_sigset_t foreign)
{
	struct fpreg fp;
	sigset_t mask;

	if (sc->fpstate != 0) {
		if (copyin((void *)sc->fpstate, &fp, sizeof(fp)) != 0)
			sigexit(l, SIGSEGV);
		(void)process_write_fpregs(l, &fp);
	}
	restore_registers(sc, l->l_md.md_regs);
	native_sigset(foreign, &mask);
	(void)sigprocmask1(l, SIG_SETMASK, &mask, NULL);
	return EJUSTRETURN;
}

/* sigreturn(): restorer and signo of the frame have been popped. */
LINUX_CALL(sigreturn)
{
	struct linux_sigframe frame;
	u_long sp = l->l_md.md_regs->tf_esp;
	const size_t popped = offsetof(struct linux_sigframe, sc);

	if (copyin((void *)sp, &frame.sc, offsetof(struct linux_sigframe, fp) - popped) != 0)
		sigexit(l, SIGSEGV);
	return leave_handler(l, &frame.sc, (linux_sigset_t)frame.extramask << 32 | frame.sc.oldmask);
}

/* rt_sigreturn(): the restorer has been popped. */
LINUX_CALL(rt_sigreturn)
{
	struct linux_ucontext uc;
	u_long sp = l->l_md.md_regs->tf_esp;
	const size_t popped = offsetof(struct linux_rt_sigframe, signo);

	if (copyin((char *)sp + offsetof(struct linux_rt_sigframe, uc) - popped, &uc, sizeof(uc)) != 0)
		sigexit(l, SIGSEGV);
	return leave_handler(l, &uc.uc_mcontext, uc.uc_sigmask);
}

/* set_thread_area(description): the one segment that a thread has for itself is what the kernel has for %gs. */
LINUX_CALL(set_thread_area)
{
	struct linux_user_desc *uaddr = ARG(0, struct linux_user_desc *), desc;
	int error;

	if ((error = copyin(uaddr, &desc, sizeof(desc))) != 0)
		return error;
	if (desc.entry_number != (uint32_t)-1 && desc.entry_number != GUGS_SEL)
		return EINVAL;
	if ((error = x86_set_sdbase((void *)desc.base_addr, 'g', l, true)) != 0)
		return error;
	desc.entry_number = GUGS_SEL;
	return copyout(&desc, uaddr, sizeof(desc));
}

/* clone(flags, stack, where the parent finds the child's number, threads' own memory, where the child does) */
LINUX_CALL(clone)
{
	return linux_clone(l, ARG(0, u_long), ARG(1, void *), ARG(2, int *), ARG(4, int *), retval);
}

/* mmap2(address, length, protection, flags, file, offset in pages) */
LINUX_CALL(mmap2)
{
	return linux_mmap(l, ARG(0, vaddr_t), ARG(1, size_t), ARG(2, int), ARG(3, int), ARG(4, int),
	    (off_t)ARG(5, uint32_t) * PAGE_SIZE, retval);
}

/* _llseek(file, offset's upper half, lower half, where to put the new one, whence) */
LINUX_CALL(_llseek)
{
	off_t offset = (off_t)((uint64_t)ARG(1, uint32_t) << 32 | ARG(2, uint32_t));
	register_t new[2];
	int error;

	error = NATIVE(sys_lseek, l, new, ARG(0, register_t), 0, QUAD(offset), ARG(4, register_t));
	return error != 0 ? error : copyout(new, ARG(3, void *), sizeof(new));
}

/* ugetrlimit(which, limits): in words */
LINUX_CALL(ugetrlimit)
{
	struct linux_rlimit64 wide;
	struct linux_rlimit limit;
	int error;

	if ((error = linux_getrlimit(l, ARG(0, int), &wide)) != 0)
		return error;
	limit.rlim_cur = MIN(wide.rlim_cur, ULONG_MAX);
	limit.rlim_max = MIN(wide.rlim_max, ULONG_MAX);
	return copyout(&limit, ARG(1, void *), sizeof(limit));
}

#endif
