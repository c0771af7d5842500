/* <net/if_dl.h>: addresses of the link level. */

#ifndef _NET_IF_DL_H_
#define _NET_IF_DL_H_

#include <sys/types.h>
#include <sys/socket.h>

struct dl_addr {
	uint8_t	dl_type;	/* IFT_ETHER ... */
	uint8_t	dl_nlen;	/* bytes of the name, */
	uint8_t	dl_alen;	/* of the address, */
	uint8_t	dl_slen;	/* of the selector, one after the other */
	char	dl_data[24];
};

struct sockaddr_dl {
	uint8_t		sdl_len;
	sa_family_t	sdl_family;	/* AF_LINK */
	uint16_t	sdl_index;	/* of the interface, if it has been given one */
	struct dl_addr	sdl_addr;
};
#define sdl_type	sdl_addr.dl_type
#define sdl_nlen	sdl_addr.dl_nlen
#define sdl_alen	sdl_addr.dl_alen
#define sdl_slen	sdl_addr.dl_slen
#define sdl_data	sdl_addr.dl_data

#define satosdl(sa)	((struct sockaddr_dl *)(sa))
#define satocsdl(sa)	((const struct sockaddr_dl *)(sa))
#define LLADDR(s)	((char *)(s)->sdl_data + (s)->sdl_nlen)
#define CLLADDR(s)	((const char *)(s)->sdl_data + (s)->sdl_nlen)

#ifdef _KERNEL
struct sockaddr_dl	*sockaddr_dl_alloc(uint16_t ifindex, uint8_t type, const void *name, uint8_t namelen,
			    const void *addr, uint8_t addrlen, int flags);
struct sockaddr_dl	*sockaddr_dl_init(struct sockaddr_dl *sdl, socklen_t socklen, uint16_t ifindex, uint8_t type,
			    const void *name, uint8_t namelen, const void *addr, uint8_t addrlen);
struct sockaddr_dl	*sockaddr_dl_setaddr(struct sockaddr_dl *sdl, socklen_t socklen, const void *addr,
			    uint8_t addrlen);
#endif

#endif
