"""VFS modules: file systems of module code, mounted, used by client processes, unmounted and unloaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import (
    EBUSY,
    EEXIST,
    EFBIG,
    EINVAL,
    EIO,
    EISDIR,
    ELOOP,
    ENODEV,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
    EPERM,
    EROFS,
    ESRCH,
    EXDEV,
)
from lkmtools.abi.fcntl import (
    O_APPEND,
    O_CREAT,
    O_EXCL,
    O_RDONLY,
    O_RDWR,
    O_WRONLY,
    R_OK,
    SEEK_END,
    W_OK,
)
from lkmtools.abi.mount import MNT_FORCE, MNT_RDONLY
from lkmtools.abi.stat import S_IFDIR, S_IFLNK, S_IFMT, S_IFREG
from lkmtools.abi.syscall import SYS___getdents30
from lkmtools.errors import KernelError
from lkmtools.modules.prepare import LoadError
from support.lab import Lab, errno_of, failure, get, put

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def mem(lab: Lab) -> Lab:
    """A lab with memfs loaded and mounted on /mnt."""
    lab.load(EXAMPLES / "memfs/memfs.c", name="memfs")
    lab.p.mount("memfs", "/mnt")
    return lab


def leave(lab: Lab, *places: str) -> None:
    """Unmount and unload; nothing of the file system may be left."""
    for place in places or ("/mnt",):
        lab.p.unmount(place)
    assert (lab.k.vfs.mounts, lab.k.vfs.vnodes) == ({}, set())
    assert "lost" not in lab.dmesg
    modules.unload(lab.p, "memfs")
    assert lab.tables() == lab.boot_tables
    assert errno_of(lambda: lab.p.mount("memfs", "/mnt")) == ENODEV


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


# -- files -------------------------------------------------------------------------------------------------


def test_reading_writing_and_seeking(mem: Lab) -> None:
    """Offsets, holes, appending, truncating, the end of the file, and the largest size."""
    p = mem.p
    fd = p.open("/mnt/f", O_RDWR | O_CREAT | O_EXCL, 0o644)
    assert p.write(fd, b"0123456789") == 10
    assert p.pread(fd, 4, 3) == b"3456"
    assert p.lseek(fd, -2, SEEK_END) == 8
    assert (p.read(fd, 10), p.read(fd, 10)) == (b"89", b"")
    assert p.pwrite(fd, b"x", 5000) == 1
    assert p.pread(fd, 3, 4998) == b"\0\0x"
    p.ftruncate(fd, 3)
    p.ftruncate(fd, 5)
    assert p.pread(fd, 10, 0) == b"012\0\0"
    assert errno_of(lambda: p.pwrite(fd, b"x", 1 << 30)) == EFBIG
    assert p.fstat(fd).st_size == 5
    p.fsync(fd)
    p.close(fd)
    fd = p.open("/mnt/f", O_WRONLY | O_APPEND)
    p.write(fd, b"ab")
    p.write(fd, b"cd")
    p.close(fd)
    assert get(p, "/mnt/f") == b"012\0\0abcd"
    put(p, "/mnt/f", b"new")
    assert get(p, "/mnt/f") == b"new"
    p.truncate("/mnt/f", 0)
    assert get(p, "/mnt/f") == b""
    assert errno_of(lambda: p.open("/mnt/f", O_RDWR | O_CREAT | O_EXCL, 0o644)) == EEXIST
    leave(mem)


def test_a_large_file_is_what_was_written(mem: Lab) -> None:
    """Half a megabyte in odd pieces."""
    p = mem.p
    data = bytes(range(256)) * 2048
    fd = p.open("/mnt/big", O_WRONLY | O_CREAT, 0o644)
    for at in range(0, len(data), 7777):
        p.write(fd, data[at : at + 7777])
    p.close(fd)
    assert get(p, "/mnt/big") == data
    assert p.stat("/mnt/big").st_size == len(data)
    leave(mem)


def test_a_directory_longer_than_one_getdents(mem: Lab) -> None:
    """All names come, each once, whatever the buffer's size."""
    p = mem.p
    names = [f"name-{i:03}-{'x' * 50}" for i in range(200)]
    for name in names:
        put(p, f"/mnt/{name}", b"")
    assert p.listdir("/mnt") == names
    leave(mem)


