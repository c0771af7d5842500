/* <netinet/ip_var.h>: what the internet protocol keeps of a packet. */

#ifndef _NETINET_IP_VAR_H_
#define _NETINET_IP_VAR_H_

#include <netinet/in.h>
#include <netinet/ip.h>

/* The header of a packet, in which the transport protocols keep a list and the length. */
struct ipovly {
	uint8_t		ih_x1[9];
	uint8_t		ih_pr;
	uint16_t	ih_len;
	struct in_addr	ih_src;
	struct in_addr	ih_dst;
} __packed;

struct ip_moptions;
struct ifnet;
struct mbuf;

/* ip_output() */
#define IP_FORWARDING		0x0001
#define IP_RAWOUTPUT		0x0002
#define IP_NOIPNEWID		0x0400

#endif
