"""Functions of virtual memory that headers declare and this kernel lacks (abi/unwritten.py)."""

# By header.
UVM = {
    "uvm/uvm_extern.h": """
        struct uvm_object *uao_create(vsize_t size, int flags);
        void uao_detach(struct uvm_object *uobj);
        void uao_reference(struct uvm_object *uobj);
        void *ubc_alloc(struct uvm_object *uobj, off_t offset, vsize_t *lenp, int advice, int flags);
        void ubc_release(void *va, int flags);
        int ubc_uiomove(struct uvm_object *uobj, struct uio *uio, vsize_t todo, int advice, int flags);
        void uvm_deallocate(struct vm_map *map, vaddr_t start, vsize_t size);
        int uvm_fault_internal(struct vm_map *map, vaddr_t va, int access, int flags);
        int uvm_io(struct vm_map *map, struct uio *uio);
        bool uvm_kernacc(void *addr, size_t len, int rw);
        struct vm_map *uvm_km_suballoc(struct vm_map *map, vaddr_t *minp, vaddr_t *maxp, vsize_t size, int
            flags, bool fixed, struct vm_map_kernel *submap);
        void uvm_lwp_hold(struct lwp *l);
        void uvm_lwp_rele(struct lwp *l);
        int uvm_map(struct vm_map *map, vaddr_t *startp, vsize_t size, struct uvm_object *uobj, off_t off,
            vsize_t align, uvm_flag_t flags);
        bool uvm_map_checkprot(struct vm_map *map, vaddr_t start, vaddr_t end, int prot);
        int uvm_map_pageable(struct vm_map *map, vaddr_t start, vaddr_t end, bool new_pageable, int
            lockflags);
        int uvm_map_protect(struct vm_map *map, vaddr_t start, vaddr_t end, int prot, bool set_max);
        struct vm_page *uvm_pagealloc_strat(struct uvm_object *uobj, off_t off, struct vm_anon *anon, int
            flags, int strat, int free_list);
        int uvm_pglistalloc(vsize_t size, paddr_t low, paddr_t high, paddr_t align, paddr_t boundary,
            struct pglist *list, int nsegs, int waitok);
        void uvm_pglistfree(struct pglist *list);
        void uvm_vnp_zerorange(struct vnode *vp, off_t off, size_t len);
        int uvm_vslock(struct vmspace *vs, void *addr, size_t len, int access);
        void uvm_vsunlock(struct vmspace *vs, void *addr, size_t len);
        void uvmspace_addref(struct vmspace *vm);
        struct vmspace *uvmspace_alloc(vaddr_t min, vaddr_t max);
        void uvmspace_free(struct vmspace *vm);
    """,
    "uvm/uvm_page.h": """
        void uvm_page_unbusy(struct vm_page **pgs, int npgs);
        void uvm_pageactivate(struct vm_page *pg);
        void uvm_pagecopy(struct vm_page *src, struct vm_page *dst);
        void uvm_pagedeactivate(struct vm_page *pg);
        void uvm_pagefree(struct vm_page *pg);
        struct vm_page *uvm_pagelookup(struct uvm_object *uobj, off_t off);
        void uvm_pageunwire(struct vm_page *pg);
        void uvm_pagewire(struct vm_page *pg);
        void uvm_pagezero(struct vm_page *pg);
    """,
    "uvm/uvm_pmap.h": """
        void pmap_copy_page(paddr_t src, paddr_t dst);
        struct pmap *pmap_create(void);
        void pmap_destroy(struct pmap *pmap);
        int pmap_enter(struct pmap *pmap, vaddr_t va, paddr_t pa, int prot, u_int flags);
        void pmap_kenter_pa(vaddr_t va, paddr_t pa, int prot);
        void pmap_kremove(vaddr_t va, vsize_t size);
        void pmap_page_protect(struct vm_page *pg, int prot);
        void pmap_protect(struct pmap *pmap, vaddr_t sva, vaddr_t eva, int prot);
        void pmap_reference(struct pmap *pmap);
        void pmap_remove(struct pmap *pmap, vaddr_t sva, vaddr_t eva);
        void pmap_unwire(struct pmap *pmap, vaddr_t va);
        void pmap_update(struct pmap *pmap);
        void pmap_zero_page(paddr_t pa);
    """,
}
