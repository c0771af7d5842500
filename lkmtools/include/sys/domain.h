/* <sys/domain.h>: the families of protocols. */

#ifndef _SYS_DOMAIN_H_
#define _SYS_DOMAIN_H_

#include <sys/socket.h>
#include <sys/mbuf.h>
#include <sys/queue.h>

struct ifnet;
struct ifqueue;
struct lwp;
struct protosw;
struct route;

LIST_HEAD(dom_rtlist, route);

struct domain {
	int			  dom_family;
	const char		 *dom_name;
	void			(*dom_init)(void);
	int			(*dom_externalize)(struct mbuf *, struct lwp *);
	void			(*dom_dispose)(struct mbuf *);
	const struct protosw	 *dom_protosw;
	const struct protosw	 *dom_protoswNPROTOSW;	/* behind the last one */
	int			(*dom_rtattach)(void **, int);
	int			  dom_rtoffset;
	int			  dom_maxrtkey;
	void			*(*dom_ifattach)(struct ifnet *);
	void			(*dom_ifdetach)(struct ifnet *, void *);
	const void		*(*dom_sockaddr_const_addr)(const struct sockaddr *, socklen_t *);
	void			*(*dom_sockaddr_addr)(struct sockaddr *, socklen_t *);
	int			(*dom_sockaddr_cmp)(const struct sockaddr *, const struct sockaddr *);
	const struct sockaddr	 *dom_sa_any;
	struct ifqueue		 *dom_ifqueues[2];
	STAILQ_ENTRY(domain)	  dom_link;
	struct mowner		  dom_mowner;
	uint_fast8_t		  dom_sa_cmpofs;
	uint_fast8_t		  dom_sa_cmplen;
	struct dom_rtlist	  dom_rtcache;
};
STAILQ_HEAD(domainhead, domain);

#define DOMAIN_DEFINE(name)	extern struct domain name; __link_set_add_data(domains, name)
#define DOMAIN_FOREACH(dom)	STAILQ_FOREACH(dom, &domains, dom_link)

#ifdef _KERNEL
extern struct domainhead	domains;

void	domain_attach(struct domain *dom);
#endif

#endif
