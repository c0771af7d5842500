/* <netinet/if_inarp.h>: ARP for drivers of interfaces. */

#ifndef _NETINET_IF_INARP_H_
#define _NETINET_IF_INARP_H_

#include <sys/types.h>

struct ifaddr;
struct ifnet;
struct mbuf;

#ifdef _KERNEL
void	arp_ifinit(struct ifnet *ifp, struct ifaddr *ifa);
void	arpintr(void);
#endif

#endif
