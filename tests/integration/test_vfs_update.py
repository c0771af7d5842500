"""Mounted file systems changed while in use: MNT_UPDATE, MNT_GETARGS, times, owners; mount(2) of NetBSD 4."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from lkmtools.abi.errno import EBUSY, EINVAL, EOPNOTSUPP, EPERM, EROFS
from lkmtools.abi.fcntl import O_CREAT, O_RDWR
from lkmtools.abi.mount import MNT_GETARGS, MNT_NOEXEC, MNT_RDONLY, MNT_UPDATE
from lkmtools.abi.stat import S_IFCHR
from lkmtools.abi.syscall import SYS_compat_40_mount, SYS_lchown, SYS_lutimes
from support.errors import errno_of
from support.lab import Lab
from support.programs import HEAD

MEMFS = Path(__file__).parents[2] / "examples/memfs/memfs.c"


@pytest.fixture
def mem(lab: Lab) -> Lab:
    """memfs on /mnt, with a file."""
    lab.load(MEMFS, name="memfs")
    lab.p.mount("memfs", "/mnt")
    lab.p.close(lab.p.open("/mnt/f", O_RDWR | O_CREAT, 0o644))
    return lab


def test_a_mounted_file_system_becomes_read_only_and_writable_again(mem: Lab) -> None:
    """Not while a file is open for writing; refused, its flags are as before."""
    p = mem.p
    fd = p.open("/mnt/f", O_RDWR)
    assert errno_of(lambda: p.mount("memfs", "/mnt", flags=MNT_UPDATE | MNT_RDONLY)) == EBUSY
    assert p.statvfs("/mnt").f_flag & MNT_RDONLY == 0
    assert p.write(fd, b"x") == 1
    p.close(fd)
    p.mount("memfs", "/mnt", flags=MNT_UPDATE | MNT_RDONLY | MNT_NOEXEC)
    assert p.statvfs("/mnt").f_flag & (MNT_RDONLY | MNT_NOEXEC | MNT_UPDATE) == MNT_RDONLY | MNT_NOEXEC
    assert errno_of(lambda: p.open("/mnt/f", O_RDWR)) == EROFS
    p.mount("memfs", "/mnt", flags=MNT_UPDATE)
    p.close(p.open("/mnt/f", O_RDWR))
    assert len(p.mounts()) == 1
    p.unmount("/mnt")


def test_only_what_is_mounted_can_be_updated_and_only_by_root(mem: Lab) -> None:
    p = mem.p
    p.mkdir("/mnt/d")
    assert errno_of(lambda: p.mount("memfs", "/tmp", flags=MNT_UPDATE)) == EINVAL
    assert errno_of(lambda: p.mount("memfs", "/mnt/d", flags=MNT_UPDATE)) == EINVAL
    assert errno_of(lambda: p.mount("memfs", "/mnt", flags=MNT_GETARGS)) == EOPNOTSUPP
    user = mem.kernel.process("user", uid=1)
    assert errno_of(lambda: user.mount("memfs", "/mnt", flags=MNT_UPDATE)) == EPERM
    assert p.statvfs("/mnt").f_flag & (MNT_GETARGS | MNT_UPDATE) == 0


def test_a_host_directory_is_not_made_writable_by_an_update(lab: Lab, tmp_path: Path) -> None:
    """Only one that was shared so; then it goes to and fro."""
    p = lab.p
    (tmp_path / "f").touch()
    p.mount("hostfs", "/mnt", lab.kernel.share(str(tmp_path)))
    assert errno_of(lambda: p.mount("hostfs", "/mnt", flags=MNT_UPDATE)) == EROFS
    assert p.statvfs("/mnt").f_flag & MNT_RDONLY
    p.unmount("/mnt")
    p.mount("hostfs", "/mnt", lab.kernel.share(str(tmp_path), writable=True))
    p.mount("hostfs", "/mnt", flags=MNT_UPDATE | MNT_RDONLY)
    assert errno_of(lambda: p.unlink("/mnt/f")) == EROFS
    p.mount("hostfs", "/mnt", flags=MNT_UPDATE)
    p.unlink("/mnt/f")
    p.unmount("/mnt")


def test_mount_of_netbsd_4_passes_as_much_data_as_the_type_wants(lab: Lab) -> None:
    """System call 21 has no data_len: vfs_min_mount_data bytes are copied in."""
    p = lab.p
    lab.load(MEMFS, name="memfs")
    lab.load(MEMFS.parents[1] / "stack/hook.c", name="hook", symbols=True)
    for path in ("/lower", "/upper"):
        p.mkdir(path)
    p.syscall(SYS_compat_40_mount, "memfs", "/lower", 0, 0)
    text = p.buffer(b"/lower\0")
    data = p.buffer(text.addr.to_bytes(p.dm.pointer, "little"))
    p.syscall(SYS_compat_40_mount, "hookfs", "/upper", 0, data, also=(text,))
    p.mkdir("/upper/d")
    assert p.listdir("/lower") == ["d"]


def test_times_are_set(mem: Lab, tmp_path: Path) -> None:
    """On a module's file system, on the host's, on the root file system; given or now; by whom."""
    p = mem.p
    p.mkdir("/host")
    tmp_path.chmod(0o755)
    (tmp_path / "f").touch()
    p.mount("hostfs", "/host", mem.kernel.share(str(tmp_path), writable=True))
    p.mknod("/tmp/f", S_IFCHR | 0o666, 0)
    user = mem.kernel.process("user", uid=4321)
    for path in ("/mnt/f", "/host/f", "/tmp/f"):
        p.chmod(path, 0o666)
        p.utimes(path, (1000.5, 2000.25))
        found = p.stat(path)
        assert found.st_mtimespec_tv_sec == 2000
        if path != "/tmp/f":
            assert (found.st_atimespec_tv_sec, found.st_mtimespec_tv_nsec) == (1000, 250_000_000)
        assert errno_of(lambda path=path: user.utimes(path, (1, 2))) == EPERM
        user.utimes(path)
        assert abs(p.stat(path).st_mtimespec_tv_sec - mem.k.now()) < 60
        assert errno_of(lambda path=path: p.utimes(path, (-5, 0))) == EINVAL
    assert os.stat(tmp_path / "f").st_mtime > 2000


def test_owner_and_times_of_a_link_itself(mem: Lab) -> None:
    """lchown and lutimes do not follow; what is pointed to need not exist."""
    p = mem.p
    for link in ("/mnt/link", "/tmp/link"):
        p.symlink("nowhere", link)
        p.syscall(SYS_lchown, link, 5, 6)
        p.syscall(SYS_lutimes, link, 0)
        found = p.lstat(link)
        assert (found.st_uid, found.st_gid) == (5, 6)


PROGRAM = """
/* A writer fills the file with one letter after the other; readers must never see two. */
static char block[8192];

