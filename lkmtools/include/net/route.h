/* <net/route.h>: routes. */

#ifndef _NET_ROUTE_H_
#define _NET_ROUTE_H_

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <net/radix.h>
#include <sys/stdbool.h>

struct ifaddr;
struct ifnet;
struct rtentry;
struct rttimer;

struct route {
	struct rtentry		*_ro_rt;
	struct sockaddr		*ro_sa;
	LIST_ENTRY(route)	 ro_rtcache_next;
	bool			 ro_invalid;
};

struct rt_metrics {
	u_long	rmx_locks;
	u_long	rmx_mtu;
	u_long	rmx_hopcount;
	u_long	rmx_expire;
	u_long	rmx_recvpipe;
	u_long	rmx_sendpipe;
	u_long	rmx_ssthresh;
	u_long	rmx_rtt;
	u_long	rmx_rttvar;
	u_long	rmx_pksent;
};

struct rtentry {
	struct radix_node	 rt_nodes[2];
	struct sockaddr		*rt_gateway;
	int			 rt_flags;
	int			 rt_refcnt;
	u_long			 rt_use;
	struct ifnet		*rt_ifp;
	struct ifaddr		*rt_ifa;
	uint32_t		 rt_ifa_seqno;
	void			*rt_llinfo;
	struct rt_metrics	 rt_rmx;
	struct rtentry		*rt_gwroute;
	LIST_HEAD(, rttimer)	 rt_timer;
	struct rtentry		*rt_parent;
	struct sockaddr		*_rt_key;
};

/* What 4.3BSD's ioctls pass. */
struct ortentry {
	uint32_t	rt_hash;
	struct sockaddr	rt_dst;
	struct sockaddr	rt_gateway;
	int16_t		rt_flags;
	int16_t		rt_refcnt;
	uint32_t	rt_use;
	struct ifnet	*rt_ifp;
};

#define RTF_UP		0x1
#define RTF_GATEWAY	0x2
#define RTF_HOST	0x4
#define RTF_REJECT	0x8
#define RTF_DYNAMIC	0x10
#define RTF_MODIFIED	0x20
#define RTF_DONE	0x40
#define RTF_MASK	0x80
#define RTF_CLONING	0x100
#define RTF_XRESOLVE	0x200
#define RTF_LLINFO	0x400
#define RTF_STATIC	0x800
#define RTF_BLACKHOLE	0x1000
#define RTF_CLONED	0x2000
#define RTF_PROTO2	0x4000
#define RTF_PROTO1	0x8000

#define RTM_VERSION	3
#define RTM_ADD		0x1
#define RTM_DELETE	0x2
#define RTM_CHANGE	0x3
#define RTM_GET		0x4
#define RTM_LOSING	0x5
#define RTM_REDIRECT	0x6
#define RTM_MISS	0x7
#define RTM_LOCK	0x8
#define RTM_OLDADD	0x9
#define RTM_OLDDEL	0xa
#define RTM_RESOLVE	0xb
#define RTM_NEWADDR	0xc
#define RTM_DELADDR	0xd
#define RTM_OOIFINFO	0xe
#define RTM_IFINFO	0xf
#define RTM_IFANNOUNCE	0x10
#define RTM_IEEE80211	0x11

#define RTAX_DST	0
#define RTAX_GATEWAY	1
#define RTAX_NETMASK	2
#define RTAX_GENMASK	3
#define RTAX_IFP	4
#define RTAX_IFA	5
#define RTAX_AUTHOR	6
#define RTAX_BRD	7
#define RTAX_MAX	8

struct rt_addrinfo {
	int			 rti_addrs;
	const struct sockaddr	*rti_info[RTAX_MAX];
	int			 rti_flags;
	struct ifaddr		*rti_ifa;
	struct ifnet		*rti_ifp;
};

#ifdef _KERNEL
void	rtinit(void);
void	rt_ifmsg(struct ifnet *ifp);
void	rt_ifannouncemsg(struct ifnet *ifp, int what);
void	rt_newaddrmsg(int cmd, struct ifaddr *ifa, int error, struct rtentry *rt);
struct rtentry	*rtalloc1(const struct sockaddr *dst, int report);
void	rtfree(struct rtentry *rt);
int	rtrequest(int req, const struct sockaddr *dst, const struct sockaddr *gateway, const struct sockaddr *netmask,
	    int flags, struct rtentry **ret);
#endif

#endif
