/* <sys/mbuf.h>: mbuf(9): the buffers of the network. */

#ifndef _SYS_MBUF_H_
#define _SYS_MBUF_H_

#include <sys/param.h>
#include <sys/malloc.h>
#include <sys/queue.h>

struct ifnet;
struct m_tag;
struct mbuf;
struct percpu;
struct uio;
struct vm_page;

/* Who has mbufs; nobody counts here. */
struct mowner {
	char			 mo_name[16];
	char			 mo_descr[16];
	LIST_ENTRY(mowner)	 mo_link;
	struct percpu		*mo_counters;
};
#define MOWNER_INIT(x, y)	{ .mo_name = (x), .mo_descr = (y) }

struct m_hdr {
	struct mbuf	*mh_next;	/* of the same packet */
	struct mbuf	*mh_nextpkt;
	char		*mh_data;
	struct mowner	*mh_owner;
	int		 mh_len;
	int		 mh_flags;
	paddr_t		 mh_paddr;
	short		 mh_type;
};

/* What the first mbuf of a packet knows about it. */
struct pkthdr {
	struct ifnet		*rcvif;
	SLIST_HEAD(packet_tags, m_tag) tags;
	int			 len;
	int			 csum_flags;
	uint32_t		 csum_data;
	u_int			 segsz;
};

#define M_CSUM_TCPv4		0x00000001
#define M_CSUM_UDPv4		0x00000002
#define M_CSUM_TCP_UDP_BAD	0x00000004
#define M_CSUM_DATA		0x00000008
#define M_CSUM_TCPv6		0x00000010
#define M_CSUM_UDPv6		0x00000020
#define M_CSUM_IPv4		0x00000040
#define M_CSUM_IPv4_BAD		0x00000080
#define M_CSUM_TSOv4		0x00000100
#define M_CSUM_TSOv6		0x00000200
#define M_CSUM_BLANK		0x40000000
#define M_CSUM_NO_PSEUDOHDR	0x80000000
#define M_CSUM_DATA_IPv4_IPHL(x)	((x) >> 16)
#define M_CSUM_DATA_IPv4_OFFSET(x)	((x) & 0xffff)

#define M_EXT_MAXPAGES	((65536 >> PAGE_SHIFT) + 1)

/* Data that is outside the mbuf. */
struct _m_ext_storage {
	unsigned int		  ext_refcnt;
	int			  ext_flags;
	char			 *ext_buf;
	void			(*ext_free)(struct mbuf *, void *, size_t, void *);
	void			 *ext_arg;
	size_t			  ext_size;
	struct malloc_type	 *ext_type;
	union {
		paddr_t		 extun_paddr;
		struct vm_page	*extun_pgs[M_EXT_MAXPAGES];
	} ext_un;
};

struct _m_ext {
	struct mbuf		*ext_ref;	/* whose storage it is */
	struct _m_ext_storage	 ext_storage;
};

#define M_PADDR_INVALID	((paddr_t)-1)

#define MLEN		(MSIZE - sizeof(struct m_hdr))
#define MHLEN		(MLEN - sizeof(struct pkthdr))
#define MINCLSIZE	(MHLEN + MLEN + 1)
#define M_MAXCOMPRESS	(MHLEN / 2)

struct mbuf {
	struct m_hdr	m_hdr;
	union {
		struct {
			struct pkthdr	MH_pkthdr;
			union {
				struct _m_ext	MH_ext;
				char		MH_databuf[MHLEN];
			} MH_dat;
		} MH;
		char	M_databuf[MLEN];
	} M_dat;
};
#define m_next		m_hdr.mh_next
#define m_len		m_hdr.mh_len
#define m_data		m_hdr.mh_data
#define m_owner		m_hdr.mh_owner
#define m_type		m_hdr.mh_type
#define m_flags		m_hdr.mh_flags
#define m_nextpkt	m_hdr.mh_nextpkt
#define m_paddr		m_hdr.mh_paddr
#define m_pkthdr	M_dat.MH.MH_pkthdr
#define m_ext_storage	M_dat.MH.MH_dat.MH_ext.ext_storage
#define m_ext_ref	M_dat.MH.MH_dat.MH_ext.ext_ref
#define m_ext		m_ext_ref->m_ext_storage
#define m_pktdat	M_dat.MH.MH_dat.MH_databuf
#define m_dat		M_dat.M_databuf

