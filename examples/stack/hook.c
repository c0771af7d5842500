/*
 * hook: the lower layer of an access-control product: a file system of type hookfs that shows another mounted one and
 * asks, before each operation on a file, the module that has registered with it. Mount it over any directory:
 *
 *	lkmctl mount -t hookfs /lower /upper
 *
 * A vnode of hookfs stands for one of the file system below: it has a reference to it, shares its lock, and passes every
 * operation on (hook_bypass). It goes with its last reference; so what is unlinked or unmounted below is not kept.
 *
 * What it knows of its client is a pointer, and it takes care that the pointer is good:
 *
 *	a lock is held whenever the hook is looked at or changed, and not while the client is called, for it may sleep;
 *	calls in progress are counted, and deregistering waits until there are none;
 *	as long as a client is registered, the module holds itself (lkm_hold), so that it cannot be unloaded beneath a
 *	client, even one that was handed our functions' addresses and is not linked against us.
 */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/condvar.h>
#include <sys/lkm.h>
#include <sys/malloc.h>
#include <sys/mount.h>
#include <sys/mutex.h>
#include <sys/namei.h>
#include <sys/proc.h>
#include <sys/vnode.h>
#include <miscfs/genfs/genfs.h>
#include <uvm/uvm_extern.h>

#include "hook.h"

MALLOC_DEFINE(M_HOOK, "hookfs", "nodes of hookfs");

/* -- the hook ---------------------------------------------------------------------------------------------------- */

static kmutex_t hook_lock;		/* for the next three */
static hook_fn *hook_client;
static const char *hook_who;
static int hook_calls;			/* calls of the client in progress */
static kcondvar_t hook_idle;		/* there are none any more */
static struct lkm_table *hook_self;

int
hook_register(const char *who, hook_fn *fn)
{
	int error = EBUSY;

	mutex_enter(&hook_lock);
	if (hook_client == NULL && (error = lkm_hold(hook_self)) == 0) {
		hook_client = fn;
		hook_who = who;
	}
	mutex_exit(&hook_lock);
	return error;
}

int
hook_deregister(hook_fn *fn)
{
	int error = EINVAL;

	mutex_enter(&hook_lock);
	if (fn != NULL && hook_client == fn) {
		hook_client = NULL;	/* no new calls */
		hook_who = NULL;
		while (hook_calls != 0)
			cv_wait(&hook_idle, &hook_lock);
		error = lkm_rele(hook_self);
	}
	mutex_exit(&hook_lock);
	return error;
}

const char *
hook_holder(void)
{
	const char *who;

	mutex_enter(&hook_lock);
	who = hook_who;
	mutex_exit(&hook_lock);
	return who;
}

static int
hook_ask(const struct hook_question *q)
{
	hook_fn *fn;
	int error;

	mutex_enter(&hook_lock);
	if ((fn = hook_client) == NULL) {
		mutex_exit(&hook_lock);
		return 0;
	}
	hook_calls++;
	mutex_exit(&hook_lock);

	error = (*fn)(q);

	mutex_enter(&hook_lock);
	if (--hook_calls == 0)
		cv_broadcast(&hook_idle);
	mutex_exit(&hook_lock);
	return error;
}

/* -- nodes ------------------------------------------------------------------------------------------------------- */

struct hook_node {
	LIST_ENTRY(hook_node)	 n_hash;
	struct vnode		*n_vnode;
	struct vnode		*n_lower;
};

#define HOOK_HASH	64

struct hook_mount {
	struct vnode		*m_root;
	LIST_HEAD(, hook_node)	 m_nodes[HOOK_HASH];	/* by the address of the vnode below */
};

#define VTOHOOK(vp)	((struct hook_node *)(vp)->v_data)
#define MPTOHOOK(mp)	((struct hook_mount *)(mp)->mnt_data)
#define HASH(lower)	(((unsigned long)(lower) >> 8) % HOOK_HASH)

static int	(**hook_vnodeop_p)(void *);

