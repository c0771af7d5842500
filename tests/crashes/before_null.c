/* The struct around a member that is NULL: "(0x20 bytes before a NULL pointer)" in owner_of(). */

#include "crash.h"

struct link {
	struct link	*next;
};
struct owner {
	int		 number;
	int		 pad[7];
	struct link	 link;
};
static struct owner the_owner = { 5 };
int found;
#ifdef FIXED
struct link *the_link = &the_owner.link;
#else
struct link *the_link, *unused = &the_owner.link;
#endif

static int
owner_of(struct link *l)
{
	struct owner *o = (struct owner *)((char *)l - __offsetof(struct owner, link));

	return o->number;	/* here */
}

static int
crash_load(struct lkm_table *lkmtp, int cmd)
{
	found = owner_of(the_link);
	return 0;
}

CRASH(crash_load, lkm_nofunc)
