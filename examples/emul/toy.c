/*
 * A COMPAT module: the emulation "toy". Its programs have a system-call table, error numbers and a directory for their
 * files of their own, and the kernel counts the calls of each process for them.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/malloc.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>
#include <sys/syscallvar.h>
#include <sys/lkm.h>
#include <machine/frame.h>
#include <machine/psl.h>

static int	toy_nosys(struct lwp *, const void *, register_t *);
static int	toy_count(struct lwp *, const void *, register_t *);
static int	toy_nap(struct lwp *, const void *, register_t *);

/* Toy's system calls, 1 to 8. Where arguments are the native ones, so is the function. */
static const struct sysent toy_sysent[SYS_NSYSENT] = {
	{ 0, 0, 0, toy_nosys },
	{ 1, sizeof(struct sys_exit_args), 0, sys_exit },
	{ 3, sizeof(struct sys_write_args), 0, sys_write },
	{ 3, sizeof(struct sys_open_args), 0, sys_open },
	{ 3, sizeof(struct sys_read_args), 0, sys_read },
	{ 0, 0, 0, sys_fork },
	{ 4, sizeof(struct sys_wait4_args), 0, sys_wait4 },
	{ 0, 0, 0, toy_count },
	{ 1, sizeof(register_t), 0, toy_nap },
	[9 ... SYS_NSYSENT - 1] = { 0, 0, 0, toy_nosys },
};

struct toy_data {
	int	calls;
};

static void	toy_exec(struct proc *, struct exec_package *);
static void	toy_fork(struct proc *, struct proc *, int);
static void	toy_exit(struct proc *);
static void	toy_syscall_intern(struct proc *);

static const struct emul emul_toy = {
	.e_name = "toy",
	.e_path = "/emul/toy",
	.e_sysent = toy_sysent,
	.e_proc_exec = toy_exec,
	.e_proc_fork = toy_fork,
	.e_proc_exit = toy_exit,
	.e_syscall_intern = toy_syscall_intern,
};

MOD_COMPAT("toy", -1, &emul_toy);

static int	toy_processes;

static void
toy_new(struct proc *p)
{
	p->p_emuldata = malloc(sizeof(struct toy_data), M_TEMP, M_WAITOK | M_ZERO);
	toy_processes++;
}

/* The process executes its first program of ours, or another one. */
static void
toy_exec(struct proc *p, struct exec_package *epp)
{
	if (p->p_emul != &emul_toy)
		toy_new(p);
	((struct toy_data *)p->p_emuldata)->calls = 0;
}

static void
toy_fork(struct proc *p2, struct proc *p1, int flags)
{
	toy_new(p2);
}

/* It ends, or executes a program of another system. */
static void
toy_exit(struct proc *p)
{
	free(p->p_emuldata, M_TEMP);
	p->p_emuldata = NULL;
	toy_processes--;
}

#ifdef __LP64__
#define FLAGS(frame)	((frame)->tf_rflags)
#define RESULT(frame)	((frame)->tf_rax)
#else
#define FLAGS(frame)	((frame)->tf_eflags)
#define RESULT(frame)	((frame)->tf_eax)
#endif

/* A system call is made as a native one is, but Toy numbers its errors from 1000 on. */
static void
toy_syscall(struct trapframe *frame)
{
	FLAGS(frame) &= ~PSL_C;
	syscall(frame);
	if (FLAGS(frame) & PSL_C)
		RESULT(frame) += 1000;
}

static void
toy_syscall_intern(struct proc *p)
{
	p->p_md.md_syscall = toy_syscall;
}

static int
toy_nosys(struct lwp *l, const void *v, register_t *retval)
{
	return ENOSYS;
}

/* How often has this process asked? */
static int
toy_count(struct lwp *l, const void *v, register_t *retval)
{
	struct toy_data *data = l->l_proc->p_emuldata;

	*retval = ++data->calls;
	return 0;
}

/* Sleep for this many ticks, or until a signal. */
static int
toy_nap(struct lwp *l, const void *v, register_t *retval)
{
	int error = tsleep(&toy_processes, PWAIT | PCATCH, "toynap", *(const int *)v);

	return error == EWOULDBLOCK ? 0 : error;
}

int	toy_lkmentry(struct lkm_table *, int, int);

int
toy_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
