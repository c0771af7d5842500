/* <uvm/uvm_page.h>: a page of physical memory. */

#ifndef _UVM_UVM_PAGE_H_
#define _UVM_UVM_PAGE_H_

#include <sys/rb.h>
#include <machine/pmap.h>
#include <uvm/uvm_extern.h>
#include <uvm/uvm_pglist.h>

struct vm_anon;
struct uvm_object;

struct vm_page {
	struct rb_node		 rb_node;	/* in the tree of its object */
	union {
		TAILQ_ENTRY(vm_page)	queue;
		LIST_ENTRY(vm_page)	list;
	} pageq;
	union {
		TAILQ_ENTRY(vm_page)	queue;
		LIST_ENTRY(vm_page)	list;
	} listq;
	struct vm_anon		*uanon;
	struct uvm_object	*uobject;
	voff_t			 offset;	/* in its object */
	uint16_t		 flags;		/* PG_* */
	uint16_t		 loan_count;
	uint16_t		 wire_count;
	uint16_t		 pqflags;	/* PQ_* */
	paddr_t			 phys_addr;
	struct vm_page_md	 mdpage;
};

#define PG_BUSY		0x0001
#define PG_WANTED	0x0002
#define PG_TABLED	0x0004
#define PG_CLEAN	0x0008
#define PG_PAGEOUT	0x0010
#define PG_RELEASED	0x0020
#define PG_FAKE		0x0040
#define PG_RDONLY	0x0080
#define PG_ZERO		0x0100
#define PG_MARKER	0x0200

#define PQ_FREE		0x0001
#define PQ_ANON		0x0002
#define PQ_AOBJ		0x0004
#define PQ_SWAPBACKED	(PQ_ANON | PQ_AOBJ)

#define VM_PAGE_TO_PHYS(pg)	((pg)->phys_addr)

#ifdef _KERNEL
void	uvm_pagefree(struct vm_page *pg);
void	uvm_pageactivate(struct vm_page *pg);
void	uvm_pagedeactivate(struct vm_page *pg);
void	uvm_pagewire(struct vm_page *pg);
void	uvm_pageunwire(struct vm_page *pg);
void	uvm_pagezero(struct vm_page *pg);
void	uvm_pagecopy(struct vm_page *src, struct vm_page *dst);
void	uvm_page_unbusy(struct vm_page **pgs, int npgs);
struct vm_page	*uvm_pagelookup(struct uvm_object *uobj, voff_t off);
#endif

#endif
