/* <sys/evcnt.h>: evcnt(9): counters of events, each in a list that has them all. */

#ifndef _SYS_EVCNT_H_
#define _SYS_EVCNT_H_

#include <sys/types.h>
#include <sys/queue.h>

struct evcnt {
	uint64_t		 ev_count;
	TAILQ_ENTRY(evcnt)	 ev_list;	/* allevents */
	u_char			 ev_type;
	u_char			 ev_grouplen;	/* of the names, without the NUL: set at the attach */
	u_char			 ev_namelen;
	char			 ev_pad1;
	const struct evcnt	*ev_parent;
	const char		*ev_group;
	const char		*ev_name;
};
TAILQ_HEAD(evcntlist, evcnt);

#define EVCNT_STRING_MAX	255

#define EVCNT_TYPE_MISC		0
#define EVCNT_TYPE_INTR		1
#define EVCNT_TYPE_TRAP		2

#define EVCNT_INITIALIZER(type, parent, group, name) { \
	.ev_type = (type), .ev_parent = (parent), .ev_group = (group), .ev_name = (name), \
}

/* A counter of a link set; a module attaches its own with evcnt_attach_static(). */
#define EVCNT_ATTACH_STATIC(ev)		__link_set_add_data(evcnts, ev)

#ifdef _KERNEL
extern struct evcntlist	allevents;

void	evcnt_init(void);
void	evcnt_attach_static(struct evcnt *ev);
void	evcnt_attach_dynamic(struct evcnt *ev, int type, const struct evcnt *parent, const char *group,
	    const char *name);
void	evcnt_detach(struct evcnt *ev);
#endif

#endif
