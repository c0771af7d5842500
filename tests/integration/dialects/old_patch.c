/* A MISC module of NetBSD 1.4 that finds itself a place in cdevsw[], as IP Filter and its like did. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/proc.h>
#include <sys/uio.h>
#include <sys/exec.h>
#include <sys/lkm.h>

extern struct cdevsw cdevsw[];
extern int nchrdev;
extern int nblkdev;
extern struct bdevsw bdevsw[];

cdev_decl(patch);
static struct cdevsw patch_dev = cdev_disk_init(1, patch), saved;
int patch_major = -1;

MOD_MISC("patch")

int patchopen(dev_t dev, int flag, int mode, struct proc *p) { return p == curproc ? 0 : EFAULT; }
int patchclose(dev_t dev, int flag, int mode, struct proc *p) { return 0; }
int patchread(dev_t dev, struct uio *uio, int flag) { return uiomove("patched", uio->uio_offset ? 0 : 7, uio); }
int patchwrite(dev_t dev, struct uio *uio, int flag) { return EROFS; }
int patchioctl(dev_t dev, u_long cmd, caddr_t data, int flag, struct proc *p) { return ENOTTY; }

static int
handle(struct lkm_table *lkmtp, int cmd)
{
	int i, places = 0;

	if (cmd == LKM_E_UNLOAD) {
		cdevsw[patch_major] = saved;
		return 0;
	}
	for (i = 0; i < nblkdev; i++)
		if (bdevsw[i].d_open == (dev_type_open((*)))lkmenodev)
			places++;
	for (i = 0; i < nchrdev; i++)
		if (cdevsw[i].d_open == (dev_type_open((*)))lkmenodev)
			break;
	if (i == nchrdev || places == 0)
		return ENODEV;
	patch_major = i;
	saved = cdevsw[i];
	cdevsw[i] = patch_dev;
	return 0;
}

int
patch_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, handle, handle, lkm_nofunc)
}
