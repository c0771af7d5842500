/*
 * An emulation with a system-call handler, a signal frame and a trampoline of its own. Calls are 0x101 to 0x108;
 * results are negative errnos, as on some systems.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/exec_elf.h>
#include <sys/signalvar.h>
#include <sys/syscallargs.h>
#include <sys/syscallvar.h>
#include <sys/userret.h>
#include <machine/frame.h>
#include <machine/reg.h>
#include <sys/lkm.h>

#ifdef __LP64__
#define tf_ret tf_rax
#define tf_a tf_rdi
#define tf_b tf_rsi
#define tf_c tf_rdx
#define tf_pc tf_rip
#define tf_sp tf_rsp
#else
#define tf_ret tf_eax
#define tf_a tf_ebx
#define tf_b tf_ecx
#define tf_c tf_edx
#define tf_pc tf_eip
#define tf_sp tf_esp
#endif
struct sframe { register_t signo; struct trapframe tf; sigset_t mask; struct fpreg fp; };

static void other_syscall(struct trapframe *tf)
{
	struct lwp *l = curlwp;
	register_t rval[2] = { 0, tf->tf_c };
	register_t args[3] = { tf->tf_a, tf->tf_b, tf->tf_c };
	struct sigaction sa;
	struct sframe sf;
	int error = ENOSYS;

	switch (tf->tf_ret & 0xffff) {
	case 0x101: error = sys_exit(l, args, rval); break;
	case 0x102: error = sys_write(l, args, rval); break;
	case 0x103: error = fork1(l, 0, SIGCHLD, NULL, 0, NULL, NULL, rval, NULL); break;
	case 0x104: error = tsleep(&error, PWAIT | PCATCH, "other", args[0]); break;
	case 0x105:
		memset(&sa, 0, sizeof(sa));
		sa.sa_handler = (void (*)(int))args[1];
		error = sigaction1(l, args[0], &sa, NULL, NULL, 0);
		break;
	case 0x106: error = sys_kill(l, args, rval); break;
	case 0x107:
		if ((error = copyin((void *)tf->tf_sp, &sf, sizeof(sf))) == 0) {
			sigprocmask1(l, SIG_SETMASK, &sf.mask, NULL);
			process_write_fpregs(l, &sf.fp);
			memcpy(tf, &sf.tf, sizeof(*tf));
			return;
		}
		break;
	case 0x108: error = sys_getpid(l, args, rval); break;
	}
	if (error == ERESTART)
		tf->tf_pc -= tf->tf_err;
	else if (error != EJUSTRETURN)
		tf->tf_ret = error != 0 ? -error : rval[0];
	userret(l);
}

static void other_intern(struct proc *p) { p->p_md.md_syscall = other_syscall; }

static void other_sendsig(const struct ksiginfo *ksi, const sigset_t *mask)
{
	struct lwp *l = curlwp;
	struct trapframe *tf = l->l_md.md_regs;
	struct sigaction sa;
	struct sframe sf;
	int onstack;
	char *sp = getframe(l, ksi->ksi_signo, &onstack);

	sigaction1(l, ksi->ksi_signo, NULL, &sa, NULL, 0);
	sf.signo = ksi->ksi_signo + 100;
	sf.tf = *tf;
	sf.mask = *mask;
	process_read_fpregs(l, &sf.fp);
	sp = (char *)(((vaddr_t)sp - sizeof(sf)) & ~(vaddr_t)15);
	if (copyout(&sf, sp, sizeof(sf)) != 0)
		sigexit(l, SIGILL);
	tf->tf_sp = (register_t)sp - sizeof(register_t);
	copyout(&l->l_proc->p_sigctx.ps_sigcode, (void *)tf->tf_sp, sizeof(register_t));
	tf->tf_a = sf.signo;
	tf->tf_pc = (register_t)sa.sa_handler;
}

extern char other_sigcode[], other_esigcode[];
#ifdef __LP64__
#define TRAP	"syscall"
#else
#define TRAP	"int $0x80"
#endif
__asm__(".globl other_sigcode, other_esigcode\nother_sigcode:\n"
    "	movl $0x107, %eax\n	" TRAP "\n	hlt\nother_esigcode:\n");
static const struct emul emul_other = { .e_name = "other", .e_sendsig = other_sendsig, .e_sigcode = other_sigcode,
    .e_esigcode = other_esigcode, .e_syscall_intern = other_intern };
MOD_COMPAT("other", -1, &emul_other);
int other_lkmentry(struct lkm_table *, int, int);
int other_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
