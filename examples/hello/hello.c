/* hello: the smallest module. It says when it is loaded, looked at and unloaded. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>

int	hello_lkmentry(struct lkm_table *, int, int);

MOD_MISC("hello");

static int
hello_load(struct lkm_table *lkmtp, int cmd)
{
	printf("hello, kernel: module %d of %lu bytes at %#lx\n", lkmtp->id, lkmtp->size, lkmtp->area);
	return 0;
}

static int
hello_unload(struct lkm_table *lkmtp, int cmd)
{
	printf("goodbye, kernel\n");
	return 0;
}

static int
hello_stat(struct lkm_table *lkmtp, int cmd)
{
	printf("hello: somebody looks\n");
	return 0;
}

int
hello_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, hello_load, hello_unload, hello_stat);
}
