"""The life of a file system type: loaded, mounted, used, unmounted, unloaded; memfs and kernfs."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.abi.errno import (
    EBUSY,
    EEXIST,
    EINVAL,
    EIO,
    ENODEV,
    ENOENT,
    ENOTDIR,
    EPERM,
    EROFS,
    ESRCH,
    EXDEV,
)
from lkmtools.abi.fcntl import (
    O_CREAT,
    O_RDONLY,
    O_RDWR,
)
from lkmtools.abi.mount import MNT_FORCE
from lkmtools.abi.syscall import SYS___getdents30
from lkmtools.errors import KernelError
from lkmtools.modules.prepare import LoadError
from support.errors import errno_of, failure
from support.lab import Lab, get, put
from support.memfs import EXAMPLES, leave

# -- the life of the type ----------------------------------------------------------------------------------


def test_a_file_system_is_loaded_mounted_used_unmounted_and_unloaded(mem: Lab) -> None:
    """The whole of it; while it is mounted unload is EBUSY and says where."""
    p = mem.p
    put(p, "/mnt/hello", b"hello, file system\n")
    p.mkdir("/mnt/dir")
    assert p.listdir("/mnt") == ["hello", "dir"]
    assert get(p, "/mnt/hello") == b"hello, file system\n"
    busy = failure(lambda: modules.unload(p, "memfs"))
    assert (busy.errno, busy.reason) == (EBUSY, "file system 'memfs' is mounted on /mnt")
    leave(mem)


def test_modstat_shows_a_vfs_line(mem: Lab) -> None:
    """Type 1, offset -1."""
    [module] = modules.stat_all(mem.p)
    assert (module.type, module.name, module.offset) == (1, "memfs", -1)


def test_what_is_mounted_disappears_with_the_mount(mem: Lab) -> None:
    """The directory below is seen again, and a new mount is empty."""
    p = mem.p
    p.unmount("/mnt")
    p.mkdir("/mnt/below")
    p.mount("memfs", "/mnt")
    assert p.listdir("/mnt") == []
    put(p, "/mnt/a", b"a")
    p.unmount("/mnt")
    assert p.listdir("/mnt") == ["below"]
    p.rmdir("/mnt/below")
    p.mount("memfs", "/mnt")
    assert p.listdir("/mnt") == []
    leave(mem)


def test_the_same_type_mounted_twice_is_two_file_systems(mem: Lab) -> None:
    """Names, numbers and contents are each one's own; renaming from one to the other is EXDEV."""
    p = mem.p
    p.mkdir("/other")
    p.mount("memfs", "/other")
    put(p, "/mnt/a", b"first")
    put(p, "/other/a", b"second")
    assert (get(p, "/mnt/a"), get(p, "/other/a")) == (b"first", b"second")
    assert p.stat("/mnt/a").st_dev != p.stat("/other/a").st_dev
    assert errno_of(lambda: p.rename("/mnt/a", "/other/b")) == EXDEV
    assert errno_of(lambda: p.link("/mnt/a", "/other/b")) == EXDEV
    assert errno_of(lambda: p.rename("/mnt/a", "/tmp/b")) == EXDEV
    assert [m.f_mntonname.split(b"\0")[0] for m in p.mounts()] == [b"/mnt", b"/other"]
    assert failure(lambda: modules.unload(p, "memfs")).reason.endswith("mounted on /mnt, /other")
    leave(mem, "/mnt", "/other")


def test_a_file_system_on_a_directory_of_another(mem: Lab) -> None:
    """Walking crosses into it, and `..` out of it; the lower one cannot be unmounted meanwhile."""
    p = mem.p
    p.mkdir("/mnt/in")
    put(p, "/mnt/outside", b"o")
    p.mount("memfs", "/mnt/in")
    put(p, "/mnt/in/inside", b"i")
    assert get(p, "/mnt/in/../outside") == b"o"
    assert get(p, "/mnt/in/../in/inside") == b"i"
    assert errno_of(lambda: p.rmdir("/mnt/in")) == EBUSY
    assert errno_of(lambda: p.unmount("/mnt")) == EBUSY
    p.unmount("/mnt/in")
    assert p.listdir("/mnt/in") == []
    leave(mem)


def test_a_second_file_system_on_the_same_directory(mem: Lab) -> None:
    """It covers the first, which comes back when it goes."""
    p = mem.p
    put(p, "/mnt/lower", b"")
    p.mount("memfs", "/mnt")
    assert p.listdir("/mnt") == []
    p.unmount("/mnt")
    assert p.listdir("/mnt") == ["lower"]
    leave(mem)


def test_mount_and_unmount_say_what_is_wrong(mem: Lab) -> None:
    """ENODEV, ENOTDIR, ENOENT, EINVAL, EBUSY, EPERM."""
    p = mem.p
    unknown = failure(lambda: p.mount("nofs", "/tmp"))
    assert (unknown.errno, unknown.reason) == (ENODEV, "no file system type 'nofs'; its module is not loaded")
    assert failure(lambda: p.mount("memsf", "/tmp")).reason.endswith("; did you mean 'memfs'?")
    put(p, "/mnt/file", b"")
    assert errno_of(lambda: p.mount("memfs", "/mnt/file")) == ENOTDIR
    assert errno_of(lambda: p.mount("memfs", "/dev/null")) == ENOTDIR
    assert errno_of(lambda: p.mount("memfs", "/nowhere")) == ENOENT
    assert errno_of(lambda: p.mount("memfs", "/")) == EBUSY
    assert errno_of(lambda: p.unmount("/tmp")) == EINVAL
    p.mkdir("/mnt/dir")
    assert errno_of(lambda: p.unmount("/mnt/dir")) == EINVAL
    user = mem.kernel.process("user", uid=1000)
    assert errno_of(lambda: user.mount("memfs", "/tmp")) == EPERM
    assert errno_of(lambda: user.unmount("/mnt")) == EPERM
    leave(mem)


