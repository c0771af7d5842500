"""What programs do with the files of a file system that is a module (memfs)."""

from __future__ import annotations

from lkmtools.abi.errno import (
    EBUSY,
    EEXIST,
    EFBIG,
    EINVAL,
    EISDIR,
    ELOOP,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
    EPERM,
    EROFS,
)
from lkmtools.abi.fcntl import (
    O_CREAT,
    O_EXCL,
    O_RDWR,
    O_WRONLY,
    R_OK,
    SEEK_END,
    W_OK,
)
from lkmtools.abi.mount import MNT_RDONLY
from lkmtools.abi.stat import S_IFDIR, S_IFLNK, S_IFMT, S_IFREG
from support.errors import errno_of
from support.lab import Lab, append_and_replace, get, put
from support.memfs import leave


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
    append_and_replace(p, "/mnt/f")
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
