/* A DEV module of OpenBSD: its order of struct cdevsw, with type and flags before d_kqfilter. */

#ifndef __OpenBSD__
#error "not OpenBSD"
#endif
#ifdef __NetBSD__
#error "NetBSD"
#endif

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/proc.h>
#include <sys/event.h>
#include <sys/uio.h>
#include <sys/exec.h>
#include <sys/lkm.h>

int puffyopen(dev_t, int, int, struct proc *);
int puffyread(dev_t, struct uio *, int);
int puffykqfilter(dev_t, struct knote *);

static struct cdevsw puffy_dev = {
	puffyopen, (dev_type_close((*))) nullop, puffyread, (dev_type_write((*))) enodev,
	(dev_type_ioctl((*))) enodev, (dev_type_stop((*))) enodev, 0, seltrue,
	(dev_type_mmap((*))) enodev, D_TTY, 7, puffykqfilter
};

#ifndef SLOT
#define SLOT	31
#endif
MOD_DEV("puffy", LM_DT_CHAR, SLOT, &puffy_dev)

int puffyopen(dev_t dev, int flag, int mode, struct proc *p) { return p->p_pid == curproc->p_pid ? 0 : EPERM; }
int puffyread(dev_t dev, struct uio *uio, int flag) { return uiomove("puffy", uio->uio_offset ? 0 : 5, uio); }
int puffykqfilter(dev_t dev, struct knote *kn) { return 99; }

int
puffy_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc)
}
