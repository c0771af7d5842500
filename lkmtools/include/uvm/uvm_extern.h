/* <uvm/uvm_extern.h>: virtual memory: what a module names of it. */

#ifndef _UVM_UVM_EXTERN_H_
#define _UVM_UVM_EXTERN_H_

#include <sys/param.h>
#include <machine/pmap.h>
#include <uvm/uvm_pglist.h>
#include <uvm/uvm_pmap.h>
#include <uvm/uvm_prot.h>

struct lwp;
struct proc;
struct uio;
struct uvm_object;
struct vm_anon;
struct vm_map;
struct vm_map_kernel;
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

/* uvm_map(): the protection and its limit, what a child gets, the advice, and flags. */
#define UVM_PROT_NONE		0x00
#define UVM_PROT_READ		0x01
#define UVM_PROT_WRITE		0x02
#define UVM_PROT_EXEC		0x04
#define UVM_PROT_ALL		0x07
#define UVM_PROT_R		UVM_PROT_READ
#define UVM_PROT_W		UVM_PROT_WRITE
#define UVM_PROT_X		UVM_PROT_EXEC
#define UVM_PROT_RW		(UVM_PROT_R | UVM_PROT_W)
#define UVM_PROT_RX		(UVM_PROT_R | UVM_PROT_X)
#define UVM_PROT_RWX		UVM_PROT_ALL
#define UVM_INH_SHARE		0x00
#define UVM_INH_COPY		0x10
#define UVM_INH_NONE		0x20
#define UVM_FLAG_FIXED		0x010000
#define UVM_FLAG_OVERLAY	0x020000
#define UVM_FLAG_NOMERGE	0x040000
#define UVM_FLAG_COPYONW	0x080000
#define UVM_FLAG_TRYLOCK	0x200000
#define UVM_FLAG_NOWAIT		0x400000
#define UVM_FLAG_WAITVA		0x1000000
#define UVM_MAPFLAG(prot, maxprot, inh, advice, flags) \
	((prot) | ((maxprot) << 8) | (inh) | ((advice) << 12) | (flags))

/* uvm_pagealloc_strat(). */
#define UVM_PGA_STRAT_NORMAL	0
#define UVM_PGA_STRAT_ONLY	1
#define UVM_PGA_STRAT_FALLBACK	2
#define UVM_PGA_USERESERVE	0x0001
#define UVM_PGA_ZERO		0x0002

#ifdef _KERNEL
extern struct uvmexp	uvmexp;
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

struct uvm_object	*uao_create(vsize_t size, int flags);
void	uao_detach(struct uvm_object *uobj);
void	uao_reference(struct uvm_object *uobj);
int	uvm_fault_internal(struct vm_map *map, vaddr_t va, vm_prot_t access, int flags);
bool	uvm_kernacc(void *addr, size_t len, int rw);
int	uvm_vslock(struct vmspace *vs, void *addr, size_t len, vm_prot_t access);
void	uvm_vsunlock(struct vmspace *vs, void *addr, size_t len);
void	uvm_lwp_hold(struct lwp *l);
void	uvm_lwp_rele(struct lwp *l);
int	uvm_io(struct vm_map *map, struct uio *uio);
struct vm_map	*uvm_km_suballoc(struct vm_map *map, vaddr_t *minp, vaddr_t *maxp, vsize_t size, int flags,
	    bool fixed, struct vm_map_kernel *submap);
int	uvm_map(struct vm_map *map, vaddr_t *startp, vsize_t size, struct uvm_object *uobj, voff_t off,
	    vsize_t align, uvm_flag_t flags);
bool	uvm_map_checkprot(struct vm_map *map, vaddr_t start, vaddr_t end, vm_prot_t prot);
int	uvm_map_protect(struct vm_map *map, vaddr_t start, vaddr_t end, vm_prot_t prot, bool set_max);
void	uvm_deallocate(struct vm_map *map, vaddr_t start, vsize_t size);
struct vmspace	*uvmspace_alloc(vaddr_t min, vaddr_t max);
void	uvmspace_addref(struct vmspace *vm);
void	uvmspace_free(struct vmspace *vm);
struct vm_page	*uvm_pagealloc_strat(struct uvm_object *uobj, voff_t off, struct vm_anon *anon, int flags,
	    int strat, int free_list);
int	uvm_pglistalloc(psize_t size, paddr_t low, paddr_t high, paddr_t align, paddr_t boundary,
	    struct pglist *list, int nsegs, int waitok);
void	uvm_pglistfree(struct pglist *list);
#if __LKM_API >= 400
#define uvm_fault(map, va, access)	uvm_fault_internal((map), (va), (access), 0)
#else
#define uvm_fault(map, va, type, access) uvm_fault_internal((map), (va), (access), 0)
#endif
#define uvm_pagealloc(uobj, off, anon, flags) \
	uvm_pagealloc_strat((uobj), (off), (anon), (flags), UVM_PGA_STRAT_NORMAL, 0)

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
