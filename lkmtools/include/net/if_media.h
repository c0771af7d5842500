/* <net/if_media.h>: ifmedia(4): by which medium an interface is connected, as one word. */

#ifndef _NET_IF_MEDIA_H_
#define _NET_IF_MEDIA_H_

#include <sys/types.h>
#include <sys/queue.h>

struct ifnet;
struct ifmediareq;
struct ifreq;

typedef int	(*ifm_change_cb_t)(struct ifnet *);
typedef void	(*ifm_stat_cb_t)(struct ifnet *, struct ifmediareq *);

struct ifmedia_entry {
	TAILQ_ENTRY(ifmedia_entry)	 ifm_list;
	u_int				 ifm_media;
	u_int				 ifm_data;
	void				*ifm_aux;
};

struct ifmedia {
	u_int				 ifm_mask;
	u_int				 ifm_media;
	struct ifmedia_entry		*ifm_cur;
	TAILQ_HEAD(, ifmedia_entry)	 ifm_list;
	ifm_change_cb_t			 ifm_change;
	ifm_stat_cb_t			 ifm_status;
};

/* Kinds of medium, and the media of Ethernet. */
#define IFM_ETHER	0x00000020ULL
#define IFM_TOKEN	0x00000040ULL
#define IFM_FDDI	0x00000060ULL
#define IFM_IEEE80211	0x00000080ULL
#define IFM_AUTO	0ULL
#define IFM_MANUAL	1ULL
#define IFM_NONE	2ULL
#define IFM_10_T	3
#define IFM_10_2	4
#define IFM_10_5	5
#define IFM_100_TX	6
#define IFM_100_FX	7
#define IFM_100_T4	8
#define IFM_100_VG	9
#define IFM_100_T2	10
#define IFM_1000_SX	11
#define IFM_10_STP	12
#define IFM_10_FL	13
#define IFM_1000_LX	14
#define IFM_1000_CX	15
#define IFM_1000_T	16
#define IFM_HPNA_1	17
#define IFM_10G_LR	18

#define IFM_FDX		0x00100000
#define IFM_HDX		0x00200000
#define IFM_FLOW	0x00400000
#define IFM_FLAG0	0x01000000
#define IFM_FLAG1	0x02000000
#define IFM_FLAG2	0x04000000
#define IFM_LOOP	0x08000000

#define IFM_NMASK	0x000000e0ULL
#define IFM_TMASK	0x0000001fULL
#define IFM_IMASK	0xf0000000ULL
#define IFM_ISHIFT	28
#define IFM_OMASK	0x0000ff00ULL
#define IFM_GMASK	0x0ff00000ULL
#define IFM_TYPE(x)	((x) & IFM_NMASK)
#define IFM_SUBTYPE(x)	((x) & IFM_TMASK)
#define IFM_INST(x)	(((x) & IFM_IMASK) >> IFM_ISHIFT)
#define IFM_OPTIONS(x)	((x) & (IFM_OMASK | IFM_GMASK))
#define IFM_MAKEWORD(type, subtype, options, instance) \
	((type) | (subtype) | (options) | ((instance) << IFM_ISHIFT))

#define IFM_AVALID	0x00000001
#define IFM_ACTIVE	0x00000002

#ifdef _KERNEL
void	ifmedia_init(struct ifmedia *ifm, int dontcare_mask, ifm_change_cb_t change, ifm_stat_cb_t status);
void	ifmedia_add(struct ifmedia *ifm, int mword, int data, void *aux);
void	ifmedia_set(struct ifmedia *ifm, int target);
int	ifmedia_ioctl(struct ifnet *ifp, struct ifreq *ifr, struct ifmedia *ifm, u_long cmd);
void	ifmedia_delete_instance(struct ifmedia *ifm, u_int inst);
#endif

#endif
