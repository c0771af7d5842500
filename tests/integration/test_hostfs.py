"""hostfs: a directory of the host as a file system of the kernel, used by clients and programs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkmtools.abi.errno import (
    EACCES,
    EBUSY,
    EEXIST,
    EFAULT,
    EINVAL,
    EISDIR,
    ENODEV,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
    ENXIO,
    EOPNOTSUPP,
    EPERM,
    EROFS,
    EXDEV,
)  # fmt: skip
from lkmtools.abi.fcntl import O_APPEND, O_CREAT, O_EXCL, O_RDWR, O_TRUNC, O_WRONLY
from lkmtools.abi.mount import MNT_FORCE, MNT_RDONLY
from lkmtools.abi.stat import S_IFCHR, S_IFIFO, S_IFMT
from lkmtools.client import Process
from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A directory with a file, a directory, and links that would leave it; a secret beside it."""
    root = tmp_path / "root"
    (root / "sub/deep").mkdir(parents=True)
    (root / "file").write_bytes(b"content")
    (root / "sub/other").write_bytes(b"o" * 100000)
    (tmp_path / "secret").write_bytes(b"secret")
    os.symlink(tmp_path / "secret", root / "absolute")
    os.symlink("../../secret", root / "sub/relative")
    os.symlink("../file", root / "sub/fine")
    os.mkfifo(root / "fifo")
    return root


@pytest.fixture
def mnt(lab: Lab, host: Path) -> Lab:
    """A lab with that directory on /mnt, writable."""
    lab.p.mount("hostfs", "/mnt", lab.kernel.share(str(host), writable=True))
    return lab


def leave(lab: Lab) -> None:
    """Unmount: no vnode, no descriptor, no shared directory is left."""
    lab.p.unmount("/mnt")
    assert (lab.k.vfs.mounts, lab.k.vfs.vnodes, lab.k.vfs.hostfs.mounts, lab.k.vfs.hostfs.inodes) == (
        {},
        set(),
        {},
        {},
    )
    assert lab.tables() == lab.boot_tables


def read(p: Process, path: str) -> bytes:
    fd = p.open(path)
    data = b""
    while part := p.read(fd, 1 << 16):
        data += part
    p.close(fd)
    return data


def test_files_are_read_written_and_made(mnt: Lab, host: Path) -> None:
    """The host sees what was written, the kernel what the host writes; modes obey the process's umask."""
    p = mnt.p
    assert read(p, "/mnt/file") == b"content"
    assert read(p, "/mnt/sub/other") == b"o" * 100000
    assert sorted(p.listdir("/mnt")) == ["absolute", "fifo", "file", "sub"]
    fd = p.open("/mnt/new", O_RDWR | O_CREAT | O_EXCL, 0o666)
    assert p.write(fd, b"0123456789" * 10000) == 100000
    assert p.pwrite(fd, b"AB", 3) == 2
    assert p.pread(fd, 6, 0) == b"012AB5"
    p.ftruncate(fd, 8)
    p.fsync(fd)
    assert p.fstat(fd).st_size == 8
    p.close(fd)
    assert (host / "new").read_bytes() == b"012AB567"
    assert (host / "new").stat().st_mode & 0o7777 == 0o644
    fd = p.open("/mnt/new", O_WRONLY | O_APPEND)
    (host / "new").write_bytes(b"host")
    p.write(fd, b"+kernel")
    p.close(fd)
    assert read(p, "/mnt/new") == b"host+kernel"
    assert errno_of(lambda: p.open("/mnt/new", O_RDWR | O_CREAT | O_EXCL, 0o666)) == EEXIST
    p.close(p.open("/mnt/new", O_WRONLY | O_TRUNC))
    assert (host / "new").read_bytes() == b""
    leave(mnt)


def test_names_are_made_moved_and_removed(mnt: Lab, host: Path) -> None:
    """mkdir, rename, link, symlink, unlink, rmdir, with the kernel's errnos."""
    p = mnt.p
    p.mkdir("/mnt/d", 0o750)
    p.rename("/mnt/file", "/mnt/d/moved")
    p.link("/mnt/d/moved", "/mnt/again")
    p.symlink("d/moved", "/mnt/soft")
    assert (read(p, "/mnt/soft"), p.readlink("/mnt/soft")) == (b"content", "d/moved")
    assert (p.stat("/mnt/again").st_nlink, p.stat("/mnt/again").st_ino) == (2, (host / "again").stat().st_ino)
    assert errno_of(lambda: p.rmdir("/mnt/d")) == ENOTEMPTY
    assert errno_of(lambda: p.rename("/mnt/sub", "/mnt/sub/deep/x")) == EINVAL
    assert errno_of(lambda: p.rename("/mnt/again", "/mnt/sub")) == EISDIR
    assert errno_of(lambda: p.rename("/mnt/again", "/tmp/x")) == EXDEV
    assert errno_of(lambda: p.unlink("/mnt/none")) == ENOENT
    assert errno_of(lambda: p.mkdir("/mnt/again/x")) == ENOTDIR
    assert errno_of(lambda: p.mknod("/mnt/node", S_IFCHR | 0o666, 0)) == EPERM
    for name in ("/mnt/d/moved", "/mnt/again", "/mnt/soft"):
        p.unlink(name)
    p.rmdir("/mnt/d")
    assert sorted(os.listdir(host)) == ["absolute", "fifo", "sub"]
    p.chmod("/mnt/sub/other", 0o640)
    assert (host / "sub/other").stat().st_mode & 0o7777 == 0o640
    assert p.stat("/mnt/sub/other").st_uid == 0  # who runs the kernel is root inside
    leave(mnt)


