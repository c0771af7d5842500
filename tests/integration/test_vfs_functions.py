"""What NetBSD 5.2 offers file systems, called from C: buffers, genfs_node, VFS_*(), hooks, names, text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import ENOENT, EOPNOTSUPP, ESRCH, ETXTBSY
from lkmtools.abi.fcntl import O_CREAT, O_RDWR, O_WRONLY
from support.errors import errno_of
from support.lab import Lab

MEMFS = Path(__file__).parents[2] / "examples/memfs/memfs.c"
HEAD = """
#include <sys/buf.h>
#include <sys/malloc.h>
#include <sys/mount.h>
#include <sys/namei.h>
#include <sys/proc.h>
#include <sys/vnode.h>
#include <miscfs/genfs/genfs.h>
#include <miscfs/genfs/genfs_node.h>
#include <miscfs/specfs/specdev.h>

#define CHECK(e)	do { if (!(e)) return __LINE__; } while (0)

static struct vnode *
find(const char *path)
{
	struct nameidata nd;

	NDINIT(&nd, LOOKUP, FOLLOW, UIO_SYSSPACE, path);
	return namei(&nd) != 0 ? NULL : nd.ni_vp;
}

int	probe(int arg);
int
probe(int arg)
{
"""


@pytest.fixture
def run(lab: Lab) -> Callable[..., int]:
    """Run the statements of a function probe(int arg) over memfs on /a, which has a file /a/f; its result."""
    lab.load(MEMFS, name="memfs")
    lab.p.mkdir("/a")
    lab.p.mount("memfs", "/a")
    fd = lab.p.open("/a/f", O_RDWR | O_CREAT, 0o640)
    lab.p.write(fd, b"content")
    lab.p.close(fd)

    def statements(text: str, arg: int = 0, before: str = "") -> int:
        head, _, start = HEAD.partition("static struct vnode *\nfind")
        lab.load(f"{head}{before}\nstatic struct vnode *\nfind{start}{text}\n\treturn 0;\n}}\n")
        return lab.call("int probe(int arg)", arg)

    return statements


BUFFERS = """
static int reads, writes;
static int
strategy(void *v)
{
	struct buf *bp = ((struct vop_strategy_args *)v)->a_bp;

	if (BUF_ISREAD(bp)) {
		memset(bp->b_data, 'a' + bp->b_lblkno, bp->b_bcount);
		reads++;
	} else
		writes++;
	biodone(bp);
	return 0;
}
static const struct vnodeopv_entry_desc entries[] = {
	{ &vop_default_desc, vn_default_error }, { &vop_strategy_desc, strategy },
	{ &vop_bwrite_desc, vn_bwrite }, { &vop_lock_desc, genfs_lock },
	{ &vop_unlock_desc, genfs_unlock }, { &vop_reclaim_desc, genfs_nullop },
	{ NULL, NULL }
};
static int	(**vector)(void *);
static const struct vnodeopv_desc	opv = { &vector, entries };
static const struct vnodeopv_desc	*const opvs[] = { &opv, NULL };
"""


def test_blocks_of_a_vnode_are_read_ahead_written_by_vop_bwrite_and_cut_off(run: Callable[..., int]) -> None:
    """breadn() reads the block; VOP_BWRITE comes to vn_bwrite(); vtruncbuf() forgets from a block on."""
    assert (
        run(
            """
	struct vnode *vp;
	struct buf *bp;
	daddr_t ahead = 1;
	int size = 512;

	vfs_opv_init(opvs);
	CHECK(getnewvnode(VT_NON, NULL, vector, &vp) == 0);
	CHECK(breadn(vp, 0, 512, &ahead, &size, 1, NOCRED, 0, &bp) == 0);
	CHECK(*(char *)bp->b_data == 'a' && bp->b_vp == vp && bp->b_objlock == &vp->v_interlock);
	CHECK(VOP_BWRITE(bp) == 0 && reads == 1 && writes == 1);
	CHECK(bread(vp, 1, 512, NOCRED, 0, &bp) == 0);
	bdwrite(bp);
	CHECK(vtruncbuf(vp, 1, false, 0) == 0 && incore(vp, 0) != NULL && incore(vp, 1) == NULL);
	vgone(vp);
	CHECK(writes == 1);
	vfs_opv_free(opvs);
""",
            before=BUFFERS,
        )
        == 0
    )


def test_a_modules_own_buffer_is_made_and_destroyed(run: Callable[..., int]) -> None:
    """buf_init() sets what a transfer needs; the condition variables can be used until buf_destroy()."""
    assert (
        run(
            """
	struct buf *bp = malloc(sizeof(*bp), M_TEMP, M_WAITOK);

	memset(bp, 0x55, sizeof(*bp));
	buf_init(bp);
	CHECK(bp->b_dev == NODEV && bp->b_cflags == BC_BUSY && bp->b_objlock == &buffer_lock);
	CHECK(bp->b_data == NULL);
	CHECK(!cv_has_waiters(&bp->b_done) && !cv_has_waiters(&bp->b_busy));
	mutex_enter(bp->b_objlock);
	cv_broadcast(&bp->b_done);
	mutex_exit(bp->b_objlock);
	buf_destroy(bp);
	free(bp, M_TEMP);
"""
        )
        == 0
    )


def test_a_genfs_node_has_a_lock_and_sizes_in_blocks(run: Callable[..., int]) -> None:
    """genfs_node_*() over v_data; genfs_size() rounds up to 1 << mnt_fs_bshift."""
    assert (
        run(
            """
	struct vnode *vp = find("/a/f");
	static const struct genfs_ops gops = { .gop_size = genfs_size };
	struct genfs_node node;
	void *before = vp->v_data;
	off_t end;

	vp->v_data = &node;
	genfs_node_init(vp, &gops);
	CHECK(VTOG(vp)->g_op == &gops);
	genfs_node_wrlock(vp);
	CHECK(rw_write_held(&node.g_glock) && !genfs_node_rdtrylock(vp));
	genfs_node_unlock(vp);
	genfs_node_rdlock(vp);
	CHECK(genfs_node_rdtrylock(vp));
	genfs_node_unlock(vp);
	genfs_node_unlock(vp);
	vp->v_mount->mnt_fs_bshift = 10;
	GOP_SIZE(vp, 1025, &end, 0);
	CHECK(end == 2048);
	vp->v_mount->mnt_fs_bshift = 32 + 9;
	GOP_SIZE(vp, 1025, &end, 0);
	CHECK(end == 1536);
	vp->v_mount->mnt_fs_bshift = -22;
	GOP_SIZE(vp, 1025, &end, 0);
	CHECK(end == 2048);
	vp->v_mount->mnt_fs_bshift = 0x7fffffff;
	GOP_SIZE(vp, 0, &end, 0);
	CHECK(end == 0);
	genfs_node_destroy(vp);
	vp->v_data = before;
	vrele(vp);
"""
        )
        == 0
    )


def test_operations_of_a_mounted_file_system_are_functions(run: Callable[..., int]) -> None:
    """VFS_ROOT and its kin; what a type has not is EOPNOTSUPP."""
    assert (
        run(
            """
	struct vnode *vp = find("/a/f"), *root;
	struct mount *mp = vp->v_mount;
	static struct statvfs sb;
	size_t len = 0;

	CHECK(VFS_ROOT(mp, &root) == 0 && root->v_vflag & VV_ROOT && VOP_ISLOCKED(root) == LK_EXCLUSIVE);
	vput(root);
	CHECK(VFS_STATVFS(mp, &sb) == 0 && sb.f_bsize == PAGE_SIZE);
	CHECK(VFS_SYNC(mp, MNT_WAIT, kauth_cred_get()) == 0);
	CHECK(VFS_VPTOFH(vp, NULL, &len) == arg && VFS_START(mp, 0) == arg && VFS_SUSPENDCTL(mp, 0) == arg);
	CHECK(vfs_mountedon(vp) == 0);
	vrele(vp);
""",
            EOPNOTSUPP,
        )
        == 0
    )


def test_hooks_hear_of_each_unmount_until_they_are_detached(lab: Lab, run: Callable[..., int]) -> None:
    """vfs_hooks_attach(); a second vfs_hooks_detach() is ESRCH."""
    before = """
int	heard;
static void hear(struct mount *mp) { heard += mp->mnt_stat.f_mntonname[1]; }
static struct vfs_hooks hooks = { .vh_unmount = hear };
"""
    text = "\tCHECK(arg == 0 ? vfs_hooks_attach(&hooks) == 0 : vfs_hooks_detach(&hooks) == arg - 1);"
    assert run(text, before=before) == 0
    lab.p.unmount("/a")
    assert lab.value("heard") == ord("a")
    assert [lab.call("int probe(int arg)", arg) for arg in (1, 1 + ESRCH)] == [0, 0]
    lab.p.mount("memfs", "/a")
    lab.p.unmount("/a")
    assert lab.value("heard") == ord("a")


def test_hooks_of_a_module_that_is_gone_are_detached(lab: Lab, run: Callable[..., int]) -> None:
    """The console reports it, and the next unmount calls nothing."""
    before = "static struct vfs_hooks hooks = { .vh_unmount = (void *)1 };"
    assert run("\tCHECK(vfs_hooks_attach(&hooks) == 0);", before=before) == 0
    modules.unload(lab.p, "probe")
    assert "LKM 'probe': its vfs_hooks were not detached" in lab.dmesg
    lab.p.unmount("/a")


def test_names_of_the_cache_and_buffers_for_paths(run: Callable[..., int]) -> None:
    """namei_hash() ends at a slash or where it is told; no name is known; PNBUF_GET has MAXPATHLEN bytes."""
    assert (
        run(
            """
	const char *name = "one/two", *end = NULL, *given = name + 3, *all = name + 7;
	struct vnode *vp = find("/a/f"), *dvp = vp;
	char *path = PNBUF_GET();

	memset(path, 'x', MAXPATHLEN);
	PNBUF_PUT(path);
	CHECK(namei_hash(name, &end) == namei_hash(name, &given) && end == name + 3);
	CHECK(namei_hash(name, &all) != namei_hash(name, &end));
	CHECK(cache_revlookup(vp, &dvp, NULL, NULL) == -1 && dvp == NULL);
	cache_purge(vp);
	CHECK(cache_lookup_raw(vp, &dvp, NULL) == -1);
	vrele(vp);
"""
        )
        == 0
    )


@pytest.mark.parametrize("call", ["getblk(vp, 0, 512, 0, 0)", "bread(vp, 0, 512, NOCRED, 0, &bp)"])
def test_a_buffer_of_no_vnode_is_a_panic_that_names_who_asks(
    lab: Lab, run: Callable[..., int], call: str
) -> None:
    """Not a function that the module has not called."""
    text = f"struct buf *bp; struct vnode *vp = (struct vnode *)&bp; {call};"
    assert lab.panics(lambda: run(text)).reason.startswith(f"{call.partition('(')[0]}: 0x")


def test_cn_hash_is_what_namei_hash_gives(run: Callable[..., int]) -> None:
    """Of the name that a file system is asked for, and of the one that namei() leaves a module."""
    assert (
        run(
            """
	struct vnode *dvp = find("/a");
	struct nameidata nd;

	saved = dvp->v_op[vop_lookup_desc.vdesc_offset];
	dvp->v_op[vop_lookup_desc.vdesc_offset] = looks;
	NDINIT(&nd, LOOKUP, SAVENAME, UIO_SYSSPACE, "/a/f");
	CHECK(namei(&nd) == 0);
	dvp->v_op[vop_lookup_desc.vdesc_offset] = saved;
	CHECK(hash_of_f != 0 && given == hash_of_f);
	CHECK(nd.ni_cnd.cn_hash == hash_of_f);
	PNBUF_PUT(nd.ni_cnd.cn_pnbuf);
	vrele(nd.ni_vp);
	vrele(dvp);
""",
            before="""
static u_long given, hash_of_f;
static int (*saved)(void *);
static int
looks(void *v)
{
	struct componentname *cnp = ((struct vop_lookup_args *)v)->a_cnp;
	const char *end = NULL;

	given = cnp->cn_hash;
	hash_of_f = namei_hash(cnp->cn_nameptr, &end);
	return saved(v);
}
""",
        )
        == 0
    )


def test_a_programs_text_is_not_written(lab: Lab, run: Callable[..., int]) -> None:
    """vn_marktext() of an open file and vn_writechk() of a text are ETXTBSY."""
    fd = lab.p.open("/a/f", O_WRONLY)
    text = """
	struct vnode *vp = find("/a/f");
	int error = vn_marktext(vp), writable = vn_writechk(vp);

	CHECK(error == arg && writable == (arg ? 0 : %d) && !(vp->v_iflag & VI_TEXT) == (arg != 0));
	vn_markexec(vp);
	CHECK(vp->v_iflag & VI_EXECMAP);
	vp->v_iflag &= ~(VI_TEXT | VI_EXECMAP);
	vrele(vp);
"""
    assert run(text % ETXTBSY, ETXTBSY) == 0
    lab.p.close(fd)
    assert lab.call("int probe(int arg)", 0) == 0


def test_a_vnode_lock_is_taken_again_and_the_time_is_now(run: Callable[..., int]) -> None:
    """vn_setrecurse() until vn_restorerecurse(); vfs_timestamp() is nanotime()."""
    assert (
        run(
            """
	struct vnode *vp = find("/a/f");
	struct timespec ts, now;
	u_int before = vn_setrecurse(vp);

	CHECK(vn_lock(vp, LK_EXCLUSIVE) == 0 && vn_lock(vp, LK_EXCLUSIVE) == 0);
	VOP_UNLOCK(vp, 0);
	CHECK(VOP_ISLOCKED(vp) == LK_EXCLUSIVE);
	VOP_UNLOCK(vp, 0);
	vn_restorerecurse(vp, before);
	CHECK(VOP_ISLOCKED(vp) == 0 && vp->v_vnlock->vl_canrecurse == 0);
	vfs_timestamp(&ts);
	nanotime(&now);
	CHECK(ts.tv_sec != 0 && now.tv_sec - ts.tv_sec < 60);
	vrele(vp);
"""
        )
        == 0
    )


def test_device_vnodes_share_their_device(run: Callable[..., int]) -> None:
    """spec_node_init() gives v_rdev; the second vnode of a device has the first one's struct specdev."""
    assert (
        run(
            """
	struct vnode *one, *two;

	CHECK(getnewvnode(VT_NON, NULL, dead_vnodeop_p, &one) == 0);
	CHECK(getnewvnode(VT_NON, NULL, dead_vnodeop_p, &two) == 0);
	one->v_type = two->v_type = VBLK;
	spec_node_init(one, makedev(3, 4));
	spec_node_init(two, makedev(3, 4));
	CHECK(one->v_rdev == makedev(3, 4) && one->v_specmountpoint == NULL);
	CHECK(one->v_specnode != two->v_specnode && one->v_specnode->sn_dev == two->v_specnode->sn_dev);
	CHECK(one->v_specnode->sn_dev->sd_refcnt == 2);
	vgone(one);
	CHECK(two->v_specnode->sn_dev->sd_refcnt == 1);
	vgone(two);
"""
        )
        == 0
    )


def test_only_the_vnode_of_a_device_becomes_one(lab: Lab, run: Callable[..., int]) -> None:
    """spec_node_init() of a file is a panic that names its type."""
    panic = lab.panics(lambda: run('\tspec_node_init(find("/a/f"), 1);'))
    assert "spec_node_init: the type of vnode" in str(panic)
    assert errno_of(lambda: lab.p.stat("/a/f")) == ENOENT