/*
 * The vnode for a vnode below, to which the caller gives a reference away. If that is locked, so is ours: it is the same
 * lock. Nobody else makes one for the same vnode meanwhile, because he would have to have it locked.
 */
static int
hook_getvnode(struct mount *mp, struct vnode *lower, struct vnode **vpp)
{
	struct hook_node *node;
	struct vnode *vp;
	int error;

	LIST_FOREACH(node, &MPTOHOOK(mp)->m_nodes[HASH(lower)], n_hash) {
		/* One that is being cleaned cannot be used, and a wait for it with the lock held would never end. */
		if (node->n_lower == lower && vget(node->n_vnode, LK_NOWAIT) == 0) {
			vrele(lower);
			*vpp = node->n_vnode;
			return 0;
		}
	}
	if ((error = getnewvnode(VT_NULL, mp, hook_vnodeop_p, &vp)) != 0)
		return error;
	node = malloc(sizeof(*node), M_HOOK, M_WAITOK);
	node->n_vnode = vp;
	node->n_lower = lower;
	vp->v_data = node;
	vp->v_type = lower->v_type;
	vp->v_vnlock = lower->v_vnlock;
	vp->v_iflag |= VI_LAYER;
	uvm_vnp_setsize(vp, lower->v_size);
	LIST_INSERT_HEAD(&MPTOHOOK(mp)->m_nodes[HASH(lower)], node, n_hash);
	*vpp = vp;
	return 0;
}

/* -- operations -------------------------------------------------------------------------------------------------- */

/* Ask the hook about an operation. */
static int
hook_check(const struct vnodeop_desc *op, void *args, struct vnode *vp)
{
	struct hook_question q = { .q_op = op, .q_lwp = curlwp, .q_vp = vp, .q_cred = curlwp->l_cred };

	if (op->vdesc_componentname_offset != VDESC_NO_OFFSET) {
		q.q_cnp = *VOPARG_OFFSETTO(struct componentname **, op->vdesc_componentname_offset, args);
		q.q_cred = q.q_cnp->cn_cred;
	}
	if (op->vdesc_cred_offset != VDESC_NO_OFFSET)
		q.q_cred = *VOPARG_OFFSETTO(kauth_cred_t *, op->vdesc_cred_offset, args);
	return hook_ask(&q);
}

/* Let go of the vnodes that the operation would have: RELE those it releases, PUT those it unlocks as well. */
static void
hook_letgo(const struct vnodeop_desc *op, void *args)
{
	struct vnode *vp, *unlocked = NULL;
	int i;

	for (i = 0; op->vdesc_vp_offsets[i] != VDESC_NO_OFFSET; i++) {
		vp = *VOPARG_OFFSETTO(struct vnode **, op->vdesc_vp_offsets[i], args);
		if (vp == NULL || (op->vdesc_flags & (VDESC_VP0_WILLRELE << i)) == 0)
			continue;
		if ((op->vdesc_flags & (VDESC_VP0_WILLUNLOCK << i)) != 0 && vp != unlocked)
			vput(unlocked = vp);
		else
			vrele(vp);
	}
}

/*
 * Any operation: ask, put the vnodes below in the place of ours, call the same operation of the first of them, and put
 * ours back. Where the operation drops references, the one below drops its own, so it is given one more; what it unlocks
 * is our lock too. A vnode that it returns is wrapped.
 */
