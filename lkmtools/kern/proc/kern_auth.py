"""Authorization: kauth(9), suser(9) and credentials (kern_auth.c, secmodel_bsd44 of NetBSD 5.2).

The security model is the traditional one: the superuser may do everything that securelevel does not forbid.
Loading modules depends on securelevel alone; access to /dev/lkm depends on its permissions.

Not modelled: listeners of modules (kauth_listen_scope).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.errno import EPERM
from lkmtools.abi.kauth import (
    KAUTH_GENERIC_CANSEE,
    KAUTH_GENERIC_ISSUSER,
    KAUTH_PROCESS_CANSEE,
    KAUTH_PROCESS_FORK,
    KAUTH_PROCESS_SETID,
    KAUTH_PROCESS_STOPFLAG,
    KAUTH_REQ_PROCESS_CANSEE_ENV,
    KAUTH_SYSTEM_LKM,
    KAUTH_SYSTEM_MODULE,
)
from lkmtools.abi.proc import ASU
from lkmtools.abi.proc import lwp as lwp_struct
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.ucred import kauth_cred
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Function, export
from lkmtools.kern.proc.kern_sig import proc_at
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER = "sys/kauth.h"
_UINT_MAX = 0xFFFF_FFFF


def _cred(k: Kernel, cred: int) -> View:
    return k.umem.view(kauth_cred.layout(k.dm), cred)


def _need_superuser(k: Kernel, cred: int) -> int:
    uid = _cred(k, cred).cr_uid
    if uid != 0:
        raise KernelError(EPERM, f"effective user {uid} is not the superuser")
    return 0


@export("int suser(const struct ucred *cred, u_short *acflag)", "sys/ucred.h")
def suser(k: Kernel, cred: int, acflag: int) -> int:
    """0 for the superuser, and ASU is set in `*acflag`; else EPERM."""
    _need_superuser(k, cred)
    if acflag:
        k.umem.set_u16(acflag, k.umem.u16(acflag) | ASU)
    return 0


@export("int kauth_authorize_generic(kauth_cred_t cred, kauth_action_t action, void *arg)", _HEADER)
def kauth_authorize_generic(k: Kernel, cred: int, action: int, arg: int) -> int:
    """0 or EPERM. KAUTH_GENERIC_ISSUSER asks for the superuser; everybody may see everybody (CANSEE)."""
    if action == KAUTH_GENERIC_CANSEE:
        return 0
    if action == KAUTH_GENERIC_ISSUSER:
        return _need_superuser(k, cred)
    raise KernelError(EPERM, f"kauth: no generic action {action}")


@export(
    "int kauth_authorize_system(kauth_cred_t cred, kauth_action_t action, int req,"
    " void *arg1, void *arg2, void *arg3)",
    _HEADER,
)
def kauth_authorize_system(
    k: Kernel, cred: int, action: int, req: int, arg1: int, arg2: int, arg3: int
) -> int:
    """0 or EPERM: modules while securelevel is below 1, everything else for the superuser."""
    if action not in (KAUTH_SYSTEM_LKM, KAUTH_SYSTEM_MODULE):
        return _need_superuser(k, cred)
    if k.securelevel > 0:
        raise KernelError(EPERM, f"securelevel is {k.securelevel}: no modules are loaded")
    return 0


@export(
    "int kauth_authorize_process(kauth_cred_t cred, kauth_action_t action, struct proc *p,"
    " void *arg1, void *arg2, void *arg3)",
    _HEADER,
)
def kauth_authorize_process(
    k: Kernel, cred: int, action: int, p: int, arg1: int, arg2: int, arg3: int
) -> int:
    """0 or EPERM: all for the superuser; to see (but not the environment) and to fork for everybody; nothing
    but SETID to a process of the same user."""
    if not 0 < action <= KAUTH_PROCESS_STOPFLAG:
        raise KernelError(EPERM, f"kauth: no process action {action}")
    mine, proc = _cred(k, cred), proc_at(k, p, "kauth_authorize_process")
    sees = action == KAUTH_PROCESS_CANSEE and arg1 != KAUTH_REQ_PROCESS_CANSEE_ENV
    if mine.cr_uid == 0 or sees or action == KAUTH_PROCESS_FORK:
        return 0
    theirs = _cred(k, k.mem.view(proc_struct.layout(k.dm), proc.addr).p_cred)
    users = (theirs.cr_ruid, theirs.cr_svuid)
    if action != KAUTH_PROCESS_SETID and (mine.cr_ruid, mine.cr_ruid) == users:
        return 0
    raise KernelError(EPERM, f"user {mine.cr_uid} may not do that to process {proc.pid} of user {users[0]}")


@export(
    "int kauth_authorize_machdep(kauth_cred_t cred, kauth_action_t action,"
    " void *arg0, void *arg1, void *arg2, void *arg3)",
    _HEADER,
)
@export(
    "int kauth_authorize_device(kauth_cred_t cred, kauth_action_t action,"
    " void *arg0, void *arg1, void *arg2, void *arg3)",
    _HEADER,
)
@export(
    "int kauth_authorize_network(kauth_cred_t cred, kauth_action_t action, int req,"
    " void *arg1, void *arg2, void *arg3)",
    _HEADER,
)
def kauth_authorize_device(
    k: Kernel, cred: int, action: int, arg0: int, arg1: int, arg2: int, arg3: int
) -> int:
    """0 for the superuser, otherwise EPERM."""
    return _need_superuser(k, cred)


@export("kauth_cred_t kauth_cred_get(void)", _HEADER)
def kauth_cred_get(k: Kernel) -> int:
    """The credentials of the process in the kernel."""
    lwp = k.sched.current or k.sched.softlwp
    return int(k.mem.view(lwp_struct.layout(k.dm), lwp.addr).l_cred)


@export("void kauth_cred_hold(kauth_cred_t cred)", _HEADER)
def kauth_cred_hold(k: Kernel, cred: int) -> None:
    """One more reference; a panic when there is none to begin with, or no number for it."""
    view = _cred(k, cred)
    count = view.cr_refcnt
    if not 0 < count < _UINT_MAX:
        k.panic(f"kauth_cred_hold: the credentials at {cred:#x} have cr_refcnt {count}")
    view.cr_refcnt = count + 1


@export("void kauth_cred_free(kauth_cred_t cred)", _HEADER)
def kauth_cred_free(k: Kernel, cred: int) -> None:
    """One reference less; the last is the process's own, and to free that is a panic."""
    view = _cred(k, cred)
    if view.cr_refcnt <= 1:
        k.panic(f"kauth_cred_free: the credentials at {cred:#x} have no reference but their process's")
    view.cr_refcnt = view.cr_refcnt - 1


