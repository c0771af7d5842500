/* <uvm/uvm_pmap.h>: pmap(9): the page tables of an address space. */

#ifndef _UVM_UVM_PMAP_H_
#define _UVM_UVM_PMAP_H_

#include <machine/pmap.h>
#include <uvm/uvm_prot.h>

struct vm_page;
typedef struct pmap	*pmap_t;

/* Flags of pmap_enter(), beside the VM_PROT_* of the access. */
#define PMAP_WIRED	0x00000010
#define PMAP_CANFAIL	0x00000020

#ifdef _KERNEL
pmap_t	pmap_create(void);
void	pmap_destroy(pmap_t pmap);
void	pmap_reference(pmap_t pmap);
int	pmap_enter(pmap_t pmap, vaddr_t va, paddr_t pa, vm_prot_t prot, u_int flags);
void	pmap_remove(pmap_t pmap, vaddr_t sva, vaddr_t eva);
void	pmap_protect(pmap_t pmap, vaddr_t sva, vaddr_t eva, vm_prot_t prot);
void	pmap_unwire(pmap_t pmap, vaddr_t va);
void	pmap_update(pmap_t pmap);
void	pmap_kenter_pa(vaddr_t va, paddr_t pa, vm_prot_t prot);
void	pmap_kremove(vaddr_t va, vsize_t size);
void	pmap_page_protect(struct vm_page *pg, vm_prot_t prot);
void	pmap_copy_page(paddr_t src, paddr_t dst);
void	pmap_zero_page(paddr_t pa);
#endif

#endif
