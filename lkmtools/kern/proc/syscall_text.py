"""The system call that an lwp is in, in words: what a report says was asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools.abi import ksyms, lkm
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.ioccom import Ioctl
from lkmtools.abi.syscall import SYS_ioctl
from lkmtools.abi.syscalls_master import names
from lkmtools.errors import KernelError
from lkmtools.kern.proc.kern_copy import string_in

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

_LONGEST = 80  # bytes of a path


def system_call_text(k: Kernel, lwp: Lwp) -> str:
    """Like "ioctl(/dev/lkm, LMREADY)"; "" for an lwp that is in none.

    A descriptor is the path that was opened, a path what it says, a command its name. The arguments of calls
    that are not the kernel's own are words.
    """
    if lwp.asked is None:
        return ""
    number, args, native = lwp.asked
    name = names().get(number) if native else None
    row = k.plan.syscalls.get(number) if native else None
    if row is None:
        return f"{name or f'system call {number}'}({', '.join(map(_word, args))})"
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
            return lwp.proc.files.get(value).path or str(value)
        if name == "path":
            return string_in(lwp.proc.space, value, _LONGEST).decode(*C_TEXT)
    return _word(value)


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
