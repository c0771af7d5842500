/*
 * A file system that finds every member where NetBSD 5.2 has it, whatever our headers say: OFF_struct_member and
 * SIZE_struct are numbers that the test defines from tests/conformance/netbsd-5.2.txt. A directory with "file", of two
 * blocks, and "dev".
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/buf.h>
#include <sys/mount.h>
#include <sys/namei.h>
#include <sys/proc.h>
#include <sys/uio.h>
#include <sys/vnode.h>
#include <miscfs/genfs/genfs.h>
#include <miscfs/specfs/specdev.h>
#include <uvm/uvm_extern.h>

#define AT(type, p, member)	(*(type *)((char *)(p) + OFF_##member))
#define ARG(type, v, n)		(((type *)(v))[n])	/* of operations whose arguments are all as wide as a pointer */
#define RDEV			0x1203
enum { ROOT = 1, REGULAR, DEVICE };

int	wrong;		/* the first line that found something else */
#define CHECK(expected)	do { if (!(expected) && wrong == 0) wrong = __LINE__; } while (0)

static char	ops[SIZE_vfsops] __attribute__((aligned(16)));
static char	entries[24 * SIZE_vnodeopv_entry_desc] __attribute__((aligned(16)));
static char	desc[SIZE_vnodeopv_desc] __attribute__((aligned(16)));
static void	*descs[] = { desc, NULL };
static int	(**vector)(void *);
static int	hooked;

static int
getv(void *mp, long id, void *vpp)
{
	static const int types[] = { 0, VDIR, VREG, VCHR };
	struct vnode *vp;
	int error;

	if ((error = getnewvnode(VT_TMPFS, mp, vector, &vp)) != 0)
		return error;
	CHECK(AT(int, vp, vnode_v_type) == VNON && AT(int, vp, vnode_v_tag) == VT_TMPFS);
	CHECK(AT(int, vp, uvm_object_uo_refs) == 1 && AT(int, vp, uvm_object_uo_npages) == 0);
	CHECK(AT(const void *, vp, uvm_object_pgops) == &uvm_vnodeops);
	CHECK(AT(void *, vp, vnode_v_mount) == mp && AT(void *, vp, vnode_v_op) == (void *)vector);
	CHECK((char *)AT(void *, vp, vnode_v_vnlock) == (char *)vp + OFF_vnode_v_lock);
	CHECK(AT(off_t, vp, vnode_v_size) == -1 && AT(off_t, vp, vnode_v_writesize) == -1);
	CHECK(AT(void *, mp, mount_mnt_vnodelist_tqh_first) != NULL);
	AT(int, vp, vnode_v_type) = types[id];
	AT(void *, vp, vnode_v_data) = (void *)id;
	if (id == ROOT)
		AT(int, vp, vnode_v_vflag) |= VV_ROOT;
	if (id == DEVICE) {
		spec_node_init(vp, RDEV);
		CHECK(AT(unsigned, AT(void *, vp, vnode_v_un_vu_specnode), specnode_sn_rdev) == RDEV);
	}
	uvm_vnp_setsize(vp, 1024);
	CHECK(AT(off_t, vp, vnode_v_size) == 1024 && AT(off_t, vp, vnode_v_writesize) == 1024);
	mutex_enter((kmutex_t *)((char *)vp + OFF_uvm_object_vmobjlock));
	vholdl(vp);
	CHECK(AT(int, vp, vnode_v_holdcnt) == 1);
	holdrelel(vp);
	mutex_exit((kmutex_t *)((char *)vp + OFF_uvm_object_vmobjlock));
	*(void **)vpp = vp;
	return vn_lock(vp, LK_EXCLUSIVE | LK_RETRY);
}

static int
fs_mount(struct mount *mp, const char *path, void *data, size_t *data_len)
{
	char *stat = (char *)mp + OFF_mount_mnt_stat;

	CHECK(AT(void *, mp, mount_mnt_op) == ops && AT(int, mp, mount_mnt_refcnt) == 1);
	CHECK(AT(int, mp, mount_mnt_flag) == MNT_RDONLY && AT(void *, mp, mount_mnt_data) == NULL);
	AT(void *, mp, mount_mnt_data) = ops;
	AT(int, mp, mount_mnt_flag) |= MNT_LOCAL;
	AT(int, mp, mount_mnt_fs_bshift) = AT(int, mp, mount_mnt_dev_bshift) = 9;
	AT(u_long, stat, statvfs_f_namemax) = 77;
	mutex_enter((kmutex_t *)((char *)mp + OFF_mount_mnt_updating));
	mutex_exit((kmutex_t *)((char *)mp + OFF_mount_mnt_updating));
	vfs_getnewfsid(mp);
	CHECK(AT(u_long, stat, statvfs_f_fsid) != 0);
	return set_statvfs_info(path, UIO_USERSPACE, "nowhere", UIO_SYSSPACE, "offsetfs", mp, curlwp);
}

