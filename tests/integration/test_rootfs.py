"""The root file system: files in memory, used by clients, programs and what is layered over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lkmtools.abi.errno import (
    EACCES,
    EBUSY,
    EEXIST,
    EFAULT,
    EFBIG,
    EINVAL,
    EISDIR,
    ENAMETOOLONG,
    ENOENT,
    ENOSPC,
    ENOTDIR,
    ENOTEMPTY,
    EPERM,
)
from lkmtools.abi.fcntl import O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY
from lkmtools.abi.stat import S_IFDIR, S_IFLNK, S_IFMT, S_IFREG
from lkmtools.abi.syscall import SYS_write
from lkmtools.kern.vfs import ramfs
from lkmtools.local import LocalKernel
from support.errors import errno_of, failure
from support.lab import append_and_replace, get, put


@pytest.fixture
def lk() -> Iterator[LocalKernel]:
    """A kernel. Afterwards nothing of a file may be left."""
    kernel = LocalKernel(inside=True, machine="amd64")
    tree = kernel.kernel.vfs.tree
    nodes = tree.nodes
    yield kernel
    assert (kernel.kernel.vfs.rootfs.vnodes, kernel.kernel.vfs.vnodes) == ({}, set())
    assert (tree.nodes, tree.used) == (nodes, 0)
    kernel.close()


def test_a_fresh_kernel_has_four_directories(lk: LocalKernel) -> None:
    """/mnt is empty, so that something can be mounted there; anybody may write in /tmp."""
    p = lk.process("p")
    assert p.listdir("/") == ["dev", "etc", "mnt", "tmp"]
    assert [p.listdir(f"/{name}") for name in ("etc", "mnt", "tmp")] == [[], [], []]
    assert p.stat("/tmp").st_mode & 0o7777 == 0o1777


def test_a_file_is_made_written_and_read(lk: LocalKernel) -> None:
    """Offsets, holes, appending, truncating, by name and by descriptor; stat and fstat say the same."""
    p = lk.process("p")
    fd = p.open("/tmp/f", O_RDWR | O_CREAT | O_EXCL, 0o666)
    assert (p.write(fd, b"0123456789"), p.pwrite(fd, b"ab", 12)) == (10, 2)
    assert p.pread(fd, 100, 8) == b"89\0\0ab"
    assert (p.lseek(fd, 0, 2), p.read(fd, 5)) == (14, b"")
    found, named = p.fstat(fd), p.stat("/tmp/f")
    assert (found.st_size, found.st_mode, found.st_nlink) == (14, S_IFREG | 0o644, 1)
    for member in ("st_dev", "st_ino", "st_mode", "st_size", "st_blocks", "st_nlink", "st_uid"):
        assert getattr(found, member) == getattr(named, member)
    p.ftruncate(fd, 3)
    p.truncate("/tmp/f", 5)
    p.fsync(fd)
    p.chmod("/tmp/f", 0o600)
    p.close(fd)
    assert (get(p, "/tmp/f"), p.stat("/tmp/f").st_mode & 0o777) == (b"012\0\0", 0o600)
    append_and_replace(p, "/tmp/f")
    p.unlink("/tmp/f")


def test_names_of_files_move_and_are_replaced(lk: LocalKernel) -> None:
    """Links share the content; what is renamed over is gone; the kernel's errnos."""
    p = lk.process("p")
    put(p, "/tmp/a", b"a")
    put(p, "/etc/b", b"b")
    p.link("/tmp/a", "/tmp/c")
    p.symlink("../etc/b", "/tmp/soft")
    put(p, "/tmp/c", b"both")
    assert (get(p, "/tmp/a"), get(p, "/tmp/soft"), p.stat("/tmp/a").st_nlink) == (b"both", b"b", 2)
    p.rename("/etc/b", "/tmp/a")
    assert (get(p, "/tmp/a"), get(p, "/tmp/c"), p.listdir("/etc")) == (b"b", b"both", [])
    put(p, "/tmp/soft", b"made through a link")
    assert get(p, "/etc/b") == b"made through a link"
    assert errno_of(lambda: p.open("/tmp/a", O_RDWR | O_CREAT | O_EXCL, 0o600)) == EEXIST
    assert errno_of(lambda: p.open("/tmp/a/x", O_RDWR | O_CREAT, 0o600)) == ENOTDIR
    assert errno_of(lambda: p.open("/none/x", O_RDWR | O_CREAT, 0o600)) == ENOENT
    assert errno_of(lambda: p.open("/tmp", O_RDWR | O_CREAT, 0o600)) == EISDIR
    assert errno_of(lambda: p.open("/tmp/", O_WRONLY | O_TRUNC)) == EISDIR
    assert errno_of(lambda: p.truncate("/tmp", 0)) == EISDIR
    assert errno_of(lambda: p.stat("/tmp/a/../c")) == ENOTDIR
    assert errno_of(lambda: p.link("/mnt", "/tmp/a")) == EEXIST
    assert errno_of(lambda: p.link("/mnt", "/tmp/d")) == EPERM
    assert errno_of(lambda: p.link("/mnt", "/tmp/a/d")) == ENOTDIR  # the path before the file, as in NetBSD
    assert errno_of(lambda: p.mount("hostfs", "/tmp/a", "word")) == ENOTDIR
    assert errno_of(lambda: p.rmdir("/tmp/a")) == ENOTDIR
    assert errno_of(lambda: p.rename("/tmp/a", "/mnt")) == EISDIR
    assert errno_of(lambda: p.rename("/mnt", "/tmp/a")) == ENOTDIR
    assert errno_of(lambda: p.rename("/mnt", "/tmp")) == ENOTEMPTY
    for name in ("/tmp/a", "/tmp/c", "/tmp/soft", "/etc/b"):
        p.unlink(name)


