/* A VFS module of NetBSD before 5.0 and of OpenBSD: a directory with one file, whose text mount(2) brings. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/dirent.h>
#include <sys/fcntl.h>
#include <sys/malloc.h>
#include <sys/mount.h>
#include <sys/namei.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/vnode.h>
#include <miscfs/genfs/genfs.h>
#include <sys/exec.h>
#include <sys/lkm.h>

#ifdef __OpenBSD__
#define VN_LOCK(vp, flags, p)	vn_lock(vp, flags, p)
#define old_lock	vop_generic_lock
#define old_unlock	vop_generic_unlock
#define old_islocked	vop_generic_islocked
#else
#define VN_LOCK(vp, flags, p)	vn_lock(vp, flags)
#define old_lock	genfs_lock
#define old_unlock	genfs_unlock
#define old_islocked	genfs_islocked
#endif

#if defined(__OpenBSD__) || __NetBSD_Version__ < 200000000
#define OLDEST
#define DATA	caddr_t
#else
#define DATA	void *
#define statfs	statvfs
#endif
#if !defined(__OpenBSD__) && __NetBSD_Version__ >= 400000000
#define proc	lwp
#undef curproc
#define curproc	curlwp
#define a_p	a_l
#define cn_proc	cn_lwp
typedef kauth_cred_t	cred_t;
#else
typedef struct ucred	*cred_t;
#endif

struct node {
	struct vnode	*vnode;
	enum vtype	 type;
};
struct old_mount {
	struct node	root, file;
	char		text[64];
};
struct old_args {
	char	*text;
};
#ifndef MODULE
#define MODULE	"oldfs"
#endif
#define NODE(vp)	((struct node *)(vp)->v_data)
#define MOUNT(mp)	((struct old_mount *)(mp)->mnt_data)

int (**old_vnodeop_p)(void *);

static int
old_node(struct mount *mp, struct node *np, enum vtype type, struct vnode **vpp)
{
	int error;

	if (np->vnode != NULL)
		return vget(*vpp = np->vnode, LK_EXCLUSIVE | LK_RETRY, curproc);
	if ((error = getnewvnode(VT_KERNFS, mp, old_vnodeop_p, vpp)) != 0)
		return error;
	np->vnode = *vpp;
	np->type = (*vpp)->v_type = type;
	(*vpp)->v_data = np;
	if (type == VDIR)
		(*vpp)->v_flag |= VROOT;
	return VN_LOCK(*vpp, LK_EXCLUSIVE | LK_RETRY, curproc);
}

static int
old_mount(struct mount *mp, const char *path, void *data, struct nameidata *ndp, struct proc *p)
{
	struct old_args args;
	struct old_mount *om;
	size_t size;
	int error;

	if (ndp == NULL || p != curproc)
		return EFAULT;
	if (mp->mnt_flag & MNT_UPDATE)
		return EOPNOTSUPP;
	if ((error = copyin(data, (caddr_t)&args, sizeof(args))) != 0)
		return error;
	MALLOC(om, struct old_mount *, sizeof(*om), M_MISCFSMNT, M_WAITOK);
	bzero((caddr_t)om, sizeof(*om));
	if ((error = copyinstr(args.text, om->text, sizeof(om->text), &size)) != 0) {
		FREE(om, M_MISCFSMNT);
		return error;
	}
	mp->mnt_data = om;
	mp->mnt_flag |= MNT_LOCAL;
	copyinstr(path, mp->mnt_stat.f_mntonname, MNAMELEN - 1, &size);
	bcopy("old", mp->mnt_stat.f_mntfromname, 4);
#ifdef OLDEST
#ifdef __OpenBSD__
	vfs_getnewfsid(mp);
#else
	vfs_getnewfsid(mp, "old");
#endif
#else
	mp->mnt_stat.f_fsidx.__fsid_val[0] = mp->mnt_stat.f_fsid = 77;
	if ((error = set_statvfs_info(path, UIO_USERSPACE, "of old", UIO_SYSSPACE, mp, p)) != 0)
		return error;
#endif
	return 0;
}

static int
old_start(struct mount *mp, int flags, struct proc *p)
{
	printf("old_start: %s\n", p == curproc ? "called by curproc" : "called by another");
	return 0;
}

static int
old_unmount(struct mount *mp, int mntflags, struct proc *p)
{
	struct vnode *rootvp = MOUNT(mp)->root.vnode;
	int error;

	if ((error = vflush(mp, rootvp, mntflags & MNT_FORCE ? FORCECLOSE : 0)) != 0)
		return error;
	if (rootvp != NULL)
		vgone(rootvp);	/* which has no references */
	FREE(mp->mnt_data, M_MISCFSMNT);
	mp->mnt_data = NULL;
	return 0;
}