static int
hook_bypass(void *v)
{
	const struct vnodeop_desc *op = *(const struct vnodeop_desc **)v;
	struct vnode **vps[VDESC_MAX_VPS], *ours[VDESC_MAX_VPS], *lower, ***vppp;
	struct mount *mp;
	int error, i, n;

	for (n = 0; op->vdesc_vp_offsets[n] != VDESC_NO_OFFSET; n++) {
		vps[n] = VOPARG_OFFSETTO(struct vnode **, op->vdesc_vp_offsets[n], v);
		ours[n] = *vps[n] != NULL && (*vps[n])->v_op == hook_vnodeop_p ? *vps[n] : NULL;
	}
	mp = ours[0]->v_mount;
	if ((error = hook_check(op, v, ours[0])) != 0) {
		hook_letgo(op, v);
		return error;
	}
	for (i = 0; i < n; i++) {
		if (ours[i] == NULL)
			continue;
		*vps[i] = lower = VTOHOOK(ours[i])->n_lower;
		if ((op->vdesc_flags & (VDESC_VP0_WILLRELE << i)) != 0)
			vref(lower);
	}
	error = VCALL(*vps[0], op->vdesc_offset, v);
	for (i = 0; i < n; i++) {
		if (ours[i] == NULL)
			continue;
		*vps[i] = ours[i];
		if ((op->vdesc_flags & (VDESC_VP0_WILLRELE << i)) != 0)
			vrele(ours[i]);
	}
	if (error == 0 && op->vdesc_vpp_offset != VDESC_NO_OFFSET) {
		vppp = VOPARG_OFFSETTO(struct vnode ***, op->vdesc_vpp_offset, v);
		lower = **vppp;
		if ((error = hook_getvnode(mp, lower, *vppp)) != 0) {
			vput(lower);
			**vppp = NULL;
		}
	}
	return error;
}

/* The file system that files are on is this one. */
static int
hook_getattr(void *v)
{
	struct vop_getattr_args *ap = v;
	int error;

	if ((error = hook_bypass(v)) == 0)
		ap->a_vap->va_fsid = ap->a_vp->v_mount->mnt_stat.f_fsidx.__fsid_val[0];
	return error;
}

static int
hook_inactive(void *v)
{
	struct vop_inactive_args *ap = v;

	*ap->a_recycle = true;
	VOP_UNLOCK(ap->a_vp, 0);
	return 0;
}

static int
hook_reclaim(void *v)
{
	struct vop_reclaim_args *ap = v;
	struct hook_node *node = VTOHOOK(ap->a_vp);
	struct vnode *lower = node->n_lower;

	LIST_REMOVE(node, n_hash);
	free(node, M_HOOK);
	ap->a_vp->v_data = NULL;
	vrele(lower);
	return 0;
}

static const struct vnodeopv_entry_desc hook_vnodeop_entries[] = {
	{ &vop_default_desc, hook_bypass },
	{ &vop_getattr_desc, hook_getattr },
	{ &vop_lock_desc, genfs_lock },
	{ &vop_unlock_desc, genfs_unlock },
	{ &vop_islocked_desc, genfs_islocked },
	{ &vop_inactive_desc, hook_inactive },
	{ &vop_reclaim_desc, hook_reclaim },
	{ &vop_print_desc, genfs_nullop },
	{ &vop_bmap_desc, genfs_eopnotsupp },
	{ &vop_strategy_desc, genfs_eopnotsupp },
	{ NULL, NULL }
};
static const struct vnodeopv_desc hook_vnodeop_opv_desc = { &hook_vnodeop_p, hook_vnodeop_entries };
static const struct vnodeopv_desc * const hook_vnodeopv_descs[] = { &hook_vnodeop_opv_desc, NULL };

/* -- the file system --------------------------------------------------------------------------------------------- */

struct hook_args {
	char	*target;	/* the directory to show */
};

static int
hook_mount(struct mount *mp, const char *path, void *data, size_t *data_len)
{
	struct hook_args *args = data;
	struct hook_mount *mnt;
	struct vnode *lower;
	int error;

	if (mp->mnt_flag & (MNT_UPDATE | MNT_GETARGS))
		return EOPNOTSUPP;
	if (*data_len < sizeof(*args))
		return EINVAL;
	if ((error = namei_simple_user(args->target, NSM_FOLLOW_NOEMULROOT, &lower)) != 0)
		return error;
	if (lower->v_type != VDIR) {
		vrele(lower);
		return ENOTDIR;
	}
	mnt = malloc(sizeof(*mnt), M_HOOK, M_WAITOK | M_ZERO);
	mp->mnt_data = mnt;
	if ((error = hook_getvnode(mp, lower, &mnt->m_root)) != 0) {
		vrele(lower);
		free(mnt, M_HOOK);
		mp->mnt_data = NULL;
		return error;
	}
	mnt->m_root->v_vflag |= VV_ROOT;
	if (lower->v_mount != NULL)
		mp->mnt_flag |= lower->v_mount->mnt_flag & (MNT_LOCAL | MNT_NODEV | MNT_NOSUID | MNT_NOEXEC);
	vfs_getnewfsid(mp);
	return set_statvfs_info(path, UIO_USERSPACE, args->target, UIO_USERSPACE, mp->mnt_op->vfs_name, mp, curlwp);
}