def test_a_reason_names_the_whole_path(lk: LocalKernel) -> None:
    """From the root directory, whatever the call and what is wrong; what is missing, not what is below it."""
    p = lk.process("p")
    p.chdir("/tmp")
    put(p, "f", b"f")
    p.mkdir("d")
    p.mkdir("d/below")
    reasons = {
        "'/dev/nope' does not exist": lambda: p.open("/dev/nope"),
        "'/dev/none' does not exist": lambda: p.stat("/dev/none/x"),
        "'/tmp/x' does not exist": lambda: p.unlink("x"),
        "'/tmp/a' does not exist": lambda: p.rename("a", "b"),
        "'/tmp/new' does not exist": lambda: p.open("new/", O_RDWR | O_CREAT, 0o600),
        "'/tmp/f' is not a directory": lambda: p.stat("f/x"),
        "'/tmp/d' is not empty (entries: 1)": lambda: p.rmdir("d"),
        "'/tmp/d/below/c' is inside '/tmp/d'": lambda: p.rename("d", "d/below/c"),
        "'/dev' is a directory": lambda: p.unlink("/dev"),
        "'/tmp/d' is a directory": lambda: p.truncate("d", 0),
        "'/dev/null' exists": lambda: p.mkdir("/dev/null"),
        "the root directory cannot be removed": lambda: p.rmdir("/"),
    }
    assert [failure(action).reason for action in reasons.values()] == list(reasons)
    p.rmdir("d/below")
    p.rmdir("d")
    p.unlink("f")


def test_a_path_that_ends_in_a_slash_is_a_directorys(lk: LocalKernel) -> None:
    """Or in a dot; links are followed then. Only a directory is made or named so."""
    p = lk.process("p")
    put(p, "/tmp/f", b"f")
    p.symlink("f/", "/tmp/file")
    p.symlink("d", "/tmp/dir")
    for name in ("/tmp/f/", "/tmp/f//", "/tmp/f/.", "/tmp/file", "/tmp/file/"):
        assert (name, errno_of(lambda name=name: p.open(name))) == (name, ENOTDIR)
    assert errno_of(lambda: p.open("/tmp/new/", O_RDWR | O_CREAT, 0o600)) == ENOENT
    assert errno_of(lambda: p.rename("/tmp/f", "/tmp/new/")) == ENOENT
    p.mkdir("/tmp/e/")
    p.rename("/tmp/e/", "/tmp/d/")
    assert p.lstat("/tmp/dir").st_mode & S_IFMT == S_IFLNK
    assert p.lstat("/tmp/dir/").st_mode & S_IFMT == S_IFDIR
    p.rmdir("/tmp/d/")
    for name in ("f", "file", "dir"):
        p.unlink(f"/tmp/{name}")


def test_statvfs_tells_what_is_left(lk: LocalKernel) -> None:
    """And where it is; a file that is written takes room."""
    p = lk.process("p")
    before = p.statvfs("/tmp")
    names = [getattr(before, name).split(b"\0", 1)[0] for name in ("f_mntonname", "f_fstypename")]
    assert (names, before.f_blocks * before.f_frsize) == ([b"/", b"rootfs"], ramfs.DATA_MAX)
    put(p, "/tmp/f", bytes(4096))
    after = p.statvfs("/tmp/f")
    assert (before.f_bfree - after.f_bfree, before.f_ffree - after.f_ffree) == (1, 1)
    p.unlink("/tmp/f")


def test_an_open_file_outlives_its_name(lk: LocalKernel) -> None:
    """And another file takes the name; its content counts until the last descriptor is closed."""
    p, tree = lk.process("p"), lk.kernel.vfs.tree
    put(p, "/tmp/f", b"old")
    fd = p.open("/tmp/f", O_RDWR)
    p.unlink("/tmp/f")
    put(p, "/tmp/f", b"the new one")
    p.pwrite(fd, b"OLD+", 0)
    assert (p.pread(fd, 9, 0), p.fstat(fd).st_nlink, get(p, "/tmp/f")) == (b"OLD+", 0, b"the new one")
    assert tree.used == 15
    p.close(fd)
    assert tree.used == 11
    p.unlink("/tmp/f")