def test_renaming_across_directories(mem: Lab) -> None:
    """Files and directories move, `..` follows, targets are replaced; into itself and onto a full one not."""
    p = mem.p
    for name in ("/mnt/a", "/mnt/b", "/mnt/a/sub"):
        p.mkdir(name)
    put(p, "/mnt/a/f", b"f")
    put(p, "/mnt/b/old", b"old")
    p.rename("/mnt/a/f", "/mnt/b/g")
    assert (p.listdir("/mnt/a"), p.listdir("/mnt/b")) == (["sub"], ["old", "g"])
    p.rename("/mnt/b/g", "/mnt/b/old")
    assert get(p, "/mnt/b/old") == b"f"
    p.rename("/mnt/a/sub", "/mnt/b/sub")
    assert get(p, "/mnt/b/sub/../old") == b"f"
    assert (p.stat("/mnt/a").st_nlink, p.stat("/mnt/b").st_nlink) == (2, 3)
    assert errno_of(lambda: p.rename("/mnt/b", "/mnt/b/sub/b")) == EINVAL
    assert errno_of(lambda: p.rename("/mnt/b", "/mnt/b/b")) == EINVAL
    assert errno_of(lambda: p.rename("/mnt/a", "/mnt/b")) == ENOTEMPTY
    assert errno_of(lambda: p.rename("/mnt/b/old", "/mnt/a")) == EISDIR
    assert errno_of(lambda: p.rename("/mnt/a", "/mnt/b/old")) == ENOTDIR
    assert errno_of(lambda: p.rename("/mnt/none", "/mnt/x")) == ENOENT
    assert errno_of(lambda: p.rename("/mnt", "/mnt2")) == EBUSY
    p.rename("/mnt/b/old", "/mnt/b/old")
    p.rename("/mnt/b/sub", "/mnt/a")
    assert p.listdir("/mnt") == ["a", "b"]
    leave(mem)


def test_an_unlinked_file_that_is_open_keeps_its_contents(mem: Lab) -> None:
    """It has no links, can be read and written, and goes with the last descriptor."""
    p = mem.p
    fd = p.open("/mnt/f", O_RDWR | O_CREAT, 0o644)
    p.write(fd, b"still here")
    before = len(mem.k.heap.blocks)
    p.unlink("/mnt/f")
    assert p.listdir("/mnt") == []
    assert errno_of(lambda: p.open("/mnt/f")) == ENOENT
    assert p.pread(fd, 20, 0) == b"still here"
    assert p.pwrite(fd, b"STILL", 0) == 5
    assert p.fstat(fd).st_nlink == 0
    p.close(fd)
    assert len(mem.k.vfs.vnodes) == 1  # the root's
    assert len(mem.k.heap.blocks) < before
    leave(mem)


def test_a_directory_that_is_removed_while_open_is_empty(mem: Lab) -> None:
    """And nothing can be made in it."""
    p = mem.p
    p.mkdir("/mnt/d")
    p.chdir("/mnt/d")
    fd = p.open("/mnt/d")
    p.rmdir("/mnt/d")
    assert errno_of(lambda: p.open("f", O_CREAT | O_WRONLY, 0o644)) == ENOENT
    p.close(fd)
    p.chdir("/")
    leave(mem)


def test_links_of_both_kinds(mem: Lab) -> None:
    """Hard links share a node; symbolic ones are followed, also up, out and around; loops are ELOOP."""
    p = mem.p
    p.mkdir("/mnt/d")
    put(p, "/mnt/d/f", b"text")
    p.link("/mnt/d/f", "/mnt/g")
    assert p.stat("/mnt/g").st_nlink == 2
    assert p.stat("/mnt/g").st_ino == p.stat("/mnt/d/f").st_ino
    p.symlink("../g", "/mnt/d/rel")
    p.symlink("/mnt/d", "/mnt/abs")
    p.symlink("/dev/null", "/mnt/null")
    assert p.readlink("/mnt/d/rel") == "../g"
    assert get(p, "/mnt/abs/rel") == b"text"
    assert get(p, "/mnt/null") == b""
    assert p.lstat("/mnt/abs").st_mode & S_IFMT == S_IFLNK
    assert p.stat("/mnt/abs").st_mode & S_IFMT == S_IFDIR
    assert p.stat("/mnt/d/rel").st_mode & S_IFMT == S_IFREG
    p.symlink("loop", "/mnt/loop")
    assert errno_of(lambda: p.stat("/mnt/loop")) == ELOOP
    assert errno_of(lambda: p.readlink("/mnt/g")) == EINVAL
    assert errno_of(lambda: p.readlink("/dev/null")) == EINVAL
    assert errno_of(lambda: p.link("/mnt/d", "/mnt/h")) == EPERM
    p.symlink("target", "/mnt/dangling")
    put(p, "/mnt/dangling", b"made through a link")
    assert get(p, "/mnt/target") == b"made through a link"
    leave(mem)


