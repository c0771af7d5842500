/* <netinet/ip6.h>: the header of an IPv6 packet. */

#ifndef _NETINET_IP6_H_
#define _NETINET_IP6_H_

#include <sys/types.h>
#include <netinet/in.h>
#include <netinet6/in6.h>
#ifdef _KERNEL
#include <sys/mbuf.h>
#endif

struct ip6_hdr {
	union {
		struct ip6_hdrctl {
			uint32_t	ip6_un1_flow;
			uint16_t	ip6_un1_plen;
			uint8_t		ip6_un1_nxt;
			uint8_t		ip6_un1_hlim;
		} ip6_un1;
		uint8_t	ip6_un2_vfc;
	} ip6_ctlun;
	struct in6_addr	ip6_src;
	struct in6_addr	ip6_dst;
};
#define ip6_vfc		ip6_ctlun.ip6_un2_vfc
#define ip6_flow	ip6_ctlun.ip6_un1.ip6_un1_flow
#define ip6_plen	ip6_ctlun.ip6_un1.ip6_un1_plen
#define ip6_nxt		ip6_ctlun.ip6_un1.ip6_un1_nxt
#define ip6_hlim	ip6_ctlun.ip6_un1.ip6_un1_hlim
#define ip6_hops	ip6_hlim
#define IPV6_VERSION		0x60
#define IPV6_VERSION_MASK	0xf0

#ifdef _KERNEL
/* Where `len` bytes lie in one piece, `off` from the start; NULL, and the chain is gone, when there are not so many. */
#define IP6_EXTHDR_GET(val, type, m, off, len) do { \
	if ((m)->m_len >= (off) + (len)) \
		(val) = (type)(mtod((m), char *) + (off)); \
	else { \
		int __ip6_off; \
		struct mbuf *__ip6_m = m_pulldown((m), (off), (len), &__ip6_off); \
		\
		(val) = __ip6_m != NULL ? (type)(mtod(__ip6_m, char *) + __ip6_off) : NULL; \
		if (__ip6_m == NULL) \
			(m) = NULL; \
	} \
} while (0)
#endif

#endif
