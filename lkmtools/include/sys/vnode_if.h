/* <sys/vnode_if.h>: the vnode operations: what each is called with, and how the kernel and modules call it. */

#include <sys/vnode.h>	/* which includes this file */

#ifndef _SYS_VNODE_IF_H_
#define _SYS_VNODE_IF_H_

#ifdef _KERNEL
struct buf;
struct flock;
struct knote;
struct uio;
struct vm_page;

#define VNODE_OPS_COUNT	48

/* What a vector does when it has nothing else for an operation. */
extern const struct vnodeop_desc vop_default_desc;

/* The last member before NetBSD 5. */
#if __LKM_API < 400
#define __LKM_CALLER	struct proc *a_p;
#elif __LKM_API < 500
#define __LKM_CALLER	struct lwp *a_l;
#else
#define __LKM_CALLER
#endif

/* Leases of files, which NetBSD 4.0 was the last to ask for. */
#if __LKM_API < 500
#define LEASE_READ	0x1
#define LEASE_WRITE	0x2
#define VOP_LEASE(vp, caller, cred, flag)	((void)0)
#endif

/* Operations that NetBSD 5 does not have: a table may name them, nobody calls them. */
#if __LKM_API < 500
static const struct vnodeop_desc __lkm_no_desc __unused = { .vdesc_offset = VDESC_NO_OFFSET };
#define vop_lease_desc		__lkm_no_desc
#endif
#if __LKM_API < 400
#define vop_blkatoff_desc	__lkm_no_desc
#define vop_reallocblks_desc	__lkm_no_desc
#define vop_truncate_desc	__lkm_no_desc
#define vop_update_desc		__lkm_no_desc
#define vop_valloc_desc		__lkm_no_desc
#define vop_vfree_desc		__lkm_no_desc
#endif

struct vop_lookup_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct vnode **a_vpp;
	struct componentname *a_cnp;
};
extern const struct vnodeop_desc vop_lookup_desc;
int	VOP_LOOKUP(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp __lkm_more);

struct vop_create_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct vnode **a_vpp;
	struct componentname *a_cnp;
	struct vattr *a_vap;
};
extern const struct vnodeop_desc vop_create_desc;
int	VOP_CREATE(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp, struct vattr *vap __lkm_more);

struct vop_mknod_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct vnode **a_vpp;
	struct componentname *a_cnp;
	struct vattr *a_vap;
};
extern const struct vnodeop_desc vop_mknod_desc;
int	VOP_MKNOD(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp, struct vattr *vap __lkm_more);

struct vop_open_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_mode;
	kauth_cred_t a_cred;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_open_desc;
int	VOP_OPEN(struct vnode *vp, int mode, kauth_cred_t cred __lkm_more);

struct vop_close_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_fflag;
	kauth_cred_t a_cred;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_close_desc;
int	VOP_CLOSE(struct vnode *vp, int fflag, kauth_cred_t cred __lkm_more);

struct vop_access_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_mode;
	kauth_cred_t a_cred;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_access_desc;
int	VOP_ACCESS(struct vnode *vp, int mode, kauth_cred_t cred __lkm_more);

struct vop_getattr_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	struct vattr *a_vap;
	kauth_cred_t a_cred;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_getattr_desc;
int	VOP_GETATTR(struct vnode *vp, struct vattr *vap, kauth_cred_t cred __lkm_more);

struct vop_setattr_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	struct vattr *a_vap;
	kauth_cred_t a_cred;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_setattr_desc;
int	VOP_SETATTR(struct vnode *vp, struct vattr *vap, kauth_cred_t cred __lkm_more);

struct vop_read_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	struct uio *a_uio;
	int a_ioflag;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_read_desc;
int	VOP_READ(struct vnode *vp, struct uio *uio, int ioflag, kauth_cred_t cred __lkm_more);

struct vop_write_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	struct uio *a_uio;
	int a_ioflag;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_write_desc;
int	VOP_WRITE(struct vnode *vp, struct uio *uio, int ioflag, kauth_cred_t cred __lkm_more);

struct vop_ioctl_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	u_long a_command;
	void *a_data;
	int a_fflag;
	kauth_cred_t a_cred;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_ioctl_desc;
int	VOP_IOCTL(struct vnode *vp, u_long command, void *data, int fflag, kauth_cred_t cred __lkm_more);

struct vop_fcntl_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	u_int a_command;
	void *a_data;
	int a_fflag;
	kauth_cred_t a_cred;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_fcntl_desc;
int	VOP_FCNTL(struct vnode *vp, u_int command, void *data, int fflag, kauth_cred_t cred __lkm_more);

struct vop_poll_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_events;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_poll_desc;
int	VOP_POLL(struct vnode *vp, int events __lkm_more);