def test_removing_what_may_not_be_removed(mem: Lab) -> None:
    """A full directory, a file as a directory and the other way round, dots, the mount point."""
    p = mem.p
    p.mkdir("/mnt/d")
    put(p, "/mnt/d/f", b"")
    assert errno_of(lambda: p.rmdir("/mnt/d")) == ENOTEMPTY
    assert errno_of(lambda: p.rmdir("/mnt/d/f")) == ENOTDIR
    assert errno_of(lambda: p.unlink("/mnt/d")) == EPERM
    assert errno_of(lambda: p.rmdir("/mnt/d/.")) == EINVAL
    assert errno_of(lambda: p.rmdir("/mnt")) == EBUSY
    assert errno_of(lambda: p.mkdir("/mnt/d")) == EEXIST
    assert errno_of(lambda: p.mkdir("/mnt/d/f/g")) == ENOTDIR
    assert errno_of(lambda: p.stat("/mnt/d/f/")) == ENOTDIR
    assert p.stat("/mnt/d/").st_nlink == 2
    assert errno_of(lambda: p.open("/mnt/d", O_RDWR)) == EISDIR
    assert errno_of(lambda: p.unlink("/mnt/none")) == ENOENT
    leave(mem)


def test_permissions_are_the_file_systems(mem: Lab) -> None:
    """vaccess() by owner, group and mode; chmod and chown go through VOP_SETATTR."""
    p = mem.p
    user = mem.kernel.process("user", uid=1000)
    put(p, "/mnt/f", b"secret")
    p.chmod("/mnt/f", 0o600)
    assert errno_of(lambda: user.open("/mnt/f")) == 13
    assert errno_of(lambda: user.access("/mnt/f", R_OK)) == 13
    assert errno_of(lambda: user.chmod("/mnt/f", 0o777)) == EPERM
    p.chown("/mnt/f", 1000, 7)
    assert (p.stat("/mnt/f").st_uid, p.stat("/mnt/f").st_gid) == (1000, 7)
    assert get(user, "/mnt/f") == b"secret"
    p.mkdir("/mnt/closed", 0o700)
    assert errno_of(lambda: user.open("/mnt/closed/x", O_CREAT | O_WRONLY, 0o644)) == 13
    put(user, "/mnt/mine", b"")
    assert p.stat("/mnt/mine").st_uid == 1000
    leave(mem)


def test_a_read_only_mount(mem: Lab) -> None:
    """Nothing that changes it works: EROFS."""
    p = mem.p
    p.unmount("/mnt")
    p.mount("memfs", "/mnt", flags=MNT_RDONLY)
    for action in (
        lambda: p.mkdir("/mnt/d"),
        lambda: p.open("/mnt/f", O_CREAT | O_WRONLY, 0o644),
        lambda: p.chmod("/mnt", 0o700),
        lambda: p.symlink("a", "/mnt/b"),
        lambda: p.access("/mnt", W_OK),
    ):
        assert errno_of(action) == EROFS
    assert p.statvfs("/mnt").f_flag & MNT_RDONLY
    leave(mem)


def test_the_working_directory_and_dots(mem: Lab) -> None:
    """Relative names start there, `..` leaves the file system at its root."""
    p = mem.p
    p.mkdir("/mnt/d")
    put(p, "/mnt/f", b"f")
    p.chdir("/mnt/d")
    assert get(p, "../f") == b"f"
    assert get(p, "./.././d/../f") == b"f"
    assert "null" in p.listdir("../../dev")
    p.chdir("..")
    assert get(p, "f") == b"f"
    p.chdir("/")
    leave(mem)


def test_statvfs_tells_of_the_file_system(mem: Lab) -> None:
    """Names, and what the module's own operation fills in."""
    found = mem.p.statvfs("/mnt")
    assert found.f_fstypename.split(b"\0")[0] == b"memfs"
    assert found.f_mntonname.split(b"\0")[0] == b"/mnt"
    assert (found.f_bsize, found.f_files) == (4096, 1)
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
