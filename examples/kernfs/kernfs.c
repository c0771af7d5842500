/*
 * kernfs: a read-only file system that shows the kernel's values as files.
 *
 * Nothing is stored: the files are rows of a table, and what is read is made at the time. The vnode of a file is made
 * when it is looked up and forgotten when it is not used.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/dirent.h>
#include <sys/kernel.h>
#include <sys/lkm.h>
#include <sys/malloc.h>
#include <sys/mount.h>
#include <sys/namei.h>
#include <sys/stat.h>
#include <sys/timevar.h>
#include <sys/uio.h>
#include <sys/vnode.h>
#include <miscfs/genfs/genfs.h>

#define KERNFS_MAXTEXT	4096

TAILQ_HEAD(kernfs_modules, lkm_table);
extern struct kernfs_modules lkmods;

int	kernfs_lkmentry(struct lkm_table *, int, int);

static int	(**kernfs_vnodeop_p)(void *);

static int
kernfs_version(char *buf, size_t size)
{
	return snprintf(buf, size, "%s", version);
}

static int
kernfs_machine(char *buf, size_t size)
{
	return snprintf(buf, size, "%s\n", machine);
}

static int
kernfs_time(char *buf, size_t size)
{
	struct timeval tv;

	microtime(&tv);
	return snprintf(buf, size, "%lld %d\n", (long long)tv.tv_sec, (int)tv.tv_usec);
}

static int
kernfs_hz(char *buf, size_t size)
{
	return snprintf(buf, size, "%d\n", hz);
}

static int
kernfs_securelevel(char *buf, size_t size)
{
	return snprintf(buf, size, "%d\n", securelevel);
}

/* One line for each loaded module: its id, name and size. */
static int
kernfs_loaded(char *buf, size_t size)
{
	struct lkm_table *t;
	size_t at = 0;

	buf[0] = '\0';
	TAILQ_FOREACH(t, &lkmods, link)
		if (t->refcnt != 0 && at < size)
			at += snprintf(buf + at, size - at, "%d %s %lu\n", t->id, t->private.lkm_any->lkm_name, t->size);
	return at;
}

static const struct kernfs_file {
	const char	*k_name;
	int		(*k_show)(char *, size_t);	/* like snprintf; NULL for the directory */
} kernfs_files[] = {
	{ ".", NULL },
	{ "version", kernfs_version },
	{ "machine", kernfs_machine },
	{ "time", kernfs_time },
	{ "hz", kernfs_hz },
	{ "securelevel", kernfs_securelevel },
	{ "modules", kernfs_loaded },
};
#define KERNFS_NFILES	((int)__arraycount(kernfs_files))
#define VTOK(vp)	((const struct kernfs_file *)(vp)->v_data)

/* The vnode of the root while there is one; of other files there can be several. */
struct kernfs_mount {
	struct vnode	*m_root;
};
#define MPTOK(mp)	((struct kernfs_mount *)(mp)->mnt_data)

static int
kernfs_getvnode(struct mount *mp, const struct kernfs_file *file, struct vnode **vpp)
{
	struct vnode *vp;
	int error;

	if (file->k_show == NULL && MPTOK(mp)->m_root != NULL) {
		*vpp = MPTOK(mp)->m_root;
		return vget(*vpp, LK_EXCLUSIVE);
	}
	if ((error = getnewvnode(VT_KERNFS, mp, kernfs_vnodeop_p, &vp)) != 0)
		return error;
	vp->v_data = __UNCONST(file);
	vp->v_type = file->k_show == NULL ? VDIR : VREG;
	if (file->k_show == NULL) {
		vp->v_vflag |= VV_ROOT;
		MPTOK(mp)->m_root = vp;
	}
	vn_lock(vp, LK_EXCLUSIVE | LK_RETRY);
	*vpp = vp;
	return 0;
}

static int
kernfs_lookup(void *v)
{
	struct vop_lookup_args *ap = v;
	struct componentname *cnp = ap->a_cnp;
	int i;

	*ap->a_vpp = NULL;
	for (i = 1; i < KERNFS_NFILES; i++)
		if (strlen(kernfs_files[i].k_name) == cnp->cn_namelen &&
		    memcmp(kernfs_files[i].k_name, cnp->cn_nameptr, cnp->cn_namelen) == 0)
			return kernfs_getvnode(ap->a_dvp->v_mount, &kernfs_files[i], ap->a_vpp);
	return (cnp->cn_flags & ISLASTCN) && cnp->cn_nameiop != LOOKUP ? EROFS : ENOENT;
}

static int
kernfs_getattr(void *v)
{
	struct vop_getattr_args *ap = v;
	const struct kernfs_file *file = VTOK(ap->a_vp);
	struct vattr *va = ap->a_vap;

	memset(va, 0, sizeof(*va));
	va->va_type = ap->a_vp->v_type;
	va->va_mode = file->k_show == NULL ? 0555 : 0444;
	va->va_nlink = file->k_show == NULL ? 2 : 1;
	va->va_fsid = ap->a_vp->v_mount->mnt_stat.f_fsidx.__fsid_val[0];
	va->va_fileid = file - kernfs_files + 2;
	va->va_blocksize = DEV_BSIZE;
	getnanotime(&va->va_atime);
	va->va_mtime = va->va_ctime = va->va_birthtime = va->va_atime;
	return 0;
}

static int
kernfs_access(void *v)
{
	struct vop_access_args *ap = v;

	if (ap->a_mode & VWRITE)
		return EROFS;
	return vaccess(ap->a_vp->v_type, ap->a_vp->v_type == VDIR ? 0555 : 0444, 0, 0, ap->a_mode, ap->a_cred);
}

