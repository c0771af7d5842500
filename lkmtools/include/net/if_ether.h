/* <net/if_ether.h>: Ethernet, for its drivers. */

#ifndef _NET_IF_ETHER_H_
#define _NET_IF_ETHER_H_

#include <sys/types.h>
#include <sys/mbuf.h>
#include <sys/queue.h>
#include <net/if.h>

#define ETHER_ADDR_LEN		6
#define ETHER_TYPE_LEN		2
#define ETHER_CRC_LEN		4
#define ETHER_HDR_LEN		((ETHER_ADDR_LEN * 2) + ETHER_TYPE_LEN)
#define ETHER_MIN_LEN		64
#define ETHER_MAX_LEN		1518
#define ETHER_MAX_LEN_JUMBO	9018
#define ETHERMTU		(ETHER_MAX_LEN - ETHER_HDR_LEN - ETHER_CRC_LEN)
#define ETHERMTU_JUMBO		(ETHER_MAX_LEN_JUMBO - ETHER_HDR_LEN - ETHER_CRC_LEN)
#define ETHERMIN		(ETHER_MIN_LEN - ETHER_HDR_LEN - ETHER_CRC_LEN)
#define ETHER_VLAN_ENCAP_LEN	4

#define ETHERTYPE_IP		0x0800
#define ETHERTYPE_ARP		0x0806
#define ETHERTYPE_REVARP	0x8035
#define ETHERTYPE_VLAN		0x8100
#define ETHERTYPE_IPV6		0x86dd

struct ether_addr {
	uint8_t		ether_addr_octet[ETHER_ADDR_LEN];
} __packed;

struct ether_header {
	uint8_t		ether_dhost[ETHER_ADDR_LEN];
	uint8_t		ether_shost[ETHER_ADDR_LEN];
	uint16_t	ether_type;	/* in network byte order */
} __packed;

#define ETHER_IS_MULTICAST(addr)	(*(addr) & 0x01)
#define ETHER_IS_LOCAL(addr)		(*(addr) & 0x02)

/* A multicast address, or a range of them, that an interface listens to. */
struct ether_multi {
	uint8_t			 enm_addrlo[ETHER_ADDR_LEN];
	uint8_t			 enm_addrhi[ETHER_ADDR_LEN];
	u_int			 enm_refcount;
	LIST_ENTRY(ether_multi)	 enm_list;
};

/* An interface, and what Ethernet adds: the beginning of a driver's softc. */
struct ethercom {
	struct ifnet			 ec_if;
	LIST_HEAD(, ether_multi)	 ec_multiaddrs;
	int				 ec_multicnt;
	int				 ec_capabilities;
	int				 ec_capenable;
	int				 ec_nvlans;
	struct mbuf			*(*ec_input)(struct ifnet *, struct mbuf *);
};
#define ETHERCAP_VLAN_MTU	0x00000001
#define ETHERCAP_VLAN_HWTAGGING	0x00000002
#define ETHERCAP_JUMBO_MTU	0x00000004

#ifdef _KERNEL
extern const uint8_t	etherbroadcastaddr[ETHER_ADDR_LEN];

void	ether_ifattach(struct ifnet *ifp, const uint8_t *lla);
void	ether_ifdetach(struct ifnet *ifp);
int	ether_ioctl(struct ifnet *ifp, u_long cmd, void *data);
char	*ether_sprintf(const u_char *addr);
int	ether_addmulti(const struct sockaddr *sa, struct ethercom *ec);
int	ether_delmulti(const struct sockaddr *sa, struct ethercom *ec);
uint32_t	ether_crc32_le(const uint8_t *buf, size_t len);
uint32_t	ether_crc32_be(const uint8_t *buf, size_t len);
#endif

#endif
