/* <netinet/in_var.h>: internet addresses of interfaces. */

#ifndef _NETINET_IN_VAR_H_
#define _NETINET_IN_VAR_H_

#include <sys/queue.h>
#include <net/if.h>
#include <netinet/in.h>

struct in_multi;
struct lwp;
struct socket;

struct in_ifaddr {
	struct ifaddr		 ia_ifa;
#define ia_ifp		ia_ifa.ifa_ifp
#define ia_flags	ia_ifa.ifa_flags
	in_addr_t		 ia_net;
	in_addr_t		 ia_netmask;
	in_addr_t		 ia_subnet;
	in_addr_t		 ia_subnetmask;
	struct in_addr		 ia_netbroadcast;
	LIST_ENTRY(in_ifaddr)	 ia_hash;
	TAILQ_ENTRY(in_ifaddr)	 ia_list;
	struct sockaddr_in	 ia_addr;
	struct sockaddr_in	 ia_dstaddr;
	struct sockaddr_in	 ia_sockmask;
	LIST_HEAD(, in_multi)	 ia_multiaddrs;
	struct in_multi		*ia_allhosts;
	uint16_t		 ia_idsalt;
};
#define ia_broadaddr	ia_dstaddr

struct in_aliasreq {
	char			ifra_name[IFNAMSIZ];
	struct sockaddr_in	ifra_addr;
	struct sockaddr_in	ifra_dstaddr;
	struct sockaddr_in	ifra_mask;
};

#define IA_SIN(ia)	(&(ia)->ia_addr)

#ifdef _KERNEL
TAILQ_HEAD(in_ifaddrhead, in_ifaddr);
extern struct in_ifaddrhead	in_ifaddrhead;

int	in_control(struct socket *so, u_long cmd, void *data, struct ifnet *ifp, struct lwp *l);
#endif

#endif
