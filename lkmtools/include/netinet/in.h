/* <netinet/in.h>: addresses and protocols of the internet. */

#ifndef _NETINET_IN_H_
#define _NETINET_IN_H_

#include <sys/types.h>
#include <sys/endian.h>
#include <sys/socket.h>

#define IPPROTO_IP		0
#define IPPROTO_HOPOPTS		0
#define IPPROTO_ICMP		1
#define IPPROTO_IGMP		2
#define IPPROTO_GGP		3
#define IPPROTO_IPV4		4
#define IPPROTO_IPIP		4
#define IPPROTO_TCP		6
#define IPPROTO_EGP		8
#define IPPROTO_PUP		12
#define IPPROTO_UDP		17
#define IPPROTO_IDP		22
#define IPPROTO_TP		29
#define IPPROTO_IPV6		41
#define IPPROTO_ROUTING		43
#define IPPROTO_FRAGMENT	44
#define IPPROTO_RSVP		46
#define IPPROTO_GRE		47
#define IPPROTO_ESP		50
#define IPPROTO_AH		51
#define IPPROTO_MOBILE		55
#define IPPROTO_IPV6_ICMP	58
#define IPPROTO_ICMPV6		58
#define IPPROTO_NONE		59
#define IPPROTO_DSTOPTS		60
#define IPPROTO_EON		80
#define IPPROTO_ETHERIP		97
#define IPPROTO_ENCAP		98
#define IPPROTO_PIM		103
#define IPPROTO_IPCOMP		108
#define IPPROTO_VRRP		112
#define IPPROTO_CARP		112
#define IPPROTO_RAW		255
#define IPPROTO_MAX		256

#define IPPORT_RESERVED		1024
#define IPPORT_ANONMIN		49152
#define IPPORT_ANONMAX		65535

struct in_addr {
	in_addr_t	s_addr;	/* in network byte order */
} __packed;

/* The addresses below are in network byte order in the kernel, in the machine's in programs. */
#ifdef _KERNEL
#define __IPADDR(x)		((uint32_t)htonl((uint32_t)(x)))
#else
#define __IPADDR(x)		((uint32_t)(x))
#endif
#define IN_CLASSA(i)		(((uint32_t)(i) & __IPADDR(0x80000000)) == __IPADDR(0x00000000))
#define IN_CLASSA_NET		__IPADDR(0xff000000)
#define IN_CLASSA_NSHIFT	24
#define IN_CLASSB(i)		(((uint32_t)(i) & __IPADDR(0xc0000000)) == __IPADDR(0x80000000))
#define IN_CLASSB_NET		__IPADDR(0xffff0000)
#define IN_CLASSB_NSHIFT	16
#define IN_CLASSC(i)		(((uint32_t)(i) & __IPADDR(0xe0000000)) == __IPADDR(0xc0000000))
#define IN_CLASSC_NET		__IPADDR(0xffffff00)
#define IN_CLASSC_NSHIFT	8
#define IN_CLASSD(i)		(((uint32_t)(i) & __IPADDR(0xf0000000)) == __IPADDR(0xe0000000))
#define IN_MULTICAST(i)		IN_CLASSD(i)
#define IN_EXPERIMENTAL(i)	(((uint32_t)(i) & __IPADDR(0xf0000000)) == __IPADDR(0xf0000000))
#define IN_BADCLASS(i)		IN_EXPERIMENTAL(i)

#define INADDR_ANY		__IPADDR(0x00000000)
#define INADDR_LOOPBACK		__IPADDR(0x7f000001)
#define INADDR_BROADCAST	__IPADDR(0xffffffff)
#define INADDR_NONE		__IPADDR(0xffffffff)
#define INADDR_UNSPEC_GROUP	__IPADDR(0xe0000000)
#define INADDR_ALLHOSTS_GROUP	__IPADDR(0xe0000001)
#define INADDR_ALLRTRS_GROUP	__IPADDR(0xe0000002)
#define INADDR_MAX_LOCAL_GROUP	__IPADDR(0xe00000ff)
#define IN_LOOPBACKNET		127

struct sockaddr_in {
	uint8_t		sin_len;
	sa_family_t	sin_family;
	in_port_t	sin_port;
	struct in_addr	sin_addr;
	uint8_t		sin_zero[8];
};
#define INET_ADDRSTRLEN		16

struct ip_opts {
	struct in_addr	ip_dst;
	uint8_t		Ip_opts[40];
};

struct ip_mreq {
	struct in_addr	imr_multiaddr;
	struct in_addr	imr_interface;
};

#define IP_OPTIONS		1
#define IP_HDRINCL		2
#define IP_TOS			3
#define IP_TTL			4
#define IP_RECVOPTS		5
#define IP_RECVRETOPTS		6
#define IP_RECVDSTADDR		7
#define IP_RETOPTS		8
#define IP_MULTICAST_IF		9
#define IP_MULTICAST_TTL	10
#define IP_MULTICAST_LOOP	11
#define IP_ADD_MEMBERSHIP	12
#define IP_DROP_MEMBERSHIP	13
#define IP_PORTRANGE		19
#define IP_RECVIF		20
#define IP_ERRORMTU		21
#define IP_IPSEC_POLICY		22
#define IP_RECVTTL		23

#ifdef _KERNEL
struct ifaddr;
struct ifnet;
struct mbuf;

#define satosin(sa)	((struct sockaddr_in *)(sa))
#define satocsin(sa)	((const struct sockaddr_in *)(sa))
#define sintosa(sin)	((struct sockaddr *)(sin))
#define sintocsa(sin)	((const struct sockaddr *)(sin))
#define ifatoia(ifa)	((struct in_ifaddr *)(ifa))
#define in_hosteq(s, t)	((s).s_addr == (t).s_addr)
#define in_nullhost(x)	((x).s_addr == INADDR_ANY)

char	*inet_ntoa(struct in_addr ina);
int	 in_cksum(struct mbuf *m, int len);
int	 in4_cksum(struct mbuf *m, u_int8_t nxt, int off, int len);
int	 in_localaddr(struct in_addr ina);
int	 in_broadcast(struct in_addr ina, struct ifnet *ifp);
int	 in_canforward(struct in_addr ina);
#endif

#endif