def test_who_may(lk: LocalKernel) -> None:
    """Modes, and /tmp's sticky bit: nobody removes or replaces another's file there."""
    root, one, two = lk.process("root"), lk.process("one", uid=1), lk.process("two", uid=2)
    put(one, "/tmp/private", b"1", 0o600)
    put(one, "/tmp/public", b"1", 0o666 & ~0o022)
    put(two, "/tmp/mine", b"2")
    assert get(two, "/tmp/public") == b"1"
    assert errno_of(lambda: two.open("/tmp/private")) == EACCES
    assert errno_of(lambda: two.open("/tmp/public", O_WRONLY)) == EACCES
    assert errno_of(lambda: two.open("/tmp/public", O_RDONLY | O_TRUNC)) == EACCES
    assert errno_of(lambda: two.truncate("/tmp/public", 0)) == EACCES
    assert errno_of(lambda: two.open("/etc/f", O_WRONLY | O_CREAT, 0o600)) == EACCES
    assert errno_of(lambda: two.unlink("/tmp/public")) == EPERM
    assert errno_of(lambda: two.rename("/tmp/public", "/tmp/x")) == EPERM
    assert errno_of(lambda: two.rename("/tmp/mine", "/tmp/public")) == EPERM
    assert get(root, "/tmp/private") == b"1"
    one.unlink("/tmp/public")
    for name in ("private", "mine"):
        root.unlink(f"/tmp/{name}")


def test_lengths_are_counted_in_bytes(lk: LocalKernel) -> None:
    """Of names and paths that are not ASCII, and of what a symbolic link holds."""
    longest, longer = "\u00e9" * 255, "\u00e9" * 256
    p = lk.process("p")
    put(p, f"/tmp/{longest}", b"x")
    assert p.listdir("/tmp") == [longest]
    p.unlink(f"/tmp/{longest}")
    assert errno_of(lambda: put(p, f"/tmp/{longer}", b"x")) == ENAMETOOLONG
    assert errno_of(lambda: p.stat("/tmp/" + "\u00e9/" * 340)) == ENAMETOOLONG
    p.symlink("/\u00e9\u00e9", "/tmp/l")
    assert p.lstat("/tmp/l").st_size == len(p.readlink("/tmp/l").encode()) == 5
    p.unlink("/tmp/l")


def test_how_much_it_holds(lk: LocalKernel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contents and files are limited; what did not fit leaves a file as it was, and room comes back."""
    monkeypatch.setattr(ramfs, "DATA_MAX", 100)
    monkeypatch.setattr(ramfs, "NODES_MAX", lk.kernel.vfs.tree.nodes + 2)
    p = lk.process("p")
    put(p, "/tmp/a", bytes(60))
    fd = p.open("/tmp/b", O_RDWR | O_CREAT, 0o600)
    assert errno_of(lambda: p.write(fd, bytes(41))) == ENOSPC
    assert errno_of(lambda: p.ftruncate(fd, 101)) == EFBIG
    assert errno_of(lambda: p.pwrite(fd, b"x", 1 << 40)) == EFBIG
    assert (p.fstat(fd).st_size, p.write(fd, bytes(40))) == (0, 40)
    assert errno_of(lambda: p.mkdir("/tmp/c")) == ENOSPC
    assert errno_of(lambda: p.open("/tmp/c", O_RDWR | O_CREAT, 0o600)) == ENOSPC
    p.unlink("/tmp/a")
    p.mkdir("/tmp/c")
    assert p.pwrite(fd, bytes(60), 40) == 60
    p.close(fd)
    p.rmdir("/tmp/c")
    p.unlink("/tmp/b")


def test_a_write_from_memory_that_is_not_there_changes_nothing(lk: LocalKernel) -> None:
    """EFAULT, whether it is all of it or the end; the length stays."""
    p = lk.process("p")
    fd = p.open("/tmp/f", O_RDWR | O_CREAT, 0o600)
    p.write(fd, b"content")
    assert errno_of(lambda: p.syscall(SYS_write, fd, 16, 100)) == EFAULT
    assert errno_of(lambda: p.syscall(SYS_write, fd, p.buffer(b"four"), 100)) == EFAULT
    assert p.pread(fd, 100, 0) == b"content"
    p.close(fd)
    p.unlink("/tmp/f")


def test_a_directory_with_an_open_file_below_is_no_obstacle(lk: LocalKernel) -> None:
    """It moves with its file, and what is mounted elsewhere does not mind."""
    p = lk.process("p")
    p.mkdir("/tmp/d")
    fd = p.open("/tmp/d/f", O_RDWR | O_CREAT, 0o600)
    p.rename("/tmp/d", "/tmp/e")
    p.write(fd, b"moved")
    assert get(p, "/tmp/e/f") == b"moved"
    assert errno_of(lambda: p.rename("/tmp/e", "/tmp/e/g")) == EINVAL
    assert errno_of(lambda: p.rmdir("/tmp/e")) == ENOTEMPTY
    assert errno_of(lambda: p.rmdir("/")) == EBUSY
    assert p.lstat("/tmp/e/f").st_mode & S_IFMT == S_IFREG
    p.unlink("/tmp/e/f")
    p.rmdir("/tmp/e")
    p.close(fd)
