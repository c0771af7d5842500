/* <uvm/uvm_map.h>: an address space, and its entries. The kernel keeps its own record of them. */

#ifndef _UVM_UVM_MAP_H_
#define _UVM_UVM_MAP_H_

#include <sys/condvar.h>
#include <sys/mutex.h>
#include <sys/rb.h>
#include <sys/rwlock.h>
#include <machine/pmap.h>
#include <uvm/uvm_extern.h>

struct lwp;
struct uvm_object;
struct vm_amap;
struct vm_map;

struct vm_aref {
	int		 ar_pageoff;
	struct vm_amap	*ar_amap;
};

union vm_map_object {
	struct uvm_object	*uvm_obj;
	struct vm_map		*sub_map;
};

struct vm_map_entry {
	struct rb_node		 rb_node;
	vsize_t			 ownspace;
	vsize_t			 space;
	struct vm_map_entry	*prev;
	struct vm_map_entry	*next;
	vaddr_t			 start;
	vaddr_t			 end;
	union vm_map_object	 object;
	voff_t			 offset;
	int			 etype;
	vm_prot_t		 protection;
	vm_prot_t		 max_protection;
	vm_inherit_t		 inheritance;
	int			 wired_count;
	struct vm_aref		 aref;
	int			 advice;
	uint8_t			 flags;
};

struct vm_map {
	struct pmap		*pmap;
	krwlock_t		 lock;
	struct lwp		*busy;
	kmutex_t		 mutex;
	kmutex_t		 misc_lock;
	kcondvar_t		 cv;
	int			 flags;
	struct rb_tree		 rb_tree;
	struct vm_map_entry	 header;
	int			 nentries;
	vsize_t			 size;
	int			 ref_count;
	struct vm_map_entry	*hint;
	struct vm_map_entry	*first_free;
	unsigned int		 timestamp;
};

/* The address space of a process; that of the kernel is vmspace_kernel(). The kernel fills in nothing but the pointers. */
struct vmspace {
	struct vm_map	 vm_map;
	int		 vm_refcnt;
	void		*vm_shm;
	segsz_t		 vm_rssize;
	segsz_t		 vm_swrss;
	segsz_t		 vm_tsize;
	segsz_t		 vm_dsize;
	segsz_t		 vm_ssize;
	segsz_t		 vm_issize;
	void		*vm_taddr;
	void		*vm_daddr;
	void		*vm_maxsaddr;
	void		*vm_minsaddr;
	vaddr_t		 vm_aslr_delta_mmap;
};

#define vm_map_pmap(map)	((map)->pmap)
#define vm_map_min(map)		((map)->header.end)
#define vm_map_max(map)		((map)->header.start)

extern struct vmspace	vmspace0;
#define VM_MAP_IS_KERNEL(map)	(vm_map_pmap(map) == pmap_kernel())
#define VMSPACE_IS_KERNEL_P(vm)	VM_MAP_IS_KERNEL(&(vm)->vm_map)

#endif
