/* <sys/kmem.h>: kmem(9): memory whose size the caller remembers. */

#ifndef _SYS_KMEM_H_
#define _SYS_KMEM_H_

#include <sys/types.h>

typedef unsigned int	km_flag_t;

#define KM_SLEEP	0x00000001
#define KM_NOSLEEP	0x00000002

#ifdef _KERNEL
void	*kmem_alloc(size_t size, km_flag_t flags);
void	*kmem_zalloc(size_t size, km_flag_t flags);
void	 kmem_free(void *p, size_t size);
#endif

#endif