static int check(void)
{
	int fd = open("/mnt/f", O_RDONLY), i, round, bad = 0;

	for (round = 0; round < 40; round++) {
		if (pread(fd, block, sizeof(block), 0) != sizeof(block))
			return 2;
		for (i = 1; i < sizeof(block); i++)
			bad |= block[i] != block[0];
	}
	return bad;
}

int main(void)
{
	int fd = open("/mnt/f", O_RDWR), i, pid[3], status, round, worst = 0;

	memset(block, 'a', sizeof(block));
	pwrite(fd, block, sizeof(block), 0);
	for (i = 0; i < 3; i++)
		if ((pid[i] = fork()) == 0)
			return check();
	for (round = 0; round < 60; round++) {
		memset(block, 'a' + round % 26, sizeof(block));
		if (pwrite(fd, block, sizeof(block), 0) != sizeof(block))
			worst = 3;
	}
	for (i = 0; i < 3; i++) {
		wait4(pid[i], &status, 0, NULL);
		worst |= status >> 8;
	}
	unlink("/mnt/f");
	for (i = 0; i < 3; i++)		/* it is still there for who has it open */
		worst |= pread(fd, block, 1, 0) != 1;
	return worst;
}
"""


@pytest.mark.parametrize("where", ["memfs", "hookfs", "hostfs"])
def test_programs_read_while_another_writes(lab: Lab, tmp_path: Path, where: str) -> None:
    """Three readers and a writer, time-shared: every read gives one write's content; then all can go."""
    p = lab.p
    if where == "hostfs":
        p.mount("hostfs", "/mnt", lab.kernel.share(str(tmp_path), writable=True))
    else:
        lab.load(MEMFS, name="memfs")
        lab.load(MEMFS.parents[1] / "stack/hook.c", name="hook", symbols=True)
        p.mkdir("/lower")
        p.mount("memfs", "/lower" if where == "hookfs" else "/mnt")
        if where == "hookfs":
            p.mount("hookfs", "/mnt", "/lower")
    p.close(p.open("/mnt/f", O_RDWR | O_CREAT, 0o644))
    image = lab.cc.program(HEAD + PROGRAM, lab.machine).read_bytes()
    with tempfile.TemporaryFile() as out:
        ended = lab.kernel.execute(image, stdio=(0, out.fileno(), out.fileno()))
    assert (ended.status, ended.errno) == (0, 0)
    for path in ("/mnt", "/lower") if where == "hookfs" else ("/mnt",):
        p.unmount(path)
    assert lab.k.vfs.vnodes == set()
