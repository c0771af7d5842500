/* <net/if.h>: network interfaces: what drivers have of them, and the structs of their ioctls. */

#ifndef _NET_IF_H_
#define _NET_IF_H_

#include <sys/types.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/sockio.h>
#include <sys/time.h>
#include <net/dlt.h>
#include <net/pfil.h>

#define IFNAMSIZ	16
#define IF_NAMESIZE	IFNAMSIZ

struct bpf_if;
struct ifnet;
struct lwp;
struct mbuf;
struct proc;
struct rt_addrinfo;
struct rtentry;
struct sockaddr_dl;
struct socket;

/* A kind of interface that can be created by name. */
struct if_clone {
	LIST_ENTRY(if_clone)	  ifc_list;
	const char		 *ifc_name;
	size_t			  ifc_namelen;
	int			(*ifc_create)(struct if_clone *, int);
	int			(*ifc_destroy)(struct ifnet *);
};
#define IF_CLONE_INITIALIZER(name, create, destroy)	{ { NULL, NULL }, name, sizeof(name) - 1, create, destroy }

struct if_clonereq {
	int	 ifcr_total;
	int	 ifcr_count;
	char	*ifcr_buffer;
};

struct if_data {
	u_char		ifi_type;	/* IFT_ETHER ... */
	u_char		ifi_addrlen;
	u_char		ifi_hdrlen;
	int		ifi_link_state;
	uint64_t	ifi_mtu;
	uint64_t	ifi_metric;
	uint64_t	ifi_baudrate;
	uint64_t	ifi_ipackets;
	uint64_t	ifi_ierrors;
	uint64_t	ifi_opackets;
	uint64_t	ifi_oerrors;
	uint64_t	ifi_collisions;
	uint64_t	ifi_ibytes;
	uint64_t	ifi_obytes;
	uint64_t	ifi_imcasts;
	uint64_t	ifi_omcasts;
	uint64_t	ifi_iqdrops;
	uint64_t	ifi_noproto;
	struct timespec	ifi_lastchange;
};

#define LINK_STATE_UNKNOWN	0
#define LINK_STATE_DOWN		1
#define LINK_STATE_UP		2

/* A queue of packets. */
struct ifqueue {
	struct mbuf	*ifq_head;
	struct mbuf	*ifq_tail;
	int		 ifq_len;
	int		 ifq_maxlen;
	int		 ifq_drops;
};

/* The same, with what ALTQ adds. */
struct ifaltq {
	struct mbuf	 *ifq_head;
	struct mbuf	 *ifq_tail;
	int		  ifq_len;
	int		  ifq_maxlen;
	int		  ifq_drops;
	int		  altq_type;
	int		  altq_flags;
	void		 *altq_disc;
	struct ifnet	 *altq_ifp;
	int		(*altq_enqueue)(struct ifaltq *, struct mbuf *, void *);
	struct mbuf	*(*altq_dequeue)(struct ifaltq *, int);
	int		(*altq_request)(struct ifaltq *, int, void *);
	void		 *altq_clfier;
	void		*(*altq_classify)(void *, struct mbuf *, int);
	void		 *altq_tbr;
	void		 *altq_cdnr;
};

TAILQ_HEAD(ifnet_head, ifnet);
TAILQ_HEAD(ifaddrhead, ifaddr);