@export("int kauth_cred_ismember_gid(kauth_cred_t cred, gid_t gid, int *resultp)", _HEADER)
def kauth_cred_ismember_gid(k: Kernel, cred: int, gid: int, resultp: int) -> int:
    """`*resultp` = is `gid` one of the supplementary groups? Always 0."""
    view = _cred(k, cred)
    k.umem.set_u32(resultp, int(gid in view.cr_groups[: view.cr_ngroups]))
    return 0


def _accessor(prototype: str, member: str) -> Function:
    """A function that reads one member of the credentials; <sys/kauth.h> has it inline as well."""

    def body(k: Kernel, cred: int) -> int:
        return int(_cred(k, cred).get(member))

    body.__doc__ = f"{member} of the credentials."
    return Function(Prototype(prototype), _HEADER, body)


FUNCTIONS = (
    _accessor("uid_t kauth_cred_getuid(kauth_cred_t cred)", "cr_ruid"),
    _accessor("uid_t kauth_cred_geteuid(kauth_cred_t cred)", "cr_uid"),
    _accessor("uid_t kauth_cred_getsvuid(kauth_cred_t cred)", "cr_svuid"),
    _accessor("gid_t kauth_cred_getgid(kauth_cred_t cred)", "cr_rgid"),
    _accessor("gid_t kauth_cred_getegid(kauth_cred_t cred)", "cr_gid"),
    _accessor("gid_t kauth_cred_getsvgid(kauth_cred_t cred)", "cr_svgid"),
    _accessor("u_int kauth_cred_ngroups(kauth_cred_t cred)", "cr_ngroups"),
)