static int
kernfs_read(void *v)
{
	struct vop_read_args *ap = v;
	struct uio *uio = ap->a_uio;
	char *buf;
	int len, error = 0;

	if (uio->uio_offset < 0)
		return EINVAL;
	buf = malloc(KERNFS_MAXTEXT, M_TEMP, M_WAITOK);
	len = MIN(VTOK(ap->a_vp)->k_show(buf, KERNFS_MAXTEXT), KERNFS_MAXTEXT - 1);
	if (uio->uio_offset < len)
		error = uiomove(buf + uio->uio_offset, MIN(uio->uio_resid, len - uio->uio_offset), uio);
	free(buf, M_TEMP);
	return error;
}

static int
kernfs_readdir(void *v)
{
	struct vop_readdir_args *ap = v;
	struct uio *uio = ap->a_uio;
	size_t before = uio->uio_resid;
	struct dirent d;
	off_t i;
	int error;

	for (i = uio->uio_offset; i < KERNFS_NFILES; i++) {
		memset(&d, 0, sizeof(d));
		d.d_fileno = i + 2;
		d.d_type = i == 0 ? DT_DIR : DT_REG;
		d.d_namlen = strlcpy(d.d_name, kernfs_files[i].k_name, sizeof(d.d_name));
		d.d_reclen = _DIRENT_SIZE(&d);
		if (uio->uio_resid < d.d_reclen)
			return uio->uio_resid == before ? EINVAL : 0;
		if ((error = uiomove(&d, d.d_reclen, uio)) != 0)
			return error;
		uio->uio_offset = i + 1;
	}
	if (ap->a_eofflag != NULL)
		*ap->a_eofflag = 1;
	return 0;
}

static int
kernfs_inactive(void *v)
{
	struct vop_inactive_args *ap = v;

	*ap->a_recycle = ap->a_vp->v_type == VREG;
	VOP_UNLOCK(ap->a_vp, 0);
	return 0;
}

static int
kernfs_reclaim(void *v)
{
	struct vop_reclaim_args *ap = v;

	if (MPTOK(ap->a_vp->v_mount)->m_root == ap->a_vp)
		MPTOK(ap->a_vp->v_mount)->m_root = NULL;
	ap->a_vp->v_data = NULL;
	return 0;
}

static const struct vnodeopv_entry_desc kernfs_vnodeop_entries[] = {
	{ &vop_default_desc, vn_default_error },
	{ &vop_lookup_desc, kernfs_lookup },
	{ &vop_open_desc, genfs_nullop },
	{ &vop_close_desc, genfs_nullop },
	{ &vop_access_desc, kernfs_access },
	{ &vop_getattr_desc, kernfs_getattr },
	{ &vop_read_desc, kernfs_read },
	{ &vop_poll_desc, genfs_poll },
	{ &vop_readdir_desc, kernfs_readdir },
	{ &vop_inactive_desc, kernfs_inactive },
	{ &vop_reclaim_desc, kernfs_reclaim },
	{ &vop_lock_desc, genfs_lock },
	{ &vop_unlock_desc, genfs_unlock },
	{ &vop_islocked_desc, genfs_islocked },
	{ NULL, NULL }
};
static const struct vnodeopv_desc kernfs_vnodeop_opv_desc = { &kernfs_vnodeop_p, kernfs_vnodeop_entries };
static const struct vnodeopv_desc * const kernfs_vnodeopv_descs[] = { &kernfs_vnodeop_opv_desc, NULL };

static int
kernfs_mount(struct mount *mp, const char *path, void *data, size_t *data_len)
{
	if (mp->mnt_flag & (MNT_UPDATE | MNT_GETARGS))
		return EOPNOTSUPP;
	mp->mnt_data = malloc(sizeof(struct kernfs_mount), M_MOUNT, M_WAITOK | M_ZERO);
	mp->mnt_flag |= MNT_LOCAL | MNT_RDONLY;
	vfs_getnewfsid(mp);
	return set_statvfs_info(path, UIO_USERSPACE, "kernfs", UIO_SYSSPACE, mp->mnt_op->vfs_name, mp, curlwp);
}

static int
kernfs_unmount(struct mount *mp, int mntflags)
{
	int error = vflush(mp, NULL, (mntflags & MNT_FORCE) ? FORCECLOSE : 0);

	if (error == 0)
		free(mp->mnt_data, M_MOUNT);
	return error;
}

static int
kernfs_root(struct mount *mp, struct vnode **vpp)
{
	return kernfs_getvnode(mp, &kernfs_files[0], vpp);
}

static int
kernfs_statvfs(struct mount *mp, struct statvfs *sbp)
{
	sbp->f_bsize = sbp->f_frsize = sbp->f_iosize = DEV_BSIZE;
	sbp->f_files = KERNFS_NFILES;
	copy_statvfs_info(sbp, mp);
	return 0;
}

static struct vfsops kernfs_vfsops = {
	.vfs_name = "kernfs",
	.vfs_mount = kernfs_mount,
	.vfs_unmount = kernfs_unmount,
	.vfs_root = kernfs_root,
	.vfs_statvfs = kernfs_statvfs,
	.vfs_extattrctl = vfs_stdextattrctl,
	.vfs_suspendctl = genfs_suspendctl,
	.vfs_opv_descs = kernfs_vnodeopv_descs,
};

MOD_VFS("kernfs", -1, &kernfs_vfsops);

int
kernfs_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
