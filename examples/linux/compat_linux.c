/*
 * compat_linux: a COMPAT module that serves Linux's system calls, of amd64 or i386, as the machine is. exec_linux_elf
 * recognises the programs.
 */

#include "linux_emul.h"

#include <sys/lkm.h>
#include <sys/malloc.h>
#include <sys/signalvar.h>

int	compat_linux_lkmentry(struct lkm_table *, int, int);

MALLOC_DEFINE(M_LINUX, "linux", "processes of the Linux emulation");

/* The process runs a new program: its data starts afresh. */
static void
linux_proc_exec(struct proc *p, struct exec_package *epp)
{
	struct linux_emuldata *data = p->p_emuldata;

	if (data == NULL)
		p->p_emuldata = data = malloc(sizeof(*data), M_LINUX, M_WAITOK);
	memset(data, 0, sizeof(*data));
	strlcpy(data->exe, epp->ep_name, sizeof(data->exe));
	data->brk = round_page(epp->ep_dsize != 0 ? epp->ep_daddr + epp->ep_dsize : epp->ep_taddr + epp->ep_tsize);
}

static void
linux_proc_fork(struct proc *p, struct proc *parent, int flags)
{
	p->p_emuldata = malloc(sizeof(struct linux_emuldata), M_LINUX, M_WAITOK);
	memcpy(p->p_emuldata, parent->p_emuldata, sizeof(struct linux_emuldata));
}

static void
linux_proc_exit(struct proc *p)
{
	free(p->p_emuldata, M_LINUX);
	p->p_emuldata = NULL;
}

static void
linux_syscall_intern(struct proc *p)
{
	p->p_md.md_syscall = linux_syscall;
}

static struct emul emul_linux = {
	.e_name = "linux",
	.e_path = "/emul/linux",
	.e_sysent = linux_sysent,
	.e_syscallnames = linux_syscallnames,
	.e_sendsig = linux_sendsig,
	.e_trapsignal = trapsignal,
	.e_sigcode = linux_sigcode,
	.e_esigcode = linux_esigcode,
	.e_setregs = setregs,
	.e_proc_exec = linux_proc_exec,
	.e_proc_fork = linux_proc_fork,
	.e_proc_exit = linux_proc_exit,
	.e_syscall_intern = linux_syscall_intern,
};

MOD_COMPAT("compat_linux", -1, &emul_linux);

int
compat_linux_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
