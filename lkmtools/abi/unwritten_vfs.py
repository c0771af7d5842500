"""Functions of files and file systems that headers declare and this kernel lacks (abi/unwritten.py)."""

# By header.
VFS = {
    "sys/vnode.h": """
        int bdevvp(dev_t dev, struct vnode **vpp);
        int cdevvp(dev_t dev, struct vnode **vpp);
        int vfinddev(dev_t dev, enum vtype type, struct vnode **vpp);
        void vdevgone(int maj, int minl, int minh, enum vtype type);
        void vrevoke(struct vnode *vp);
        void vwakeup(struct buf *bp);
        struct vnode *vnalloc(struct mount *mp);
        void vnfree(struct vnode *vp);
        void vmark(struct vnode *mvp, struct vnode *vp);
        struct vnode *vunmark(struct vnode *mvp);
        void vrelel(struct vnode *vp, int flags);
        int vn_isunder(struct vnode *dvp, struct vnode *rvp, struct lwp *l);
        int vn_readdir(struct file *fp, char *buf, int segflg, u_int count, int *done, struct
            lwp *l, off_t **cookies, int *ncookies);
        int vn_stat(struct vnode *vp, struct stat *sb);
        int vn_kqfilter(struct file *fp, struct knote *kn);
        int vn_extattr_get(struct vnode *vp, int ioflg, int ns, const char *name, size_t
            *buflen, void *buf, struct lwp *l);
        int vn_extattr_set(struct vnode *vp, int ioflg, int ns, const char *name, size_t buflen,
            const void *buf, struct lwp *l);
        int vn_extattr_rm(struct vnode *vp, int ioflg, int ns, const char *name, struct lwp *l);
        void vn_ra_allocctx(struct vnode *vp);
        void vn_syncer_add_to_worklist(struct vnode *vp, int delay);
        void vn_syncer_remove_from_worklist(struct vnode *vp);
        int speedup_syncer(void);
        int dorevoke(struct vnode *vp, kauth_cred_t cred);
        int vfs_drainvnodes(long target, struct lwp *l);
        """,
    "sys/mount.h": """
        int dounmount(struct mount *mp, int flags, struct lwp *l);
        struct mount *vfs_mountalloc(struct vfsops *vfsops, struct vnode *vp);
        int vfs_rootmountalloc(const char *fstypename, const char *devname, struct mount **mpp);
        void vfs_destroy(struct mount *mp);
        int vfs_composefh(struct vnode *vp, fhandle_t *fhp, size_t *fh_size);
        int vfs_composefh_alloc(struct vnode *vp, fhandle_t **fhpp);
        void vfs_composefh_free(fhandle_t *fhp);
        int vfs_fhtovp(fhandle_t *fhp, struct vnode **vpp);
        """,
    "sys/namei.h": """
        int lookup(struct nameidata *ndp);
        int relookup(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp);
        """,
    "sys/buf.h": """
        int allocbuf(struct buf *bp, int size, int preserve);
        int bbusy(struct buf *bp, bool intr, int timo, kmutex_t *interlock);
        void bremfree(struct buf *bp);
        void brelvp(struct buf *bp);
        void bgetvp(struct vnode *vp, struct buf *bp);
        void reassignbuf(struct buf *bp, struct vnode *vp);
        int buf_drain(int n);
        int buf_setvalimit(vsize_t sz);
        u_long buf_memcalc(void);
        void nestiobuf_setup(struct buf *mbp, struct buf *bp, int offset, size_t size);
        void nestiobuf_done(struct buf *mbp, int donebytes, int error);
        void nestiobuf_iodone(struct buf *bp);
        """,
    "sys/rb.h": """
        void rb_tree_init(struct rb_tree *rbt, const struct rb_tree_ops *ops);
        bool rb_tree_insert_node(struct rb_tree *rbt, struct rb_node *node);
        void rb_tree_remove_node(struct rb_tree *rbt, struct rb_node *node);
        struct rb_node *rb_tree_find_node(struct rb_tree *rbt, const void *key);
        struct rb_node *rb_tree_find_node_geq(struct rb_tree *rbt, const void *key);
        struct rb_node *rb_tree_find_node_leq(struct rb_tree *rbt, const void *key);
        struct rb_node *rb_tree_iterate(struct rb_tree *rbt, struct rb_node *node, u_int
            direction);
        """,
    "miscfs/specfs/specdev.h": """
        int spec_open(void *v);
        int spec_close(void *v);
        int spec_read(void *v);
        int spec_write(void *v);
        int spec_ioctl(void *v);
        int spec_poll(void *v);
        int spec_kqfilter(void *v);
        int spec_mmap(void *v);
        int spec_inactive(void *v);
        int spec_reclaim(void *v);
        int spec_fsync(void *v);
        int spec_strategy(void *v);
        int spec_bmap(void *v);
        int spec_print(void *v);
        int spec_pathconf(void *v);
        int spec_advlock(void *v);
        void spec_node_revoke(struct vnode *vp);
        """,
    "miscfs/fifofs/fifo.h": """
        int fifo_open(void *v);
        int fifo_close(void *v);
        int fifo_read(void *v);
        int fifo_write(void *v);
        int fifo_ioctl(void *v);
        int fifo_poll(void *v);
        int fifo_kqfilter(void *v);
        int fifo_inactive(void *v);
        int fifo_bmap(void *v);
        int fifo_print(void *v);
        int fifo_pathconf(void *v);
        int fifo_advlock(void *v);
        """,
    "miscfs/syncfs/syncfs.h": """
        int sync_fsync(void *v);
        int sync_inactive(void *v);
        int sync_reclaim(void *v);
        int sync_print(void *v);
        int vfs_allocate_syncvnode(struct mount *mp);
        void vfs_deallocate_syncvnode(struct mount *mp);
        """,
    "miscfs/genfs/layer_extern.h": """
        int layer_bypass(void *v);
        int layer_getattr(void *v);
        int layer_inactive(void *v);
        int layer_reclaim(void *v);
        int layer_print(void *v);
        int layer_bwrite(void *v);
        int layer_bmap(void *v);
        int layer_lock(void *v);
        int layer_unlock(void *v);
        int layer_islocked(void *v);
        int layer_fsync(void *v);
        int layer_lookup(void *v);
        int layer_setattr(void *v);
        int layer_access(void *v);
        int layer_open(void *v);
        int layer_remove(void *v);
        int layer_rename(void *v);
        int layer_rmdir(void *v);
        int layer_getpages(void *v);
        int layer_putpages(void *v);
        int layer_revoke(void *v);
        void layerfs_init(void);
        void layerfs_done(void);
        int layer_node_alloc(struct mount *mp, struct vnode *lowervp, struct vnode **vpp);
        int layer_node_create(struct mount *mp, struct vnode *lowervp, struct vnode **vpp);
        struct vnode *layer_node_find(struct mount *mp, struct vnode *lowervp);
        int layerfs_start(struct mount *mp, int flags);
        int layerfs_root(struct mount *mp, struct vnode **vpp);
        int layerfs_quotactl(struct mount *mp, int cmd, uid_t uid, void *arg);
        int layerfs_statvfs(struct mount *mp, struct statvfs *sbp);
        int layerfs_sync(struct mount *mp, int waitfor, struct kauth_cred *cred);
        int layerfs_vget(struct mount *mp, ino_t ino, struct vnode **vpp);
        int layerfs_fhtovp(struct mount *mp, struct fid *fh, struct vnode **vpp);
        int layerfs_vptofh(struct vnode *vp, struct fid *fh, size_t *len);
        int layerfs_snapshot(struct mount *mp, struct vnode *vp, struct timespec *ts);
        int layerfs_renamelock_enter(struct mount *mp);
        void layerfs_renamelock_exit(struct mount *mp);
        """,
    "miscfs/genfs/layer.h": """
        struct vnode *layer_checkvp(struct vnode *vp, const char *fil, int lno);
        """,
    "miscfs/genfs/genfs_node.h": """
        int genfs_gop_write(struct vnode *vp, struct vm_page **pgs, int npages, int flags);
        int genfs_compat_gop_write(struct vnode *vp, struct vm_page **pgs, int npages, int
            flags);
        void genfs_directio(struct vnode *vp, struct uio *uio, int ioflag);
        """,
    "sys/file.h": """
        int closef(struct file *fp);
        int dofileread(int fd, struct file *fp, void *buf, size_t nbyte, off_t *offset, int
            flags, register_t *retval);
        int dofilewrite(int fd, struct file *fp, const void *buf, size_t nbyte, off_t *offset,
            int flags, register_t *retval);
        """,
    "sys/filedesc.h": """
        struct file *fd_getfile(u_int fd);
        void fd_putfile(u_int fd);
        struct file *fd_getfile2(struct proc *p, u_int fd);
        int fd_getvnode(u_int fd, struct file **fpp);
        void fd_putvnode(u_int fd);
        int fd_getsock(u_int fd, struct socket **sop);
        void fd_putsock(u_int fd);
        int fd_allocfile(struct file **fpp, int *fdp);
        void fd_affix(struct proc *p, struct file *fp, u_int fd);
        void fd_abort(struct proc *p, struct file *fp, u_int fd);
        int fd_alloc(struct proc *p, int want, int *result);
        int fd_close(u_int fd);
        int fd_dup(struct file *fp, int minfd, int *newp, bool exclose);
        int fd_dup2(struct file *fp, u_int newfd);
        int fd_clone(struct file *fp, u_int fd, int flag, const struct fileops *fops, void
            *data);
        int fd_dupopen(int old, int *newp, int mode, int error);
        struct cwdinfo *cwdinit(void);
        void cwdfree(struct cwdinfo *cwdi);
        int getcwd_common(struct vnode *lvp, struct vnode *rvp, char **bpp, char *bufp, int
            limit, int flags, struct lwp *l);
        """,
    "sys/lockf.h": """
        int lf_advlock(struct vop_advlock_args *ap, struct lockf **head, off_t size);
        void lf_init(void);
        """,
    "sys/fstrans.h": """
        void fstrans_init(void);
        int _fstrans_start(struct mount *mp, enum fstrans_lock_type lock_type, int wait);
        void fstrans_done(struct mount *mp);
        int fstrans_is_owner(struct mount *mp);
        int fstrans_mount(struct mount *mp);
        void fstrans_unmount(struct mount *mp);
        int fstrans_setstate(struct mount *mp, enum fstrans_state new_state);
        enum fstrans_state fstrans_getstate(struct mount *mp);
        int fscow_establish(struct mount *mp, int (*func)(void *, struct buf *, bool), void *arg);
        int fscow_disestablish(struct mount *mp, int (*func)(void *, struct buf *, bool), void *arg);
        int fscow_run(struct buf *bp, bool data_valid);
        int vfs_suspend(struct mount *mp, int nowait);
        void vfs_resume(struct mount *mp);
        """,
}