/* m_flags */
#define M_EXT		0x00000001
#define M_PKTHDR	0x00000002
#define M_EOR		0x00000004
#define M_PROTO1	0x00000008
#define M_AUTHIPHDR	0x00000010
#define M_DECRYPTED	0x00000020
#define M_LOOP		0x00000040
#define M_BCAST		0x00000100
#define M_MCAST		0x00000200
#define M_CANFASTFWD	0x00000400
#define M_ANYCAST6	0x00000800
#define M_LINK0		0x00001000
#define M_LINK1		0x00002000
#define M_LINK2		0x00004000
#define M_LINK3		0x00008000
#define M_LINK4		0x00010000
#define M_LINK5		0x00020000
#define M_LINK6		0x00040000
#define M_LINK7		0x00080000
#define M_COPYFLAGS \
	(M_PKTHDR | M_EOR | M_BCAST | M_MCAST | M_CANFASTFWD | M_ANYCAST6 | M_LINK0 | M_LINK1 | M_LINK2 | M_AUTHIPHDR | \
	    M_DECRYPTED | M_LOOP)
#define M_EXT_CLUSTER	0x01000000
#define M_EXT_PAGES	0x02000000
#define M_EXT_ROMAP	0x04000000
#define M_EXT_RW	0x08000000
#define M_EXT_FLAGS	(M_EXT_CLUSTER | M_EXT_PAGES | M_EXT_ROMAP | M_EXT_RW)

/* m_type */
#define MT_FREE		0
#define MT_DATA		1
#define MT_HEADER	2
#define MT_SONAME	3
#define MT_SOOPTS	4
#define MT_FTABLE	5
#define MT_CONTROL	6
#define MT_OOBDATA	7

#define M_DONTWAIT	M_NOWAIT
#define M_WAIT		M_WAITOK
#define M_COPYALL	1000000000

#define mtod(m, t)	((t)((m)->m_data))
#define M_READONLY(m)	(((m)->m_flags & M_EXT) != 0 && ((m)->m_ext.ext_flags & M_EXT_RW) == 0)
#define M_BUFADDR(m) \
	((m)->m_flags & M_EXT ? (m)->m_ext.ext_buf : (m)->m_flags & M_PKTHDR ? (m)->m_pktdat : (m)->m_dat)
#define M_BUFSIZE(m) \
	((m)->m_flags & M_EXT ? (m)->m_ext.ext_size : (m)->m_flags & M_PKTHDR ? MHLEN : MLEN)
#define M_LEADINGSPACE(m)	(M_READONLY(m) ? 0 : (int)((m)->m_data - M_BUFADDR(m)))
#define M_TRAILINGSPACE(m) \
	(M_READONLY(m) ? 0 : (int)(M_BUFADDR(m) + M_BUFSIZE(m) - ((m)->m_data + (m)->m_len)))
#define M_ALIGN(m, n)	((m)->m_data += (MLEN - (n)) & ~(sizeof(long) - 1))
#define MH_ALIGN(m, n)	((m)->m_data += (MHLEN - (n)) & ~(sizeof(long) - 1))

/* What became of requests for mbufs; nobody counts here. */
struct mbstat {
	u_long	_m_spare;
	u_long	_m_spare1;
	u_long	_m_spare2;
	u_long	_m_spare3;
	u_long	m_drops;
	u_long	m_wait;
	u_long	m_drain;
	u_short	m_mtypes[256];
};

#ifdef _KERNEL
extern struct mbstat	mbstat;
extern int	nmbclusters;	/* the limit of clusters */
extern const int	msize;
extern const int	mclbytes;
extern int	max_linkhdr;
extern int	max_protohdr;
extern int	max_hdr;
extern int	max_datalen;

