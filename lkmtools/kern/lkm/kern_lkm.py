"""/dev/lkm: reserving, loading, listing and unloading modules (kern_lkm.c 1.98 of NetBSD 5.2).

The ioctls keep their numbers, layouts and errnos. The state of a load (idle, reserved, loading) belongs to
the open device, which only one file has at a time; the original kept it in globals, and LMSTAT could redirect
a load. Three ioctls are ours: LMINFO, and LMREFS and LMSTATS (lkm_query.py). Every ioctl is a row
(ioctl_rows.py): who may call it, in which states, and what it answers otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi import lkm as abi
from lkmtools.abi.conf import LKM_MAJOR, makedev, minor
from lkmtools.abi.datamodel import C_TEXT, DataModel, cstring
from lkmtools.abi.errno import (
    EBADF,
    EBUSY,
    ENAMETOOLONG,
    ENOMEM,
    ENXIO,
    EPERM,
)
from lkmtools.abi.fcntl import FNONBLOCK, FWRITE
from lkmtools.abi.limits import PATH_MAX
from lkmtools.abi.proc import PCATCH, TTIPRI
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, constant, export
from lkmtools.kern.base.lkm_record import LoadableModule
from lkmtools.kern.base.queue import tailq_init
from lkmtools.kern.dev import conf, subr_devsw
from lkmtools.kern.dev.mem import KMEM_GID
from lkmtools.kern.lkm import lkm_dispatch, lkm_query, lkm_refs
from lkmtools.kern.lkm.ioctl_rows import LKM, State, lkm_ioctl, serve
from lkmtools.kern.lkm.lkm_info import read_info
from lkmtools.kern.proc.kern_copy import copyin_bytes, user_string
from lkmtools.machine import Shortcut

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Proc
    from lkmtools.machine.memory import View


class Open:
    """The open /dev/lkm: its process, and the load in progress."""

    def __init__(self, proc: Proc) -> None:
        self.proc = proc
        self.state = State.IDLE
        self.module: LoadableModule | None = None


def lkmattach(k: Kernel) -> None:
    """At boot: the node /dev/lkm, and its driver unless the kernel has no options LKM."""
    k.vfs.tree.make_device("/dev/lkm", 0o640, KMEM_GID, makedev(LKM_MAJOR, 0), k.now())
    if k.config.lkm:
        entries = conf.driver(k, d_open="lkmopen", d_close="lkmclose", d_ioctl="lkmioctl", d_poll="seltrue")
        subr_devsw.attach_builtin(k, "lkm", LKM_MAJOR, entries)


@export("int lkmopen(dev_t dev, int flag, int mode, struct lwp *l)")
def lkmopen(k: Kernel, dev: int, flag: int, mode: int, l_addr: int) -> int:
    """Exclusive: a second opener sleeps, or has EBUSY with O_NONBLOCK. ENXIO for a minor other than 0."""
    if minor(dev) != 0:
        raise KernelError(ENXIO, f"no such minor device: {minor(dev)} (/dev/lkm has only minor 0)")
    lwp = k.lwp_at(l_addr)
    while k.lkm.open is not None:
        if flag & FNONBLOCK:
            holder = k.lkm.open.proc
            raise KernelError(EBUSY, f"/dev/lkm is open in {holder.comm} (pid {holder.host_pid})")
        k.sched.tsleep(k.modules.head, TTIPRI | PCATCH, "lkmopn", 0)
    k.lkm.open = Open(lwp.proc)
    k.vitals.changed = True
    return 0


@export("int lkmclose(dev_t dev, int flag, int mode, struct lwp *l)")
def lkmclose(k: Kernel, dev: int, flag: int, mode: int, l_addr: int) -> int:
    """Give a half-made load back and let the next opener in. EBADF when it is not open."""
    op = k.lkm.open
    if op is None:
        raise KernelError(EBADF, "/dev/lkm is not open")
    if op.module is not None:
        k.lkm.release(op.module)
    k.lkm.open = None
    k.vitals.changed = True
    k.sched.wakeup(k.modules.head)
    return 0


_LOADABLE = frozenset((State.RESERVED, State.LOADING))


@export("int lkmioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)")
def lkmioctl(k: Kernel, dev: int, cmd: int, data: int, flag: int, l_addr: int) -> int:
    """Checks in the original's order: securelevel, FWRITE, state; an unknown command is ENOTTY."""
    row = LKM.find(k.dm, cmd)
    changes, states, wrong = row.rule
    op = k.lkm.open
    if op is None:
        raise KernelError(EBADF, "/dev/lkm is not open")
    if changes:
        if k.securelevel > 0:
            raise KernelError(
                EPERM,
                f"securelevel is {k.securelevel}: modules cannot be loaded or unloaded",
            )
        if not flag & FWRITE:
            raise KernelError(EPERM, "/dev/lkm is not open for writing")
    if op.state not in states:
        wanted = " or ".join(str(state) for state in sorted(states))
        raise KernelError(
            wrong, f"{row.ioctl.name} is allowed only in the state {wanted}; the state is {op.state}"
        )
    serve(k, row, op, data)
    return 0


