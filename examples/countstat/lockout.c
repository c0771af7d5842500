/*
 * lockout: how not to replace ioctl(2). No LMUNLOAD passes, also not the one that would unload this module; modunload
 * says whose the system call is, and that only lkmctl reboot helps.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>

int	lockout_lkmentry(struct lkm_table *, int, int);

static int	refusing_ioctl(struct lwp *, const void *, register_t *);

static struct sysent lockout_sysent = {
	.sy_narg = 3,
	.sy_argsize = sizeof(struct sys_ioctl_args),
	.sy_call = refusing_ioctl,
};

MOD_SYSCALL("lockout", SYS_ioctl, &lockout_sysent);

static int
refusing_ioctl(struct lwp *l, const void *v, register_t *retval)
{
	const struct sys_ioctl_args *uap = v;

	if (SCARG(uap, com) == LMUNLOAD)
		return EPERM;
	return _module.lkm_oldent.sy_call(l, v, retval);
}

int
lockout_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