struct ifnet {
	void			 *if_softc;
	TAILQ_ENTRY(ifnet)	  if_list;
	struct ifaddrhead	  if_addrlist;
	char			  if_xname[IFNAMSIZ];
	int			  if_pcount;	/* listeners in promiscuous mode */
	struct bpf_if		 *if_bpf;
	u_short			  if_index;
	short			  if_timer;	/* seconds until if_watchdog is called; 0: never */
	short			  if_flags;
	short			  if__pad1;
	struct if_data		  if_data;
	int			(*if_output)(struct ifnet *, struct mbuf *, const struct sockaddr *, struct rtentry *);
	void			(*if_input)(struct ifnet *, struct mbuf *);
	void			(*if_start)(struct ifnet *);
	int			(*if_ioctl)(struct ifnet *, u_long, void *);
	int			(*if_init)(struct ifnet *);
	void			(*if_stop)(struct ifnet *, int);
	void			(*if_watchdog)(struct ifnet *);
	void			(*if_drain)(struct ifnet *);
	struct ifaltq		  if_snd;
	struct ifaddr		 *if_dl;
	const struct sockaddr_dl *if_sadl;
	const uint8_t		 *if_broadcastaddr;
	void			 *if_bridge;
	int			  if_dlt;
	struct pfil_head	  if_pfil;
	uint64_t		  if_capabilities;
	uint64_t		  if_capenable;
	union {
		void		*carp_s;
		struct ifnet	*carp_d;
	} if_carp_ptr;
#define if_carp		if_carp_ptr.carp_s
#define if_carpdev	if_carp_ptr.carp_d
	int			  if_csum_flags_tx;
	int			  if_csum_flags_rx;
	void			 *if_afdata[AF_MAX];
	struct mowner		 *if_mowner;
	void			 *if_agrprivate;
	void			 *if_pf_kif;
	void			 *if_pf_groups;
};
#define if_mtu		if_data.ifi_mtu
#define if_type		if_data.ifi_type
#define if_addrlen	if_data.ifi_addrlen
#define if_hdrlen	if_data.ifi_hdrlen
#define if_metric	if_data.ifi_metric
#define if_link_state	if_data.ifi_link_state
#define if_baudrate	if_data.ifi_baudrate
#define if_ipackets	if_data.ifi_ipackets
#define if_ierrors	if_data.ifi_ierrors
#define if_opackets	if_data.ifi_opackets
#define if_oerrors	if_data.ifi_oerrors
#define if_collisions	if_data.ifi_collisions
#define if_ibytes	if_data.ifi_ibytes
#define if_obytes	if_data.ifi_obytes
#define if_imcasts	if_data.ifi_imcasts
#define if_omcasts	if_data.ifi_omcasts
#define if_iqdrops	if_data.ifi_iqdrops
#define if_noproto	if_data.ifi_noproto
#define if_lastchange	if_data.ifi_lastchange

#define IFF_UP		0x0001
#define IFF_BROADCAST	0x0002
#define IFF_DEBUG	0x0004
#define IFF_LOOPBACK	0x0008
#define IFF_POINTOPOINT	0x0010
#define IFF_NOTRAILERS	0x0020
#define IFF_RUNNING	0x0040
#define IFF_NOARP	0x0080
#define IFF_PROMISC	0x0100
#define IFF_ALLMULTI	0x0200
#define IFF_OACTIVE	0x0400
#define IFF_SIMPLEX	0x0800
#define IFF_LINK0	0x1000
#define IFF_LINK1	0x2000
#define IFF_LINK2	0x4000
#define IFF_MULTICAST	0x8000
#define IFF_CANTCHANGE \
	(IFF_BROADCAST | IFF_POINTOPOINT | IFF_RUNNING | IFF_OACTIVE | IFF_SIMPLEX | IFF_MULTICAST | IFF_ALLMULTI | IFF_PROMISC)

#define IFCAP_TSOv4		0x00080
#define IFCAP_CSUM_IPv4_Rx	0x00100
#define IFCAP_CSUM_IPv4_Tx	0x00200
#define IFCAP_CSUM_TCPv4_Rx	0x00400
#define IFCAP_CSUM_TCPv4_Tx	0x00800
#define IFCAP_CSUM_UDPv4_Rx	0x01000
#define IFCAP_CSUM_UDPv4_Tx	0x02000
#define IFCAP_CSUM_TCPv6_Rx	0x04000
#define IFCAP_CSUM_TCPv6_Tx	0x08000
#define IFCAP_CSUM_UDPv6_Rx	0x10000
#define IFCAP_CSUM_UDPv6_Tx	0x20000
#define IFCAP_TSOv6		0x40000

#define IF_Kbps(x)	((x) * 1000ULL)
#define IF_Mbps(x)	(IF_Kbps((x) * 1000ULL))
#define IF_Gbps(x)	(IF_Mbps((x) * 1000ULL))

struct ifaddr_data {
	int64_t	ifad_inbytes;
	int64_t	ifad_outbytes;
};

/* An address of an interface. */
struct ifaddr {
	struct sockaddr		*ifa_addr;
	struct sockaddr		*ifa_dstaddr;
	struct sockaddr		*ifa_netmask;
	struct ifnet		*ifa_ifp;
	TAILQ_ENTRY(ifaddr)	 ifa_list;
	struct ifaddr_data	 ifa_data;
	void			(*ifa_rtrequest)(int, struct rtentry *, const struct rt_addrinfo *);
	u_int			 ifa_flags;
	int			 ifa_refcnt;
	int			 ifa_metric;
	struct ifaddr		*(*ifa_getifa)(struct ifaddr *, const struct sockaddr *);
	uint32_t		*ifa_seqno;
	int16_t			 ifa_preference;
};
#define ifa_broadaddr	ifa_dstaddr
#define IFA_ROUTE	RTF_UP