def _path(k: Kernel, addr: int) -> str:
    """The name given to LMRESERV. The original never reads it, so a bad pointer is not an error."""
    try:
        return user_string(k, addr, PATH_MAX).decode(*C_TEXT)
    except KernelError:
        return ""


def _start(k: Kernel, op: Open, arg: View, sym_size: int, sym_symsize: int) -> LoadableModule:
    """Start a load; release one that this open file had started."""
    _drop(k, op)
    op.module = k.lkm.reserve(arg.size, sym_size, sym_symsize, _path(k, arg.name))
    op.state = State.RESERVED
    arg.slot = op.module.id
    arg.addr = op.module.area
    return op.module


def _drop(k: Kernel, op: Open) -> None:
    if op.module is not None:
        k.lkm.release(op.module)
    op.module, op.state = None, State.IDLE


@lkm_ioctl(abi.LMRESERV_O)
def lmreserv_o(k: Kernel, op: Open, arg: View) -> None:
    """LMRESERV without symbols, as up to NetBSD 1.3."""
    _start(k, op, arg, 0, 0)


@lkm_ioctl(abi.LMRESERV)
def lmreserv(k: Kernel, op: Open, arg: View) -> None:
    """Reserve memory for a module, and for its symbols."""
    module = _start(k, op, arg, arg.sym_size, arg.sym_symsize)
    arg.sym_addr = k.lkm.view(module).syms


@lkm_ioctl(abi.LMFORCE, states=frozenset((State.RESERVED,)), wrong=EPERM)
def lmforce(k: Kernel, op: Open, data: int) -> None:
    """Skip the kernel version check; with 0, do not."""
    assert op.module is not None
    k.lkm.view(op.module).forced = int(k.mem.ptr(data) != 0)


def _append(k: Kernel, arg: View, base: int, view: View, at: str, limit: str) -> None:
    """Copy a chunk behind what has arrived; ENOMEM for a size the original refuses."""
    count, done, room = arg.cnt, view.get(at), view.get(limit)
    if not 0 <= count <= min(abi.MODIOBUF, room - done):
        raise KernelError(
            ENOMEM,
            f"cannot append {count} bytes: one call takes at most {abi.MODIOBUF}, "
            f"and {room - done} of the reserved {room} are left",
        )
    if count:
        k.mem.write(base + done, copyin_bytes(k, arg.data, count))
    view.put(at, done + count)


@lkm_ioctl(abi.LMLOADBUF, states=_LOADABLE, wrong=ENOMEM)
def lmloadbuf(k: Kernel, op: Open, arg: View) -> None:
    """The next piece of the image."""
    assert op.module is not None
    view = k.lkm.view(op.module)
    _append(k, arg, op.module.area, view, "offset", "size")
    op.state = State.LOADING


