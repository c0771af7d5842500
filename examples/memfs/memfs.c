/*
 * memfs: a file system in memory, small enough to be read in one sitting.
 *
 * A node is a file, a directory or a symbolic link; a directory is a list of names. A node has at most one vnode at a
 * time, and lives as long as it has a name or its vnode is in use: an unlinked file that is open keeps its contents.
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
#include <uvm/uvm_extern.h>

#define MEMFS_MAXFILE	(1024 * 1024)
#define MEMFS_MAXNAME	255

MALLOC_DEFINE(M_MEMFS, "memfs", "nodes and contents of memfs");

struct memfs_node;

struct memfs_name {
	LIST_ENTRY(memfs_name)	 n_list;
	struct memfs_node	*n_node;
	off_t			 n_cookie;	/* where readdir continues; names keep theirs */
	size_t			 n_len;
	char			 n_text[MEMFS_MAXNAME + 1];
};

struct memfs_node {
	struct vnode		*t_vnode;
	LIST_HEAD(, memfs_name)	 t_names;	/* of a directory */
	struct memfs_node	*t_parent;
	off_t			 t_lastcookie;
	char			*t_data;	/* of a file or symbolic link */
	size_t			 t_room;
	struct vattr		 t_attr;
};

struct memfs_mount {
	struct memfs_node	*m_root;
	ino_t			 m_lastino;
	int			 m_nodes;
};

#define VTOM(vp)	((struct memfs_node *)(vp)->v_data)
#define MPTOM(mp)	((struct memfs_mount *)(mp)->mnt_data)

int	memfs_lkmentry(struct lkm_table *, int, int);

static int	(**memfs_vnodeop_p)(void *);

static void
memfs_touch(struct memfs_node *node)
{
	getnanotime(&node->t_attr.va_mtime);
	node->t_attr.va_ctime = node->t_attr.va_mtime;
}

static struct memfs_node *
memfs_newnode(struct mount *mp, enum vtype type, mode_t mode, kauth_cred_t cred)
{
	struct memfs_mount *mnt = MPTOM(mp);
	struct memfs_node *node = malloc(sizeof(*node), M_MEMFS, M_WAITOK | M_ZERO);

	node->t_attr.va_type = type;
	node->t_attr.va_mode = mode;
	node->t_attr.va_nlink = 0;
	node->t_attr.va_uid = kauth_cred_geteuid(cred);
	node->t_attr.va_gid = kauth_cred_getegid(cred);
	node->t_attr.va_fsid = mp->mnt_stat.f_fsidx.__fsid_val[0];
	node->t_attr.va_fileid = ++mnt->m_lastino;
	node->t_attr.va_blocksize = PAGE_SIZE;
	node->t_lastcookie = 2;
	memfs_touch(node);
	node->t_attr.va_atime = node->t_attr.va_birthtime = node->t_attr.va_mtime;
	mnt->m_nodes++;
	return node;
}

static void
memfs_freenode(struct mount *mp, struct memfs_node *node)
{
	if (node->t_data != NULL)
		free(node->t_data, M_MEMFS);
	free(node, M_MEMFS);
	MPTOM(mp)->m_nodes--;
}

/* The locked vnode of a node: the one it has, or a new one. */
static int
memfs_getvnode(struct mount *mp, struct memfs_node *node, struct vnode **vpp)
{
	struct vnode *vp;
	int error;

again:
	if ((vp = node->t_vnode) != NULL) {
		if ((error = vget(vp, LK_EXCLUSIVE)) == ENOENT)
			goto again;	/* it was just being cleaned */
		*vpp = vp;
		return error;
	}
	if ((error = getnewvnode(VT_TMPFS, mp, memfs_vnodeop_p, &vp)) != 0)
		return error;
	vp->v_type = node->t_attr.va_type;
	vp->v_data = node;
	if (node == MPTOM(mp)->m_root)
		vp->v_vflag |= VV_ROOT;
	uvm_vnp_setsize(vp, node->t_attr.va_size);
	node->t_vnode = vp;
	vn_lock(vp, LK_EXCLUSIVE | LK_RETRY);
	*vpp = vp;
	return 0;
}

