"""The credentials of a process (struct ucred)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.ucred import kauth_cred
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


class Cred(NamedTuple):
    """A process's user and group."""

    uid: int
    gid: int


def packed(k: Kernel, cred: Cred) -> bytes:
    """A struct kauth_cred of a user's."""
    return kauth_cred.layout(k.dm).pack(
        cr_refcnt=1, cr_uid=cred.uid, cr_ruid=cred.uid, cr_svuid=cred.uid,
        cr_gid=cred.gid, cr_rgid=cred.gid, cr_svgid=cred.gid,
    )  # fmt: skip


def effective(k: Kernel, pointer: int) -> Cred:
    """The effective ids where the pointer there leads; a module may change the ids and the pointer."""
    ids = k.mem.ptr(pointer) + kauth_cred.layout(k.dm).offsetof("cr_uid")
    return Cred(k.mem.u32(ids), k.mem.u32(ids + 4))
