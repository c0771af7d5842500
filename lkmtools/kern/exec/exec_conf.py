"""The table of execution formats (exec_conf.c, exec_add() and exec_remove() of kern_exec.c, NetBSD 5.2).

`execsw` is an array in guest memory of pointers to struct execsw, in the order in which they are tried. It
holds the native ELF row of this machine and the rows of modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, ENOENT
from lkmtools.abi.exec import EXECSW_PRIO_ANY, EXECSW_PRIO_FIRST, EXECSW_PRIO_LAST
from lkmtools.abi.exec import execsw as execsw_struct
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.base.queue import pointers
from lkmtools.kern.exec.exec_elf import AUX_ENTRIES
from lkmtools.kern.exec.exec_emul import find_emul
from lkmtools.kern.proc.emul import LONGEST_NAME

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine.memory import View

_HEADER = "sys/exec.h"
_SAME = ("es_makecmds", "elf_probe_func", "es_emul")  # what makes two rows the same one


def _native_sigcode(k: Kernel) -> int:
    """A page frame with the machine's signal trampoline, which programs share."""
    frame = k.frames.take()
    assert frame is not None
    k.frames.share(frame)  # never given back
    code = k.port.user.sigcode
    k.mem.buf[frame * PAGE_SIZE : frame * PAGE_SIZE + len(code)] = code
    return frame


class Formats:
    """The table of one kernel; `sigcode` is the page frame of the native signal trampoline."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._layout = execsw_struct.layout(k.dm)
        self.executing: dict[int, bytes] = {}  # files of the programs that are being executed, by ep_vp
        self._insert(0, k.symbol("exec_elf_native"))
        self.sigcode = _native_sigcode(k)

    def row(self, es: int) -> View:
        """The struct execsw at `es`, read as the CPU would."""
        return self._k.umem.view(self._layout, es)

    def rows(self) -> list[int]:
        """Their addresses, in order."""
        k = self._k
        return pointers(k, "execsw", k.mem.ptr(k.symbol("execsw")), k.mem.i32(k.symbol("nexecs")))

    def emulations(self) -> set[int]:
        """The emulations that rows lead to."""
        return {self.row(es).es_emul for es in self.rows()}

    def _insert(self, place: int, es: int) -> None:
        rows = self.rows()
        rows.insert(place, es)
        self._store(rows)

    def _store(self, rows: list[int]) -> None:
        """Make the array anew, as exec_init() does."""
        k, step = self._k, self._k.dm.pointer
        table = k.heap.alloc(max(len(rows), 1) * step)
        if not table:
            k.panic("out of kernel memory for the table of execution formats")
        for i, es in enumerate(rows):
            k.mem.set_ptr(table + i * step, es)
        old = k.mem.ptr(k.symbol("execsw"))
        k.mem.set_ptr(k.symbol("execsw"), table)
        k.mem.set_u32(k.symbol("nexecs"), len(rows))
        k.mem.set_u32(k.symbol("exec_maxhdrsz"), max((self.row(es).es_hdrsz for es in rows), default=0))
        if old:
            k.heap.free(old)

    def add(self, es: int) -> None:
        """FIRST before all others, LAST behind them, ANY before the first LAST."""
        rows, prio = self.rows(), self.row(es).es_prio
        place = {EXECSW_PRIO_FIRST: 0, EXECSW_PRIO_LAST: len(rows)}.get(
            prio, next((i for i, r in enumerate(rows) if self.row(r).es_prio == EXECSW_PRIO_LAST), len(rows))
        )
        self._insert(place, es)

    def remove(self, es: int) -> None:
        """Take a row out."""
        self._store([row for row in self.rows() if row != es])

    def uses(self, module: LoadableModule) -> str:
        """The row of another that leads to an emulation in this module; ""."""
        for es in self.rows():
            if not module.holds(es) and module.holds(self.row(es).es_emul):
                owner = self._k.modules.at(es)
                who = f"'{owner.title}'" if owner else "the kernel"
                return f"the execution format of {who} uses the emulation of '{module.title}'"
        return ""


@export("int exec_add(struct execsw *esp, const char *e_name)", _HEADER)
def exec_add(k: Kernel, esp: int, e_name: int) -> int:
    """Add a format. Without es_emul it gets the emulation with the name `e_name`.

    ENOENT when there is no such emulation, EEXIST when the row is there, EINVAL for a priority that is none
    or an es_hdrsz of more than a page.
    """
    row = k.formats.row(esp)
    if row.es_prio not in (EXECSW_PRIO_ANY, EXECSW_PRIO_FIRST, EXECSW_PRIO_LAST):
        raise KernelError(EINVAL, f"es_prio is {row.es_prio}; it is 0 (any), 1 (first) or 2 (last)")
    if row.es_hdrsz > PAGE_SIZE:
        raise KernelError(EINVAL, f"es_hdrsz is {row.es_hdrsz}; the limit is {PAGE_SIZE}")
    emul = row.es_emul
    if not emul:
        name = k.umem.cstr(e_name, LONGEST_NAME).decode(*C_TEXT) if e_name else ""
        emul = find_emul(k, name)
        if not emul:
            raise KernelError(ENOENT, f"there is no emulation '{name}': load its COMPAT module first")
    for other in map(k.formats.row, k.formats.rows()):
        if (row.es_makecmds, row.elf_probe_func, emul) == tuple(other.get(name) for name in _SAME):
            raise KernelError(EEXIST, "this execution format is already registered")
    row.es_emul = emul
    k.formats.add(esp)
    return 0


@export("int exec_remove(const struct execsw *es)", _HEADER)
def exec_remove(k: Kernel, es: int) -> int:
    """Remove a format. ENOENT for an unknown one; EBUSY while a process runs a program that it loaded."""
    if es not in k.formats.rows():
        raise KernelError(ENOENT, f"{es:#x} is not a registered execution format")
    offset = proc_struct.layout(k.dm).offsetof("p_execsw")
    for proc in k.procs.values():
        if k.mem.ptr(proc.addr + offset) == es:
            raise KernelError(EBUSY, f"pid {proc.pid} ({proc.comm}) runs a program that it loaded")
    k.formats.remove(es)
    return 0


def _init(k: Kernel, addr: int) -> None:
    """The native ELF row."""
    bits, wide = 8 * k.dm.pointer, k.dm.pointer == 8
    values = {
        "es_hdrsz": 64 if wide else 52,
        "es_makecmds": k.symbol(f"exec_elf{bits}_makecmds"),
        "elf_probe_func": k.symbol(f"netbsd_elf{bits}_probe"),
        "es_emul": k.symbol("emul_netbsd"),
        "es_prio": EXECSW_PRIO_FIRST,
        "es_arglen": 2 * AUX_ENTRIES,
        "es_copyargs": k.symbol(f"elf{bits}_copyargs"),
        "es_setup_stack": k.symbol("exec_setup_stack"),
    }
    k.mem.write(addr, execsw_struct.layout(k.dm).pack(**values))


def _row_size(dm: DataModel) -> int:
    return execsw_struct.layout(dm).size


DATA = (
    Data("execsw", "const struct execsw **execsw", lambda dm: dm.pointer, None, _HEADER),
    Data("nexecs", "int nexecs", lambda dm: 4, None, _HEADER),
    Data("exec_maxhdrsz", "u_int exec_maxhdrsz", lambda dm: 4, None, _HEADER),
    Data("exec_elf_native", "struct execsw exec_elf_native", _row_size, _init),
)