static struct memfs_name *
memfs_find(struct memfs_node *dir, struct componentname *cnp)
{
	struct memfs_name *name;

	LIST_FOREACH(name, &dir->t_names, n_list)
		if (name->n_len == cnp->cn_namelen && memcmp(name->n_text, cnp->cn_nameptr, name->n_len) == 0)
			return name;
	return NULL;
}

/* A new name comes after all others; one that takes the place of another gets its cookie. */
static void
memfs_addname(struct memfs_node *dir, struct componentname *cnp, struct memfs_node *node, off_t cookie)
{
	struct memfs_name *name = malloc(sizeof(*name), M_MEMFS, M_WAITOK | M_ZERO);

	name->n_node = node;
	name->n_len = cnp->cn_namelen;
	memcpy(name->n_text, cnp->cn_nameptr, name->n_len);
	name->n_cookie = cookie != 0 ? cookie : ++dir->t_lastcookie;
	LIST_INSERT_HEAD(&dir->t_names, name, n_list);
	node->t_attr.va_nlink++;
	if (node->t_attr.va_type == VDIR) {
		node->t_parent = dir;
		dir->t_attr.va_nlink++;
	}
	memfs_touch(dir);
}

static void
memfs_dropname(struct memfs_node *dir, struct memfs_name *name)
{
	struct memfs_node *node = name->n_node;

	LIST_REMOVE(name, n_list);
	free(name, M_MEMFS);
	node->t_attr.va_nlink--;
	if (node->t_attr.va_type == VDIR)
		dir->t_attr.va_nlink--;
	memfs_touch(dir);
}

static int
memfs_lookup(void *v)
{
	struct vop_lookup_args *ap = v;
	struct componentname *cnp = ap->a_cnp;
	struct vnode *dvp = ap->a_dvp;
	struct memfs_node *dir = VTOM(dvp);
	struct memfs_name *name;
	int error, last = (cnp->cn_flags & ISLASTCN) != 0;

	*ap->a_vpp = NULL;
	if ((error = VOP_ACCESS(dvp, VEXEC, cnp->cn_cred)) != 0)
		return error;
	if (cnp->cn_flags & ISDOTDOT) {
		/* The parent is locked before its children are: let go of the child meanwhile. */
		VOP_UNLOCK(dvp, 0);
		error = memfs_getvnode(dvp->v_mount, dir->t_parent, ap->a_vpp);
		vn_lock(dvp, LK_EXCLUSIVE | LK_RETRY);
		return error;
	}
	if (cnp->cn_namelen > MEMFS_MAXNAME)
		return ENAMETOOLONG;
	if (last && cnp->cn_nameiop != LOOKUP && (error = VOP_ACCESS(dvp, VWRITE, cnp->cn_cred)) != 0 &&
	    (cnp->cn_nameiop != CREATE || memfs_find(dir, cnp) == NULL))
		return error;
	if ((name = memfs_find(dir, cnp)) == NULL) {
		if (last && (cnp->cn_nameiop == CREATE || cnp->cn_nameiop == RENAME))
			return dir->t_attr.va_nlink == 0 ? ENOENT : EJUSTRETURN;
		return ENOENT;
	}
	return memfs_getvnode(dvp->v_mount, name->n_node, ap->a_vpp);
}

/* What create, mkdir, mknod and symlink share. */
static int
memfs_make(struct vnode *dvp, struct vnode **vpp, struct componentname *cnp, struct vattr *vap, const char *target)
{
	struct memfs_node *node = memfs_newnode(dvp->v_mount, vap->va_type, vap->va_mode, cnp->cn_cred);
	int error;

	if (vap->va_type == VDIR)
		node->t_attr.va_nlink = 1;	/* its own "." */
	if (vap->va_type == VCHR || vap->va_type == VBLK)
		node->t_attr.va_rdev = vap->va_rdev;
	if (target != NULL) {
		node->t_attr.va_size = node->t_room = strlen(target);
		node->t_data = malloc(node->t_room + 1, M_MEMFS, M_WAITOK);
		memcpy(node->t_data, target, node->t_room + 1);
	}
	if ((error = memfs_getvnode(dvp->v_mount, node, vpp)) != 0)
		memfs_freenode(dvp->v_mount, node);
	else
		memfs_addname(VTOM(dvp), cnp, node, 0);
	vput(dvp);
	return error;
}

