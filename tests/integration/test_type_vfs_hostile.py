"""VFS modules that sleep, race and break the rules: memfs with single functions of it replaced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EAGAIN, EBUSY, EINTR, EIO, ENOENT, EOPNOTSUPP
from lkmtools.abi.fcntl import O_CREAT, O_RDWR
from lkmtools.abi.mount import MNT_FORCE
from lkmtools.client import Process
from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab

MEMFS = (Path(__file__).parents[2] / "examples/memfs/memfs.c").read_text()
READ = """	if (uio->uio_offset < 0)
		return EINVAL;
	if (uio->uio_offset >= node->t_attr.va_size)
		return 0;
"""
SLEEP = """
	if ((node->t_attr.va_mode & S_ISVTX) != 0) {
		int error = tsleep(node, PRIBIO | PCATCH, "memfsrd", 0);
		if (error != 0)
			return error;
	}
"""


def memfs(lab: Lab, *changes: tuple[str, str]) -> Any:
    """Load memfs with these texts replaced, mount it on /mnt: the process."""
    source = MEMFS
    for old, new in changes:
        assert source.count(old) >= 1, old
        source = source.replace(old, new)
    lab.load(source.replace("#include <sys/mount.h>", "#include <sys/mount.h>\n#include <sys/proc.h>"),
             name="memfs", whole=True)  # fmt: skip
    lab.p.mount("memfs", "/mnt")
    return lab.p


def function(name: str, body: str) -> tuple[str, str]:
    """A change: vnode operation `name` is another function, with that body."""
    text = f"static int bad_{name}(void *v)\n{{\n\tstruct vop_{name}_args *ap = v;\n{body}\n}}\n"
    return "static const struct vnodeopv_entry_desc memfs", (
        f"{text}static const struct vnodeopv_entry_desc memfs"
    )


def entry(name: str, value: str = "") -> tuple[str, str]:
    """A change: the table has `value` for an operation, or no row at all."""
    row = f"\t{{ &vop_{name}_desc, memfs_{name} }},\n"
    return row, f"\t{{ &vop_{name}_desc, {value} }},\n" if value else ""


def replaced(name: str, body: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Both."""
    return entry(name, f"bad_{name}"), function(name, body)


def make(p: Process, path: str, mode: int, data: bytes = b"data") -> int:
    """A new file, open."""
    fd: int = p.open(path, O_RDWR | O_CREAT, 0o644)
    p.write(fd, data)
    p.chmod(path, mode)
    return fd


# -- several processes at once -----------------------------------------------------------------------------


def test_a_read_that_sleeps_keeps_the_file_system_and_its_module(lab: Lab) -> None:
    """Unmount is EBUSY, other files work meanwhile, a writer waits for the lock and then has it."""
    p = memfs(lab, (READ, READ + SLEEP))
    fd = make(p, "/mnt/slow", 0o1666)
    reader, writer = lab.kernel.process("reader"), lab.kernel.process("writer")
    fds = reader.open("/mnt/slow"), writer.open("/mnt/slow", O_RDWR)
    reading = lab.start(reader.read, fds[0], 10)
    writing = lab.start(writer.pwrite, fds[1], b"DATA", 0)
    assert (reading.done, writing.done) == (False, False)
    other = make(p, "/mnt/other", 0o644)
    assert p.pread(other, 4, 0) == b"data"
    assert errno_of(lambda: p.unmount("/mnt")) == EBUSY
    assert errno_of(lambda: modules.unload(p, "memfs")) == EBUSY
    [node] = {lwp.wchan for lwp in lab.k.lwps.values() if lwp.wmesg == "memfsrd" and lwp.wchan}
    lab.k.sched.wakeup(node)
    assert reading.result() == b"data"
    assert writing.result() == 4
    p.chmod("/mnt/slow", 0o644)
    assert p.pread(fd, 4, 0) == b"DATA"
    for proc in (reader, writer):
        proc.exit()
    p.close(fd)
    p.close(other)
    lab.settle()
    p.unmount("/mnt")
    modules.unload(p, "memfs")
    assert lab.k.vfs.vnodes == set()


def test_readers_read_together(lab: Lab) -> None:
    """Three sleep in the same file's read at once: the lock is shared."""
    p = memfs(lab, (READ, READ + SLEEP))
    fd = make(p, "/mnt/slow", 0o1666)
    readers = [lab.kernel.process(f"r{i}") for i in range(3)]
    fds = [proc.open("/mnt/slow") for proc in readers]
    calls = [lab.start(proc.read, fd, 4) for proc, fd in zip(readers, fds, strict=True)]
    sleeping = [lwp for lwp in lab.k.lwps.values() if lwp.wmesg == "memfsrd" and lwp.wchan]
    assert len(sleeping) == 3
    lab.k.sched.wakeup(sleeping[0].wchan or 0)
    assert [call.result() for call in calls] == [b"data"] * 3
    p.close(fd)


