/* <net/pfil.h>: pfil(9): functions that see the packets of an interface or a protocol. */

#ifndef _NET_PFIL_H_
#define _NET_PFIL_H_

#include <sys/types.h>
#include <sys/queue.h>

struct ifnet;
struct mbuf;

struct packet_filter_hook {
	TAILQ_ENTRY(packet_filter_hook)	  pfil_link;
	int				(*pfil_func)(void *, struct mbuf **, struct ifnet *, int);
	void				 *pfil_arg;
	int				  pfil_flags;
};

#define PFIL_IN		0x00000001
#define PFIL_OUT	0x00000002
#define PFIL_WAITOK	0x00000004
#define PFIL_ALL	(PFIL_IN | PFIL_OUT)
#define PFIL_IFADDR	0x00000008
#define PFIL_IFNET	0x00000010

#define PFIL_IFNET_ATTACH	0
#define PFIL_IFNET_DETACH	1

typedef TAILQ_HEAD(pfil_list, packet_filter_hook)	pfil_list_t;

#define PFIL_TYPE_AF	1
#define PFIL_TYPE_IFNET	2

struct pfil_head {
	pfil_list_t	ph_in;
	pfil_list_t	ph_out;
	pfil_list_t	ph_ifaddr;
	pfil_list_t	ph_ifnetevent;
	int		ph_type;
	union {
		u_long	 phu_val;
		void	*phu_ptr;
	} ph_un;
#define ph_af		ph_un.phu_val
#define ph_ifnet	ph_un.phu_ptr
	LIST_ENTRY(pfil_head) ph_list;
};

#ifdef _KERNEL
int	pfil_run_hooks(struct pfil_head *ph, struct mbuf **mp, struct ifnet *ifp, int dir);
int	pfil_add_hook(int (*func)(void *, struct mbuf **, struct ifnet *, int), void *arg, int flags,
	    struct pfil_head *ph);
int	pfil_remove_hook(int (*func)(void *, struct mbuf **, struct ifnet *, int), void *arg, int flags,
	    struct pfil_head *ph);
int	pfil_head_register(struct pfil_head *ph);
int	pfil_head_unregister(struct pfil_head *ph);
struct pfil_head	*pfil_head_get(int type, u_long val);
#endif

#endif
