"""namei(), vn_open() and vn_rdwr() as modules of the LKM era call them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.abi.errno import ENOENT, EOPNOTSUPP, EPERM
from lkmtools.abi.fcntl import O_CREAT, O_RDWR
from support.lab import Lab

MEMFS = Path(__file__).parents[2] / "examples/memfs/memfs.c"
HEAD = """
#include <sys/fcntl.h>
#include <sys/mount.h>
#include <sys/namei.h>
#include <sys/proc.h>
#include <sys/vnode.h>
"""
WHOLE = """
/* A file written, read and removed by the kernel itself. */
int probe_file(void);
int probe_file(void)
{
	struct nameidata nd;
	struct vnode *vp;
	char buf[32];
	size_t left;
	int error;

	NDINIT(&nd, LOOKUP, FOLLOW, UIO_SYSSPACE, "/mnt/log");
	if ((error = vn_open(&nd, FREAD | FWRITE | O_CREAT, 0600)) != 0)
		return error;
	vp = nd.ni_vp;
	if (VOP_ISLOCKED(vp) != LK_EXCLUSIVE)
		return 1000;
	VOP_UNLOCK(vp, 0);
	error = vn_rdwr(UIO_WRITE, vp, "from the kernel", 15, 0, UIO_SYSSPACE, 0, curlwp->l_cred, NULL, curlwp);
	if (error != 0)
		return error;
	if ((error = vn_rdwr(UIO_READ, vp, buf, 32, 5, UIO_SYSSPACE, 0, curlwp->l_cred, &left, curlwp)) != 0)
		return error;
	if (left != 22 || memcmp(buf, "the kernel", 10) != 0)
		return 1001;
	if (vn_rdwr(UIO_READ, vp, buf, 32, 5, UIO_SYSSPACE, 0, curlwp->l_cred, NULL, curlwp) != EIO)
		return 1002;
	return vn_close(vp, FREAD | FWRITE, curlwp->l_cred);
}

int probe_open(int root);
int probe_open(int root)
{
	struct nameidata nd;

	NDINIT(&nd, LOOKUP, FOLLOW, UIO_SYSSPACE, root ? "/dev/null" : "/mnt/none", curlwp);
	return vn_open(&nd, FREAD, 0);
}

/* A directory made and removed by vnode operations, wherever it is. */
int probe_dir(int root);
int probe_dir(int root)
{
	struct nameidata nd;
	struct vattr va;
	struct vnode *vp;
	int error;

	NDINIT(&nd, CREATE, LOCKPARENT, UIO_SYSSPACE, root ? "/tmp/new" : "/mnt/new");
	if ((error = namei(&nd)) != 0)
		return error;
	if (nd.ni_vp != NULL || nd.ni_dvp == NULL)
		return 1000;
	VATTR_NULL(&va);
	va.va_type = VDIR;
	va.va_mode = 0750;
	error = VOP_MKDIR(nd.ni_dvp, &vp, &nd.ni_cnd, &va);
	PNBUF_PUT(nd.ni_cnd.cn_pnbuf);
	if (error != 0)
		return error;
	vput(vp);
	NDINIT(&nd, LOOKUP, FOLLOW | LOCKLEAF, UIO_SYSSPACE, root ? "/tmp/new/." : "/mnt/new/.");
	if ((error = namei(&nd)) != 0)
		return error;
	if (nd.ni_vp->v_type != VDIR || VOP_ISLOCKED(nd.ni_vp) != LK_EXCLUSIVE || nd.ni_dvp != NULL)
		return 1001;
	vput(nd.ni_vp);
	NDINIT(&nd, DELETE, LOCKPARENT | LOCKLEAF, UIO_SYSSPACE, root ? "/tmp/new" : "/mnt/new");
	if ((error = namei(&nd)) != 0)
		return error;
	error = VOP_RMDIR(nd.ni_dvp, nd.ni_vp, &nd.ni_cnd);
	PNBUF_PUT(nd.ni_cnd.cn_pnbuf);
	return error;
}