static int
old_root(struct mount *mp, struct vnode **vpp)
{
	return old_node(mp, &MOUNT(mp)->root, VDIR, vpp);
}

static int
old_statfs(struct mount *mp, struct statfs *sbp, struct proc *p)
{
	sbp->f_bsize = sbp->f_iosize = 512;
	sbp->f_blocks = 3;
	sbp->f_files = 2;
	if (sbp != &mp->mnt_stat) {
#ifdef OLDEST
		bcopy((caddr_t)&mp->mnt_stat.f_fsid, (caddr_t)&sbp->f_fsid, sizeof(sbp->f_fsid));
		bcopy(mp->mnt_stat.f_mntonname, sbp->f_mntonname, MNAMELEN);
		bcopy(mp->mnt_stat.f_mntfromname, sbp->f_mntfromname, MNAMELEN);
#else
		copy_statvfs_info(sbp, mp);
#endif
	}
#ifdef __OpenBSD__
	strlcpy(sbp->f_fstypename, mp->mnt_vfc->vfc_name, MFSNAMELEN);
#endif
	return p == curproc ? 0 : EPERM;
}

static int
old_sync(struct mount *mp, int waitfor, cred_t cred, struct proc *p)
{
	return p == curproc ? 0 : EPERM;
}

static int
old_lookup(void *v)
{
	struct vop_lookup_args *ap = v;
	struct componentname *cnp = ap->a_cnp;
	struct vnode *dvp = ap->a_dvp;
	int error;

	*ap->a_vpp = NULLVP;
	if (cnp->cn_proc != curproc)
		return EPERM;
	if (cnp->cn_namelen == 1 && cnp->cn_nameptr[0] == '.') {
		VREF(dvp);
		*ap->a_vpp = dvp;
		return 0;
	}
	if (cnp->cn_namelen != 4 || bcmp(cnp->cn_nameptr, "file", 4) != 0)
		return cnp->cn_nameiop == LOOKUP ? ENOENT : cnp->cn_nameiop == CREATE ? EJUSTRETURN : EROFS;
	if ((error = old_node(dvp->v_mount, &MOUNT(dvp->v_mount)->file, VREG, ap->a_vpp)) != 0)
		return error;
	if ((cnp->cn_flags & (LOCKPARENT | ISLASTCN)) != (LOCKPARENT | ISLASTCN))
		VOP_UNLOCK(dvp, 0, curproc);
#ifdef SLEEPS
	tsleep(dvp, PVFS, "oldlook", 2);
#endif
	return 0;
}

static int
old_open(void *v)
{
	struct vop_open_args *ap = v;

	return ap->a_p == curproc && !(ap->a_mode & FWRITE) ? 0 : EACCES;
}

static int
old_close(void *v)
{
	struct vop_close_args *ap = v;

	return ap->a_p == curproc ? 0 : EACCES;
}

static int
old_access(void *v)
{
	struct vop_access_args *ap = v;

	return ap->a_p == curproc ? 0 : EACCES;
}

