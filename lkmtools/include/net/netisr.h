/* <net/netisr.h>: soft interrupts of protocols. */

#ifndef _NET_NETISR_H_
#define _NET_NETISR_H_

#include <sys/types.h>

#define NETISR_IP		2
#define NETISR_NS		6
#define NETISR_ISO		7
#define NETISR_CCITT		10
#define NETISR_ATALK		16
#define NETISR_IPV6		24
#define NETISR_ISDN		26
#define NETISR_NATM		27
#define NETISR_ARP		28
#define NETISR_PPP		29

#ifdef _KERNEL
void	schednetisr(int isr);
#endif

#endif
