"""Functions that kernel modules of the era call and that this kernel does not implement yet.

A module that names one links and loads; only a call of it panics, with its name. A function that is
implemented is removed from this file. They were chosen by how often modules in the wild import them.
"""

# Vnode operations.
_SPEC = (
    "open close read write ioctl poll kqfilter mmap inactive reclaim fsync strategy bmap print pathconf "
    "advlock"
)
_FIFO = "open close read write ioctl poll kqfilter inactive bmap print pathconf advlock"
_SYNC = "fsync inactive reclaim print"
_LAYER = (
    "bypass getattr inactive reclaim print bwrite bmap lock unlock islocked fsync lookup setattr access open "
    "remove rename rmdir getpages putpages revoke"
)

PROTOTYPES = (
    "void ether_ifattach(void *ifp, const void *lla)",
    "void ether_ifdetach(void *ifp)",
    "void if_attach(void *ifp)",
    "void if_detach(void *ifp)",
    "int kfilter_register(const char *name, const struct filterops *filtops, int *retfilter)",
    "int kfilter_unregister(const char *name)",
    "void knote(struct klist *list, long hint)",
    "int kthread_create(int pri, int flag, void *ci, void (*func)(void *), void *arg, void *lp, "
    "const char *fmt, ...)",
    "void kthread_exit(int ecode)",
    "void *softint_establish(u_int flags, void (*func)(void *), void *arg)",
    "void softint_disestablish(void *cookie)",
    "void softint_schedule(void *cookie)",
    "void *specificdata_domain_create(void)",
    "void specificdata_domain_delete(void *domain)",
    "int specificdata_key_create(void *domain, u_int *key, void *dtor)",
    "void specificdata_key_delete(void *domain, u_int key)",
    "int specificdata_init(void *domain, void *ref)",
    "void specificdata_fini(void *domain, void *ref)",
    "void *specificdata_getspecific(void *domain, void *ref, u_int key)",
    "void *specificdata_getspecific_unlocked(void *domain, void *ref, u_int key)",
    "void specificdata_setspecific(void *domain, void *ref, u_int key, void *data)",
    "int specificdata_setspecific_nowait(void *domain, void *ref, u_int key, void *data)",
    "int sysctl_createv(void *log, int cflags, const void *rnode, const void *cnode, int flags, "
    "int type, ...)",
    "void sysctl_teardown(void *log)",
    # sys/vnode.h, sys/mount.h, sys/namei.h
    "int bdevvp(dev_t dev, struct vnode **vpp)",
    "int cdevvp(dev_t dev, struct vnode **vpp)",
    "int vfinddev(dev_t dev, enum vtype type, struct vnode **vpp)",
    "void vdevgone(int maj, int minl, int minh, enum vtype type)",
    "void vrevoke(struct vnode *vp)",
    "void vwakeup(struct buf *bp)",
    "struct vnode *vnalloc(struct mount *mp)",
    "void vnfree(struct vnode *vp)",
    "void vmark(struct vnode *mvp, struct vnode *vp)",
    "struct vnode *vunmark(struct vnode *mvp)",
    "void vrelel(struct vnode *vp, int flags)",
    "int vn_isunder(struct vnode *dvp, struct vnode *rvp, struct lwp *l)",
    "int vn_readdir(struct file *fp, char *buf, int segflg, u_int count, int *done, struct lwp *l, "
    "off_t **cookies, int *ncookies)",
    "int vn_stat(struct vnode *vp, struct stat *sb)",
    "int vn_kqfilter(struct file *fp, struct knote *kn)",
    "int vn_extattr_get(struct vnode *vp, int ioflg, int ns, const char *name, size_t *buflen, void *buf, "
    "struct lwp *l)",
    "int vn_extattr_set(struct vnode *vp, int ioflg, int ns, const char *name, size_t buflen, "
    "const void *buf, struct lwp *l)",
    "int vn_extattr_rm(struct vnode *vp, int ioflg, int ns, const char *name, struct lwp *l)",
    "void vn_ra_allocctx(struct vnode *vp)",
    "void vn_syncer_add_to_worklist(struct vnode *vp, int delay)",
    "void vn_syncer_remove_from_worklist(struct vnode *vp)",
    "int speedup_syncer(void)",
    "int dorevoke(struct vnode *vp, kauth_cred_t cred)",
    "int vfs_drainvnodes(long target, struct lwp *l)",
    "int dounmount(struct mount *mp, int flags, struct lwp *l)",
    "struct mount *vfs_mountalloc(struct vfsops *vfsops, struct vnode *vp)",
    "int vfs_rootmountalloc(const char *fstypename, const char *devname, struct mount **mpp)",
    "void vfs_destroy(struct mount *mp)",
    "int vfs_composefh(struct vnode *vp, fhandle_t *fhp, size_t *fh_size)",
    "int vfs_composefh_alloc(struct vnode *vp, fhandle_t **fhpp)",
    "void vfs_composefh_free(fhandle_t *fhp)",
    "int vfs_fhtovp(fhandle_t *fhp, struct vnode **vpp)",
    "int mount_specific_key_create(specificdata_key_t *keyp, specificdata_dtor_t *dtor)",
    "void mount_specific_key_delete(u_int key)",
    "void *mount_getspecific(struct mount *mp, u_int key)",
    "void mount_setspecific(struct mount *mp, u_int key, void *data)",
    "int lookup(struct nameidata *ndp)",
    "int relookup(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp)",
    # sys/buf.h, sys/bufq.h
    "int allocbuf(struct buf *bp, int size, int preserve)",
    "int bbusy(struct buf *bp, bool intr, int timo, kmutex_t *interlock)",
    "void bremfree(struct buf *bp)",
    "void brelvp(struct buf *bp)",
    "void bgetvp(struct vnode *vp, struct buf *bp)",
    "void reassignbuf(struct buf *bp, struct vnode *vp)",
    "int buf_drain(int n)",
    "int buf_setvalimit(vsize_t sz)",
    "u_long buf_memcalc(void)",
    "void nestiobuf_setup(struct buf *mbp, struct buf *bp, int offset, size_t size)",
    "void nestiobuf_done(struct buf *mbp, int donebytes, int error)",
    "void nestiobuf_iodone(struct buf *bp)",
    "int bufq_alloc(struct bufq_state **bufqp, const char *strategy, int flags)",
    "void bufq_free(struct bufq_state *bufq)",
    "void bufq_put(struct bufq_state *bufq, struct buf *bp)",
    "struct buf *bufq_get(struct bufq_state *bufq)",
    "struct buf *bufq_peek(struct bufq_state *bufq)",
    "struct buf *bufq_cancel(struct bufq_state *bufq, struct buf *bp)",
    "void bufq_drain(struct bufq_state *bufq)",
    "void bufq_move(struct bufq_state *to, struct bufq_state *from)",
    "const char *bufq_getstrategyname(struct bufq_state *bufq)",
    # sys/rb.h
    "void rb_tree_init(struct rb_tree *rbt, const struct rb_tree_ops *ops)",
    "bool rb_tree_insert_node(struct rb_tree *rbt, struct rb_node *node)",
    "void rb_tree_remove_node(struct rb_tree *rbt, struct rb_node *node)",
    "struct rb_node *rb_tree_find_node(struct rb_tree *rbt, const void *key)",
    "struct rb_node *rb_tree_find_node_geq(struct rb_tree *rbt, const void *key)",
    "struct rb_node *rb_tree_find_node_leq(struct rb_tree *rbt, const void *key)",
    "struct rb_node *rb_tree_iterate(struct rb_tree *rbt, struct rb_node *node, u_int direction)",
    # uvm/uvm_extern.h
    "void uvm_vnp_zerorange(struct vnode *vp, off_t off, size_t len)",
    "void *ubc_alloc(struct uvm_object *uobj, off_t offset, vsize_t *lenp, int advice, int flags)",
    "void ubc_release(void *va, int flags)",
    "int ubc_uiomove(struct uvm_object *uobj, struct uio *uio, vsize_t todo, int advice, int flags)",
    # miscfs/specfs/specdev.h, miscfs/fifofs/fifo.h, miscfs/syncfs/syncfs.h, miscfs/genfs/layer*.h
    *(f"int spec_{name}(void *v)" for name in _SPEC.split()),
    *(f"int fifo_{name}(void *v)" for name in _FIFO.split()),
    *(f"int sync_{name}(void *v)" for name in _SYNC.split()),
    *(f"int layer_{name}(void *v)" for name in _LAYER.split()),
    "void spec_node_revoke(struct vnode *vp)",
    "int vfs_allocate_syncvnode(struct mount *mp)",
    "void vfs_deallocate_syncvnode(struct mount *mp)",
    "void layerfs_init(void)",
    "void layerfs_done(void)",
    "int layer_node_alloc(struct mount *mp, struct vnode *lowervp, struct vnode **vpp)",
    "int layer_node_create(struct mount *mp, struct vnode *lowervp, struct vnode **vpp)",
    "struct vnode *layer_node_find(struct mount *mp, struct vnode *lowervp)",
    "struct vnode *layer_checkvp(struct vnode *vp, const char *fil, int lno)",
    "int layerfs_start(struct mount *mp, int flags)",
    "int layerfs_root(struct mount *mp, struct vnode **vpp)",
    "int layerfs_quotactl(struct mount *mp, int cmd, uid_t uid, void *arg)",
    "int layerfs_statvfs(struct mount *mp, struct statvfs *sbp)",
    "int layerfs_sync(struct mount *mp, int waitfor, struct kauth_cred *cred)",
    "int layerfs_vget(struct mount *mp, ino_t ino, struct vnode **vpp)",
    "int layerfs_fhtovp(struct mount *mp, struct fid *fh, struct vnode **vpp)",
    "int layerfs_vptofh(struct vnode *vp, struct fid *fh, size_t *len)",
    "int layerfs_snapshot(struct mount *mp, struct vnode *vp, struct timespec *ts)",
    "int layerfs_renamelock_enter(struct mount *mp)",
    "void layerfs_renamelock_exit(struct mount *mp)",
    "int genfs_gop_write(struct vnode *vp, struct vm_page **pgs, int npages, int flags)",
    "int genfs_compat_gop_write(struct vnode *vp, struct vm_page **pgs, int npages, int flags)",
    "void genfs_directio(struct vnode *vp, struct uio *uio, int ioflag)",
    # sys/file.h, sys/filedesc.h
    "int closef(struct file *fp)",
    "int dofileread(int fd, struct file *fp, void *buf, size_t nbyte, off_t *offset, int flags, "
    "register_t *retval)",
    "int dofilewrite(int fd, struct file *fp, const void *buf, size_t nbyte, off_t *offset, int flags, "
    "register_t *retval)",
    "struct file *fd_getfile(u_int fd)",
    "void fd_putfile(u_int fd)",
    "struct file *fd_getfile2(struct proc *p, u_int fd)",
    "int fd_getvnode(u_int fd, struct file **fpp)",
    "void fd_putvnode(u_int fd)",
    "int fd_getsock(u_int fd, struct socket **sop)",
    "void fd_putsock(u_int fd)",
    "int fd_allocfile(struct file **fpp, int *fdp)",
    "void fd_affix(struct proc *p, struct file *fp, u_int fd)",
    "void fd_abort(struct proc *p, struct file *fp, u_int fd)",
    "int fd_alloc(struct proc *p, int want, int *result)",
    "int fd_close(u_int fd)",
    "int fd_dup(struct file *fp, int minfd, int *newp, bool exclose)",
    "int fd_dup2(struct file *fp, u_int newfd)",
    "int fd_clone(struct file *fp, u_int fd, int flag, const struct fileops *fops, void *data)",
    "int fd_dupopen(int old, int *newp, int mode, int error)",
    "struct cwdinfo *cwdinit(void)",
    "void cwdfree(struct cwdinfo *cwdi)",
    "int getcwd_common(struct vnode *lvp, struct vnode *rvp, char **bpp, char *bufp, int limit, int flags, "
    "struct lwp *l)",
)
NAMES = frozenset(text.partition("(")[0].split()[-1].lstrip("*") for text in PROTOTYPES)