@lkm_ioctl(abi.LMLOADSYMS, states=frozenset((State.LOADING,)), wrong=ENOMEM)
def lmloadsyms(k: Kernel, op: Open, arg: View) -> None:
    """The next piece of the symbol and string table."""
    assert op.module is not None
    view = k.lkm.view(op.module)
    _append(k, arg, view.syms, view, "sym_offset", "sym_size")


@lkm_ioctl(abi.LMINFO, states=_LOADABLE, wrong=ENOMEM)
def lminfo(k: Kernel, op: Open, arg: View) -> None:
    """Segments, names and imports; EINVAL for an import that is not where the module was linked to."""
    assert op.module is not None
    info = read_info(k, op.module, arg)
    for item in info.imports:
        lkm_refs.check_import(k, op.module, item)
    op.module.info = info


@lkm_ioctl(abi.LMUNRESRV)
def lmunresrv(k: Kernel, op: Open, data: int) -> None:
    """Release a load that was started; does nothing if there is none."""
    _drop(k, op)


@lkm_ioctl(abi.LMREADY, states=frozenset((State.LOADING,)), wrong=ENXIO)
def lmready(k: Kernel, op: Open, data: int) -> None:
    """Run the module's entry point; the module is loaded, or everything is released."""
    module = op.module
    assert module is not None
    try:
        k.lkm.ready(module, k.mem.ptr(data))
    except KernelError:
        _drop(k, op)
        raise
    op.module, op.state = None, State.IDLE


def _name(raw: bytes) -> str:
    """A name from a caller's struct, as copystr() with its limit of 31 bytes takes it; ENAMETOOLONG."""
    if b"\0" not in raw[: abi.MAXLKMNAME - 1]:
        raise KernelError(ENAMETOOLONG, lkm_query.TOO_LONG)
    return cstring(raw)


@lkm_ioctl(abi.LMUNLOAD)
def lmunload(k: Kernel, op: Open, arg: View) -> None:
    """Unload by id or name; any refusal of the module is EBUSY."""
    name = arg.name
    k.lkm.unload(k.lkm.find(arg.id, lambda: lkm_query.name_at(k, name)))


@lkm_ioctl(abi.LMSTAT, changes=False, in_place=True)
def lmstat(k: Kernel, op: Open, data: int) -> None:
    """Call the module's entry point with LKM_E_STAT, then describe it; sizes in KB."""
    lkm = k.lkm
    module = lkm.find(k.mem.i32(data), lambda: _name(k.mem.view(lkm.stat, data).name))
    k.mem.write(data, lkm_query.describe(k, module))


# -- what modules call --------------------------------------------------------------------------------------


@export("int lkmdispatch(struct lkm_table *lkmtp, int cmd)", "sys/lkm.h", Shortcut(1, abi.LKM_E_STAT, 0))
def lkmdispatch(k: Kernel, table: int, cmd: int) -> int:
    """Wire (LKM_E_LOAD) or unwire (LKM_E_UNLOAD) a module in the kernel's tables; LKM_E_STAT does nothing."""
    lkm_dispatch.dispatch(k, table, cmd)
    return 0


@export("int lkmexists(struct lkm_table *lkmtp)", "sys/lkm.h")
def lkmexists(k: Kernel, table: int) -> int:
    """Is a module with this one's name loaded? True of itself once its load has ended."""
    private = k.umem.view(abi.lkm_table.layout(k.dm), table).private
    return int(bool(k.modules.by_name(lkm_dispatch.module_name(k, private))))


def _head_size(dm: DataModel) -> int:
    return 2 * dm.pointer


FUNCTIONS = (constant("int lkm_nofunc(struct lkm_table *lkmtp, int cmd)", 0, "sys/lkm.h"),)
DATA = (
    Data(
        "lkmods",
        "TAILQ_HEAD(lkms_head, lkm_table) lkmods",
        _head_size,
        tailq_init,
        "sys/lkm.h",
    ),
)
