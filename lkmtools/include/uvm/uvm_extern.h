/* <uvm/uvm_extern.h>: virtual memory: what a module names of it. */

#ifndef _UVM_UVM_EXTERN_H_
#define _UVM_UVM_EXTERN_H_

#include <sys/param.h>
#include <machine/pmap.h>
#include <uvm/uvm_prot.h>

struct lwp;
struct proc;
struct uio;
struct uvm_object;
struct vm_map;
struct vm_page;
struct vmspace;
struct vnode;

typedef off_t		voff_t;		/* an offset in an object */
typedef voff_t		pgoff_t;
typedef unsigned int	uvm_flag_t;
typedef int		vm_inherit_t;

#define UVM_UNKNOWN_OFFSET	((voff_t)-1)

/* How a mapping is used: madvise(2), and the advice of ubc_alloc() and VOP_GETPAGES(). */
#define UVM_ADV_NORMAL		0
#define UVM_ADV_RANDOM		1
#define UVM_ADV_SEQUENTIAL	2
#define UVM_ADV_WILLNEED	3
#define UVM_ADV_MASK		7

/* ubc_alloc() and ubc_release(). */
#define UBC_READ		0x001
#define UBC_WRITE		0x002
#define UBC_FAULTBUSY		0x004
#define UBC_PARTIALOK		0x100
#define UBC_UNMAP		0x010
#define UBC_WANT_UNMAP(vp)	0

/* VOP_GETPAGES(), VOP_PUTPAGES() and the pager functions. */
#define PGO_CLEANIT		0x0001	/* write */
#define PGO_SYNCIO		0x0002	/* and wait */
#define PGO_DEACTIVATE		0x0004
#define PGO_FREE		0x0008
#define PGO_ALLPAGES		0x0010
#define PGO_LOCKED		0x0040
#define PGO_BUSYFAIL		0x0080
#define PGO_OVERWRITE		0x0200
#define PGO_PASTEOF		0x0800
#define PGO_NOBLOCKALLOC	0x1000
#define PGO_NOTIMESTAMP		0x2000
#define PGO_RECLAIM		0x4000
#define PGO_GLOCKHELD		0x8000

/* What the system has of memory and what it did with it: pages, unless the name says otherwise. */
struct uvmexp {
	int	pagesize, pagemask, pageshift, npages, free, paging, wired, ncolors, colormask, zeropages;
	int	reserve_pagedaemon, reserve_kernel, anonpages, filepages, execpages, freemin, freetarg, wiredmax;
	int	nswapdev, swpages, swpgavail, swpginuse, swpgonly, nswget, faults, traps, intrs, swtch, softs;
	int	syscalls, pageins, swapins, swapouts, pgswapin, pgswapout, forks, forks_ppwait, forks_sharevm;
	int	pga_zerohit, pga_zeromiss, zeroaborts, colorhit, colormiss, cpuhit, cpumiss, fltnoram, fltnoanon;
	int	fltpgwait, fltpgrele, fltrelck, fltrelckok, fltanget, fltanretry, fltamcopy, fltnamap, fltnomap;
	int	fltlget, fltget, flt_anon, flt_acow, flt_obj, flt_prcopy, flt_przero, pdwoke, pdrevs, pdswout;
	int	pdfreed, pdscans, pdanscan, pdobscan, pdreact, pdbusy, pdpageouts, pdpending, pddeact, pdreanon;
	int	pdrefile, pdreexec;
};

/* uvm_km_alloc() and uvm_km_free(): one of the first three; there is no difference between them. */
#define UVM_KMF_WIRED		0x1
#define UVM_KMF_PAGEABLE	0x2
#define UVM_KMF_VAONLY		0x4
#define UVM_KMF_TYPEMASK	(UVM_KMF_VAONLY | UVM_KMF_PAGEABLE | UVM_KMF_WIRED)
#define UVM_KMF_CANFAIL		0x8
#define UVM_KMF_ZERO		0x10
#define UVM_KMF_EXEC		0x20
#define UVM_KMF_TRYLOCK		0x200000
#define UVM_KMF_NOWAIT		0x400000
#define UVM_KMF_WAITVA		0x1000000

#ifdef _KERNEL
extern struct vm_map	*kernel_map;
extern struct vm_map	*kmem_map;

vaddr_t	 uvm_km_alloc(struct vm_map *map, vsize_t size, vsize_t align, uvm_flag_t flags);
void	 uvm_km_free(struct vm_map *map, vaddr_t addr, vsize_t size, uvm_flag_t flags);
void	 uvm_vnp_setsize(struct vnode *vp, voff_t size);
void	 uvm_vnp_setwritesize(struct vnode *vp, voff_t size);
void	 uvm_vnp_zerorange(struct vnode *vp, off_t off, size_t len);
void	*ubc_alloc(struct uvm_object *uobj, voff_t offset, vsize_t *lenp, int advice, int flags);
void	 ubc_release(void *va, int flags);
int	 uvm_map_pageable(struct vm_map *map, vaddr_t start, vaddr_t end, bool new_pageable, int lockflags);
int	 ubc_uiomove(struct uvm_object *uobj, struct uio *uio, vsize_t todo, int advice, int flags);

#include <uvm/uvm_map.h>

#if __LKM_API < 400
typedef struct vm_map	*vm_map_t;

#define uvm_km_alloc(map, size)		(uvm_km_alloc)((map), (size), 0, UVM_KMF_WIRED)
#define uvm_km_zalloc(map, size)	(uvm_km_alloc)((map), (size), 0, UVM_KMF_WIRED | UVM_KMF_ZERO)
#define uvm_km_kmemalloc(map, obj, size, flags) \
	((void)(obj), (void)(flags), (uvm_km_alloc)((map), (size), 0, UVM_KMF_WIRED))
#define uvm_km_free(map, addr, size)	(uvm_km_free)((map), (addr), (size), UVM_KMF_WIRED)

/* No vnode has pages that stay behind. */
static inline boolean_t
uvm_vnp_uncache(struct vnode *vp)
{
	return TRUE;
}
#endif
#endif

#endif
