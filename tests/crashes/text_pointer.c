/* A pointer that was overwritten with text: "the bytes of the pointer are the text" in name_of(). */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/malloc.h>
#include <sys/mutex.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>

MOD_MISC("crash");

struct gadget {
	char	 tag[sizeof(void *)];
	char	*name;
};
static char name[] = "a name";
int found;
static struct gadget dev = { "", name };
#ifdef FIXED
int length = sizeof(void *);
#else
int length = sizeof(void *) * 2;
#endif

static int
name_of(struct gadget *d)
{
	return d->name[0];	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	memset(dev.tag, 'A', length);
	found = name_of(&dev);
	return 0;
}

int crash_lkmentry(struct lkm_table *, int, int);

int
crash_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, crash_load, lkm_nofunc, lkm_nofunc)
}
