/* <uvm/uvm_object.h>: what can be mapped: pages, and the functions that fetch them. A vnode begins with one. */

#ifndef _UVM_UVM_OBJECT_H_
#define _UVM_UVM_OBJECT_H_

#include <sys/mutex.h>
#include <sys/rb.h>
#include <uvm/uvm_pglist.h>

struct uvm_pagerops;

struct uvm_object {
	kmutex_t			 vmobjlock;
	const struct uvm_pagerops	*pgops;
	struct pglist			 memq;		/* its pages: here it has none */
	int				 uo_npages;
	int				 uo_refs;
	struct rb_tree			 rb_tree;
};

#define UVM_OBJ_KERN			(-2)	/* as uo_refs: the kernel's own memory */
#define UVM_OBJ_IS_KERN_OBJECT(uobj)	((uobj)->uo_refs == UVM_OBJ_KERN)

#ifdef _KERNEL
extern const struct uvm_pagerops	uvm_vnodeops;
extern const struct uvm_pagerops	uvm_deviceops;
extern const struct uvm_pagerops	aobj_pager;

#define UVM_OBJ_IS_VNODE(uobj)		((uobj)->pgops == &uvm_vnodeops)
#define UVM_OBJ_IS_DEVICE(uobj)		((uobj)->pgops == &uvm_deviceops)
#define UVM_OBJ_IS_AOBJ(uobj)		((uobj)->pgops == &aobj_pager)
#endif

#endif