static int
fs_unmount(struct mount *mp, int mntflags)
{
	CHECK(AT(void *, mp, mount_mnt_data) == ops);
	return vflush(mp, NULL, 0);
}

static int
fs_root(struct mount *mp, struct vnode **vpp)
{
	return getv(mp, ROOT, vpp);
}

static int
fs_statvfs(struct mount *mp, struct statvfs *sbp)
{
	AT(u_long, sbp, statvfs_f_bsize) = AT(u_long, sbp, statvfs_f_frsize) = 512;
	AT(uint64_t, sbp, statvfs_f_blocks) = 0x100000002ULL;
	AT(uint64_t, sbp, statvfs_f_bfree) = 7;
	copy_statvfs_info(sbp, mp);
	return 0;
}

static int
fs_lookup(void *v)
{
	void *cnp = AT(void *, v, vop_lookup_args_a_cnp), *dvp = AT(void *, v, vop_lookup_args_a_dvp);
	const char *name = AT(const char *, cnp, componentname_cn_nameptr);
	size_t len = AT(size_t, cnp, componentname_cn_namelen);

	CHECK(AT(const void *, v, vop_lookup_args_a_desc) == &vop_lookup_desc);
	CHECK(AT(uint32_t, cnp, componentname_cn_nameiop) == LOOKUP);
	CHECK(AT(uint32_t, cnp, componentname_cn_flags) & ISLASTCN);
	CHECK(AT(void *, cnp, componentname_cn_cred) == kauth_cred_get());
	CHECK(AT(char *, cnp, componentname_cn_pnbuf) <= name);
	CHECK(AT(long, dvp, vnode_v_data) == ROOT);
	if (len == 4 && memcmp(name, "file", 4) == 0)
		return getv(AT(void *, dvp, vnode_v_mount), REGULAR, AT(void *, v, vop_lookup_args_a_vpp));
	if (len == 3 && memcmp(name, "dev", 3) == 0)
		return getv(AT(void *, dvp, vnode_v_mount), DEVICE, AT(void *, v, vop_lookup_args_a_vpp));
	return ENOENT;
}

static void
stamp(char *ts, int seconds, long nanoseconds)
{
	AT(int, ts, timespec_tv_sec) = seconds;
	AT(long, ts, timespec_tv_nsec) = nanoseconds;
}

static int
fs_getattr(void *v)
{
	void *vap = AT(void *, v, vop_getattr_args_a_vap), *vp = AT(void *, v, vop_getattr_args_a_vp);

	CHECK(AT(void *, v, vop_getattr_args_a_cred) != NULL);
	CHECK(AT(unsigned, vap, vattr_va_mode) == ~0U && AT(uint64_t, vap, vattr_va_bytes) == ~0ULL);
	CHECK(AT(int, vap, vattr_va_atime) == -1 && AT(u_int, vap, vattr_va_vaflags) == 0);
	AT(int, vap, vattr_va_type) = AT(int, vp, vnode_v_type);
	AT(unsigned, vap, vattr_va_mode) = 0644;
	AT(unsigned, vap, vattr_va_nlink) = 3;
	AT(unsigned, vap, vattr_va_uid) = 4;
	AT(unsigned, vap, vattr_va_gid) = 5;
	AT(long, vap, vattr_va_fsid) = 6;
	AT(uint64_t, vap, vattr_va_fileid) = 0x700000008ULL;
	AT(uint64_t, vap, vattr_va_size) = AT(off_t, vp, vnode_v_size);
	AT(long, vap, vattr_va_blocksize) = 512;
	stamp((char *)vap + OFF_vattr_va_atime, 1000, 1);
	stamp((char *)vap + OFF_vattr_va_mtime, 2000, 2);
	stamp((char *)vap + OFF_vattr_va_ctime, 3000, 3);
	stamp((char *)vap + OFF_vattr_va_birthtime, 4000, 4);
	AT(u_long, vap, vattr_va_gen) = 9;
	AT(u_long, vap, vattr_va_flags) = 10;
	AT(unsigned, vap, vattr_va_rdev) = RDEV;
	AT(uint64_t, vap, vattr_va_bytes) = 1536;
	return 0;
}

