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
	struct malloc_type	*ks_next;
	u_long			 ks_memuse;	/* bytes in use */
	u_long			 ks_limit;
	u_long			 ks_inuse;	/* pieces in use */
	u_long			 ks_calls;
	u_long			 ks_maxused;
	const char		*ks_shortdesc;
	u_long			 ks_magic;
};

#ifdef _KERNEL
/* A type is an array of one, so that its name is a pointer. */
#define MALLOC_DECLARE(type)	extern struct malloc_type type[1]
#define MALLOC_DEFINE_LIMIT(type, shortdesc, longdesc, limit) \
	struct malloc_type type[1] = { { NULL, 0, (limit), 0, 0, 0, (shortdesc), M_MAGIC } }
#define MALLOC_DEFINE(type, shortdesc, longdesc) \
	MALLOC_DEFINE_LIMIT(type, shortdesc, longdesc, 0)
#define MALLOC_JUSTDEFINE(type, shortdesc, longdesc) \
	MALLOC_DEFINE(type, shortdesc, longdesc)

MALLOC_DECLARE(M_DEVBUF);
MALLOC_DECLARE(M_DMAMAP);
MALLOC_DECLARE(M_FREE);
MALLOC_DECLARE(M_IOCTLOPS);
MALLOC_DECLARE(M_MOUNT);
MALLOC_DECLARE(M_PCB);
MALLOC_DECLARE(M_PROC);
MALLOC_DECLARE(M_SOFTINTR);
MALLOC_DECLARE(M_SYSCTLDATA);
MALLOC_DECLARE(M_TEMP);
MALLOC_DECLARE(M_TTYS);
MALLOC_DECLARE(M_VNODE);

void	*malloc(unsigned long size, struct malloc_type *type, int flags);
void	*realloc(void *p, unsigned long size, struct malloc_type *type, int flags);
void	 free(void *p, struct malloc_type *type);
void	*kern_malloc(unsigned long size, struct malloc_type *type, int flags);
void	*kern_realloc(void *p, unsigned long size, struct malloc_type *type, int flags);
void	 kern_free(void *p, struct malloc_type *type);

/* A type needs no introduction: the kernel meets it at its first use. */
#define malloc_type_attach(type)	((void)(type))
#define malloc_type_detach(type)	((void)(type))

#define MALLOC(space, cast, size, type, flags) \
	(space) = (cast)malloc((u_long)(size), (type), (flags))
#define FREE(addr, type)	free((addr), (type))
#endif

#endif
