"""A file system that finds the members of structs by NetBSD 5.2's offsets, and not by the headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.abi.mount import MNT_LOCAL, MNT_RDONLY
from lkmtools.abi.stat import S_IFCHR, S_IFREG
from support.lab import Lab
from support.layouts import netbsd

_SOURCE = Path(__file__).parent / "netbsd52" / "offsets.c"
_STRUCTS = (
    "buf componentname iovec mount specnode statvfs timespec uio uvm_object vattr vfs_hooks vfsops vnode "
    "vnodeopv_desc vnodeopv_entry_desc vop_getattr_args vop_lookup_args vop_read_args vop_strategy_args"
)


def _numbers(machine: str) -> tuple[str, ...]:
    """-D options: SIZE_struct, and OFF_struct_member with "." as "_"."""
    flags = []
    facts = netbsd(machine).structs
    for name in _STRUCTS.split():
        flags.append(f"-DSIZE_{name}={facts[name].size}")
        for member, (offset, _) in facts[name].members.items():
            flags.append(f"-DOFF_{name}_{member.replace('.', '_')}={offset}")
    return tuple(flags)


@pytest.fixture
def offsetfs(lab: Lab) -> Lab:
    """It is mounted on /mnt, read-only."""
    lab.load(_SOURCE.read_text(), flags=_numbers(lab.machine))
    assert lab.call("int probe_attach(void)") == 0
    lab.p.mount("offsetfs", "/mnt", flags=MNT_RDONLY)
    return lab


def test_a_file_system_finds_every_member_where_netbsd_has_it(offsetfs: Lab) -> None:
    """vnode, mount, vfsops, vattr, componentname, uio, buf, statvfs: set by one side, read by the other."""
    lab = offsetfs
    found = lab.p.stat("/mnt/file")
    assert found.st_mode == S_IFREG | 0o644
    assert (found.st_nlink, found.st_uid, found.st_gid, found.st_dev) == (3, 4, 5, 6)
    assert (found.st_ino, found.st_size, found.st_blksize, found.st_blocks) == (0x700000008, 1024, 512, 3)
    times = [
        (getattr(found, f"st_{name}timespec_tv_sec"), getattr(found, f"st_{name}timespec_tv_nsec"))
        for name in ("a", "m", "c", "birth")
    ]
    assert times == [(1000, 1), (2000, 2), (3000, 3), (4000, 4)]
    assert (found.st_gen, found.st_flags) == (0, 10)
    device = lab.p.stat("/mnt/dev")
    assert (device.st_mode, device.st_rdev) == (S_IFCHR | 0o644, 0x1203)
    fd = lab.p.open("/mnt/file", 0)
    assert lab.p.read(fd, 2000) == b"a" * 512 + b"b" * 512
    assert lab.p.pread(fd, 4, 510) == b"aabb"
    lab.p.close(fd)
    assert lab.value("wrong") == 0


def test_what_it_says_of_itself_is_read(offsetfs: Lab) -> None:
    """statvfs(2) and the end: hooks, the last reference, and vfs_detach."""
    lab = offsetfs
    found = lab.p.statvfs("/mnt")
    assert (found.f_bsize, found.f_blocks, found.f_bfree) == (512, 0x100000002, 7)
    assert (found.f_namemax, found.f_flag) == (77, MNT_LOCAL | MNT_RDONLY)
    assert found.f_fstypename.rstrip(b"\0") == b"offsetfs"
    assert found.f_mntonname.rstrip(b"\0") == b"/mnt"
    assert found.f_mntfromname.rstrip(b"\0") == b"nowhere"
    lab.p.unmount("/mnt")
    assert lab.call("int probe_detach(void)") == 0
    assert lab.value("wrong") == 0