def test_links_and_dots_stay_in_the_kernels_names(mnt: Lab) -> None:
    """An absolute link begins at the kernel's root, `..` at the top leads to what /mnt is in."""
    p = mnt.p
    assert errno_of(lambda: p.open("/mnt/absolute")) == ENOENT
    assert errno_of(lambda: p.open("/mnt/sub/relative")) == ENOENT
    assert read(p, "/mnt/sub/fine") == b"content"
    assert errno_of(lambda: p.open("/mnt/../secret")) == ENOENT
    assert errno_of(lambda: p.open("/mnt/sub/../../../secret")) == ENOENT
    assert read(p, "/mnt/sub/../../mnt/sub/deep/../../file") == b"content"
    assert read(p, "/mnt/../dev/null") == b""
    leave(mnt)


def test_a_directory_that_the_host_moves_away_is_gone(mnt: Lab, host: Path) -> None:
    """Also for who stands in it; what takes its name is another directory."""
    p = mnt.p
    p.chdir("/mnt/sub/deep")
    fd = p.open("/mnt/sub")
    os.rename(host / "sub", host.parent / "away")
    assert errno_of(lambda: p.open("../other")) == ENOENT
    assert errno_of(lambda: p.open("../../../secret")) == ENOENT
    assert errno_of(lambda: p.fchdir(fd)) == ENOENT
    os.symlink("../away", host / "sub")
    assert errno_of(lambda: p.open("../other")) == ENOENT
    p.close(fd)
    p.chdir("/")
    leave(mnt)


def test_magic_links_of_the_host_are_text(lab: Lab, tmp_path: Path) -> None:
    """/proc has links that lead anywhere, whatever they say: inside they are followed by what they say."""
    p, secret = lab.p, tmp_path / "secret"
    secret.write_bytes(b"secret")
    fd = os.open(secret, os.O_RDONLY)
    try:
        p.mount("hostfs", "/mnt", lab.kernel.share("/proc"))
        link = f"/mnt/{os.getpid()}/fd/{fd}"
        assert p.readlink(link) == str(secret)
        assert errno_of(lambda: p.open(link)) == ENOENT
        assert errno_of(lambda: p.open(f"/mnt/self/root{secret}")) == ENOENT
        assert p.listdir("/mnt/self/root") == p.listdir("/")
        p.unmount("/mnt")
    finally:
        os.close(fd)


def test_directories_that_nobody_mounts_are_forgotten(lab: Lab, host: Path) -> None:
    """The oldest first: their words mean nothing any more, and hold no descriptor."""
    words = [lab.kernel.share(str(host)) for _ in range(70)]
    assert errno_of(lambda: lab.p.mount("hostfs", "/mnt", words[5])) == EPERM
    lab.p.mount("hostfs", "/mnt", words[6])
    assert len(lab.k.vfs.hostfs.shares) == 63
    lab.p.unmount("/mnt")


def test_special_files_of_the_host_are_seen_and_not_opened(mnt: Lab) -> None:
    p = mnt.p
    assert p.stat("/mnt/fifo").st_mode & S_IFMT == S_IFIFO
    assert errno_of(lambda: p.open("/mnt/fifo")) == EOPNOTSUPP
    leave(mnt)


@pytest.mark.skipif(not Path("/dev/null").is_char_device(), reason="the host has no /dev/null")
def test_device_nodes_of_the_host_are_not_opened(lab: Lab) -> None:
    """/dev of the host, shown read-only: its nodes have numbers, and opening one is ENXIO."""
    p = lab.p
    p.mount("hostfs", "/mnt", lab.kernel.share("/dev"))
    assert p.stat("/mnt/null").st_mode & S_IFMT == S_IFCHR
    assert errno_of(lambda: p.open("/mnt/null")) == ENXIO
    leave(lab)


