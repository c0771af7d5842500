"""printf and its family: messages to the console, to a process's terminal and into memory (subr_prf.c).

The console is also the message buffer, so log(9) and printf(9) have the same effect; priorities are accepted
and ignored. The terminal of a process is its client: what uprintf writes is sent with the answer of the
system call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.kern.base.bound import MESSAGE, name_at, running
from lkmtools.kern.base.export import Data, export
from lkmtools.kern.lib.kprintf import FORMAT_LONGEST, Output, TooMuch, kprintf

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine import VaList

LONGEST = 1 << 20  # bytes one call may print, and a process's terminal may hold during one system call
_CUT = b"\n[uprintf: no more than 1 MB in one system call]\n"

DATA = (Data("panicstr", "const char *panicstr", lambda dm: dm.pointer, None, "sys/systm.h"),)


def formatted(k: Kernel, fmt: int, va: VaList) -> bytes:
    """The text of a format in guest memory with its arguments; more than a megabyte is a panic."""
    text = k.umem.cstr(fmt, LONGEST + 1)
    if b"%" not in text and len(text) <= LONGEST:
        return text
    out = _convert(k, text, va, LONGEST)
    if out.total > LONGEST:
        k.panic(f"{running(k)}: a message of {out.total} bytes; the limit is {LONGEST}")
    return bytes(out.data)


def _convert(k: Kernel, text: bytes, va: VaList, room: int) -> Output:
    try:
        return kprintf(k.umem, text, va, room)
    except TooMuch as error:
        k.panic(f"{running(k)}: {error.what}")


def _print(k: Kernel, fmt: int, va: VaList) -> None:
    k.console.write(formatted(k, fmt, va).decode(*C_TEXT))


@export("void aprint_normal(const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
@export("void aprint_error(const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
@export("void aprint_naive(const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
@export("void vprintf(const char *fmt, va_list ap)", "sys/systm.h", bound=MESSAGE)
@export("void printf(const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
def printf(k: Kernel, fmt: int, va: VaList) -> None:
    """Print to the console."""
    _print(k, fmt, va)


@export("void aprint_verbose(const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
@export("void aprint_debug(const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
def aprint_verbose(k: Kernel, fmt: int, va: VaList) -> None:
    """Nothing: this kernel is booted neither verbosely nor for debugging."""
    formatted(k, fmt, va)


@export("void vlog(int pri, const char *fmt, va_list ap)", "sys/syslog.h", bound=MESSAGE)
@export("void log(int pri, const char *fmt, ...)", "sys/syslog.h", bound=MESSAGE)
def log(k: Kernel, pri: int, fmt: int, va: VaList) -> None:
    """Print a message of a priority (log(9))."""
    _print(k, fmt, va)


@export("void addlog(const char *fmt, ...)", "sys/syslog.h", bound=MESSAGE)
def addlog(k: Kernel, fmt: int, va: VaList) -> None:
    """Continue what log() printed."""
    _print(k, fmt, va)


@export("void uprintf(const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
def uprintf(k: Kernel, fmt: int, va: VaList) -> None:
    """Print on the terminal of the process in the kernel; nowhere when there is no process."""
    text = formatted(k, fmt, va)
    lwp = k.sched.current
    if lwp is None or lwp is k.sched.softlwp:
        return
    tty = lwp.proc.tty
    room = LONGEST - len(tty)
    if room >= len(text):
        tty += text
    elif room > 0:
        tty += text[:room] + _CUT


@export("void panic(const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
def panic(k: Kernel, fmt: int, va: VaList) -> NoReturn:
    """Stop the kernel; the message is the reason."""
    k.panic(
        " ".join(formatted(k, fmt, va).decode(*C_TEXT).split("\n")).strip() or "panic() without a message"
    )


@export("void tablefull(const char *tab, const char *hint)", "sys/systm.h")
def tablefull(k: Kernel, tab: int, hint: int) -> None:
    """Print that a table is full, and what to do about it."""
    text = f"{name_at(k, 'tab', tab)}: table is full"
    k.console.write(text + (f" - {name_at(k, 'hint', hint)}\n" if hint else "\n"))


@export("int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)", "sys/systm.h", bound=MESSAGE)
@export("int snprintf(char *buf, size_t size, const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
def snprintf(k: Kernel, buf: int, size: int, fmt: int, va: VaList) -> int:
    """Format into `size` bytes at `buf`, NUL included; returns the length without that limit."""
    room = min(max(size - 1, 0), k.mem.size)
    out = _convert(k, k.umem.cstr(fmt, FORMAT_LONGEST + 1), va, room)
    if size:
        k.umem.write(buf, out.data + b"\0")
    return out.total


@export("int vsprintf(char *buf, const char *fmt, va_list ap)", "sys/systm.h", bound=MESSAGE)
@export("int sprintf(char *buf, const char *fmt, ...)", "sys/systm.h", bound=MESSAGE)
def sprintf(k: Kernel, buf: int, fmt: int, va: VaList) -> int:
    """Format to `buf`, however long; returns the length without the NUL."""
    return snprintf(k, buf, k.mem.size, fmt, va)
