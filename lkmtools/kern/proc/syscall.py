"""System calls: the row that declares one, and the dispatch through sysent[] in guest memory (syscall.c).

A request goes through the table like any process's system call, so a module that replaces an entry is seen by
every client. A Python call's own entry is the stub of `int sys_NAME(struct lwp *, const void *, register_t
*)`, which modules can save, call and put back.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from lkmtools.abi.dialects import PROC_CALLS
from lkmtools.abi.errno import EINTR, EINVAL, EJUSTRETURN, ENOSYS, ERESTART, returned
from lkmtools.abi.lkm import sysent
from lkmtools.abi.signal import SIGSYS
from lkmtools.abi.syscall import (
    SYS_NSYSENT,
    SYS_ioctl,
    SYS_open,
    SYS_read,
    SYS_readv,
    SYS_wait4,
    SYS_write,
    SYS_writev,
)
from lkmtools.abi.syscalls_master import names
from lkmtools.errors import KernelError, answer_to
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import Function
from lkmtools.kern.base.mapped_regions import MappedRegions
from lkmtools.kern.base.plan import Sysent
from lkmtools.kern.base.request import NOWHERE, RegionSpace, Reply, Request
from lkmtools.kern.proc.emul import emul_name, member
from lkmtools.kern.proc.kern_proc import ARGS_ROOM, caller, let_go
from lkmtools.kern.proc.sys_nosys import UnimplementedCalls
from lkmtools.machine import MemFault, Prototype

if TYPE_CHECKING:
    from lkmtools.kern.base.plan import KernelPlan
    from lkmtools.kern.base.request import UserRegion
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp
    from lkmtools.machine import Memory

_F = TypeVar("_F", bound=Callable[..., Any])
SY_CALL = Prototype("int sy_call(struct lwp *l, const void *v, register_t *retval)")
MAXARGS = 8
RESTARTED = {SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_ioctl, SYS_open, SYS_wait4}
_U64 = (1 << 64) - 1


def syscall(number: int, params: str, ret: str = "int") -> Callable[[_F], _F]:
    """Make the decorated function system call `number`.

    `params` are its C parameters, padding words included. The function is called as f(kernel, lwp, *args) and
    returns the value (None: 0), of C type `ret`, or a pair of values; errors are KernelErrors.
    """

    def mark(body: _F) -> _F:
        symbol = body.__name__
        args = Prototype(f"{ret} {symbol}({params or 'void'})")
        row = Sysent(number, symbol, args, body)
        table: list[Sysent] = body.__dict__.setdefault("syscalls", [])
        table.append(row)
        if "exports" not in body.__dict__:
            proto = Prototype(f"int {symbol}(struct lwp *l, const void *v, register_t *retval)")
            body.__dict__["exports"] = [Function(proto, "sys/syscallargs.h", _entry(row), bound=MEMORY)]
        return body

    return mark


def _entry(row: Sysent) -> Callable[[Kernel, int, int, int], int]:
    """sys_NAME(l, v, retval) of a row: arguments and results are words in kernel memory."""

    def entry(k: Kernel, l_addr: int, v: int, retval: int) -> int:
        binding = row.args.bind(k.port)
        size = k.dm.pointer
        words = struct.unpack(f"{k.dm.order}{binding.words}{k.dm.word}",
                              k.umem.read(v, binding.words * size))  # fmt: skip
        lwp = k.lwp_at(l_addr)
        try:
            result = row.body(k, lwp, *binding.decode_words(words))
        except KernelError as error:
            program = lwp.proc.program
            interrupted = error.errno == EINTR and row.number in RESTARTED
            if interrupted and program is not None and program.restarts():
                raise KernelError(ERESTART, error.reason) from None
            raise
        if result is not None:
            _store(k, retval, result, binding.wide)
        program = lwp.proc.program
        return EJUSTRETURN if program is not None and program.just_return else 0

    entry.__doc__ = row.body.__doc__
    return entry


def _store(k: Kernel, retval: int, result: int | tuple[int, int], wide: bool) -> None:
    if isinstance(result, tuple):
        k.umem.set_ptr(retval, result[0])
        k.umem.set_ptr(retval + k.dm.pointer, result[1])
    elif wide:
        k.umem.set_u64(retval, result)
    else:
        k.umem.set_ptr(retval, result)


class SystemCalls:
    """How a kernel's processes call sysent[]: the table's address, and the `layout` of its entries."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.layout = layout = sysent.layout(k.dm)
        self.sysent, self._sy_call = k.symbol("sysent"), layout.offsetof("sy_call")
        self._base, self._stubs, self._call_module = k.mem.base, k.engine.stubs, k.engine.caller(SY_CALL)
        self._step, self._row = layout.size, layout.select("sy_narg", "sy_call")
        # By number, what reads an entry, sy_narg and sy_call: of those that have been called.
        self.entries: dict[int, Callable[[], tuple[int, int]]] = {}
        self._mask = k.dm.mask
        self._own = k.plan.own
        # What does the work of an entry, by sy_call: of those of ours that have been called.
        self.own_calls: dict[int, Callable[[Lwp, tuple[int, ...]], tuple[int, int]]] = {}
        dm, room = k.dm, ARGS_ROOM + 2 * k.dm.pointer
        self._words = [  # stores, by how many there are, arguments, then zeros for the others and two results
            partial(struct.Struct(f"{dm.order}{n}{dm.word}{room - n * dm.pointer}x").pack_into, k.mem.buf)
            for n in range(MAXARGS + 1)
        ]
        self._retval = struct.Struct(f"{dm.order}2{dm.word}")
        self._results = partial(self._retval.unpack_from, k.mem.buf)
        self.unimplemented = UnimplementedCalls(k)
        self._nosys = k.symbol("sys_nosys")
        self._regions: Callable[[tuple[UserRegion, ...]], RegionSpace] = RegionSpace
        if k.config.user_memory == "direct":
            self._regions = partial(MappedRegions, k.frames, k.port.user.top)

    def row(self, number: int) -> tuple[int, int]:
        """The entry of call `number`: how many argument words it takes (sy_narg), and sy_call. ENOSYS."""
        read = self.entries.get(number)
        if read is None:
            if not 0 <= number < SYS_NSYSENT:
                why = f"system call {number} is not between 0 and {SYS_NSYSENT - 1}"
                raise KernelError(ENOSYS, why)
            read = self.entry(number)
        return read()

    def entry(self, number: int) -> Callable[[], tuple[int, int]]:
        """What reads the entry of a call that is made for the first time; nosys() beyond the table."""
        if not 0 <= number < SYS_NSYSENT:
            return self.nosys
        read = self.entries[number] = self._k.mem.reader(self._row, self.sysent + number * self._step)
        return read

    def is_own(self, number: int) -> bool:
        """Whether call `number` is the kernel's, not one that a module has put into the table."""
        _, sy_call = self.row(number)
        return sy_call in self._own

    def nosys(self) -> tuple[int, int]:
        """The row of a number that is not in the table, as a program's call finds it."""
        return 0, self._nosys

    def emul_row(self, emul: int, number: int) -> tuple[int, int]:
        """The entry of a call in an emulation's table: sy_narg and sy_call. Without a table a panic."""
        k = self._k
        table = member(k, emul, "e_sysent")
        if not table:
            k.panic(f"syscall: emulation '{emul_name(k, emul)}' has no table of system calls (e_sysent)")
        row = table + number * self._step
        return k.umem.u16(row), k.umem.ptr(row + self._sy_call)

    def serve(self, lwp: Lwp, request: Request) -> Reply:
        """One system call of a client process, from its words to its reply."""
        proc = lwp.proc
        space = proc.space = self._regions(request.regions)
        lwp.thread.reason = reason = tty = ""
        errno, retval = 0, (0, 0)
        try:
            retval = self.call(lwp, request.number, request.args)
        except KernelError as error:
            errno, reason = error.errno, error.reason
            if errno == ERESTART:
                errno = EINTR  # the process that could restart it is dying
        proc.space = NOWHERE
        if proc.tty:
            tty = proc.tty.decode("utf-8", "backslashreplace")
            proc.tty.clear()
        try:
            changed = space.changed()
        except MemoryError as error:
            failed, changed = answer_to(error), ()
            errno, reason = failed.errno, failed.reason
        if isinstance(space, MappedRegions) and (page := space.close()):
            who = f"pid {proc.pid} ({proc.comm}), {call_name(request.number)}"
            why = "the system call handed over other parts of that page"
            self._k.console.write(f"{who}: what a module wrote to user memory at {page:#x} is lost: {why}\n")
        return Reply(errno, retval, changed, reason, tty)

    def own(self, lwp: Lwp, number: int, *args: int) -> int:
        """The kernel's own call `number`, whatever is in sysent[]; its first result."""
        result = self._k.plan.syscalls[number].body(self._k, lwp, *args)
        return (result[0] if isinstance(result, tuple) else result) or 0

    def call(self, lwp: Lwp, number: int, args: tuple[int, ...]) -> tuple[int, int]:
        """Call sysent[number]: its two return registers, or a KernelError."""
        if len(args) > MAXARGS:
            raise KernelError(EINVAL, f"{len(args)} argument words; a system call has at most {MAXARGS}")
        return self.enter(lwp, number, self.row(number)[1], args)

    def enter(
        self, lwp: Lwp, number: int, sy_call: int, args: tuple[int, ...], native: bool = True
    ) -> tuple[int, int]:
        """Make the call of an entry of sysent[], or of an emulation's table: then it is not `native`."""
        lwp.asked = number, args, native
        own = self.own_calls.get(sy_call)
        if own is not None:
            return own(lwp, args)
        call = self._call_module
        if sy_call in self._stubs:
            if sy_call in self._own:
                return self._own_call(sy_call)(lwp, args)
            call = self._call_stub
        # Arguments and results are words in kernel memory.
        addr = lwp.args
        at = addr - self._base
        try:
            self._words[len(args)](at, *args)
        except struct.error:  # of a client: wider than a register, or negative
            self._words[len(args)](at, *[word & self._mask for word in args])
        lwp.sy_call = sy_call
        try:
            errno = call(sy_call, (caller(self._k, lwp, sy_call, PROC_CALLS), addr, addr + ARGS_ROOM))
        finally:
            lwp.sy_call = 0
            if lwp.kept:
                let_go(self._k, lwp)
        if errno and errno != EJUSTRETURN:
            if native and sy_call in self.unimplemented.nobody:
                raise KernelError(errno, self._unimplemented(lwp, number))
            raise KernelError(errno, lwp.thread.reason or self._whose(number, sy_call, errno))
        results: tuple[int, int] = self._results(at + ARGS_ROOM)
        return results

    def _call_stub(self, sy_call: int, args: tuple[int, ...]) -> int:
        """The entry is a function of the kernel but not a system call, such as sys_nosys()."""
        return self._k.engine.call(SY_CALL, sy_call, *args)

    def _own_call(self, sy_call: int) -> Callable[[Lwp, tuple[int, ...]], tuple[int, int]]:
        """What does the work of an entry that is a stub of ours, without words in memory. Made once."""
        body, binding = self._own[sy_call]
        k, fn, mask, wide = self._k, self._stubs[sy_call], self._mask, binding.wide
        words, decode, halves, order = (
            binding.words,
            binding.decode_words,
            self._retval.unpack,
            k.dm.byteorder,
        )

        def call(lwp: Lwp, args: tuple[int, ...]) -> tuple[int, int]:
            if len(args) < words:
                args += (0,) * (words - len(args))
            try:
                result = body(k, lwp, *decode(args)) if words else body(k, lwp)
            except KernelError:
                raise
            except MemoryError as error:
                raise answer_to(error) from None
            except MemFault as fault:
                k.engine.on_fault(lwp.thread, fault, fn, (lwp.addr, *args))
            except Exception as error:
                k.engine.on_error(lwp.thread, error, fn, (lwp.addr, *args))
            if result is None:
                return 0, 0
            if isinstance(result, tuple):
                return result[0] & mask, result[1] & mask
            if not wide:
                return result & mask, 0
            first, second = halves((result & _U64).to_bytes(8, order))
            return first, second

        self.own_calls[sy_call] = call
        return call

    def _unimplemented(self, lwp: Lwp, number: int) -> str:
        """Count an unimplemented call, and let the signal for it name the call; returns the reason."""
        self.unimplemented.count(number)
        why, program = f"{call_name(number)} is not implemented", lwp.proc.program
        if program is not None and SIGSYS in program.pending:
            program.pending[SIGSYS] = program.pending[SIGSYS]._replace(why=why)
        return why

    def _whose(self, number: int, sy_call: int, errno: int) -> str:
        """The reason for an errno that a module gave without one; "" when the function is not of a module."""
        module = self._k.modules.at(sy_call)
        if module is None:
            return ""
        by = f"module '{module.title}', which returned {returned(errno)}"
        return f"{call_name(number)} has been replaced by {by}"


def replaced(mem: Memory, plan: KernelPlan, module: Callable[[int], str | None]) -> dict[str, str]:
    """The system calls that modules provide: name (or number) -> the module's name.

    `mem` is the memory of the kernel that was made by `plan`; it may be dead. `module` names the module that
    holds an address.
    """
    layout = sysent.layout(mem.dm)
    at = layout.offsetof("sy_call")
    row = struct.Struct(f"{mem.dm.order}{at}x{mem.dm.word}{layout.size - at - mem.dm.pointer}x")
    table = mem.read(plan.symbols["sysent"], SYS_NSYSENT * layout.size)
    return {
        names().get(number, str(number)): name
        for number, (sy_call,) in enumerate(row.iter_unpack(table))
        if sy_call not in plan.own and (name := module(sy_call)) is not None
    }


def call_name(number: int) -> str:
    """A system call for a message: its number, and its name if it has one."""
    name = names().get(number)
    return f"system call {number} ({name})" if name else f"system call {number}"
