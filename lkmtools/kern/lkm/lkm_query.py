"""What tools ask about modules beyond LMSTAT: LMREFS of /dev/lkm, LMWHOHAS of /dev/ksyms. Both are ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lkmtools.abi import lkm as abi
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EINVAL, ENAMETOOLONG, ENOENT
from lkmtools.errors import KernelError
from lkmtools.kern.lkm import lkm_refs
from lkmtools.kern.lkm.lkm_ioctl import Origin, ksyms_ioctl, lkm_ioctl
from lkmtools.kern.proc.kern_copy import copyout_bytes, user_string

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

MAX_NAME = 1024  # of a symbol
TOO_LONG = f"a module is found by a name of at most {abi.MAXLKMNAME - 2} characters, else by its id"


@lkm_ioctl(abi.LMREFS, changes=False)
def lmrefs(k: Kernel, op: object, arg: View) -> None:
    """Path and size of a module, and who needs it or is needed by it.

    As many rows are stored as there is room for, and `nrefs` says how many there are. EINVAL for another
    version or an id beyond the highest, ENOENT, ENAMETOOLONG for a path longer than its room, EFAULT.
    """
    if arg.version != abi.LMREFS_VERSION:
        raise KernelError(
            EINVAL, f"LMREFS version {arg.version}; this kernel knows version {abi.LMREFS_VERSION}"
        )
    if arg.id < 0:
        raise KernelError(EINVAL, f"LMREFS id is {arg.id}: LMREFS finds modules by id, not by name")
    module = k.lkm.find(arg.id, str)
    path = (module.info.path or module.path).encode(*C_TEXT) + b"\0"
    if arg.path:
        if len(path) > arg.pathlen:
            raise KernelError(
                ENAMETOOLONG, f"the module's path has {len(path)} bytes; the buffer has {arg.pathlen}"
            )
        copyout_bytes(k, path, arg.path)
    layout = abi.lmr_ref.layout(k.dm)
    rows = [layout.pack(**row) for row in _rows(k, module)]
    copyout_bytes(k, b"".join(rows[: arg.nrefs]), arg.refs)
    arg.nrefs = len(rows)
    arg.size = k.lkm.view(module).size


def _rows(k: Kernel, module: LoadableModule) -> Iterator[dict[str, Any]]:
    """The members of one struct lmr_ref after the other: needs, dependents, references, calls."""
    for kind, others in ((abi.LMR_USES, module.uses), (abi.LMR_USEDBY, module.users)):
        for other in sorted(others, key=lambda m: m.id):
            yield {"kind": kind, "id": other.id, "count": 1, "name": _short(other.title)}
    for holder, taken in module.holds_on.items():
        ident, name = (holder.id, holder.title) if holder is not None else (-1, "")
        yield {"kind": abi.LMR_HOLD, "id": ident, "count": len(taken), "name": _short(name)}
    for call in lkm_refs.calls(k, module):
        proc = call.lwp.proc
        yield {"kind": abi.LMR_CALL, "id": proc.pid, "count": 1, "name": _short(proc.comm)}


def _short(name: str) -> bytes:
    """A name as LMSTAT gives it: at most 30 characters."""
    return name.encode(*C_TEXT)[: abi.MAXLKMNAME - 2]


def name_at(k: Kernel, addr: int) -> str:
    """The name of a module from a caller's memory (copyinstr, 31 bytes); EFAULT, ENAMETOOLONG."""
    try:
        return user_string(k, addr, abi.MAXLKMNAME - 1).decode(*C_TEXT)
    except KernelError as error:
        raise KernelError(error.errno, TOO_LONG if error.errno == ENAMETOOLONG else error.reason) from None


@ksyms_ioctl(abi.LMWHOHAS, Origin.OURS)
def lmwhohas(k: Kernel, file: object, arg: View) -> None:
    """A module that defines a global symbol but was loaded without its symbols; ENOENT."""
    name = user_string(k, arg.symbol, MAX_NAME).decode(*C_TEXT)
    for module in k.lkm.loaded():
        if not module.exports and any(s.name == name and s.is_global for s in module.info.symbols):
            arg.id = module.id
            arg.name = _short(module.title)
            return
    raise KernelError(ENOENT, f"no module that was loaded without its symbols has '{name}'")