def test_read_only_unless_told_otherwise(lab: Lab, host: Path) -> None:
    """Nothing on the host changes, whatever flags the mount has."""
    p = lab.p
    p.mount("hostfs", "/mnt", lab.kernel.share(str(host)))
    assert p.statvfs("/mnt").f_flag & MNT_RDONLY
    before = sorted(str(path) for path in host.rglob("*"))
    for action in (
        lambda: p.open("/mnt/file", O_RDWR),
        lambda: p.open("/mnt/new", O_CREAT | O_WRONLY, 0o644),
        lambda: p.open("/mnt/file", O_WRONLY | O_TRUNC),
        lambda: p.mkdir("/mnt/d"),
        lambda: p.unlink("/mnt/file"),
        lambda: p.rename("/mnt/file", "/mnt/x"),
        lambda: p.chmod("/mnt/file", 0),
        lambda: p.truncate("/mnt/file", 0),
        lambda: p.symlink("a", "/mnt/b"),
        lambda: p.link("/mnt/file", "/mnt/b"),
    ):
        assert errno_of(action) == EROFS
    assert sorted(str(path) for path in host.rglob("*")) == before
    assert (host / "file").read_bytes() == b"content"
    leave(lab)


def test_only_what_was_shared_is_mounted_and_only_once(lab: Lab, host: Path) -> None:
    """A path, a used word, no word: nothing inside can choose a directory of the host."""
    p = lab.p
    word = lab.kernel.share(str(host))
    assert errno_of(lambda: p.mount("hostfs", "/mnt", str(host))) == EPERM
    assert errno_of(lambda: p.mount("hostfs", "/mnt")) == EFAULT
    user = lab.kernel.process("user", uid=1000)
    assert errno_of(lambda: user.mount("hostfs", "/mnt", word)) == EPERM
    p.mount("hostfs", "/mnt", word)
    assert errno_of(lambda: p.mount("hostfs", "/tmp", word)) == EPERM
    with pytest.raises(KernelError) as caught:
        lab.kernel.share(f"{host}/none")
    assert caught.value.errno == ENOENT
    assert errno_of(lambda: lab.kernel.share(f"{host}/file")) == ENOTDIR
    leave(lab)


def test_users_inside_have_the_rights_of_owner_and_mode(mnt: Lab, host: Path) -> None:
    """The kernel decides for its user, the host for the kernel."""
    user = mnt.kernel.process("user", uid=1234567)
    os.chmod(host / "file", 0o600)
    assert errno_of(lambda: user.open("/mnt/file")) == EACCES
    assert errno_of(lambda: user.chmod("/mnt/file", 0o666)) == EPERM
    assert errno_of(lambda: user.unlink("/mnt/file")) == EACCES
    assert read(mnt.p, "/mnt/file") == b"content"
    leave(mnt)


def test_unmount_is_busy_while_a_file_is_open(mnt: Lab) -> None:
    """Force leaves the file dead and the host's descriptors closed."""
    p = mnt.p
    fd = p.open("/mnt/sub/other")
    assert errno_of(lambda: p.unmount("/mnt")) == EBUSY
    assert p.read(fd, 3) == b"ooo"
    p.unmount("/mnt", MNT_FORCE)
    assert errno_of(lambda: p.read(fd, 3)) == 5
    p.close(fd)
    assert mnt.k.vfs.vnodes == set()


def test_a_file_that_is_unlinked_while_open_is_still_read(mnt: Lab) -> None:
    p = mnt.p
    fd = p.open("/mnt/file")
    p.unlink("/mnt/file")
    assert (p.read(fd, 100), p.fstat(fd).st_nlink) == (b"content", 0)
    p.close(fd)
    leave(mnt)


def test_a_long_directory_is_listed_once_each(mnt: Lab, host: Path) -> None:
    """More names than one getdents holds."""
    names = [f"{i:04}-{'x' * 60}" for i in range(400)]
    for name in names:
        (host / "sub/deep" / name).touch()
    assert mnt.p.listdir("/mnt/sub/deep") == names
    leave(mnt)


def test_a_root_directory_is_all_there_is(mnt: Lab) -> None:
    """chroot: absolute names, links and `..` begin and end there; getcwd tells it so."""
    p = mnt.p
    user = mnt.kernel.process("user", uid=5)
    assert errno_of(lambda: user.chroot("/mnt")) == EPERM
    assert errno_of(lambda: p.chroot("/mnt/file")) == ENOTDIR
    p.chdir("/mnt/sub")
    p.chroot("/mnt")
    assert p.getcwd() == "/sub"
    assert read(p, "../../../file") == b"content"
    assert read(p, "/sub/../../file") == b"content"
    assert errno_of(lambda: p.open("/absolute")) == ENOENT
    assert errno_of(lambda: p.open("/mnt/file")) == ENOENT
    p.chdir("/")
    assert (p.getcwd(), sorted(p.listdir(".."))) == ("/", ["absolute", "fifo", "file", "sub"])
    mnt.p = mnt.kernel.process("outside")
    leave(mnt)


