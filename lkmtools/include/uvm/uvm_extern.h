/* <uvm/uvm_extern.h>: virtual memory; what a module needs in order to name it. */

#ifndef _UVM_UVM_EXTERN_H_
#define _UVM_UVM_EXTERN_H_

#include <sys/param.h>
#include <machine/pmap.h>

struct vmspace;
struct vm_map;
struct vnode;

#ifdef _KERNEL
void	uvm_vnp_setsize(struct vnode *vp, off_t size);
#endif

#endif