struct ifreq {
	char	ifr_name[IFNAMSIZ];
	union {
		struct sockaddr		ifru_addr;
		struct sockaddr		ifru_dstaddr;
		struct sockaddr		ifru_broadaddr;
		struct sockaddr_storage	ifru_space;
		short			ifru_flags;
		int			ifru_metric;
		int			ifru_mtu;
		int			ifru_dlt;
		u_int			ifru_value;
		void			*ifru_data;
		struct {
			uint32_t	 b_buflen;
			void		*b_buf;
		} ifru_b;
	} ifr_ifru;
};
#define ifr_addr	ifr_ifru.ifru_addr
#define ifr_dstaddr	ifr_ifru.ifru_dstaddr
#define ifr_broadaddr	ifr_ifru.ifru_broadaddr
#define ifr_space	ifr_ifru.ifru_space
#define ifr_flags	ifr_ifru.ifru_flags
#define ifr_metric	ifr_ifru.ifru_metric
#define ifr_mtu		ifr_ifru.ifru_mtu
#define ifr_dlt		ifr_ifru.ifru_dlt
#define ifr_value	ifr_ifru.ifru_value
#define ifr_media	ifr_ifru.ifru_metric
#define ifr_data	ifr_ifru.ifru_data
#define ifr_buf		ifr_ifru.ifru_b.b_buf
#define ifr_buflen	ifr_ifru.ifru_b.b_buflen

struct ifcapreq {
	char		ifcr_name[IFNAMSIZ];
	uint64_t	ifcr_capabilities;
	uint64_t	ifcr_capenable;
};

struct ifaliasreq {
	char		ifra_name[IFNAMSIZ];
	struct sockaddr	ifra_addr;
	struct sockaddr	ifra_dstaddr;
	struct sockaddr	ifra_mask;
};
#define ifra_broadaddr	ifra_dstaddr

struct ifdatareq {
	char		ifdr_name[IFNAMSIZ];
	struct if_data	ifdr_data;
};

struct ifmediareq {
	char	 ifm_name[IFNAMSIZ];
	int	 ifm_current;
	int	 ifm_mask;
	int	 ifm_status;
	int	 ifm_active;
	int	 ifm_count;
	int	*ifm_ulist;
};

struct ifdrv {
	char		 ifd_name[IFNAMSIZ];
	unsigned long	 ifd_cmd;
	size_t		 ifd_len;
	void		*ifd_data;
};

struct ifconf {
	int	ifc_len;
	union {
		void		*ifcu_buf;
		struct ifreq	*ifcu_req;
	} ifc_ifcu;
};
#define ifc_buf	ifc_ifcu.ifcu_buf
#define ifc_req	ifc_ifcu.ifcu_req

struct if_laddrreq {
	char			iflr_name[IFNAMSIZ];
	unsigned int		flags;
	unsigned int		prefixlen;
	struct sockaddr_storage	addr;
	struct sockaddr_storage	dstaddr;
};

struct if_addrprefreq {
	char			ifap_name[IFNAMSIZ];
	int16_t			ifap_preference;
	struct sockaddr_storage	ifap_addr;
};

#ifdef _KERNEL
#define IFQ_MAXLEN	256
#define IFNET_SLOWHZ	1

#define IF_QFULL(ifq)		((ifq)->ifq_len >= (ifq)->ifq_maxlen)
#define IF_DROP(ifq)		((ifq)->ifq_drops++)
#define IF_IS_EMPTY(ifq)	((ifq)->ifq_len == 0)
#define IF_POLL(ifq, m)		((m) = (ifq)->ifq_head)
#define IF_ENQUEUE(ifq, m) do { \
	(m)->m_nextpkt = NULL; \
	if ((ifq)->ifq_tail == NULL) \
		(ifq)->ifq_head = (m); \
	else \
		(ifq)->ifq_tail->m_nextpkt = (m); \
	(ifq)->ifq_tail = (m); \
	(ifq)->ifq_len++; \
} while (0)
#define IF_PREPEND(ifq, m) do { \
	(m)->m_nextpkt = (ifq)->ifq_head; \
	if ((ifq)->ifq_tail == NULL) \
		(ifq)->ifq_tail = (m); \
	(ifq)->ifq_head = (m); \
	(ifq)->ifq_len++; \
} while (0)
#define IF_DEQUEUE(ifq, m) do { \
	(m) = (ifq)->ifq_head; \
	if ((m) != NULL) { \
		if (((ifq)->ifq_head = (m)->m_nextpkt) == NULL) \
			(ifq)->ifq_tail = NULL; \
		(m)->m_nextpkt = NULL; \
		(ifq)->ifq_len--; \
	} \
} while (0)
#define IF_PURGE(ifq) do { \
	struct mbuf *__m; \
	for (;;) { \
		IF_DEQUEUE((ifq), __m); \
		if (__m == NULL) \
			break; \
		m_freem(__m); \
	} \
} while (0)
#define IFQ_SET_MAXLEN(ifq, len)	((ifq)->ifq_maxlen = (len))
#define IFQ_SET_READY(ifq)		((void)(ifq))
#define IFQ_IS_EMPTY(ifq)		IF_IS_EMPTY(ifq)
#define IFQ_LEN(ifq)			((ifq)->ifq_len)
#define IFQ_INC_LEN(ifq)		((ifq)->ifq_len++)
#define IFQ_DEC_LEN(ifq)		(--(ifq)->ifq_len)
#define IFQ_INC_DROPS(ifq)		((ifq)->ifq_drops++)
#define IFQ_POLL(ifq, m)		IF_POLL((ifq), (m))
#define IFQ_DEQUEUE(ifq, m)		IF_DEQUEUE((ifq), (m))
#define IFQ_PURGE(ifq)			IF_PURGE(ifq)
#define IFQ_CLASSIFY(ifq, m, af, pa)	((void)(pa))
#define IFQ_ENQUEUE(ifq, m, pa, err) do { \
	if (IF_QFULL(ifq)) { \
		m_freem(m); \
		(err) = ENOBUFS; \
	} else { \
		IF_ENQUEUE((ifq), (m)); \
		(err) = 0; \
	} \
	if (err) \
		(ifq)->ifq_drops++; \
} while (0)
#define ALTQ_DECL(x)

