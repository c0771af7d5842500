/*
 * countstat: a SYSCALL module that replaces ioctl(2) and counts the LMSTATs that pass through it.
 *
 * lkm(4) warns of this system call: modules are loaded, listed and unloaded through it. This one hands everything on
 * to the ioctl(2) before it, so nobody notices. modunload's LMUNLOAD comes this way, too: the kernel keeps the memory
 * of the module until the call has returned from it.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>

int	countstat_lkmentry(struct lkm_table *, int, int);

static int	counting_ioctl(struct lwp *, const void *, register_t *);

static struct sysent countstat_sysent = {
	.sy_narg = 3,
	.sy_argsize = sizeof(struct sys_ioctl_args),
	.sy_call = counting_ioctl,
};

/* This number and no other; the kernel saves what stood there in lkm_oldent and puts it back. */
MOD_SYSCALL("countstat", SYS_ioctl, &countstat_sysent);

static u_long count;

static int
counting_ioctl(struct lwp *l, const void *v, register_t *retval)
{
	const struct sys_ioctl_args *uap = v;

	if (SCARG(uap, com) == LMSTAT)
		count++;
	return _module.lkm_oldent.sy_call(l, v, retval);
}

/* LMSTAT of this very module: modstat -n countstat. */
static int
countstat_stat(struct lkm_table *lkmtp, int cmd)
{
	printf("countstat: %lu LMSTATs so far\n", count);
	return 0;
}

static int
countstat_unload(struct lkm_table *lkmtp, int cmd)
{
	printf("countstat: %lu LMSTATs in all\n", count);
	return 0;
}

int
countstat_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, countstat_unload, countstat_stat);
}