static int
memfs_create(void *v)
{
	struct vop_create_args *ap = v;

	return memfs_make(ap->a_dvp, ap->a_vpp, ap->a_cnp, ap->a_vap, NULL);
}

static int
memfs_symlink(void *v)
{
	struct vop_symlink_args *ap = v;

	return memfs_make(ap->a_dvp, ap->a_vpp, ap->a_cnp, ap->a_vap, ap->a_target);
}

static int
memfs_access(void *v)
{
	struct vop_access_args *ap = v;
	struct vattr *va = &VTOM(ap->a_vp)->t_attr;

	return vaccess(va->va_type, va->va_mode, va->va_uid, va->va_gid, ap->a_mode, ap->a_cred);
}

static int
memfs_getattr(void *v)
{
	struct vop_getattr_args *ap = v;

	*ap->a_vap = VTOM(ap->a_vp)->t_attr;
	ap->a_vap->va_bytes = VTOM(ap->a_vp)->t_room;
	return 0;
}

/* Make room for a file of that size; what is new is zero. */
static int
memfs_resize(struct vnode *vp, off_t size)
{
	struct memfs_node *node = VTOM(vp);
	size_t room;

	if (size > MEMFS_MAXFILE)
		return EFBIG;
	if (size > node->t_room) {
		room = MIN(MEMFS_MAXFILE, MAX(256, 2 * size));
		node->t_data = realloc(node->t_data, room, M_MEMFS, M_WAITOK);
		node->t_room = room;
	}
	if (size > node->t_attr.va_size)
		memset(node->t_data + node->t_attr.va_size, 0, size - node->t_attr.va_size);
	node->t_attr.va_size = size;
	uvm_vnp_setsize(vp, size);
	memfs_touch(node);
	return 0;
}

static int
memfs_setattr(void *v)
{
	struct vop_setattr_args *ap = v;
	struct vattr *new = ap->a_vap, *va = &VTOM(ap->a_vp)->t_attr;
	uid_t uid = kauth_cred_geteuid(ap->a_cred);

	if (new->va_size != (u_quad_t)VNOVAL) {
		if (ap->a_vp->v_type != VREG)
			return ap->a_vp->v_type == VDIR ? EISDIR : EINVAL;
		return memfs_resize(ap->a_vp, new->va_size);
	}
	if (new->va_uid != (uid_t)VNOVAL || new->va_gid != (gid_t)VNOVAL) {
		if (uid != 0)
			return EPERM;
		if (new->va_uid != (uid_t)VNOVAL)
			va->va_uid = new->va_uid;
		if (new->va_gid != (gid_t)VNOVAL)
			va->va_gid = new->va_gid;
	}
	if (new->va_mode != (mode_t)VNOVAL) {
		if (uid != 0 && uid != va->va_uid)
			return EPERM;
		va->va_mode = new->va_mode;
	}
	if (new->va_atime.tv_sec != VNOVAL || new->va_mtime.tv_sec != VNOVAL) {
		if (uid != 0 && uid != va->va_uid && ((new->va_vaflags & VA_UTIMES_NULL) == 0 ||
		    VOP_ACCESS(ap->a_vp, VWRITE, ap->a_cred) != 0))
			return EPERM;
		if (new->va_atime.tv_sec != VNOVAL)
			va->va_atime = new->va_atime;
		if (new->va_mtime.tv_sec != VNOVAL)
			va->va_mtime = new->va_mtime;
	}
	getnanotime(&va->va_ctime);
	return 0;
}

static int
memfs_read(void *v)
{
	struct vop_read_args *ap = v;
	struct memfs_node *node = VTOM(ap->a_vp);
	struct uio *uio = ap->a_uio;

	if (uio->uio_offset < 0)
		return EINVAL;
	if (uio->uio_offset >= node->t_attr.va_size)
		return 0;
	getnanotime(&node->t_attr.va_atime);
	return uiomove(node->t_data + uio->uio_offset, MIN(uio->uio_resid, node->t_attr.va_size - uio->uio_offset), uio);
}

