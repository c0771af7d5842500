/* A MISC module as one was written for NetBSD 2.0: K&R definitions, __P, implicit int, undeclared functions. */

#include <sys/cdefs.h>
__KERNEL_RCSID(0, "$Id: kr_misc.c,v 1.4 2003/02/01 12:00:00 author Exp $");

#include <sys/param.h>
#include <sys/ioctl.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/mount.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/file.h>
#include <sys/errno.h>

int kr_misc_lkmentry __P((struct lkm_table *, int, int));
static int kr_load __P((struct lkm_table *, int));
extern int lkmexists __P((struct lkm_table *));

static counter;

MOD_MISC("kr_misc")

static int
kr_load(lkmtp, cmd)
	struct lkm_table *lkmtp;
	int cmd;
{
	if (cmd == LKM_E_LOAD && lkmexists(lkmtp))
		return (EEXIST);
	count_up(3);
	printf("kr_misc: %s, counter %d, area 0x%lx\n", cmd == LKM_E_LOAD ? "loaded" : "unloaded", counter, lkmtp->area);
	return (0);
}

count_up(n)
{
	register i;

	for (i = 0; i < n; i++)
		counter++;
	return counter;
}

int
kr_misc_lkmentry(lkmtp, cmd, ver)
	struct lkm_table *lkmtp;
	int cmd;
	int ver;
{
	DISPATCH(lkmtp, cmd, ver, kr_load, kr_load, lkm_nofunc)
}