static int
fs_strategy(void *v)
{
	void *bp = AT(void *, v, vop_strategy_args_a_bp), *vp = AT(void *, v, vop_strategy_args_a_vp);

	CHECK(AT(void *, bp, buf_b_vp) == vp);
	CHECK(AT(void *, bp, buf_b_objlock) == (char *)vp + OFF_uvm_object_vmobjlock);
	CHECK(AT(int, bp, buf_b_bcount) == 512 && AT(int, bp, buf_b_bufsize) == 512);
	CHECK(AT(unsigned, bp, buf_b_flags) & B_READ && AT(unsigned, bp, buf_b_cflags) & BC_BUSY);
	CHECK(AT(int64_t, bp, buf_b_blkno) == AT(int64_t, bp, buf_b_lblkno));
	CHECK(AT(int, bp, buf_b_error) == 0 && AT(void *, bp, buf_b_proc) == curproc);
	memset(AT(void *, bp, buf_b_data), 'a' + (int)AT(int64_t, bp, buf_b_lblkno), 512);
	AT(int, bp, buf_b_resid) = 0;
	biodone(bp);
	CHECK(AT(unsigned, bp, buf_b_oflags) & BO_DONE);
	return 0;
}

static int
fs_read(void *v)
{
	void *uio = AT(void *, v, vop_read_args_a_uio), *vp = AT(void *, v, vop_read_args_a_vp);
	struct buf *bp;
	int error = 0;

	CHECK(AT(int, uio, uio_uio_rw) == UIO_READ && AT(int, uio, uio_uio_iovcnt) == 1);
	CHECK(AT(void *, uio, uio_uio_vmspace) == (void *)curproc->p_vmspace);
	CHECK(AT(size_t, AT(void *, uio, uio_uio_iov), iovec_iov_len) == AT(size_t, uio, uio_uio_resid));
	while (error == 0 && AT(size_t, uio, uio_uio_resid) && AT(off_t, uio, uio_uio_offset) < 1024) {
		off_t offset = AT(off_t, uio, uio_uio_offset);
		size_t room = 512 - offset % 512;

		if ((error = bread(vp, offset / 512, 512, NOCRED, 0, &bp)) == 0)
			error = uiomove((char *)AT(void *, bp, buf_b_data) + offset % 512,
			    MIN(room, AT(size_t, uio, uio_uio_resid)), uio);
		brelse(bp, 0);
	}
	return error;
}

static int
fs_inactive(void *v)
{
	*ARG(bool *, v, 2) = true;
	return VOP_UNLOCK(ARG(struct vnode *, v, 1), 0);
}

static int
fs_reclaim(void *v)
{
	void *vp = ARG(void *, v, 1);

	CHECK(AT(int, vp, uvm_object_uo_refs) == 1);
	AT(void *, vp, vnode_v_data) = NULL;
	return 0;
}

static void
gone(struct mount *mp)
{
	hooked += AT(void *, mp, mount_mnt_op) == ops;
}

static void
operation(const void *op, int (*impl)(void *))
{
	static int n;
	char *entry = entries + n++ * SIZE_vnodeopv_entry_desc;

	AT(const void *, entry, vnodeopv_entry_desc_opve_op) = op;
	AT(void *, entry, vnodeopv_entry_desc_opve_impl) = (void *)impl;
}

int	probe_attach(void);
int	probe_detach(void);
static char	hooks[SIZE_vfs_hooks] __attribute__((aligned(16)));

int
probe_attach(void)
{
	operation(&vop_default_desc, vn_default_error);
	operation(&vop_lookup_desc, fs_lookup);
	operation(&vop_getattr_desc, fs_getattr);
	operation(&vop_read_desc, fs_read);
	operation(&vop_strategy_desc, fs_strategy);
	operation(&vop_inactive_desc, fs_inactive);
	operation(&vop_reclaim_desc, fs_reclaim);
	operation(&vop_open_desc, genfs_nullop);
	operation(&vop_close_desc, genfs_nullop);
	operation(&vop_access_desc, genfs_nullop);
	operation(&vop_lock_desc, genfs_lock);
	operation(&vop_unlock_desc, genfs_unlock);
	operation(&vop_islocked_desc, genfs_islocked);
	operation(NULL, NULL);
	AT(void *, desc, vnodeopv_desc_opv_desc_vector_p) = &vector;
	AT(void *, desc, vnodeopv_desc_opv_desc_ops) = entries;
	AT(const char *, ops, vfsops_vfs_name) = "offsetfs";
	AT(void *, ops, vfsops_vfs_mount) = fs_mount;
	AT(void *, ops, vfsops_vfs_unmount) = fs_unmount;
	AT(void *, ops, vfsops_vfs_root) = fs_root;
	AT(void *, ops, vfsops_vfs_statvfs) = fs_statvfs;
	AT(void *, ops, vfsops_vfs_opv_descs) = descs;
	AT(void *, hooks, vfs_hooks_vh_unmount) = gone;
	vfs_hooks_attach((void *)hooks);
	return vfs_attach((void *)ops);
}

int
probe_detach(void)
{
	CHECK(hooked == 1 && vfs_hooks_detach((void *)hooks) == 0);
	CHECK(AT(int, ops, vfsops_vfs_refcount) == 0);
	return vfs_detach((void *)ops);
}
