/* <uvm/uvm_pager.h>: the functions of an object that fetch its pages and write them back. */

#ifndef _UVM_UVM_PAGER_H_
#define _UVM_UVM_PAGER_H_

#include <uvm/uvm_extern.h>
#include <uvm/uvm_object.h>

struct uvm_faultinfo;
struct vm_page;

struct uvm_pagerops {
	void	(*pgo_init)(void);
	void	(*pgo_reference)(struct uvm_object *);
	void	(*pgo_detach)(struct uvm_object *);
	int	(*pgo_fault)(struct uvm_faultinfo *, vaddr_t, struct vm_page **, int, int, vm_prot_t, int);
	int	(*pgo_get)(struct uvm_object *, voff_t, struct vm_page **, int *, int, vm_prot_t, int, int);
	int	(*pgo_put)(struct uvm_object *, voff_t, voff_t, int);
};

#define PGO_DONTCARE		((struct vm_page *)-1L)

#endif