struct vop_kqfilter_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	struct knote *a_kn;
};
extern const struct vnodeop_desc vop_kqfilter_desc;
int	VOP_KQFILTER(struct vnode *vp, struct knote *kn __lkm_more);

struct vop_revoke_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_flags;
};
extern const struct vnodeop_desc vop_revoke_desc;
int	VOP_REVOKE(struct vnode *vp, int flags __lkm_more);

struct vop_mmap_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	vm_prot_t a_prot;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_mmap_desc;
int	VOP_MMAP(struct vnode *vp, vm_prot_t prot, kauth_cred_t cred __lkm_more);

struct vop_fsync_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	kauth_cred_t a_cred;
#if defined(__OpenBSD__)
	int a_waitfor;
#else
	int a_flags;
#endif
#if __LKM_API >= 200
	voff_t a_offlo;
	voff_t a_offhi;
#endif
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_fsync_desc;
#if __LKM_API < 200
int	VOP_FSYNC(struct vnode *vp, kauth_cred_t cred, int flags, ...);
#else
int	VOP_FSYNC(struct vnode *vp, kauth_cred_t cred, int flags, voff_t offlo, voff_t offhi __lkm_more);
#endif

struct vop_seek_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	off_t a_oldoff;
	off_t a_newoff;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_seek_desc;
int	VOP_SEEK(struct vnode *vp, off_t oldoff, off_t newoff, kauth_cred_t cred __lkm_more);

struct vop_remove_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct vnode *a_vp;
	struct componentname *a_cnp;
};
extern const struct vnodeop_desc vop_remove_desc;
int	VOP_REMOVE(struct vnode *dvp, struct vnode *vp, struct componentname *cnp __lkm_more);

struct vop_link_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct vnode *a_vp;
	struct componentname *a_cnp;
};
extern const struct vnodeop_desc vop_link_desc;
int	VOP_LINK(struct vnode *dvp, struct vnode *vp, struct componentname *cnp __lkm_more);

struct vop_rename_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_fdvp;
	struct vnode *a_fvp;
	struct componentname *a_fcnp;
	struct vnode *a_tdvp;
	struct vnode *a_tvp;
	struct componentname *a_tcnp;
};
extern const struct vnodeop_desc vop_rename_desc;
int	VOP_RENAME(struct vnode *fdvp, struct vnode *fvp, struct componentname *fcnp, struct vnode *tdvp,
	    struct vnode *tvp, struct componentname *tcnp __lkm_more);

struct vop_mkdir_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct vnode **a_vpp;
	struct componentname *a_cnp;
	struct vattr *a_vap;
};
extern const struct vnodeop_desc vop_mkdir_desc;
int	VOP_MKDIR(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp, struct vattr *vap __lkm_more);

struct vop_rmdir_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct vnode *a_vp;
	struct componentname *a_cnp;
};
extern const struct vnodeop_desc vop_rmdir_desc;
int	VOP_RMDIR(struct vnode *dvp, struct vnode *vp, struct componentname *cnp __lkm_more);

struct vop_symlink_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct vnode **a_vpp;
	struct componentname *a_cnp;
	struct vattr *a_vap;
	char *a_target;
};
extern const struct vnodeop_desc vop_symlink_desc;
int	VOP_SYMLINK(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp, struct vattr *vap,
	    char *target __lkm_more);

struct vop_readdir_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	struct uio *a_uio;
	kauth_cred_t a_cred;
	int *a_eofflag;
#if defined(__OpenBSD__)
	int *a_ncookies;
	u_long **a_cookies;
#else
	off_t **a_cookies;
	int *a_ncookies;
#endif
};
extern const struct vnodeop_desc vop_readdir_desc;
int	VOP_READDIR(struct vnode *vp, struct uio *uio, kauth_cred_t cred, int *eofflag, off_t **cookies,
	    int *ncookies __lkm_more);

struct vop_readlink_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	struct uio *a_uio;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_readlink_desc;
int	VOP_READLINK(struct vnode *vp, struct uio *uio, kauth_cred_t cred __lkm_more);

struct vop_abortop_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct componentname *a_cnp;
};
extern const struct vnodeop_desc vop_abortop_desc;
int	VOP_ABORTOP(struct vnode *dvp, struct componentname *cnp __lkm_more);

struct vop_inactive_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
#if __LKM_API < 500
	__LKM_CALLER
#else
	bool *a_recycle;
#endif
};
extern const struct vnodeop_desc vop_inactive_desc;
int	VOP_INACTIVE(struct vnode *vp, bool *recycle __lkm_more);

struct vop_reclaim_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_reclaim_desc;
int	VOP_RECLAIM(struct vnode *vp __lkm_more);

