/* <machine/pmap.h>: physical addresses, which are page frames times the page size. */

#ifndef _MACHINE_PMAP_H_
#define _MACHINE_PMAP_H_

#include <sys/param.h>

#define x86_btop(x)	((x) >> PGSHIFT)
#define x86_ptob(x)	((x) << PGSHIFT)

#ifdef _KERNEL
paddr_t	vtophys(vaddr_t va);
#endif

#endif
