/* A DEV module of NetBSD 1.4: one struct cdevsw without d_kqfilter, MOD_DEV of four arguments, struct proc. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/ioctl.h>
#include <sys/proc.h>
#include <sys/ucred.h>
#include <sys/uio.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <stdio.h>
#include <string.h>

#define OLDIOCPID	_IOR('o', 1, int)

cdev_decl(old);
int old_lkmentry __P((struct lkm_table *, int, int));
static int old_handle __P((struct lkm_table *, int));
static int old_unload __P((struct lkm_table *, int));

static char text[] = "nineteen ninety-nine\n";
static pid_t opener;

static struct cdevsw old_dev = {
	oldopen, oldclose,
	oldread, (dev_type_write((*))) enodev,
	oldioctl, (dev_type_stop((*))) enodev, 0,
	seltrue, (dev_type_mmap((*))) enodev, 0
};

MOD_DEV("old", LM_DT_CHAR, -1, &old_dev)

int
oldopen(dev, oflags, devtype, p)
	dev_t dev;
	int oflags, devtype;
	struct proc *p;
{
	if (suser(p->p_ucred, &p->p_acflag) != 0)
		return (EPERM);
	opener = p->p_pid;
	printf("old: %s opens major %d\n", p->p_comm, major(dev));
	return (0);
}

int
oldclose(dev, fflag, devtype, p)
	dev_t dev;
	int fflag, devtype;
	struct proc *p;
{
	printf("old: pid %d closes\n", p->p_pid == opener);
	return (0);
}

int
oldread(dev, uio, ioflag)
	dev_t dev;
	struct uio *uio;
	int ioflag;
{
	int left = strlen(text) - (int)uio->uio_offset;

	return (left > 0 ? uiomove((caddr_t)text + uio->uio_offset, left, uio) : 0);
}

int
oldioctl(dev, cmd, data, fflag, p)
	dev_t dev;
	u_long cmd;
	caddr_t data;
	int fflag;
	struct proc *p;
{
	if (cmd != OLDIOCPID)
		return (ENOTTY);
	*(int *)data = p->p_pid;
	return (0);
}

static int
old_handle(lkmtp, cmd)
	struct lkm_table *lkmtp;
	int cmd;
{
	struct lkm_dev *args = lkmtp->private.lkm_dev;

	if (cmd == LKM_E_LOAD)
		printf("old: %s has major %ld\n", args->lkm_name, (long)_module.lkm_offset);
	return (0);
}

static int
old_unload(lkmtp, cmd)
	struct lkm_table *lkmtp;
	int cmd;
{
	printf("old: unload\n");
	return (0);
}

int
old_lkmentry(lkmtp, cmd, ver)
	struct lkm_table *lkmtp;
	int cmd, ver;
{
	DISPATCH(lkmtp, cmd, ver, old_handle, old_unload, lkm_nofunc)
}