static int
memfs_write(void *v)
{
	struct vop_write_args *ap = v;
	struct memfs_node *node = VTOM(ap->a_vp);
	struct uio *uio = ap->a_uio;
	off_t before = node->t_attr.va_size;
	int error;

	if (ap->a_ioflag & IO_APPEND)
		uio->uio_offset = node->t_attr.va_size;
	if (uio->uio_offset < 0)
		return EINVAL;
	if (uio->uio_offset > MEMFS_MAXFILE || uio->uio_resid > MEMFS_MAXFILE - uio->uio_offset)
		return EFBIG;
	if (uio->uio_offset + uio->uio_resid > node->t_attr.va_size &&
	    (error = memfs_resize(ap->a_vp, uio->uio_offset + uio->uio_resid)) != 0)
		return error;
	memfs_touch(node);
	error = uiomove(node->t_data + uio->uio_offset, uio->uio_resid, uio);
	if (error != 0 && before < node->t_attr.va_size)
		memfs_resize(ap->a_vp, before);	/* what could not be read from the process is not there */
	return error;
}

static int
memfs_remove(void *v)
{
	struct vop_remove_args *ap = v;
	struct memfs_node *dir = VTOM(ap->a_dvp);

	memfs_dropname(dir, memfs_find(dir, ap->a_cnp));
	vput(ap->a_vp);
	vput(ap->a_dvp);
	return 0;
}

static int
memfs_rmdir(void *v)
{
	struct vop_rmdir_args *ap = v;
	struct memfs_node *dir = VTOM(ap->a_dvp), *node = VTOM(ap->a_vp);
	int error = 0;

	if (!LIST_EMPTY(&node->t_names))
		error = ENOTEMPTY;
	else {
		memfs_dropname(dir, memfs_find(dir, ap->a_cnp));
		node->t_attr.va_nlink--;	/* its own "." */
	}
	vput(ap->a_vp);
	vput(ap->a_dvp);
	return error;
}

static int
memfs_link(void *v)
{
	struct vop_link_args *ap = v;

	memfs_addname(VTOM(ap->a_dvp), ap->a_cnp, VTOM(ap->a_vp), 0);
	vput(ap->a_dvp);
	return 0;
}

static int
memfs_rename(void *v)
{
	struct vop_rename_args *ap = v;
	struct memfs_node *from = VTOM(ap->a_fdvp), *to = VTOM(ap->a_tdvp), *node = VTOM(ap->a_fvp), *up;
	struct memfs_name *name, *old;
	off_t cookie = 0;
	int error = 0;

	for (up = to; up != up->t_parent; up = up->t_parent)
		if (up == node)
			error = EINVAL;		/* into itself */
	if (error == 0 && ap->a_tvp != NULL && ap->a_tvp->v_type == VDIR && !LIST_EMPTY(&VTOM(ap->a_tvp)->t_names))
		error = ENOTEMPTY;
	if (error == 0 && (name = memfs_find(from, ap->a_fcnp)) == NULL)
		error = ENOENT;
	if (error == 0) {
		if (ap->a_tvp != NULL) {
			old = memfs_find(to, ap->a_tcnp);
			cookie = old->n_cookie;
			memfs_dropname(to, old);
			if (ap->a_tvp->v_type == VDIR)
				VTOM(ap->a_tvp)->t_attr.va_nlink--;
		}
		memfs_addname(to, ap->a_tcnp, node, cookie);
		memfs_dropname(from, name);
	}
	if (ap->a_tvp != NULL)
		vput(ap->a_tvp);
	vput(ap->a_tdvp);
	vrele(ap->a_fdvp);
	vrele(ap->a_fvp);
	return error;
}

/* One entry, if it fits. */
static int
memfs_dirent(struct uio *uio, struct memfs_node *node, const char *text, off_t next)
{
	struct dirent d;
	int error;

	memset(&d, 0, sizeof(d));
	d.d_namlen = strlen(text);
	memcpy(d.d_name, text, d.d_namlen);
	d.d_fileno = node->t_attr.va_fileid;
	d.d_type = VTTOIF(node->t_attr.va_type) >> 12;
	d.d_reclen = _DIRENT_SIZE(&d);
	if (uio->uio_resid < d.d_reclen)
		return -1;
	if ((error = uiomove(&d, d.d_reclen, uio)) == 0)
		uio->uio_offset = next;
	return error;
}