def test_a_signal_ends_a_read_that_sleeps(lab: Lab) -> None:
    """EINTR, and the vnode is unlocked again."""
    p = memfs(lab, (READ, READ + SLEEP))
    fd = make(p, "/mnt/slow", 0o1666)
    reader = lab.kernel.process("reader")
    reading = lab.start(reader.read, reader.open("/mnt/slow"), 10)
    p.kill(reader.pid, 15)
    assert errno_of(reading.result) == EINTR
    assert p.pwrite(fd, b"x", 0) == 1


def test_an_unmount_waits_for_nobody_but_says_who(lab: Lab) -> None:
    """Two mounts are independent: the busy one refuses, the other goes."""
    p = memfs(lab)
    p.mkdir("/other")
    p.mount("memfs", "/other")
    fd = make(p, "/mnt/f", 0o644)
    p.unmount("/other")
    assert errno_of(lambda: p.unmount("/mnt")) == EBUSY
    p.close(fd)
    p.unmount("/mnt")


def test_an_unmount_that_another_process_walks_into(lab: Lab) -> None:
    """Who comes to the mount point meanwhile waits, and goes on with what was below."""
    sync = "memfs_sync(struct mount *mp, int waitfor, kauth_cred_t cred)\n{"
    sleep = '\n\tif (mp->mnt_vnodecovered != NULL)\n\t\ttsleep(mp, PRIBIO, "memsync", 0);'
    p = memfs(lab, (sync, sync + sleep))
    p.mkdir("/mnt/in")
    p.mount("memfs", "/mnt/in")
    p.mkdir("/mnt/in/inside")
    other, third = lab.kernel.process("other"), lab.kernel.process("third")
    unmounting = lab.start(p.unmount, "/mnt/in")
    listing, looking = lab.start(other.listdir, "/mnt/in"), lab.start(third.stat, "/mnt/in/inside")
    assert (unmounting.done, listing.done, looking.done) == (False, False, False)
    [mp] = {lwp.wchan for lwp in lab.k.lwps.values() if lwp.wmesg == "memsync" and lwp.wchan}
    lab.k.sched.wakeup(mp)
    unmounting.result()
    assert (listing.result(), errno_of(looking.result)) == ([], ENOENT)
    lab.settle()
    p.unmount("/mnt")
    assert lab.k.vfs.vnodes == set()


def test_vnodes_are_made_room_for(lab: Lab) -> None:
    """Beyond desiredvnodes the longest unused is cleaned; its file is found again, with its contents."""
    p = memfs(lab)
    lab.k.mem.set_u32(lab.k.symbol("desiredvnodes"), 10)
    for i in range(40):
        p.close(make(p, f"/mnt/f{i}", 0o644, b"%d" % i))
    assert len(lab.k.vfs.vnodes) <= 10
    for i in range(40):
        fd = p.open(f"/mnt/f{i}")
        assert p.read(fd, 10) == b"%d" % i
        p.close(fd)
    p.unmount("/mnt")
    assert lab.k.vfs.vnodes == set()


def test_too_many_vnodes_in_use_is_enfile(lab: Lab) -> None:
    """And the table's being full is said on the console."""
    p = memfs(lab)
    lab.k.mem.set_u32(lab.k.symbol("desiredvnodes"), 5)
    fds = [make(p, f"/mnt/f{i}", 0o644) for i in range(4)]
    assert errno_of(lambda: p.open("/mnt/g", O_RDWR | O_CREAT, 0o644)) == 23
    assert "vnode: table is full" in lab.dmesg
    for fd in fds:
        p.close(fd)
    p.unmount("/mnt")


# -- what is missing ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("create", lambda p: p.open("/mnt/new", O_RDWR | O_CREAT, 0o644)),
        ("read", lambda p: p.pread(p.open("/mnt/f"), 4, 0)),
        ("symlink", lambda p: p.symlink("a", "/mnt/s")),
        ("remove", lambda p: p.unlink("/mnt/f")),
        ("rename", lambda p: p.rename("/mnt/f", "/mnt/g")),
        ("link", lambda p: p.link("/mnt/f", "/mnt/g")),
        ("getattr", lambda p: p.stat("/mnt/f")),
        ("setattr", lambda p: p.chmod("/mnt/f", 0o600)),
        ("readdir", lambda p: p.listdir("/mnt")),
    ],
)
def test_an_operation_that_is_not_there_is_eopnotsupp(lab: Lab, operation: str, action: Any) -> None:
    """And leaves no lock or reference behind: everything else goes on, and it can be unmounted."""
    p = memfs(lab, entry(operation))
    if operation != "create":
        p.close(p.open("/mnt/f", O_RDWR | O_CREAT, 0o644))
    assert errno_of(lambda: action(p)) == EOPNOTSUPP
    assert errno_of(lambda: action(p)) == EOPNOTSUPP
    p.mkdir("/mnt/d") if operation != "create" else None
    for fd in tuple(lab.k.procs[p.pid].files):
        p.close(fd)
    p.unmount("/mnt")
    assert lab.k.vfs.vnodes == set()


