"""What an lwp has been asked for, in words for a report: the system call or the soft interrupt."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools.abi import ksyms, lkm
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.ioccom import Ioctl
from lkmtools.abi.syscall import SYS_exit, SYS_ioctl
from lkmtools.abi.syscalls_master import names
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_copy import string_in
from lkmtools.kern.sync.kern_softint import running_text

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_LONGEST = 80  # bytes of a path


def system_call_text(k: Kernel, lwp: Lwp) -> str:
    """Like "ioctl(/dev/lkm, LMREADY)"; "" for an lwp that is in none.

    For the lwp of soft interrupts it is what runs there. A descriptor is the path that was opened, a path
    what it says, a command its name. The arguments of calls that are not the kernel's own are words.
    """
    if lwp is k.sched.softlwp:
        return running_text(k)
    if lwp.asked is None:
        return ""
    number, args, native = lwp.asked
    name = names().get(number) if native else None
    row = k.plan.syscalls.get(number) if native else None
    if row is None:
        return f"{name or f'system call {number}'}({', '.join(map(_word, args))})"
    if number == SYS_exit and not args:
        return f"exit(), closing {lwp.closing.path}" if lwp.closing and lwp.closing.path else "exit()"
    params = [str(param.name) for param in row.args.params]
    shown = [_argument(k, lwp, param, arg) for param, arg in zip(params, args, strict=False)]
    if number == SYS_ioctl:
        shown = [*shown[:1], *(_command(k, arg) for arg in args[1:2])]
    return f"{name}({', '.join(shown)})"


def _word(value: int) -> str:
    return str(value) if 0 <= value < 4096 else f"{value:#x}"


def _argument(k: Kernel, lwp: Lwp, name: str, value: int) -> str:
    """A descriptor or a path by its name; a number otherwise."""
    with suppress(KernelError):  # then the number is all there is
        if name == "fd":
            return _open_file(lwp, value) or str(value)
        if name == "path":
            return string_in(lwp.proc.space, value, _LONGEST).decode(*C_TEXT)
    return _word(value)


def _open_file(lwp: Lwp, fd: int) -> str:
    """The path by which a descriptor was opened, or the one that is being closed; "" when there is none."""
    if fd in lwp.proc.files:
        return lwp.proc.files.get(fd).path
    return lwp.closing.path if lwp.closing is not None else ""


def _command(k: Kernel, code: int) -> str:
    """A command of lkm(4) or ksyms(4) by its name, another one by its parts (<sys/ioccom.h>)."""
    for row in (*vars(lkm).values(), *vars(ksyms).values()):
        if isinstance(row, Ioctl) and row.code(k.dm) == code & 0xFFFF_FFFF:
            return row.name
    group, size = chr(code >> 8 & 0xFF), code >> 16 & 0x1FFF
    how = {0x2: "_IO", 0x4: "_IOR", 0x8: "_IOW", 0xC: "_IOWR"}.get(code >> 28 & 0xE)
    if how is None or not group.isprintable():
        return f"{code:#x}"
    return f"{how}('{group}', {code & 0xFF}{f', {size} bytes' if size else ''})"
