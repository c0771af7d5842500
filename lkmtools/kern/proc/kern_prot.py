"""The identity of a process: its number, users and groups (kern_prot.c of NetBSD 5.2).

Real, effective and saved ids are in the process's struct kauth_cred; proc.cred reads the effective ones,
which the kernel checks. Programs are never set-id: exec keeps all ids.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, EPERM
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.syscall import (
    SYS_getegid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getgroups,
    SYS_getpid,
    SYS_getppid,
    SYS_getuid,
    SYS_issetugid,
    SYS_setegid,
    SYS_seteuid,
    SYS_setgid,
    SYS_setgroups,
    SYS_setregid,
    SYS_setreuid,
    SYS_setuid,
)
from lkmtools.abi.ucred import NGROUPS, kauth_cred
from lkmtools.errors import KernelError
from lkmtools.kern.proc.syscall import syscall

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Proc
    from lkmtools.machine.memory import View

_UNCHANGED = 0xFFFFFFFF  # (uid_t)-1


@syscall(SYS_getpid, "")
def sys_getpid(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """The process id; the parent's in the second register, as NetBSD does."""
    return lwp.proc.pid, sys_getppid(k, lwp)


@syscall(SYS_getppid, "")
def sys_getppid(k: Kernel, lwp: Lwp) -> int:
    """The parent's process id; every client is a child of process 1."""
    parent = lwp.proc.parent
    return parent.pid if parent is not None else 1


def _cred(k: Kernel, lwp: Lwp) -> View:
    """The process's struct kauth_cred."""
    return k.mem.view(kauth_cred.layout(k.dm), k.mem.ptr(lwp.cred))


def copy_cred(k: Kernel, parent: Proc, child: Proc) -> None:
    """fork: all ids and groups."""
    layout, offset = kauth_cred.layout(k.dm), proc_struct.layout(k.dm).offsetof("p_cred")
    source, target = (k.mem.ptr(proc.addr + offset) for proc in (parent, child))
    k.mem.write(target, k.mem.read(source, layout.size))
    k.mem.view(layout, target).cr_refcnt = 1


@syscall(SYS_getuid, "")
def sys_getuid(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """Real uid; the effective one in the second register."""
    offset = kauth_cred.layout(k.dm).fields["cr_ruid"].offset
    return k.mem.u32(k.mem.ptr(lwp.cred) + offset), lwp.proc.cred.uid  # no view: this is asked all the time


@syscall(SYS_geteuid, "")
def sys_geteuid(k: Kernel, lwp: Lwp) -> int:
    """Effective uid."""
    return lwp.proc.cred.uid


@syscall(SYS_getgid, "")
def sys_getgid(k: Kernel, lwp: Lwp) -> tuple[int, int]:
    """Real gid; the effective one in the second register."""
    offset = kauth_cred.layout(k.dm).fields["cr_rgid"].offset
    return k.mem.u32(k.mem.ptr(lwp.cred) + offset), lwp.proc.cred.gid


@syscall(SYS_getegid, "")
def sys_getegid(k: Kernel, lwp: Lwp) -> int:
    """Effective gid."""
    return lwp.proc.cred.gid


def _become(k: Kernel, lwp: Lwp, kind: str, real: int, effective: int, saved: int) -> None:
    """Set ids of `kind` "uid" or "gid"; _UNCHANGED leaves one. EPERM for what only root may become."""
    cred = _cred(k, lwp)
    names = (f"cr_r{kind}", f"cr_{kind}", f"cr_sv{kind}")
    mine = {cred.get(name) for name in names}
    wanted = (real, effective, saved)
    for value in wanted:
        if value != _UNCHANGED and value not in mine and lwp.proc.cred.uid != 0:
            raise KernelError(EPERM, f"only root may set the {kind} to {value}; allowed are {sorted(mine)}")
    for name, value in zip(names, wanted, strict=True):
        if value != _UNCHANGED:
            cred.put(name, value)


@syscall(SYS_setuid, "uid_t uid")
def sys_setuid(k: Kernel, lwp: Lwp, uid: int) -> None:
    """Set all user ids; a process that is not root can only use one that it already has: EPERM."""
    _become(k, lwp, "uid", uid, uid, uid)


@syscall(SYS_seteuid, "uid_t euid")
def sys_seteuid(k: Kernel, lwp: Lwp, euid: int) -> None:
    """Set the effective uid."""
    _become(k, lwp, "uid", _UNCHANGED, euid, _UNCHANGED)


@syscall(SYS_setreuid, "uid_t ruid, uid_t euid")
def sys_setreuid(k: Kernel, lwp: Lwp, ruid: int, euid: int) -> None:
    """Set the real and the effective uid, -1 for neither; the saved one follows the effective."""
    _become(k, lwp, "uid", ruid, euid, euid)


@syscall(SYS_setgid, "gid_t gid")
def sys_setgid(k: Kernel, lwp: Lwp, gid: int) -> None:
    """Become a group altogether."""
    _become(k, lwp, "gid", gid, gid, gid)


@syscall(SYS_setegid, "gid_t egid")
def sys_setegid(k: Kernel, lwp: Lwp, egid: int) -> None:
    """Set the effective gid."""
    _become(k, lwp, "gid", _UNCHANGED, egid, _UNCHANGED)


@syscall(SYS_setregid, "gid_t rgid, gid_t egid")
def sys_setregid(k: Kernel, lwp: Lwp, rgid: int, egid: int) -> None:
    """Set the real and the effective gid."""
    _become(k, lwp, "gid", rgid, egid, egid)


@syscall(SYS_getgroups, "int gidsetsize, gid_t *gidset")
def sys_getgroups(k: Kernel, lwp: Lwp, size: int, gidset: int) -> int:
    """The supplementary groups, or with size 0 how many there are. EINVAL when they do not fit."""
    cred = _cred(k, lwp)
    groups = cred.cr_groups[: cred.cr_ngroups]
    if size == 0:
        return len(groups)
    if size < len(groups):
        raise KernelError(EINVAL, f"the buffer has room for {size} groups; there are {len(groups)}")
    lwp.proc.space.write(gidset, struct.pack(f"{k.dm.order}{len(groups)}I", *groups))
    return len(groups)


@syscall(SYS_setgroups, "int gidsetsize, const gid_t *gidset")
def sys_setgroups(k: Kernel, lwp: Lwp, size: int, gidset: int) -> None:
    """Set the supplementary groups: root only (EPERM); EINVAL for more than NGROUPS."""
    if lwp.proc.cred.uid != 0:
        raise KernelError(EPERM, "only root may set groups")
    if not 0 <= size <= NGROUPS:
        raise KernelError(EINVAL, f"invalid number of groups: {size}; the limit is {NGROUPS}")
    data = lwp.proc.space.read(gidset, 4 * size)
    cred = _cred(k, lwp)
    k.mem.write(cred.at("cr_groups"), data)
    cred.cr_ngroups = size


@syscall(SYS_issetugid, "")
def sys_issetugid(k: Kernel, lwp: Lwp) -> int:
    """Was the program set-id? Never here."""
    return 0
