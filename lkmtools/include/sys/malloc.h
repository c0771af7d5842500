/* <sys/malloc.h>: malloc(9): memory by type, so that the kernel can say who has it. */

#ifndef _SYS_MALLOC_H_
#define _SYS_MALLOC_H_

#include <sys/types.h>
#include <sys/cdefs.h>

#define M_WAITOK	0x0000
#define M_NOWAIT	0x0001
#define M_ZERO		0x0002
#define M_CANFAIL	0x0004

#define M_MAGIC		877983977

struct malloc_type {
	struct malloc_type	*ks_next;	/* of kmemstatistics */
	u_long			 ks_magic;
	const char		*ks_shortdesc;
	u_long			 ks_inuse;	/* pieces in use */
	u_long			 ks_calls;
	u_long			 ks_memuse;	/* bytes in use */
	u_short			 ks_limblocks;
	u_short			 ks_mapblocks;
	u_long			 ks_maxused;
	u_long			 ks_limit;
	u_long			 ks_size;
	u_long			 ks_spare;
};

#ifdef _KERNEL
/*
 * A type is an array of one, so that its name is a pointer. The kernel takes it into kmemstatistics at its first use,
 * if nobody attached it before; MALLOC_DEFINE adds it to the link set malloc_types, too, which nobody reads.
 */
#define MALLOC_DECLARE(type)	extern struct malloc_type type[1]
#define MALLOC_JUSTDEFINE_LIMIT(type, shortdesc, longdesc, limit) \
	struct malloc_type type[1] = { { .ks_magic = M_MAGIC, .ks_shortdesc = (shortdesc), .ks_limit = (limit) } }
#define MALLOC_JUSTDEFINE(type, shortdesc, longdesc) \
	MALLOC_JUSTDEFINE_LIMIT(type, shortdesc, longdesc, 0)
#define MALLOC_DEFINE_LIMIT(type, shortdesc, longdesc, limit) \
	MALLOC_JUSTDEFINE_LIMIT(type, shortdesc, longdesc, limit); \
	__link_set_add_data(malloc_types, type)
#define MALLOC_DEFINE(type, shortdesc, longdesc) \
	MALLOC_DEFINE_LIMIT(type, shortdesc, longdesc, 0)

MALLOC_DECLARE(M_BPF);
MALLOC_DECLARE(M_CACHE);
MALLOC_DECLARE(M_CRED);
MALLOC_DECLARE(M_DEVBUF);
MALLOC_DECLARE(M_DMAMAP);
MALLOC_DECLARE(M_EMULDATA);
MALLOC_DECLARE(M_EXEC);
MALLOC_DECLARE(M_FREE);
MALLOC_DECLARE(M_FTABLE);
MALLOC_DECLARE(M_IFADDR);
MALLOC_DECLARE(M_IOCTLOPS);
MALLOC_DECLARE(M_IPMADDR);
MALLOC_DECLARE(M_IPMOPTS);
MALLOC_DECLARE(M_KEVENT);
MALLOC_DECLARE(M_MBUF);
MALLOC_DECLARE(M_MOUNT);
MALLOC_DECLARE(M_MRTABLE);
MALLOC_DECLARE(M_NETADDR);
MALLOC_DECLARE(M_PCB);
MALLOC_DECLARE(M_PROC);
MALLOC_DECLARE(M_RTABLE);
MALLOC_DECLARE(M_SOFTINTR);
MALLOC_DECLARE(M_SONAME);
MALLOC_DECLARE(M_SOOPTS);
MALLOC_DECLARE(M_SUBPROC);
MALLOC_DECLARE(M_SYSCTLDATA);
MALLOC_DECLARE(M_TEMP);
MALLOC_DECLARE(M_TTYS);
MALLOC_DECLARE(M_UFSMNT);
MALLOC_DECLARE(M_VNODE);
/* Of NetBSD 1.4 and OpenBSD. */
MALLOC_DECLARE(M_FILE);
MALLOC_DECLARE(M_FILEDESC);
MALLOC_DECLARE(M_IOV);
MALLOC_DECLARE(M_LOCKF);
MALLOC_DECLARE(M_MISCFSMNT);
MALLOC_DECLARE(M_MISCFSNODE);
MALLOC_DECLARE(M_NAMEI);
MALLOC_DECLARE(M_PGRP);
MALLOC_DECLARE(M_SESSION);
MALLOC_DECLARE(M_SHM);
MALLOC_DECLARE(M_SOCKET);
MALLOC_DECLARE(M_ZOMBIE);

void	*malloc(unsigned long size, struct malloc_type *type, int flags);
void	*realloc(void *p, unsigned long size, struct malloc_type *type, int flags);
void	 free(void *p, struct malloc_type *type);
void	*kern_malloc(unsigned long size, struct malloc_type *type, int flags);
void	*kern_realloc(void *p, unsigned long size, struct malloc_type *type, int flags);
void	 kern_free(void *p, struct malloc_type *type);

extern struct malloc_type	*kmemstatistics;	/* all that are attached, by ks_next */
void	 malloc_type_attach(struct malloc_type *type);
void	 malloc_type_detach(struct malloc_type *type);

#define MALLOC(space, cast, size, type, flags) \
	(space) = (cast)malloc((u_long)(size), (type), (flags))
#define FREE(addr, type)	free((addr), (type))
#endif

#endif
