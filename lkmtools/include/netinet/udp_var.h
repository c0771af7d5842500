/* <netinet/udp_var.h>: the headers of a UDP packet together. */

#ifndef _NETINET_UDP_VAR_H_
#define _NETINET_UDP_VAR_H_

#include <netinet/ip_var.h>
#include <netinet/udp.h>

struct udpiphdr {
	struct ipovly	ui_i;
	struct udphdr	ui_u;
} __packed;

#endif
