"""What tools ask beyond LMSTAT, all ours: LMREFS, LMSTATS (/dev/lkm); KIOCGVALUES, LMWHOHAS (/dev/ksyms)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lkmtools.abi import ksyms
from lkmtools.abi import lkm as abi
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EINVAL, ENAMETOOLONG, ENOENT, ENOTTY
from lkmtools.abi.syscall import SYS_ioctl
from lkmtools.errors import KernelError
from lkmtools.kern.lkm import lkm_dev, lkm_refs
from lkmtools.kern.lkm.ioctl_rows import Origin, ksyms_ioctl, lkm_ioctl
from lkmtools.kern.lkm.lkm_info import MAX_STRINGS, MAX_SYMBOLS
from lkmtools.kern.proc.kern_copy import copyin_bytes, copyout_bytes, user_string

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

MAX_NAME = 1024  # of a symbol
MOST_STATS = 256  # of one LMSTATS: meanwhile no other process runs
TOO_LONG = f"a module is found by a name of at most {abi.MAXLKMNAME - 2} characters, else by its id"


def describe(k: Kernel, module: LoadableModule) -> bytes:
    """The struct lmc_stat of a module, whose entry point is called first; KernelError if that fails."""
    lkm = k.lkm
    lkm.enter(module, abi.LKM_E_STAT)
    private, size, area = k.mem.unpack(lkm.memory, module.table)
    kind, name, offset = k.umem.unpack(lkm.private, private)
    text = k.umem.cstr(name, 256)[: abi.MAXLKMNAME - 2]
    if kind == abi.LM_DEV:
        offset = lkm_dev.majors(k, private, offset)
    return lkm.stat.codec.pack(module.id, text, offset, kind, area, size // 1024, private, abi.LKM_VERSION)


@lkm_ioctl(abi.LMSTATS, changes=False)
def lmstats(k: Kernel, op: object, arg: View) -> None:
    """LMSTAT of the modules from `id` on, at most 256 of them; `id` is then where to continue.

    A module whose entry point fails with ENOENT is skipped, as modstat(8) skips it. One that fails otherwise
    ends the rows, and if it is the first its error is that of the ioctl. EINVAL beyond the highest id and
    without room for a row, EFAULT; ENOTTY while a module replaces ioctl(2), which wants to see each LMSTAT.
    """
    if not k.system_calls.is_own(SYS_ioctl):
        raise KernelError(ENOTTY, "a module has replaced ioctl(2): ask LMSTAT of each module")
    first, room = arg.id, min(arg.nstats, MOST_STATS)
    if first < 0 or not room:
        raise KernelError(
            EINVAL, f"invalid LMSTATS request: id {first} (at least 0), room for {room} modules (at least 1)"
        )
    k.lkm.within(first)
    rows: list[bytes] = []
    following = first
    for module in k.lkm.loaded(first):
        if len(rows) == room:
            break
        try:
            rows.append(describe(k, module))
        except KernelError as error:
            if error.errno != ENOENT and not rows:
                raise
            if error.errno != ENOENT:
                break
        following = module.id + 1
    copyout_bytes(k, b"".join(rows), arg.stats)
    arg.id, arg.nstats = following, len(rows)


@lkm_ioctl(abi.LMREFS, changes=False)
def lmrefs(k: Kernel, op: object, arg: View) -> None:
    """Path and size of a module, the modules that it needs, and what needs it.

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


@ksyms_ioctl(ksyms.KIOCGVALUES, Origin.OURS)
def kiocgvalues(k: Kernel, file: object, arg: View) -> None:
    """Many names at once: value of each global symbol, and a module that keeps one to itself.

    EINVAL for too many, and where `kvs_size` bytes are not `kvs_count` strings; EFAULT.
    """
    if arg.kvs_size > MAX_STRINGS or arg.kvs_count > MAX_SYMBOLS:
        raise KernelError(
            EINVAL,
            f"KIOCGVALUES of {arg.kvs_count} names in {arg.kvs_size} bytes; the limits are {MAX_SYMBOLS} and "
            f"{MAX_STRINGS}",
        )
    names = copyin_bytes(k, arg.kvs_names, arg.kvs_size).split(b"\0")
    if names.pop() or len(names) != arg.kvs_count:
        raise KernelError(
            EINVAL, f"KIOCGVALUES: {arg.kvs_size} bytes at {arg.kvs_names:#x} are not {arg.kvs_count} strings"
        )
    layout = ksyms.ksyms_found.layout(k.dm)
    rows = [layout.pack(**_found(k, name.decode(*C_TEXT))) for name in names]
    copyout_bytes(k, b"".join(rows), arg.kvs_found)
    arg.kvs_answered = len(rows)


def _found(k: Kernel, name: str) -> dict[str, Any]:
    """The members of a struct ksyms_found; none when nobody has the symbol."""
    found: dict[str, Any] = {}
    if (value := k.ksyms.value(name)) is not None:
        found = {"kf_value": value, "kf_flags": ksyms.KSYMS_GLOBAL}
    if (module := k.ksyms.keeper(name)) is not None:
        found["kf_flags"] = found.get("kf_flags", 0) | ksyms.KSYMS_KEPT
        found |= {"kf_id": module.id, "kf_module": _short(module.title)}
    return found


@ksyms_ioctl(abi.LMWHOHAS, Origin.OURS)
def lmwhohas(k: Kernel, file: object, arg: View) -> None:
    """A module that defines a global symbol but was loaded without its symbols; ENOENT."""
    name = user_string(k, arg.symbol, MAX_NAME).decode(*C_TEXT)
    module = k.ksyms.keeper(name)
    if module is None:
        raise KernelError(ENOENT, f"no module that was loaded without its symbols has '{name}'")
    arg.id = module.id
    arg.name = _short(module.title)
