/* A DEV module of NetBSD 2.0: devsw(9), and struct proc in devices. A system call there has a struct lwp. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/proc.h>
#include <sys/lwp.h>
#include <sys/uio.h>
#include <sys/exec.h>
#include <sys/lkm.h>

#if __NetBSD_Version__ < 106080000 || __NetBSD_Version__ >= 300000000
#error "not NetBSD 2.0"
#endif

dev_type_open(twoopen);
dev_type_read(tworead);
dev_type_ioctl(twoioctl);
static int sys_two(struct lwp *, void *, register_t *);

const struct cdevsw two_cdevsw = {
	twoopen, nullclose, tworead, nowrite, twoioctl, nostop, notty, nopoll, nommap, nokqfilter,
};
static struct sysent two_sysent = { 0, 0, 0, sys_two }, old;
static struct proc *opener;

#ifndef CHAR_MAJOR
#define CHAR_MAJOR	-1
#endif
MOD_DEV("two", "two", NULL, -1, &two_cdevsw, CHAR_MAJOR)

int twoopen(dev_t dev, int flag, int mode, struct proc *p) { opener = p; return p == curproc ? 0 : EPERM; }

/* Moves five bytes within the kernel, and what arrived to the caller. */
int
tworead(dev_t dev, struct uio *uio, int flag)
{
	char from[] = "five", to[sizeof(from)];
	struct iovec iov = { to, sizeof(to) };
	struct uio own;
	int error;

	own.uio_iov = &iov;
	own.uio_iovcnt = 1;
	own.uio_offset = 0;
	own.uio_resid = sizeof(to);
	own.uio_segflg = UIO_SYSSPACE;
	own.uio_rw = UIO_READ;
	own.uio_procp = uio->uio_procp;
	if ((error = uiomove(from, sizeof(from), &own)) != 0)
		return error;
	return own.uio_procp != opener ? EPERM : uiomove(to, sizeof(to), uio);
}

int twoioctl(dev_t dev, u_long cmd, caddr_t data, int flag, struct proc *p) { return p == opener ? 0 : EPERM; }

static int
sys_two(struct lwp *l, void *v, register_t *retval)
{
	*retval = l->l_proc->p_pid;
	return l == curlwp && l->l_proc == curproc ? 0 : EPERM;
}

static int
handle(struct lkm_table *lkmtp, int cmd)
{
	if (cmd == LKM_E_LOAD) {
		old = sysent[218];
		sysent[218] = two_sysent;
	} else
		sysent[218] = old;
	return 0;
}

int
two_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, handle, handle, lkm_nofunc)
}
