"""What the kernel offers file systems: lists, vnodes, locks, attributes; called from C."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.abi.errno import EACCES, ENOENT, ENOTDIR
from lkmtools.abi.fcntl import O_CREAT, O_RDWR
from support.lab import Lab

MEMFS = Path(__file__).parents[2] / "examples/memfs/memfs.c"
HEAD = """
#include <sys/mount.h>
#include <sys/namei.h>
#include <sys/vnode.h>
#include <miscfs/genfs/genfs.h>
"""


@pytest.fixture
def mem(lab: Lab) -> Lab:
    """A lab with memfs on /a and /b, and a file /a/f."""
    lab.load(MEMFS, name="memfs")
    for path in ("/a", "/b"):
        lab.p.mkdir(path)
        lab.p.mount("memfs", path)
    lab.p.close(lab.p.open("/a/f", O_RDWR | O_CREAT, 0o640))
    return lab


def test_the_lists_can_be_walked_with_the_macros(mem: Lab) -> None:
    """vfs_list, mountlist and a mount's vnodes, from C, after changes."""
    mem.load(
        HEAD
        + """
int probe_types(void); int probe_mounts(void); int probe_vnodes(void);
int probe_types(void) { struct vfsops *v; int n = 0; LIST_FOREACH(v, &vfs_list, vfs_list) n++; return n; }
int probe_mounts(void)
{
	struct mount *mp; int n = 0;
	for (mp = CIRCLEQ_FIRST(&mountlist); mp != (void *)&mountlist; mp = CIRCLEQ_NEXT(mp, mnt_list)) n++;
	return n;
}
int probe_vnodes(void)
{
	struct vnode *vp; int n = 0;
	TAILQ_FOREACH(vp, &CIRCLEQ_FIRST(&mountlist)->mnt_vnodelist, v_mntvnodes)
		n += vp->v_mount == CIRCLEQ_FIRST(&mountlist) && vp->v_usecount == 0;
	return n;
}
"""
    )
    counts = [mem.call(f"int probe_{what}(void)") for what in ("types", "mounts", "vnodes")]
    assert counts == [2, 2, 2]  # memfs and hostfs
    mem.p.unmount("/a")
    assert mem.call("int probe_mounts(void)") == 1
    mem.p.unmount("/b")
    assert mem.call("int probe_mounts(void)") == 0


def test_descriptors_tell_where_the_arguments_are(mem: Lab) -> None:
    """A bypass can find vnodes, credentials and names of any operation by its descriptor."""
    mem.load(
        HEAD
        + """
int probe_rename(void); int probe_lookup(void);
int probe_rename(void)
{
	const int *o = vop_rename_desc.vdesc_vp_offsets;
	return o[0] == VOPARG_OFFSETOF(struct vop_rename_args, a_fdvp) &&
		o[3] == VOPARG_OFFSETOF(struct vop_rename_args, a_tvp) && o[4] == VDESC_NO_OFFSET &&
		vop_rename_desc.vdesc_flags == (VDESC_VP0_WILLRELE | VDESC_VP1_WILLRELE | VDESC_VP2_WILLPUT |
		VDESC_VP3_WILLPUT);
}
int probe_lookup(void)
{
	return vop_lookup_desc.vdesc_vpp_offset == VOPARG_OFFSETOF(struct vop_lookup_args, a_vpp) &&
		vop_lookup_desc.vdesc_componentname_offset == VOPARG_OFFSETOF(struct vop_lookup_args, a_cnp) &&
		vop_lookup_desc.vdesc_cred_offset == VDESC_NO_OFFSET && VOFFSET(vop_lookup) > 0 &&
		vop_read_desc.vdesc_cred_offset == VOPARG_OFFSETOF(struct vop_read_args, a_cred);
}
"""
    )
    assert (mem.call("int probe_rename(void)"), mem.call("int probe_lookup(void)")) == (1, 1)