static int
old_getattr(void *v)
{
	struct vop_getattr_args *ap = v;
	struct vattr *vap = ap->a_vap;
	struct node *np = NODE(ap->a_vp);

	if (ap->a_p != curproc)
		return EACCES;
	VATTR_NULL(vap);
	vap->va_type = np->type;
	vap->va_mode = np->type == VDIR ? 0555 : 0444;
	vap->va_nlink = 1;
	vap->va_uid = vap->va_gid = 0;
#ifdef OLDEST
	vap->va_fsid = ap->a_vp->v_mount->mnt_stat.f_fsid.val[0];
#else
	vap->va_fsid = ap->a_vp->v_mount->mnt_stat.f_fsidx.__fsid_val[0];
#endif
	vap->va_fileid = np->type == VDIR ? 2 : 3;
	vap->va_size = np->type == VDIR ? 512 : strlen(MOUNT(ap->a_vp->v_mount)->text);
	vap->va_blocksize = 512;
	vap->va_bytes = vap->va_size;
	bzero((caddr_t)&vap->va_mtime, sizeof(vap->va_mtime));
	vap->va_atime = vap->va_ctime = vap->va_mtime;
	vap->va_flags = vap->va_gen = vap->va_filerev = 0;
	vap->va_rdev = 0;
	return 0;
}

static int
old_read(void *v)
{
	struct vop_read_args *ap = v;
	struct uio *uio = ap->a_uio;
	char *text = MOUNT(ap->a_vp->v_mount)->text;
	int left = strlen(text) - (int)uio->uio_offset;

	return left > 0 ? uiomove(text + uio->uio_offset, left, uio) : 0;
}

static int
old_readdir(void *v)
{
	struct vop_readdir_args *ap = v;
	struct uio *uio = ap->a_uio;
	struct dirent d;
	int error = 0;

	if (ap->a_eofflag != NULL)
		*ap->a_eofflag = 1;
	if (ap->a_ncookies != NULL)
		*ap->a_ncookies = 0;
	if (uio->uio_offset == 0 && uio->uio_resid >= sizeof(d)) {
		bzero((caddr_t)&d, sizeof(d));
		d.d_fileno = 3;
		d.d_type = DT_REG;
		d.d_namlen = 4;
		bcopy("file", d.d_name, 5);
		d.d_reclen = _DIRENT_SIZE(&d);
		error = uiomove((caddr_t)&d, d.d_reclen, uio);
	}
	return error;
}

static int
old_inactive(void *v)
{
	struct vop_inactive_args *ap = v;

	VOP_UNLOCK(ap->a_vp, 0, ap->a_p);
	return ap->a_p == curproc ? 0 : EACCES;
}

static int
old_reclaim(void *v)
{
	struct vop_reclaim_args *ap = v;

	NODE(ap->a_vp)->vnode = NULL;
	ap->a_vp->v_data = NULL;
	return 0;
}

static int
old_mkdir(void *v)
{
	struct vop_mkdir_args *ap = v;

	FREE(ap->a_cnp->cn_pnbuf, M_NAMEI);
	vput(ap->a_dvp);
	return EROFS;
}

static int
old_fsync(void *v)
{
	struct vop_fsync_args *ap = v;

	return ap->a_p == curproc ? 0 : EACCES;
}

static struct vnodeopv_entry_desc old_vnodeop_entries[] = {
	{ &vop_default_desc, vn_default_error },
	{ &vop_lookup_desc, old_lookup },
	{ &vop_open_desc, old_open },
	{ &vop_close_desc, old_close },
	{ &vop_access_desc, old_access },
	{ &vop_getattr_desc, old_getattr },
	{ &vop_read_desc, old_read },
	{ &vop_readdir_desc, old_readdir },
	{ &vop_inactive_desc, old_inactive },
	{ &vop_reclaim_desc, old_reclaim },
	{ &vop_mkdir_desc, old_mkdir },
	{ &vop_fsync_desc, old_fsync },
	{ &vop_lock_desc, old_lock },
	{ &vop_unlock_desc, old_unlock },
	{ &vop_islocked_desc, old_islocked },
	{ &vop_lease_desc, genfs_lease_check },
#if defined(__OpenBSD__) || __NetBSD_Version__ < 400000000
	{ &vop_blkatoff_desc, genfs_badop },
	{ &vop_valloc_desc, genfs_badop },
	{ &vop_reallocblks_desc, genfs_badop },
	{ &vop_vfree_desc, genfs_badop },
	{ &vop_truncate_desc, genfs_badop },
	{ &vop_update_desc, genfs_badop },
#endif
	{ NULL, NULL }
};
struct vnodeopv_desc old_vnodeop_opv_desc = { &old_vnodeop_p, old_vnodeop_entries };

