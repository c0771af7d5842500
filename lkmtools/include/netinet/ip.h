/* <netinet/ip.h>: the header of IP packets. */

#ifndef _NETINET_IP_H_
#define _NETINET_IP_H_

#include <sys/endian.h>
#include <netinet/in.h>
#include <netinet/in_systm.h>

#define IPVERSION	4

struct ip {
	unsigned int	ip_hl:4;	/* length in words of 4 bytes */
	unsigned int	ip_v:4;
	uint8_t		ip_tos;
	uint16_t	ip_len;
	uint16_t	ip_id;
	uint16_t	ip_off;
	uint8_t		ip_ttl;
	uint8_t		ip_p;
	uint16_t	ip_sum;
	struct in_addr	ip_src;
	struct in_addr	ip_dst;
} __packed;

#define IP_RF		0x8000
#define IP_EF		0x8000
#define IP_DF		0x4000
#define IP_MF		0x2000
#define IP_OFFMASK	0x1fff
#define IP_MAXPACKET	65535
#define MAXTTL		255
#define IPDEFTTL	64
#define IPFRAGTTL	60
#define IPTTLDEC	1
#define IP_MSS		576
#define IP_MINFRAGSIZE	69

#define IPTOS_LOWDELAY		0x10
#define IPTOS_THROUGHPUT	0x08
#define IPTOS_RELIABILITY	0x04

#define IPOPT_EOL	0
#define IPOPT_NOP	1
#define IPOPT_RR	7
#define IPOPT_TS	68
#define IPOPT_SECURITY	130
#define IPOPT_LSRR	131
#define IPOPT_SATID	136
#define IPOPT_SSRR	137
#define IPOPT_OPTVAL	0
#define IPOPT_OLEN	1
#define IPOPT_OFFSET	2
#define IPOPT_MINOFF	4

#endif