# -- what is wrong -----------------------------------------------------------------------------------------


def panic_of(lab: Lab, action: Callable[[], object]) -> str:
    """The reason of the panic `action` causes."""
    return str(lab.panics(action))


def test_a_lookup_that_returns_garbage(lab: Lab) -> None:
    """The panic names the function, its module and the name looked up."""
    p = memfs(lab, *replaced("lookup", "\t*ap->a_vpp = (void *)ap;\n\treturn 0;"))
    text = panic_of(lab, lambda: p.stat("/mnt/file"))
    assert "VOP_LOOKUP: what bad_lookup [memfs] returned for 'file'" in text
    assert "is not a vnode" in text


def test_a_lookup_that_returns_nothing_without_an_error(lab: Lab) -> None:
    """The same for a null pointer."""
    p = memfs(lab, *replaced("lookup", "\t*ap->a_vpp = NULL;\n\treturn 0;"))
    assert "bad_lookup [memfs] returned for 'x': 0x0 is not a vnode" in panic_of(
        lab, lambda: p.stat("/mnt/x")
    )


LOOKUP = "\tint error = memfs_lookup(ap);\n"
UNLOCKED = {
    "lookup the directory": (
        replaced("lookup", LOOKUP + "\tVOP_UNLOCK(ap->a_dvp, 0);\n\treturn error;"),
        "bad_lookup+0x0 [memfs] returned with the directory, ",
    ),
    "lookup the file": (
        replaced("lookup", LOOKUP + "\tif (error == 0) VOP_UNLOCK(*ap->a_vpp, 0);\n\treturn error;"),
        "bad_lookup+0x0 [memfs] returned with the vnode of 'f', ",
    ),
    "create": (
        replaced("create", "\tint error = memfs_create(ap);\n\tVOP_UNLOCK(*ap->a_vpp, 0);\n\treturn error;"),
        "bad_create+0x0 [memfs] returned with the new vnode of '/mnt/f', ",
    ),
    "root": (
        ((
            "return memfs_getvnode(mp, MPTOM(mp)->m_root, vpp);",
            "int e = memfs_getvnode(mp, MPTOM(mp)->m_root, vpp); VOP_UNLOCK(*vpp, 0); return e;",
        ),),
        "memfs_root+0x0 [memfs] returned with the root vnode, ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNLOCKED)
def test_a_vnode_that_comes_back_unlocked(lab: Lab, case: str) -> None:
    """The panic names who returned it, not who wanted to unlock it later."""
    changes, said = UNLOCKED[case]
    p = memfs(lab, *changes)

    def use() -> None:
        p.close(p.open("/mnt/f", O_RDWR | O_CREAT, 0o644))
        p.stat("/mnt/f")

    assert said in panic_of(lab, use)


def test_an_unmount_that_fails_can_be_tried_again(lab: Lab) -> None:
    """It says who refuses; the file system goes on, and its module stays."""
    call = "vflush(mp, NULL, (mntflags & MNT_FORCE) ? FORCECLOSE : 0)"
    p = memfs(lab, (call, f"tries++ == 0 ? EAGAIN : {call}"),
              ("static int\nmemfs_unmount(", "static int tries;\n\nstatic int\nmemfs_unmount("))  # fmt: skip
    p.mkdir("/mnt/d")
    with pytest.raises(KernelError) as caught:
        p.unmount("/mnt")
    assert (caught.value.errno, caught.value.reason) == (EAGAIN, "memfs_unmount() refuses")
    assert p.listdir("/mnt") == ["d"]
    assert errno_of(lambda: modules.unload(p, "memfs")) == EBUSY
    p.unmount("/mnt")
    modules.unload(p, "memfs")


def test_a_panic_while_programs_are_inside(lab: Lab) -> None:
    """One reads, one waits, one's directory it is: the next kernel has nothing of any of them."""
    p = memfs(lab, (READ, READ + SLEEP), *replaced("reclaim", '\tpanic("reclaim of %p", ap->a_vp);'))
    p.close(make(p, "/mnt/slow", 0o1666))
    p.mkdir("/mnt/d")
    reader, writer = lab.kernel.process("reader"), lab.kernel.process("writer")
    reader.chdir("/mnt/d")
    fds = reader.open("/mnt/slow"), writer.open("/mnt/slow", O_RDWR)
    calls = [lab.start(reader.read, fds[0], 4), lab.start(writer.pwrite, fds[1], b"x", 0)]
    text = panic_of(lab, lambda: p.unmount("/mnt", MNT_FORCE))
    assert text.startswith("reclaim of 0x")
    assert not any(call.done for call in calls)
    assert lab.p.listdir("/mnt") == []


def test_entries_of_a_directory_that_make_no_sense(lab: Lab) -> None:
    """A client says so; it neither loops nor shows anything."""
    fill = "\tstatic char junk[512];\n\tmemset(junk, %s, 512);\n\treturn uiomove(junk, 512, ap->a_uio);"
    p = memfs(lab, *replaced("readdir", fill % "ap->a_uio->uio_offset == 0 ? 0xff : 0"))
    with pytest.raises(KernelError) as caught:
        p.listdir("/mnt")
    assert (caught.value.errno, caught.value.reason) == (
        EIO,
        "the entry at 0 of '/mnt' says that it has 65535 bytes of 512, and a name of 65535",
    )


def test_a_root_that_is_none(lab: Lab) -> None:
    """VFS_ROOT is checked as well."""
    old = "return memfs_getvnode(mp, MPTOM(mp)->m_root, vpp);"
    p = memfs(lab, (old, "*vpp = (void *)mp; return 0;"))
    text = panic_of(lab, lambda: p.listdir("/mnt"))
    assert "VFS_ROOT: what memfs_root+0x0 [memfs] returned" in text


def test_one_reference_too_few(lab: Lab) -> None:
    """A vnode dropped once too often is found when it is used next."""
    p = memfs(
        lab,
        ("\t{ &vop_open_desc, genfs_nullop },\n", "\t{ &vop_open_desc, bad_open },\n"),
        function("open", "\tvrele(ap->a_vp); vrele(ap->a_vp);\n\treturn 0;"),
    )
    text = panic_of(lab, lambda: p.open("/mnt/f", O_RDWR | O_CREAT, 0o644))
    assert "locking against myself" in text or "references" in text


def test_vnodes_that_are_left_at_unmount(lab: Lab) -> None:
    """An unmount that forgets vflush() is a dangling vnode."""
    call = "vflush(mp, NULL, (mntflags & MNT_FORCE) ? FORCECLOSE : 0)"
    p = memfs(lab, (call, "0"))
    p.listdir("/mnt")
    text = panic_of(lab, lambda: p.unmount("/mnt"))
    assert "unmount: dangling vnode: 'memfs' left 1 behind on /mnt" in text


def test_a_reclaim_that_fails(lab: Lab) -> None:
    """It may not: a panic with its name."""
    p = memfs(lab, *replaced("reclaim", "\t(void)ap;\n\treturn EBUSY;"))
    p.listdir("/mnt")
    text = panic_of(lab, lambda: p.unmount("/mnt"))
    assert "vclean: cannot reclaim: bad_reclaim+0x0 [memfs] returned 16" in text


def test_an_inactive_that_does_not_unlock(lab: Lab) -> None:
    """The panic says who returned with the lock."""
    p = memfs(lab, *replaced("inactive", "\t*ap->a_recycle = false;\n\treturn 0;"))
    text = panic_of(lab, lambda: p.listdir("/mnt"))
    assert "VOP_INACTIVE: bad_inactive+0x0 [memfs] returned with vnode" in text


def test_a_read_that_moves_more_than_it_was_asked(lab: Lab) -> None:
    """EIO, not a wild copy."""
    p = memfs(lab, *replaced("read", "\tap->a_uio->uio_resid += 100;\n\treturn 0;"))
    fd = make(p, "/mnt/f", 0o644)
    assert errno_of(lambda: p.read(fd, 10)) == EIO


def test_a_vector_without_a_default(lab: Lab) -> None:
    """vfs_opv_init() panics, as the original does."""
    row = "\t{ &vop_default_desc, vn_default_error },\n"
    text = panic_of(lab, lambda: memfs(lab, (row, "")))
    assert "operation vector without default routine" in text


def test_a_vnode_used_after_it_was_freed(lab: Lab) -> None:
    """VOP_GETATTR of it, from the module: the panic says that it was freed, and who called."""
    body = (
        "\tstatic struct vnode *old; struct vattr va;\n"
        "\tif (old != NULL) return VOP_GETATTR(old, &va, curlwp->l_cred);\n"
        "\tgetnewvnode(VT_NON, ap->a_vp->v_mount, memfs_vnodeop_p, &old);\n"
        "\tungetnewvnode(old);\n\treturn 0;"
    )
    p = memfs(lab, *replaced("read", body))
    fd = make(p, "/mnt/f", 0o644)
    p.read(fd, 1)
    text = panic_of(lab, lambda: p.read(fd, 1))
    assert "VOP_GETATTR:" in text
    assert "was freed, called from bad_read+" in text