NAMES = """
int probe_run(void); int probe_missing(void); int probe_root(void); int probe_gone(void);
int probe_run(void)
{
	struct vnode *vp; struct vattr va; int error;
	if ((error = namei_simple_kernel("/b/../a/f", NSM_FOLLOW_NOEMULROOT, &vp)) != 0) return error;
	if (VOP_ISLOCKED(vp) != 0) return 1000;
	if (vn_lock(vp, LK_SHARED) != 0 || VOP_ISLOCKED(vp) != LK_SHARED) return 1001;
	if (vlockmgr(vp->v_vnlock, LK_UPGRADE) != 0 || VOP_ISLOCKED(vp) != LK_EXCLUSIVE) return 1002;
	if (vn_lock(vp, LK_EXCLUSIVE | LK_NOWAIT) != EBUSY) return 1003;
	if (VOP_GETATTR(vp, &va, curlwp->l_cred) != 0) return 1004;
	if (vlockmgr(vp->v_vnlock, LK_DOWNGRADE) != 0 || VOP_ISLOCKED(vp) != LK_SHARED) return 1005;
	VOP_UNLOCK(vp, 0);
	if (vrecycle(vp, NULL, curlwp) != 0) return 1006;	/* we use it */
	if (vp->v_usecount != 1 || vp->v_mount != vfs_getvfs(&vp->v_mount->mnt_stat.f_fsidx)) return 1007;
	vrele(vp);
	return vrecycle(vp, NULL, curlwp) == 1 ? (int)va.va_mode : 1008;
}
int probe_missing(void) { struct vnode *vp; return namei_simple_kernel("/a/none", 0, &vp); }
int probe_root(void)
{
	struct vnode *vp, *again; int ok;
	if (namei_simple_kernel("/dev/null", 0, &vp) != 0 || namei_simple_kernel("/dev/null", 0, &again) != 0)
		return -1;
	ok = vp->v_type == VCHR && vp == again && (vp->v_mount->mnt_flag & MNT_ROOTFS) != 0;
	vrele(again);
	vrele(vp);
	return ok;
}
int probe_gone(void)
{
	struct vnode *vp; int error;
	if ((error = namei_simple_kernel("/a/f", 0, &vp)) != 0) return error;
	vref(vp);
	vgone(vp);
	if (vget(vp, LK_EXCLUSIVE) != ENOENT || vn_lock(vp, LK_EXCLUSIVE) != ENOENT) return 1000;
	if (vn_lock(vp, LK_EXCLUSIVE | LK_RETRY) != 0) return 1001;
	error = VOP_LOOKUP(vp, NULL, NULL);
	vput(vp);
	return error;
}
"""


def test_names_vnodes_and_their_locks(mem: Lab) -> None:
    """namei_simple, vn_lock in all its ways, vrecycle, and VOP_ calls of one module into another."""
    mem.load(HEAD + NAMES)
    assert mem.call("int probe_run(void)") == 0o640
    assert mem.call("int probe_missing(void)") == ENOENT
    assert mem.call("int probe_root(void)") == 1
    assert mem.call("int probe_gone(void)") == ENOTDIR
    mem.p.unmount("/a")
    mem.p.unmount("/b")
    assert mem.k.vfs.vnodes == set()


def test_access_by_mode_and_owner(lab: Lab) -> None:
    """vaccess(): owner, group, others; root may all but execute what nobody may."""
    lab.load(
        HEAD
        + """
int probe_run(int uid, int gid, int mode, int want);
int probe_run(int uid, int gid, int mode, int want)
{
	struct kauth_cred cred = { .cr_uid = uid, .cr_gid = gid, .cr_ngroups = 1, .cr_groups = { 50 } };
	return vaccess(VREG, mode, 10, 20, want, &cred);
}
"""
    )
    cases = [
        ((10, 1, 0o700, 7), 0), ((10, 20, 0o077, 4), EACCES), ((11, 20, 0o070, 7), 0),
        ((11, 1, 0o770, 1), EACCES), ((11, 1, 0o004, 4), 0), ((0, 0, 0, 6), 0), ((0, 0, 0o666, 1), EACCES),
    ]  # fmt: skip
    for arguments, expected in cases:
        assert lab.call("int probe_run(int uid, int gid, int mode, int want)", *arguments) == expected


def test_attributes_without_values_and_types_of_modes(lab: Lab) -> None:
    """VATTR_NULL gives VNOVAL everywhere; IFTOVT and VTTOIF are each other's inverse."""
    lab.load(
        HEAD
        + """
int probe_null(void); int probe_types(void);
int probe_null(void)
{
	struct vattr va;
	VATTR_NULL(&va);
	return va.va_type == VNON && va.va_mode == (mode_t)VNOVAL && va.va_size == (u_quad_t)VNOVAL &&
		va.va_mtime.tv_sec == VNOVAL && va.va_flags == (u_long)VNOVAL && va.va_vaflags == 0;
}
int probe_types(void)
{
	int t;
	for (t = VREG; t < VBAD; t++)
		if (IFTOVT(VTTOIF(t)) != t || MAKEIMODE(t, 0644) != (VTTOIF(t) | 0644)) return t;
	return 0;
}
"""
    )
    assert (lab.call("int probe_null(void)"), lab.call("int probe_types(void)")) == (1, 0)
