/* <machine/pmap.h>: physical addresses, which are page frames times the page size. */

#ifndef _MACHINE_PMAP_H_
#define _MACHINE_PMAP_H_

#include <sys/param.h>

#define x86_btop(x)	((x) >> PGSHIFT)
#define x86_ptob(x)	((x) << PGSHIFT)

struct pmap;

/* What a struct vm_page has for the machine: reserved. */
struct vm_page_md {
	uintptr_t	mp_pp[4];
};

#ifdef _KERNEL
extern struct pmap	kernel_pmap_store;
#define pmap_kernel()	(&kernel_pmap_store)

paddr_t	vtophys(vaddr_t va);
bool	pmap_extract(struct pmap *pmap, vaddr_t va, paddr_t *pa);
#endif

#endif