/* A file and its directory, both locked: 0 in memfs, 1 its root, 2 in the root file system, 3 "/". */
int probe_parent(int which);
int probe_parent(int which)
{
	static const char *paths[] = { "/mnt/dir/../dir/f", "/mnt", "/tmp", "/" };
	struct nameidata nd;
	struct vnode *above;
	struct vattr va;
	int error;

	NDINIT(&nd, LOOKUP, FOLLOW | LOCKPARENT | LOCKLEAF, UIO_SYSSPACE, paths[which]);
	if ((error = namei(&nd)) != 0)
		return error;
	if (VOP_ISLOCKED(nd.ni_vp) != LK_EXCLUSIVE || VOP_ISLOCKED(nd.ni_dvp) != LK_EXCLUSIVE)
		return 1000;
	if (which == 3) {
		if (nd.ni_vp != nd.ni_dvp)
			return 1001;
		vrele(nd.ni_dvp);
		vput(nd.ni_vp);
		return 0;
	}
	if (which == 0 && (VOP_GETATTR(nd.ni_vp, &va, curlwp->l_cred) != 0 || va.va_size != 4))
		return 1002;
	vput(nd.ni_vp);
	VOP_UNLOCK(nd.ni_dvp, 0);
	error = namei_simple_kernel(which == 0 ? "/mnt/dir" : "/", NSM_FOLLOW_NOEMULROOT, &above);
	if (error == 0 && above != nd.ni_dvp)
		error = 1003;
	vrele(above);
	vrele(nd.ni_dvp);
	return error;
}
"""


@pytest.fixture
def mem(lab: Lab) -> Lab:
    """memfs on /mnt, and the module."""
    lab.load(MEMFS, name="memfs")
    lab.p.mount("memfs", "/mnt")
    lab.load(HEAD + WHOLE)
    return lab


def clean(lab: Lab) -> None:
    """No vnode is referenced, no name kept."""
    lab.p.unmount("/mnt")
    assert (lab.k.vfs.vnodes, lab.k.vfs.names) == (set(), set())


def test_a_module_writes_and_reads_a_file(mem: Lab) -> None:
    """vn_open, vn_rdwr in both directions, what is left over, vn_close."""
    assert mem.call("int probe_file(void)") == 0
    fd = mem.p.open("/mnt/log")
    assert (mem.p.read(fd, 99), mem.p.fstat(fd).st_mode & 0o777) == (b"from the kernel", 0o600)
    mem.p.close(fd)
    assert mem.call("int probe_open(int root)", 0) == ENOENT
    assert mem.call("int probe_open(int root)", 1) == EOPNOTSUPP
    clean(mem)


@pytest.mark.parametrize("root", [0, 1])
def test_a_module_makes_and_removes_a_directory(mem: Lab, root: int) -> None:
    """NDINIT and namei for CREATE, LOOKUP and DELETE, on memfs and on the root file system."""
    assert mem.call("int probe_dir(int root)", root) == 0
    assert (mem.p.listdir("/mnt"), mem.p.listdir("/tmp")) == ([], [])
    clean(mem)


def test_a_module_has_a_file_and_its_directory(mem: Lab) -> None:
    """LOCKPARENT with LOOKUP, of a file, of the root of a file system, and on the root file system."""
    mem.p.mkdir("/mnt/dir")
    fd = mem.p.open("/mnt/dir/f", O_RDWR | O_CREAT, 0o600)
    mem.p.write(fd, b"data")
    mem.p.close(fd)
    assert [mem.call("int probe_parent(int which)", which) for which in range(4)] == [0] * 4
    clean(mem)


def test_rights_are_those_of_the_process(mem: Lab) -> None:
    """A directory that its process may not search is not walked for a module either."""
    mem.p.mkdir("/mnt/closed", 0o700)
    mem.p.close(mem.p.open("/mnt/closed/f", O_RDWR | O_CREAT, 0o600))
    mem.load(
        HEAD
        + """
int other_run(void);
int other_run(void)
{
	struct nameidata nd;

	NDINIT(&nd, LOOKUP, FOLLOW, UIO_SYSSPACE, "/mnt/closed/f");
	return namei(&nd);
}
""",
        name="other",
    )
    user = mem.kernel.process("user", uid=77)
    assert mem.begin("int other_run(void)", p=user).result() == 13
    clean(mem)


def test_who_may_write_a_file_may_cut_it_and_no_more(mem: Lab) -> None:
    """VOP_SETATTR of the root file system: what is refused has changed nothing."""
    mem.p.close(mem.p.open("/tmp/shared", O_RDWR | O_CREAT, 0o600))
    mem.p.chmod("/tmp/shared", 0o666)
    mem.load(
        HEAD
        + """
int setattr_run(long long size, int mode);
int setattr_run(long long size, int mode)
{
	struct nameidata nd;
	struct vattr va;
	int error;

	NDINIT(&nd, LOOKUP, FOLLOW | LOCKLEAF, UIO_SYSSPACE, "/tmp/shared");
	if ((error = namei(&nd)) != 0)
		return error;
	VATTR_NULL(&va);
	va.va_size = size;
	if (mode)
		va.va_mode = mode;
	error = VOP_SETATTR(nd.ni_vp, &va, curlwp->l_cred);
	vput(nd.ni_vp);
	return error;
}
""",
        name="setattr",
    )
    user = mem.kernel.process("user", uid=77)
    assert mem.begin("int setattr_run(long long size, int mode)", 9, 0o600, p=user).result() == EPERM
    assert mem.p.stat("/tmp/shared").st_size == 0
    assert mem.begin("int setattr_run(long long size, int mode)", 5, 0, p=user).result() == 0
    found = mem.p.stat("/tmp/shared")
    assert (found.st_size, found.st_mode & 0o777) == (5, 0o666)
    mem.p.unlink("/tmp/shared")
    clean(mem)