def test_a_forced_unmount_leaves_open_files_dead(mem: Lab) -> None:
    """Without force EBUSY; with it reads fail, close works, and all vnodes go."""
    p = mem.p
    put(p, "/mnt/f", b"data")
    fd = p.open("/mnt/f", O_RDWR)
    assert errno_of(lambda: p.unmount("/mnt")) == EBUSY
    assert get(p, "/mnt/f") == b"data"
    p.unmount("/mnt", MNT_FORCE)
    assert errno_of(lambda: p.read(fd, 4)) == EIO
    assert errno_of(lambda: p.fstat(fd)) == EIO
    p.close(fd)
    assert mem.k.vfs.vnodes == set()
    modules.unload(p, "memfs")


def test_a_process_that_ends_lets_go_of_its_files(mem: Lab) -> None:
    """Its descriptors are closed: the file system can be unmounted."""
    other = mem.kernel.process("other")
    other.open("/mnt/f", O_RDWR | O_CREAT, 0o600)
    assert errno_of(lambda: mem.p.unmount("/mnt")) == EBUSY
    other.exit()
    mem.settle()
    leave(mem)


# -- kernfs ------------------------------------------------------------------------------------------------


def test_kernfs_shows_the_kernels_values(lab: Lab) -> None:
    """Version, machine, clock, modules; nothing can be written; its vnodes go at once."""
    p = lab.p
    lab.load(EXAMPLES / "kernfs/kernfs.c", name="kernfs")
    p.mkdir("/kern")
    p.mount("kernfs", "/kern")
    assert p.listdir("/kern") == ["version", "machine", "time", "hz", "securelevel", "modules"]
    assert get(p, "/kern/version").decode() == lab.k.version + "\n"
    assert get(p, "/kern/machine").decode() == lab.machine + "\n"
    assert get(p, "/kern/modules").split()[:2] == [b"0", b"kernfs"]
    assert abs(int(get(p, "/kern/time").split()[0]) - lab.k.now()) < 60
    assert errno_of(lambda: p.open("/kern/version", O_RDWR)) == EROFS
    assert errno_of(lambda: p.unlink("/kern/version")) == EROFS
    assert errno_of(lambda: p.open("/kern/new", O_CREAT | O_RDWR, 0o644)) == EROFS
    assert errno_of(lambda: p.open("/kern/new")) == ENOENT
    assert len(lab.k.vfs.vnodes) == 1
    fd = p.open("/kern/hz", O_RDONLY)
    assert errno_of(lambda: p.unmount("/kern")) == EBUSY
    p.close(fd)
    p.unmount("/kern")
    modules.unload(p, "kernfs")
    assert lab.k.vfs.vnodes == set()
    assert lab.tables() == lab.boot_tables


def test_kernfs_is_read_in_small_pieces(lab: Lab) -> None:
    """One entry a read; EINVAL where none fits, and the next read goes on behind the last entry."""
    p = lab.p
    lab.load(EXAMPLES / "kernfs/kernfs.c", name="kernfs")
    p.mkdir("/kern")
    p.mount("kernfs", "/kern")
    fd = p.open("/kern")

    def getdents(room: int) -> int:
        return int(p.syscall(SYS___getdents30, fd, p.buffer(room), room)[0])

    assert [getdents(32) for _ in range(8)] == [16, 24, 24, 24, 16, 32, 24, 0]
    p.lseek(fd, 0)
    assert getdents(16) == 16
    assert errno_of(lambda: getdents(16)) == EINVAL
    assert getdents(200) == 144
    p.close(fd)
    p.unmount("/kern")
    modules.unload(p, "kernfs")


def test_two_types_of_one_name(lab: Lab) -> None:
    """The second vfs_attach() is EEXIST, as is loading a module of the same name."""
    lab.load(EXAMPLES / "memfs/memfs.c", name="memfs")
    source = (EXAMPLES / "memfs/memfs.c").read_text().replace('MOD_VFS("memfs"', 'MOD_VFS("memfs2"')
    with pytest.raises(LoadError) as caught:
        lab.load(source, name="memfs", whole=True)
    assert isinstance(caught.value.__cause__, KernelError)
    assert caught.value.__cause__.errno == EEXIST
    modules.unload(lab.p, "memfs")
    assert lab.tables() == lab.boot_tables


def test_detaching_what_is_not_attached(lab: Lab) -> None:
    """vfs_detach() of an unknown struct vfsops is ESRCH."""
    lab.load(
        '#include <sys/mount.h>\nstatic struct vfsops nofs = { .vfs_name = "nofs" };\n'
        "int probe_run(void);\nint probe_run(void) { return vfs_detach(&nofs); }"
    )
    assert lab.call("int probe_run(void)") == ESRCH