/* Cookies: 0 for ".", 1 for "..", then those of the names, the oldest first. */
static int
memfs_readdir(void *v)
{
	struct vop_readdir_args *ap = v;
	struct uio *uio = ap->a_uio;
	struct memfs_node *dir = VTOM(ap->a_vp);
	struct memfs_name *name, *best;
	size_t before = uio->uio_resid;
	int error = 0;

	if (ap->a_vp->v_type != VDIR)
		return ENOTDIR;
	if (uio->uio_offset == 0)
		error = memfs_dirent(uio, dir, ".", 1);
	if (error == 0 && uio->uio_offset == 1)
		error = memfs_dirent(uio, dir->t_parent, "..", 2);
	while (error == 0) {
		best = NULL;
		LIST_FOREACH(name, &dir->t_names, n_list)
			if (name->n_cookie > uio->uio_offset && (best == NULL || name->n_cookie < best->n_cookie))
				best = name;
		if (best == NULL) {
			if (ap->a_eofflag != NULL)
				*ap->a_eofflag = 1;
			break;
		}
		error = memfs_dirent(uio, best->n_node, best->n_text, best->n_cookie);
	}
	if (error == -1)
		error = uio->uio_resid == before ? EINVAL : 0;
	return error;
}

static int
memfs_readlink(void *v)
{
	struct vop_readlink_args *ap = v;

	return uiomove(VTOM(ap->a_vp)->t_data, VTOM(ap->a_vp)->t_attr.va_size, ap->a_uio);
}

/* Nobody has the vnode any more: a node without a name goes with it. */
static int
memfs_inactive(void *v)
{
	struct vop_inactive_args *ap = v;

	*ap->a_recycle = VTOM(ap->a_vp)->t_attr.va_nlink == 0;
	VOP_UNLOCK(ap->a_vp, 0);
	return 0;
}

static int
memfs_reclaim(void *v)
{
	struct vop_reclaim_args *ap = v;
	struct memfs_node *node = VTOM(ap->a_vp);

	node->t_vnode = NULL;
	if (node->t_attr.va_nlink == 0)
		memfs_freenode(ap->a_vp->v_mount, node);
	ap->a_vp->v_data = NULL;
	return 0;
}

static const struct vnodeopv_entry_desc memfs_vnodeop_entries[] = {
	{ &vop_default_desc, vn_default_error },
	{ &vop_lookup_desc, memfs_lookup },
	{ &vop_create_desc, memfs_create },
	{ &vop_mknod_desc, memfs_create },
	{ &vop_open_desc, genfs_nullop },
	{ &vop_close_desc, genfs_nullop },
	{ &vop_access_desc, memfs_access },
	{ &vop_getattr_desc, memfs_getattr },
	{ &vop_setattr_desc, memfs_setattr },
	{ &vop_read_desc, memfs_read },
	{ &vop_write_desc, memfs_write },
	{ &vop_ioctl_desc, genfs_enoioctl },
	{ &vop_poll_desc, genfs_poll },
	{ &vop_mmap_desc, genfs_mmap },
	{ &vop_fsync_desc, genfs_nullop },
	{ &vop_remove_desc, memfs_remove },
	{ &vop_link_desc, memfs_link },
	{ &vop_rename_desc, memfs_rename },
	{ &vop_mkdir_desc, memfs_create },
	{ &vop_rmdir_desc, memfs_rmdir },
	{ &vop_symlink_desc, memfs_symlink },
	{ &vop_readdir_desc, memfs_readdir },
	{ &vop_readlink_desc, memfs_readlink },
	{ &vop_abortop_desc, genfs_abortop },
	{ &vop_inactive_desc, memfs_inactive },
	{ &vop_reclaim_desc, memfs_reclaim },
	{ &vop_lock_desc, genfs_lock },
	{ &vop_unlock_desc, genfs_unlock },
	{ &vop_islocked_desc, genfs_islocked },
	{ &vop_print_desc, genfs_nullop },
	{ NULL, NULL }
};
static const struct vnodeopv_desc memfs_vnodeop_opv_desc = { &memfs_vnodeop_p, memfs_vnodeop_entries };
static const struct vnodeopv_desc * const memfs_vnodeopv_descs[] = { &memfs_vnodeop_opv_desc, NULL };

