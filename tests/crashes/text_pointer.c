/* A pointer that was overwritten with text: "the bytes of the pointer are the text" in name_of(). */

#include "crash.h"

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

CRASH(crash_load, lkm_nofunc)