struct vop_lock_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_flags;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_lock_desc;
int	VOP_LOCK(struct vnode *vp, int flags __lkm_more);

struct vop_unlock_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_flags;
	__LKM_CALLER
};
extern const struct vnodeop_desc vop_unlock_desc;
int	VOP_UNLOCK(struct vnode *vp, int flags __lkm_more);

struct vop_bmap_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	daddr_t a_bn;
	struct vnode **a_vpp;
	daddr_t *a_bnp;
	int *a_runp;
};
extern const struct vnodeop_desc vop_bmap_desc;
int	VOP_BMAP(struct vnode *vp, daddr_t bn, struct vnode **vpp, daddr_t *bnp, int *runp __lkm_more);

struct vop_strategy_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	struct buf *a_bp;
};
extern const struct vnodeop_desc vop_strategy_desc;
int	VOP_STRATEGY(struct vnode *vp, struct buf *bp __lkm_more);

struct vop_print_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
};
extern const struct vnodeop_desc vop_print_desc;
int	VOP_PRINT(struct vnode *vp __lkm_more);

struct vop_islocked_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
};
extern const struct vnodeop_desc vop_islocked_desc;
int	VOP_ISLOCKED(struct vnode *vp __lkm_more);

struct vop_pathconf_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_name;
	register_t *a_retval;
};
extern const struct vnodeop_desc vop_pathconf_desc;
int	VOP_PATHCONF(struct vnode *vp, int name, register_t *retval __lkm_more);

struct vop_advlock_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	void *a_id;
	int a_op;
	struct flock *a_fl;
	int a_flags;
};
extern const struct vnodeop_desc vop_advlock_desc;
int	VOP_ADVLOCK(struct vnode *vp, void *id, int op, struct flock *fl, int flags __lkm_more);

struct vop_whiteout_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_dvp;
	struct componentname *a_cnp;
	int a_flags;
};
extern const struct vnodeop_desc vop_whiteout_desc;
int	VOP_WHITEOUT(struct vnode *dvp, struct componentname *cnp, int flags __lkm_more);

struct vop_getpages_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	voff_t a_offset;
	struct vm_page **a_m;
	int *a_count;
	int a_centeridx;
	vm_prot_t a_access_type;
	int a_advice;
	int a_flags;
};
extern const struct vnodeop_desc vop_getpages_desc;
int	VOP_GETPAGES(struct vnode *vp, voff_t offset, struct vm_page **m, int *count, int centeridx,
	    vm_prot_t access_type, int advice, int flags __lkm_more);

struct vop_putpages_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	voff_t a_offlo;
	voff_t a_offhi;
	int a_flags;
};
extern const struct vnodeop_desc vop_putpages_desc;
int	VOP_PUTPAGES(struct vnode *vp, voff_t offlo, voff_t offhi, int flags __lkm_more);

struct vop_closeextattr_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_commit;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_closeextattr_desc;
int	VOP_CLOSEEXTATTR(struct vnode *vp, int commit, kauth_cred_t cred __lkm_more);

struct vop_getextattr_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_attrnamespace;
	const char *a_name;
	struct uio *a_uio;
	size_t *a_size;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_getextattr_desc;
int	VOP_GETEXTATTR(struct vnode *vp, int attrnamespace, const char *name, struct uio *uio, size_t *size,
	    kauth_cred_t cred __lkm_more);

struct vop_listextattr_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_attrnamespace;
	struct uio *a_uio;
	size_t *a_size;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_listextattr_desc;
int	VOP_LISTEXTATTR(struct vnode *vp, int attrnamespace, struct uio *uio, size_t *size, kauth_cred_t cred __lkm_more);

struct vop_openextattr_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_openextattr_desc;
int	VOP_OPENEXTATTR(struct vnode *vp, kauth_cred_t cred __lkm_more);

struct vop_deleteextattr_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_attrnamespace;
	const char *a_name;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_deleteextattr_desc;
int	VOP_DELETEEXTATTR(struct vnode *vp, int attrnamespace, const char *name, kauth_cred_t cred __lkm_more);

struct vop_setextattr_args {
	const struct vnodeop_desc *a_desc;
	struct vnode *a_vp;
	int a_attrnamespace;
	const char *a_name;
	struct uio *a_uio;
	kauth_cred_t a_cred;
};
extern const struct vnodeop_desc vop_setextattr_desc;
int	VOP_SETEXTATTR(struct vnode *vp, int attrnamespace, const char *name, struct uio *uio, kauth_cred_t cred __lkm_more);

struct vop_bwrite_args {
	const struct vnodeop_desc *a_desc;
	struct buf *a_bp;
};
extern const struct vnodeop_desc vop_bwrite_desc;
int	VOP_BWRITE(struct buf *bp __lkm_more);

#endif

#endif