static int
memfs_mount(struct mount *mp, const char *path, void *data, size_t *data_len)
{
	struct memfs_mount *mnt;

	if (mp->mnt_flag & MNT_GETARGS)
		return EOPNOTSUPP;
	if (mp->mnt_flag & MNT_UPDATE)		/* the flags are the kernel's, but no file may be open for writing */
		return (mp->mnt_flag & MNT_RDONLY) ? vflush(mp, NULL, WRITECLOSE) : 0;
	mnt = malloc(sizeof(*mnt), M_MEMFS, M_WAITOK | M_ZERO);
	mp->mnt_data = mnt;
	mp->mnt_flag |= MNT_LOCAL;
	vfs_getnewfsid(mp);
	mnt->m_root = memfs_newnode(mp, VDIR, 0777, kauth_cred_get());
	mnt->m_root->t_attr.va_nlink = 2;
	mnt->m_root->t_parent = mnt->m_root;
	return set_statvfs_info(path, UIO_USERSPACE, "memfs", UIO_SYSSPACE, mp->mnt_op->vfs_name, mp, curlwp);
}

/* Every node that still has a name; those without went with their vnodes. */
static void
memfs_freetree(struct mount *mp, struct memfs_node *node)
{
	struct memfs_name *name;
	struct memfs_node *child;

	while ((name = LIST_FIRST(&node->t_names)) != NULL) {
		child = name->n_node;
		memfs_dropname(node, name);
		if (child->t_attr.va_type == VDIR)
			memfs_freetree(mp, child);
		else if (child->t_attr.va_nlink == 0)
			memfs_freenode(mp, child);
	}
	memfs_freenode(mp, node);
}

static int
memfs_unmount(struct mount *mp, int mntflags)
{
	int error;

	if ((error = vflush(mp, NULL, (mntflags & MNT_FORCE) ? FORCECLOSE : 0)) != 0)
		return error;
	memfs_freetree(mp, MPTOM(mp)->m_root);
	if (MPTOM(mp)->m_nodes != 0)
		printf("memfs: %d nodes lost\n", MPTOM(mp)->m_nodes);
	free(mp->mnt_data, M_MEMFS);
	mp->mnt_data = NULL;
	return 0;
}

static int
memfs_root(struct mount *mp, struct vnode **vpp)
{
	return memfs_getvnode(mp, MPTOM(mp)->m_root, vpp);
}

static int
memfs_statvfs(struct mount *mp, struct statvfs *sbp)
{
	sbp->f_bsize = sbp->f_frsize = sbp->f_iosize = PAGE_SIZE;
	sbp->f_files = MPTOM(mp)->m_nodes;
	copy_statvfs_info(sbp, mp);
	return 0;
}

static int
memfs_sync(struct mount *mp, int waitfor, kauth_cred_t cred)
{
	return 0;
}

static struct vfsops memfs_vfsops = {
	.vfs_name = "memfs",
	.vfs_mount = memfs_mount,
	.vfs_unmount = memfs_unmount,
	.vfs_root = memfs_root,
	.vfs_quotactl = (void *)eopnotsupp,
	.vfs_statvfs = memfs_statvfs,
	.vfs_sync = memfs_sync,
	.vfs_vget = (void *)eopnotsupp,
	.vfs_fhtovp = (void *)eopnotsupp,
	.vfs_vptofh = (void *)eopnotsupp,
	.vfs_extattrctl = vfs_stdextattrctl,
	.vfs_suspendctl = genfs_suspendctl,
	.vfs_renamelock_enter = genfs_renamelock_enter,
	.vfs_renamelock_exit = genfs_renamelock_exit,
	.vfs_opv_descs = memfs_vnodeopv_descs,
};

MOD_VFS("memfs", -1, &memfs_vfsops);

int
memfs_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