def test_a_sessions_root_shows_dev_and_goes_with_its_last_process(lab: Lab, host: Path) -> None:
    """/dev is the kernel's, also where the host has one; the mount ends with the process."""
    (host / "dev").mkdir()
    (host / "dev/null").write_bytes(b"of the host")
    boss = lab.kernel.process("boss")
    for path in ("/roots", "/roots/7"):
        boss.mkdir(path)
    boss.mount("hostfs", "/roots/7", lab.kernel.share(str(host), session=True))
    boss.chroot("/roots/7")
    boss.chdir("/dev")
    assert "lkm" in boss.listdir(".")
    assert (read(boss, "/dev/null"), read(boss, "../file"), boss.getcwd()) == (b"", b"content", "/dev")
    assert read(boss, "/dev/../sub/../dev/null") == b""
    boss.exit()
    lab.settle()
    assert (lab.k.vfs.mounts, lab.k.vfs.vnodes) == ({}, set())
    assert (lab.p.listdir("/roots"), "lkm" in lab.p.listdir("/dev")) == ([], True)


def test_what_a_session_mounted_goes_with_it(lab: Lab, host: Path) -> None:
    """Also on top of each other, and in a directory that is gone by then."""
    boss = lab.kernel.process("boss")
    for path in ("/roots", "/roots/7"):
        boss.mkdir(path)
    boss.mount("hostfs", "/roots/7", lab.kernel.share(str(host), session=True))
    boss.chroot("/roots/7")
    boss.mount("hostfs", "/sub", lab.kernel.share(str(host)))
    boss.mount("hostfs", "/sub/sub/deep", lab.kernel.share(str(host)))
    boss.mount("hostfs", "/sub", lab.kernel.share(str(host)))
    os.rmdir(host / "sub/deep")
    boss.exit()
    lab.settle()
    assert (lab.k.vfs.mounts, lab.k.vfs.vnodes, lab.k.vfs.hostfs.mounts) == ({}, set(), {})
    assert lab.p.listdir("/roots") == []


def test_a_mount_point_that_the_host_removes(mnt: Lab, host: Path) -> None:
    """What is mounted there is unmounted by its name; what it is mounted on stays till then."""
    p = mnt.p
    p.mount("hostfs", "/mnt/sub/deep", mnt.kernel.share(str(host)))
    assert errno_of(lambda: p.unmount("/mnt/sub")) == EINVAL
    with pytest.raises(KernelError) as caught:
        p.unmount("/mnt", MNT_FORCE)
    assert (caught.value.errno, caught.value.reason) == (
        EBUSY,
        "'/mnt/sub/deep' is mounted in the file system on '/mnt'",
    )
    os.rmdir(host / "sub/deep")
    assert errno_of(lambda: p.stat("/mnt/sub/deep")) == ENOENT
    assert errno_of(lambda: p.unmount("/mnt/sub/none")) == ENOENT
    (host / "sub/deep").touch()
    p.unmount("/mnt/sub/deep/")
    leave(mnt)


def test_the_root_file_system_has_links(lab: Lab) -> None:
    """Symbolic and hard ones; a device by another name is the same device."""
    p = lab.p
    p.symlink("null", "/dev/nix")
    p.link("/dev/null", "/dev/hard")
    p.symlink("/dev", "/tmp/devices")
    assert read(p, "/tmp/devices/nix") == b""
    assert (p.readlink("/dev/nix"), p.stat("/dev/hard").st_nlink) == ("null", 2)
    assert p.stat("/dev/hard").st_ino == p.stat("/dev/nix").st_ino
    p.symlink("loop", "/tmp/loop")
    assert errno_of(lambda: p.stat("/tmp/loop")) == 62
    assert errno_of(lambda: p.symlink("x", "/dev/nix")) == EEXIST
    assert errno_of(lambda: p.link("/dev", "/tmp/d")) == EPERM
    p.unlink("/dev/nix")
    p.unlink("/dev/hard")
    assert p.stat("/dev/null").st_nlink == 1


def test_mmap_of_a_file_is_a_copy_of_its_pages(mnt: Lab) -> None:
    """Private; bytes behind its end are zero. A directory cannot be mapped."""
    p = mnt.p
    fd = p.open("/mnt/file")
    at = p.mmap(fd, 4096)
    assert bytes(p.memory(at, 10)) == b"content\0\0\0"
    p.munmap(at, 4096)
    p.close(fd)
    fd = p.open("/mnt/sub")
    assert errno_of(lambda: p.mmap(fd, 4096)) == ENODEV
    p.close(fd)
    leave(mnt)