struct mbuf	*m_get(int nowait, int type);
struct mbuf	*m_getclr(int nowait, int type);
struct mbuf	*m_gethdr(int nowait, int type);
void		 m_clget(struct mbuf *m, int nowait);
struct mbuf	*m_free(struct mbuf *m);
void		 m_freem(struct mbuf *m);
void		 m_adj(struct mbuf *m, int len);
int		 m_apply(struct mbuf *m, int off, int len, int (*func)(void *, void *, unsigned int), void *arg);
void		 m_cat(struct mbuf *m, struct mbuf *n);
struct mbuf	*m_copym(struct mbuf *m, int off, int len, int wait);
struct mbuf	*m_copypacket(struct mbuf *m, int how);
struct mbuf	*m_copyup(struct mbuf *m, int len, int dstoff);
void		 m_copyback(struct mbuf *m, int off, int len, const void *cp);
void		 m_copydata(struct mbuf *m, int off, int len, void *cp);
struct mbuf	*m_copyback_cow(struct mbuf *m, int off, int len, const void *cp, int how);
struct mbuf	*m_defrag(struct mbuf *m, int flags);
struct mbuf	*m_devget(char *buf, int totlen, int off, struct ifnet *ifp,
		    void (*copy)(const void *, void *, size_t));
struct mbuf	*m_dup(struct mbuf *m, int off, int len, int wait);
struct mbuf	*m_getptr(struct mbuf *m, int loc, int *off);
int		 m_makewritable(struct mbuf **mp, int off, int len, int how);
void		 m_move_pkthdr(struct mbuf *to, struct mbuf *from);
struct mbuf	*m_prepend(struct mbuf *m, int len, int how);
struct mbuf	*m_pulldown(struct mbuf *m, int off, int len, int *offp);
struct mbuf	*m_pullup(struct mbuf *m, int len);
void		 m_reclaim(void *arg, int flags);
void		 m_remove_pkthdr(struct mbuf *m);
struct mbuf	*m_split(struct mbuf *m, int len, int wait);

struct m_tag	*m_tag_get(int type, int len, int wait);
void		 m_tag_free(struct m_tag *t);
void		 m_tag_prepend(struct mbuf *m, struct m_tag *t);
void		 m_tag_unlink(struct mbuf *m, struct m_tag *t);
void		 m_tag_delete(struct mbuf *m, struct m_tag *t);
void		 m_tag_delete_chain(struct mbuf *m, struct m_tag *t);
struct m_tag	*m_tag_find(struct mbuf *m, int type, struct m_tag *t);
struct m_tag	*m_tag_copy(struct m_tag *t);
int		 m_tag_copy_chain(struct mbuf *to, struct mbuf *from);
struct m_tag	*m_tag_first(struct mbuf *m);
struct m_tag	*m_tag_next(struct mbuf *m, struct m_tag *t);
void		 m_tag_init(struct mbuf *m);

/* The bytes of a packet. */
static __inline __unused u_int
m_length(struct mbuf *m)
{
	u_int length = 0;

	if ((m->m_flags & M_PKTHDR) != 0)
		return m->m_pkthdr.len;
	for (; m != NULL; m = m->m_next)
		length += m->m_len;
	return length;
}

#define MGET(m, how, type)	((m) = m_get((how), (type)))
#define MGETHDR(m, how, type)	((m) = m_gethdr((how), (type)))
#define MCLGET(m, how)		m_clget((m), (how))
#define MFREE(m, n)		((n) = m_free(m))
#define MCHTYPE(m, t)		((m)->m_type = (t))
#define MCLAIM(m, mowner)	((void)0)
#define MOWNER_ATTACH(mo)	((void)0)
#define MOWNER_DETACH(mo)	((void)0)
#define m_copy(m, off, len)	m_copym((m), (off), (len), M_DONTWAIT)
#define M_COPY_PKTHDR(to, from) do { \
	(to)->m_pkthdr = (from)->m_pkthdr; \
	(to)->m_flags = (from)->m_flags & M_COPYFLAGS; \
	SLIST_INIT(&(to)->m_pkthdr.tags); \
	m_tag_copy_chain((to), (from)); \
	(to)->m_data = (to)->m_pktdat; \
} while (0)
#define M_MOVE_PKTHDR(to, from)	m_move_pkthdr((to), (from))
#define M_PREPEND(m, plen, how) do { \
	if (M_LEADINGSPACE(m) >= (plen)) { \
		(m)->m_data -= (plen); \
		(m)->m_len += (plen); \
	} else \
		(m) = m_prepend((m), (plen), (how)); \
	if ((m) != NULL && ((m)->m_flags & M_PKTHDR) != 0) \
		(m)->m_pkthdr.len += (plen); \
} while (0)
#endif

/* Something that is attached to a packet; its data are behind it. */
struct m_tag {
	SLIST_ENTRY(m_tag)	m_tag_link;
	uint16_t		m_tag_id;
	uint16_t		m_tag_len;
};

#endif