#define old_quotactl	((int (*)(struct mount *, int, uid_t, DATA, struct proc *))eopnotsupp)
#define old_vget	((int (*)(struct mount *, ino_t, struct vnode **))eopnotsupp)
#define old_fhtovp	((int (*)(struct mount *, struct fid *, struct vnode **))eopnotsupp)
#if defined(__OpenBSD__) || __NetBSD_Version__ < 400000000
#define old_vptofh	((int (*)(struct vnode *, struct fid *))eopnotsupp)
#else
#define old_vptofh	((int (*)(struct vnode *, struct fid *, size_t *))eopnotsupp)
#endif
#define old_sysctl	((int (*)(int *, u_int, void *, size_t *, void *, size_t, struct proc *))eopnotsupp)
#define old_checkexp	((int (*)(struct mount *, struct mbuf *, int *, struct ucred **))eopnotsupp)

#ifdef __OpenBSD__
static int
old_init(struct vfsconf *vfc)
{
	struct vfsops *known;

	vfs_opv_init_explicit(&old_vnodeop_opv_desc);
	vfs_opv_init_default(&old_vnodeop_opv_desc);
	if ((known = vfs_getopsbyname(vfc->vfc_name)) != NULL)
		vfs_delref(known);
	printf("old_init: %s\nold_init: it is %sknown\n", vfc->vfc_name, known == NULL ? "not " : "");
	return EIO;	/* nobody looks */
}

static const struct vfsops old_vfsops = {
	old_mount, old_start, old_unmount, old_root, old_quotactl, old_statfs, old_sync, old_vget, old_fhtovp,
	old_vptofh, old_init, old_sysctl, old_checkexp
};
static struct vfsconf old_vfsconf = { &old_vfsops, "oldfs", 0, 0, 0, NULL, NULL };
MOD_VFS(MODULE, -1, &old_vfsconf)
#else
static void
old_init(void)
{
	printf("old_init: oldfs\n");
}

#ifdef OLDEST
static struct vnodeopv_desc *old_vnodeopv_descs[] = { &old_vnodeop_opv_desc, NULL };
static struct vfsops old_vfsops = {
	"oldfs", old_mount, old_start, old_unmount, old_root, old_quotactl, old_statfs, old_sync, old_vget, old_fhtovp,
	old_vptofh, old_init, old_sysctl, NULL, old_checkexp, old_vnodeopv_descs, 0, { NULL, NULL }
};
#else
static void
old_done(void)
{
	printf("old_done: oldfs\n");
}

static const struct vnodeopv_desc * const old_vnodeopv_descs[] = { &old_vnodeop_opv_desc, NULL };
static struct vfsops old_vfsops = {
	"oldfs", old_mount, old_start, old_unmount, old_root, old_quotactl, old_statfs, old_sync, old_vget, old_fhtovp,
	old_vptofh, old_init, NULL, old_done,
#if __NetBSD_Version__ >= 400000000
	NULL, (int (*)(struct mount *, struct vnode *, struct timespec *))eopnotsupp, vfs_stdextattrctl,
	old_vnodeopv_descs, 0, { NULL, NULL }
#else
	NULL, NULL, old_checkexp,
#ifdef SNAPSHOTS	/* as in 3.0 */
	(int (*)(struct mount *, struct vnode *, struct timespec *))eopnotsupp,
#endif
	old_vnodeopv_descs
#endif
};
#endif
MOD_VFS(MODULE, -1, &old_vfsops)
#endif

int
oldfs_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc)
}
