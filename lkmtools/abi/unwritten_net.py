"""Functions of the network that headers declare and this kernel lacks (abi/unwritten.py)."""

# By header.
NETWORK = {
    "net/bpf.h": """
        void bpf_change_type(struct ifnet *ifp, u_int dlt, u_int hdrlen);
        u_int bpf_filter(struct bpf_insn *pc, u_char *p, u_int wirelen, u_int buflen);
        void bpf_mtap(void *arg, struct mbuf *m);
        void bpf_mtap2(void *arg, void *data, u_int dlen, struct mbuf *m);
        void bpf_mtap_af(void *arg, uint32_t af, struct mbuf *m);
        void bpf_tap(void *arg, u_char *pkt, u_int pktlen);
        void bpfattach(struct ifnet *ifp, u_int dlt, u_int hdrlen);
        void bpfattach2(struct ifnet *ifp, u_int dlt, u_int hdrlen, void *driverp);
        void bpfdetach(struct ifnet *ifp);
    """,
    "net/if.h": """
        int if_addr_init(struct ifnet *ifp, struct ifaddr *ifa, bool src);
        void if_alloc_sadl(struct ifnet *ifp);
        void if_attach(struct ifnet *ifp);
        void if_clone_attach(struct if_clone *ifc);
        int if_clone_create(const char *name);
        int if_clone_destroy(const char *name);
        void if_clone_detach(struct if_clone *ifc);
        void if_deactivate(struct ifnet *ifp);
        void if_detach(struct ifnet *ifp);
        void if_down(struct ifnet *ifp);
        void if_free_sadl(struct ifnet *ifp);
        void if_initname(struct ifnet *ifp, const char *name, int unit);
        void if_link_state_change(struct ifnet *ifp, int link_state);
        void if_purgeaddrs(struct ifnet *ifp, int family, void (*purgeaddr)(struct ifaddr *));
        int if_set_flags(struct ifnet *ifp, const short flags);
        void if_set_sadl(struct ifnet *ifp, const void *lla, u_char addrlen);
        void if_slowtimo(void *arg);
        void if_up(struct ifnet *ifp);
        struct ifaddr *ifa_ifwithaddr(const struct sockaddr *addr);
        struct ifaddr *ifa_ifwithaf(int af);
        struct ifaddr *ifa_ifwithdstaddr(const struct sockaddr *addr);
        struct ifaddr *ifa_ifwithnet(const struct sockaddr *addr);
        void ifa_insert(struct ifnet *ifp, struct ifaddr *ifa);
        void ifa_remove(struct ifnet *ifp, struct ifaddr *ifa);
        void ifafree(struct ifaddr *ifa);
        struct ifaddr *ifaof_ifpforaddr(const struct sockaddr *addr, struct ifnet *ifp);
        void ifinit(void);
        int ifioctl(struct socket *so, u_long cmd, void *data, struct lwp *l);
        int ifioctl_common(struct ifnet *ifp, u_long cmd, void *data);
        int ifpromisc(struct ifnet *ifp, int pswitch);
        int ifq_enqueue(struct ifnet *ifp, struct mbuf *m);
        struct ifnet *ifunit(const char *name);
        void link_rtrequest(int cmd, struct rtentry *rt, const struct rt_addrinfo *info);
        int loioctl(struct ifnet *ifp, u_long cmd, void *data);
        void p2p_rtrequest(int req, struct rtentry *rt, const struct rt_addrinfo *info);
    """,
    "net/if_dl.h": """
        struct sockaddr_dl *sockaddr_dl_alloc(uint16_t ifindex, uint8_t type, const void *name, uint8_t
            namelen, const void *addr, uint8_t addrlen, int flags);
        struct sockaddr_dl *sockaddr_dl_init(struct sockaddr_dl *sdl, socklen_t socklen, uint16_t ifindex,
            uint8_t type, const void *name, uint8_t namelen, const void *addr, uint8_t addrlen);
        struct sockaddr_dl *sockaddr_dl_setaddr(struct sockaddr_dl *sdl, socklen_t socklen, const void
            *addr, uint8_t addrlen);
    """,
    "net/if_ether.h": """
        int ether_addmulti(const struct sockaddr *sa, struct ethercom *ec);
        uint32_t ether_crc32_be(const uint8_t *buf, size_t len);
        uint32_t ether_crc32_le(const uint8_t *buf, size_t len);
        int ether_delmulti(const struct sockaddr *sa, struct ethercom *ec);
        void ether_ifattach(struct ifnet *ifp, const uint8_t *lla);
        void ether_ifdetach(struct ifnet *ifp);
        int ether_ioctl(struct ifnet *ifp, u_long cmd, void *data);
        char *ether_sprintf(const u_char *addr);
    """,
    "net/if_media.h": """
        void ifmedia_add(struct ifmedia *ifm, int mword, int data, void *aux);
        void ifmedia_delete_instance(struct ifmedia *ifm, u_int inst);
        void ifmedia_init(struct ifmedia *ifm, int dontcare_mask, ifm_change_cb_t change, ifm_stat_cb_t
            status);
        int ifmedia_ioctl(struct ifnet *ifp, struct ifreq *ifr, struct ifmedia *ifm, u_long cmd);
        void ifmedia_set(struct ifmedia *ifm, int target);
    """,
    "net/netisr.h": """
        void schednetisr(int isr);
    """,
    "net/pfil.h": """
        int pfil_add_hook(int (*func)(void *, struct mbuf **, struct ifnet *, int), void *arg, int flags,
            struct pfil_head *ph);
        struct pfil_head *pfil_head_get(int type, u_long val);
        int pfil_head_register(struct pfil_head *ph);
        int pfil_head_unregister(struct pfil_head *ph);
        int pfil_remove_hook(int (*func)(void *, struct mbuf **, struct ifnet *, int), void *arg, int
            flags, struct pfil_head *ph);
        int pfil_run_hooks(struct pfil_head *ph, struct mbuf **mp, struct ifnet *ifp, int dir);
    """,
    "net/route.h": """
        void rt_ifannouncemsg(struct ifnet *ifp, int what);
        void rt_ifmsg(struct ifnet *ifp);
        void rt_newaddrmsg(int cmd, struct ifaddr *ifa, int error, struct rtentry *rt);
        struct rtentry *rtalloc1(const struct sockaddr *dst, int report);
        void rtfree(struct rtentry *rt);
        void rtinit(void);
        int rtrequest(int req, const struct sockaddr *dst, const struct sockaddr *gateway, const struct
            sockaddr *netmask, int flags, struct rtentry **ret);
    """,
    "netinet/if_inarp.h": """
        void arp_ifinit(struct ifnet *ifp, struct ifaddr *ifa);
        void arpintr(void);
    """,
    "netinet/in.h": """
        int in4_cksum(struct mbuf *m, u_int8_t nxt, int off, int len);
        int in_broadcast(struct in_addr ina, struct ifnet *ifp);
        int in_canforward(struct in_addr ina);
        int in_cksum(struct mbuf *m, int len);
        int in_localaddr(struct in_addr ina);
        char *inet_ntoa(struct in_addr ina);
    """,
    "netinet/in_systm.h": """
        n_time iptime(void);
    """,
    "netinet/in_var.h": """
        int in_control(struct socket *so, u_long cmd, void *data, struct ifnet *ifp, struct lwp *l);
    """,
    "sys/domain.h": """
        void domain_attach(struct domain *dom);
    """,
    "sys/mbuf.h": """
        void m_adj(struct mbuf *m, int len);
        int m_apply(struct mbuf *m, int off, int len, int (*func)(void *, void *, unsigned int), void
            *arg);
        void m_cat(struct mbuf *m, struct mbuf *n);
        void m_clget(struct mbuf *m, int nowait);
        void m_copyback(struct mbuf *m, int off, int len, const void *cp);
        struct mbuf *m_copyback_cow(struct mbuf *m, int off, int len, const void *cp, int how);
        void m_copydata(struct mbuf *m, int off, int len, void *cp);
        struct mbuf *m_copym(struct mbuf *m, int off, int len, int wait);
        struct mbuf *m_copypacket(struct mbuf *m, int how);
        struct mbuf *m_copyup(struct mbuf *m, int len, int dstoff);
        struct mbuf *m_defrag(struct mbuf *m, int flags);
        struct mbuf *m_devget(char *buf, int totlen, int off, struct ifnet *ifp, void (*copy)(const void
            *, void *, size_t));
        struct mbuf *m_dup(struct mbuf *m, int off, int len, int wait);
        struct mbuf *m_free(struct mbuf *m);
        void m_freem(struct mbuf *m);
        struct mbuf *m_get(int nowait, int type);
        struct mbuf *m_getclr(int nowait, int type);
        struct mbuf *m_gethdr(int nowait, int type);
        struct mbuf *m_getptr(struct mbuf *m, int loc, int *off);
        int m_makewritable(struct mbuf **mp, int off, int len, int how);
        void m_move_pkthdr(struct mbuf *to, struct mbuf *from);
        struct mbuf *m_prepend(struct mbuf *m, int len, int how);
        struct mbuf *m_pulldown(struct mbuf *m, int off, int len, int *offp);
        struct mbuf *m_pullup(struct mbuf *m, int len);
        void m_reclaim(void *arg, int flags);
        void m_remove_pkthdr(struct mbuf *m);
        struct mbuf *m_split(struct mbuf *m, int len, int wait);
        struct m_tag *m_tag_copy(struct m_tag *t);
        int m_tag_copy_chain(struct mbuf *to, struct mbuf *from);
        void m_tag_delete(struct mbuf *m, struct m_tag *t);
        void m_tag_delete_chain(struct mbuf *m, struct m_tag *t);
        struct m_tag *m_tag_find(struct mbuf *m, int type, struct m_tag *t);
        struct m_tag *m_tag_first(struct mbuf *m);
        void m_tag_free(struct m_tag *t);
        struct m_tag *m_tag_get(int type, int len, int wait);
        void m_tag_init(struct mbuf *m);
        struct m_tag *m_tag_next(struct mbuf *m, struct m_tag *t);
        void m_tag_prepend(struct mbuf *m, struct m_tag *t);
        void m_tag_unlink(struct mbuf *m, struct m_tag *t);
    """,
    "sys/protosw.h": """
        void pfctlinput(int cmd, const struct sockaddr *sa);
        struct domain *pffinddomain(int family);
        const struct protosw *pffindproto(int family, int protocol, int type);
        const struct protosw *pffindtype(int family, int type);
    """,
    "sys/socket.h": """
        void *sockaddr_addr(struct sockaddr *sa, socklen_t *slenp);
        struct sockaddr *sockaddr_alloc(sa_family_t af, socklen_t socklen, int flags);
        const struct sockaddr *sockaddr_any(const struct sockaddr *sa);
        const void *sockaddr_anyaddr(const struct sockaddr *sa, socklen_t *slenp);
        int sockaddr_cmp(const struct sockaddr *sa1, const struct sockaddr *sa2);
        const void *sockaddr_const_addr(const struct sockaddr *sa, socklen_t *slenp);
        struct sockaddr *sockaddr_copy(struct sockaddr *dst, socklen_t socklen, const struct sockaddr
            *src);
        struct sockaddr *sockaddr_dup(const struct sockaddr *src, int flags);
        struct sockaddr *sockaddr_externalize(struct sockaddr *dst, socklen_t socklen, const struct
            sockaddr *src);
        void sockaddr_free(struct sockaddr *sa);
    """,
    "sys/socketvar.h": """
        void sbappend(struct sockbuf *sb, struct mbuf *m);
        int sbappendaddr(struct sockbuf *sb, const struct sockaddr *asa, struct mbuf *m0, struct mbuf
            *control);
        void sbappendrecord(struct sockbuf *sb, struct mbuf *m0);
        void sbdrop(struct sockbuf *sb, int len);
        void sbflush(struct sockbuf *sb);
        int sbreserve(struct sockbuf *sb, u_long cc, struct socket *so);
        int sbwait(struct sockbuf *sb);
        int soaccept(struct socket *so, struct mbuf *nam);
        int sobind(struct socket *so, struct mbuf *nam, struct lwp *l);
        void socantrcvmore(struct socket *so);
        void socantsendmore(struct socket *so);
        int sockargs(struct mbuf **mp, const void *bf, size_t buflen, int type);
        int sockopt_get(const struct sockopt *sopt, void *buf, size_t len);
        int sockopt_getint(const struct sockopt *sopt, int *value);
        int sockopt_set(struct sockopt *sopt, const void *buf, size_t len);
        int sockopt_setint(struct sockopt *sopt, int value);
        int soclose(struct socket *so);
        int soconnect(struct socket *so, struct mbuf *nam, struct lwp *l);
        int socreate(int dom, struct socket **aso, int type, int proto, struct lwp *l, struct socket
            *lockso);
        int sodisconnect(struct socket *so);
        void soisconnected(struct socket *so);
        void soisconnecting(struct socket *so);
        void soisdisconnected(struct socket *so);
        void soisdisconnecting(struct socket *so);
        int solisten(struct socket *so, int backlog, struct lwp *l);
        void solock(struct socket *so);
        struct socket *sonewconn(struct socket *head, int connstatus);
        int soreceive(struct socket *so, struct mbuf **paddr, struct uio *uio, struct mbuf **mp0, struct
            mbuf **controlp, int *flagsp);
        int soreserve(struct socket *so, u_long sndcc, u_long rcvcc);
        void sorflush(struct socket *so);
        int sosend(struct socket *so, struct mbuf *addr, struct uio *uio, struct mbuf *top, struct mbuf
            *control, int flags, struct lwp *l);
        int soshutdown(struct socket *so, int how);
        void sounlock(struct socket *so);
        void sowakeup(struct socket *so, struct sockbuf *sb, int code);
    """,
}
