"""System calls: the row that declares one, and the dispatch through sysent[] in guest memory (syscall.c).

A request goes through the table like any process's system call, so a module that replaces an entry is seen by
every client. A Python call's own entry is the stub of `int sys_NAME(struct lwp *, const void *, register_t
*)`, which modules can save, call and put back.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lkmtools.abi.errno import EINVAL, EJUSTRETURN, ENOSYS, ERESTART
from lkmtools.abi.syscall import SYS_NSYSENT
from lkmtools.errors import KernelError
from lkmtools.kern.export import Function
from lkmtools.kern.request import NOWHERE, RegionSpace, Reply, Request
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp
    from lkmtools.kern.kernel import Kernel

_F = TypeVar("_F", bound=Callable[..., Any])
SY_CALL = Prototype("int sy_call(struct lwp *l, const void *v, register_t *retval)")
MAXARGS = 8


class Syscall(NamedTuple):
    """A row of the system-call table: where it stands and how its argument words are read."""

    number: int
    symbol: str
    args: Prototype


def syscall(number: int, params: str, ret: str = "int") -> Callable[[_F], _F]:
    """Make the decorated function system call `number`.

    `params` are its C parameters, padding words included. The function is called as f(kernel, lwp, *args) and
    returns the value (None: 0), of C type `ret`, or a pair of values; errors are KernelErrors.
    """

    def mark(body: _F) -> _F:
        symbol = body.__name__
        args = Prototype(f"{ret} {symbol}({params or 'void'})")

        def entry(k: Kernel, l_addr: int, v: int, retval: int) -> int:
            binding = args.bind(k.port)
            size = k.dm.pointer
            words = struct.unpack(f"{k.dm.order}{binding.words}{'Q' if size == 8 else 'I'}",
                                  k.umem.read(v, binding.words * size))  # fmt: skip
            result = body(k, k.lwp_at(l_addr), *binding.decode_words(words))
            if result is not None:
                _store(k, retval, result, binding.wide)
            return 0

        entry.__doc__ = body.__doc__
        table: list[Syscall] = body.__dict__.setdefault("syscalls", [])
        table.append(Syscall(number, symbol, args))
        if "exports" not in body.__dict__:
            proto = Prototype(f"int {symbol}(struct lwp *l, const void *v, register_t *retval)")
            body.__dict__["exports"] = [Function(proto, "sys/syscallargs.h", entry)]
        return body

    return mark


def _store(k: Kernel, retval: int, result: int | tuple[int, int], wide: bool) -> None:
    if isinstance(result, tuple):
        k.umem.set_ptr(retval, result[0])
        k.umem.set_ptr(retval + k.dm.pointer, result[1])
    elif wide:
        k.umem.set_u64(retval, result)
    else:
        k.umem.set_ptr(retval, result)


def serve(k: Kernel, lwp: Lwp, request: Request) -> Reply:
    """One system call of a client process, from its words to its reply."""
    proc = lwp.proc
    space = proc.space = RegionSpace(request.regions)
    thread = lwp.thread
    thread.reason = ""
    try:
        errno = call(k, lwp, request.number, request.args)
    except KernelError as error:
        errno, thread.reason = error.errno, error.reason
    if errno == ERESTART:
        errno = 4  # EINTR: the process that could restart it is dying
    elif errno == EJUSTRETURN:
        errno = 0
    tty = bytes(proc.tty)
    proc.tty.clear()
    order = k.dm.order + ("QQ" if k.dm.pointer == 8 else "II")
    retval = struct.unpack(order, k.mem.read(lwp.retval, 2 * k.dm.pointer)) if not errno else (0, 0)
    proc.space = NOWHERE
    return Reply(errno, retval, space.changed(), thread.reason if errno else "", tty)


def call(k: Kernel, lwp: Lwp, number: int, args: tuple[int, ...]) -> int:
    """Call sysent[number]; returns its errno."""
    if not 0 <= number < SYS_NSYSENT:
        raise KernelError(ENOSYS, f"system call {number} is not between 0 and {SYS_NSYSENT - 1}")
    if len(args) > MAXARGS:
        raise KernelError(EINVAL, f"{len(args)} argument words; a system call has at most {MAXARGS}")
    layout = k.sysent_layout
    words = args + (0,) * (MAXARGS - len(args))
    mask = k.dm.mask
    k.mem.write(lwp.args, struct.pack(k.args_format, *(word & mask for word in words), 0, 0))
    sy_call = k.mem.ptr(k.sysent + number * layout.size + layout.offsetof("sy_call"))
    k.trace_syscall(lwp, number)
    return k.call(SY_CALL, sy_call, lwp.addr, lwp.args, lwp.retval)