static int
hook_unmount(struct mount *mp, int mntflags)
{
	struct vnode *root = MPTOHOOK(mp)->m_root;
	int error, flags = (mntflags & MNT_FORCE) ? FORCECLOSE : 0;

	if (root->v_usecount > 1 && flags == 0)
		return EBUSY;
	if ((error = vflush(mp, root, flags)) != 0)
		return error;
	vgone(root);
	free(mp->mnt_data, M_HOOK);
	mp->mnt_data = NULL;
	return 0;
}

static int
hook_root(struct mount *mp, struct vnode **vpp)
{
	*vpp = MPTOHOOK(mp)->m_root;
	vref(*vpp);
	return vn_lock(*vpp, LK_EXCLUSIVE | LK_RETRY);
}

/* Numbers of the file system below, names of this one. */
static int
hook_statvfs(struct mount *mp, struct statvfs *sbp)
{
	struct mount *lower = VTOHOOK(MPTOHOOK(mp)->m_root)->n_lower->v_mount;
	struct statvfs *buf;
	int error = 0;

	if (lower != NULL && lower->mnt_op->vfs_statvfs != NULL) {
		buf = malloc(sizeof(*buf), M_HOOK, M_WAITOK | M_ZERO);
		if ((error = VFS_STATVFS(lower, buf)) == 0)
			memcpy(&sbp->f_bsize, &buf->f_bsize, __offsetof(struct statvfs, f_syncreads) -
			    __offsetof(struct statvfs, f_bsize));
		free(buf, M_HOOK);
	}
	copy_statvfs_info(sbp, mp);
	return error;
}

static int
hook_sync(struct mount *mp, int waitfor, kauth_cred_t cred)
{
	return 0;
}

static struct vfsops hook_vfsops = {
	.vfs_name = "hookfs",
	.vfs_min_mount_data = sizeof(struct hook_args),
	.vfs_mount = hook_mount,
	.vfs_unmount = hook_unmount,
	.vfs_root = hook_root,
	.vfs_quotactl = (void *)eopnotsupp,
	.vfs_statvfs = hook_statvfs,
	.vfs_sync = hook_sync,
	.vfs_vget = (void *)eopnotsupp,
	.vfs_fhtovp = (void *)eopnotsupp,
	.vfs_vptofh = (void *)eopnotsupp,
	.vfs_extattrctl = vfs_stdextattrctl,
	.vfs_suspendctl = genfs_suspendctl,
	.vfs_renamelock_enter = genfs_renamelock_enter,
	.vfs_renamelock_exit = genfs_renamelock_exit,
	.vfs_opv_descs = hook_vnodeopv_descs,
};

MOD_VFS("hook", -1, &hook_vfsops);

static int
hook_load(struct lkm_table *lkmtp, int cmd)
{
	if (lkmexists(lkmtp))
		return EEXIST;
	mutex_init(&hook_lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&hook_idle, "hookidle");
	hook_self = lkmtp;
	return 0;
}

static int
hook_unload(struct lkm_table *lkmtp, int cmd)
{
	cv_destroy(&hook_idle);
	mutex_destroy(&hook_lock);
	return 0;
}

int	hook_lkmentry(struct lkm_table *, int, int);

int
hook_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, hook_load, hook_unload, lkm_nofunc);
}