#define IFAREF(ifa)		((ifa)->ifa_refcnt++)
#define IFAFREE(ifa)		do { if (--(ifa)->ifa_refcnt == 0) ifafree(ifa); } while (0)
#define IFADDR_FOREACH(ifa, ifp)	TAILQ_FOREACH(ifa, &(ifp)->if_addrlist, ifa_list)
#define IFNET_FOREACH(ifp)	TAILQ_FOREACH(ifp, &ifnet, if_list)

extern struct ifnet_head	ifnet;
extern int			ifqmaxlen;
/* There is no interface, not even lo0: both are NULL. */
extern struct ifnet		**ifindex2ifnet;
extern struct ifnet		*lo0ifp;

void	if_attach(struct ifnet *ifp);
void	if_detach(struct ifnet *ifp);
void	if_deactivate(struct ifnet *ifp);
void	if_initname(struct ifnet *ifp, const char *name, int unit);
void	if_alloc_sadl(struct ifnet *ifp);
void	if_free_sadl(struct ifnet *ifp);
void	if_set_sadl(struct ifnet *ifp, const void *lla, u_char addrlen);
void	if_down(struct ifnet *ifp);
void	if_up(struct ifnet *ifp);
void	if_link_state_change(struct ifnet *ifp, int link_state);
void	if_purgeaddrs(struct ifnet *ifp, int family, void (*purgeaddr)(struct ifaddr *));
int	if_addr_init(struct ifnet *ifp, struct ifaddr *ifa, bool src);
void	if_slowtimo(void *arg);
int	ifpromisc(struct ifnet *ifp, int pswitch);
struct ifnet	*ifunit(const char *name);
int	ifioctl(struct socket *so, u_long cmd, void *data, struct lwp *l);
int	ifioctl_common(struct ifnet *ifp, u_long cmd, void *data);
int	ifq_enqueue(struct ifnet *ifp, struct mbuf *m);
void	ifafree(struct ifaddr *ifa);
void	ifa_insert(struct ifnet *ifp, struct ifaddr *ifa);
void	ifa_remove(struct ifnet *ifp, struct ifaddr *ifa);
struct ifaddr	*ifa_ifwithaddr(const struct sockaddr *addr);
struct ifaddr	*ifa_ifwithnet(const struct sockaddr *addr);
struct ifaddr	*ifaof_ifpforaddr(const struct sockaddr *addr, struct ifnet *ifp);
void	if_clone_attach(struct if_clone *ifc);
void	if_clone_detach(struct if_clone *ifc);
void	ifinit(void);
int	if_set_flags(struct ifnet *ifp, const short flags);
int	if_clone_create(const char *name);
int	if_clone_destroy(const char *name);
struct ifaddr	*ifa_ifwithdstaddr(const struct sockaddr *addr);
struct ifaddr	*ifa_ifwithaf(int af);
void	link_rtrequest(int cmd, struct rtentry *rt, const struct rt_addrinfo *info);
void	p2p_rtrequest(int req, struct rtentry *rt, const struct rt_addrinfo *info);
int	loioctl(struct ifnet *ifp, u_long cmd, void *data);
#endif

#endif
