/* A SYSCALL module of NetBSD 1.6: struct proc, SCARG, p->p_ucred, and a handler that fills sysent by hand too. */

#include <sys/param.h>
#include <sys/ioctl.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/mount.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>

struct twice_args {
	syscallarg(int) number;
	syscallarg(int *) where;
};

int proc_syscall_lkmentry(struct lkm_table *, int, int);
static int sys_twice(struct proc *, void *, register_t *);
static int sys_uid(struct proc *, void *, register_t *);

static struct sysent twice_sysent = { 2, sizeof(struct twice_args), sys_twice };
static struct sysent old_getuid;

MOD_SYSCALL("proc_syscall", -1, &twice_sysent)

static int
sys_twice(p, v, retval)
	struct proc *p;
	void *v;
	register_t *retval;
{
	struct twice_args *uap = v;
	int n = 2 * SCARG(uap, number);

	*retval = n;
	if (SCARG(uap, where) != NULL)
		return (copyout((caddr_t)&n, (caddr_t)SCARG(uap, where), sizeof(n)));
	return (0);
}

static int
sys_uid(struct proc *p, void *v, register_t *retval)
{
	if (suser(p->p_ucred, &p->p_acflag) == 0)
		return ((*old_getuid.sy_call)(p, v, retval));
	retval[0] = p->p_ucred->cr_uid;
	return 0;
}

static int
handle(struct lkm_table *lkmtp, int cmd)
{
	struct lkm_syscall *args = lkmtp->private.lkm_syscall;

	if (cmd == LKM_E_LOAD) {
		bcopy(&sysent[SYS_getuid], &old_getuid, sizeof(struct sysent));
		sysent[SYS_getuid].sy_call = (sy_call_t *)sys_uid;
		printf("proc_syscall: %s is number %d (%ld)\n", args->lkm_name, (int)args->lkm_offset,
		    (long)args->mod.lkm_offset);
	} else
		sysent[SYS_getuid] = old_getuid;
	return 0;
}

int
proc_syscall_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, handle, handle, lkm_nofunc);
}
