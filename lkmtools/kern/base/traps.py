"""The words for an exception that is not a page fault: its name, and why an instruction raises it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.machine import Fault
from lkmtools.machine.emulator import FORBIDDEN

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_UNDEFINED = 6
_WHY = {
    0: "division by zero, or a quotient that is too large for its register",
    1: "the trace flag was set in the flags register",
    3: "an int3 instruction was executed: a breakpoint, or filler where no function is",
    4: "into was executed after an overflow",
    5: "bound was executed with an index outside its array",
    _UNDEFINED: "an illegal instruction",
    12: "a stack segment that does not exist, or a stack pointer that is not canonical",
    13: "general protection: a segment selector that does not exist, or an address that is not canonical",
    16: "a floating-point exception that was not masked",
    17: "a misaligned address, with alignment checks enabled",
    19: "a floating-point exception that was not masked",
}
_HARM = {
    "hlt": "it stops the only CPU of this machine; to wait, sleep by tsleep(9) or cv_wait(9)",
    "mwait": "it stops the only CPU of this machine; to wait, sleep by tsleep(9) or cv_wait(9)",
    "lgdt": "it replaces the kernel's table of segment descriptors",
    "lidt": "it replaces the kernel's table of interrupts",
    "lldt": "it replaces the kernel's local descriptor table",
    "ltr": "it replaces the kernel's task state",
    "lmsw": "it changes the mode of the CPU in control register 0",
    "wrmsr": "it changes a machine register that the kernel relies on; rdmsr is allowed",
    "mov to a control register": "it changes paging or the mode of the CPU; reading the register is allowed",
    "mov to a debug register": "it changes the kernel's breakpoints; reading the register is allowed",
    "swapgs": "it replaces the segment by which the kernel finds its CPU's data",
    "sysret": "it leaves the kernel for a program without the kernel's own way out",
    "sysexit": "it leaves the kernel for a program without the kernel's own way out",
    "iret": "it returns from an interrupt, and there was none",
    "lret": "it returns to another code segment, and nothing has called from there",
    "ud2": "an illegal instruction on purpose: compilers make it for __builtin_trap(), and where C "
    "leaves the behaviour undefined",
    "syscall": "an instruction for programs: kernel code calls the function of a system call, in sysent[]",
    "sysenter": "an instruction for programs: kernel code calls the function of a system call, in sysent[]",
}


def trap_words(k: Kernel, fault: Fault, code: bytes) -> tuple[str, str]:
    """What happened, and why."""
    name = k.port.instruction(code)
    what = fault.describe(k.port)
    if fault.trap == FORBIDDEN:
        return (
            f"{what}: {name}",
            f"an instruction that would take this machine from its kernel: {_HARM[name]}",
        )
    if name in _HARM:
        return what, f"{name}: {_HARM[name]}"
    if name == "int" and code[:1] != b"" and fault.trap is not None:
        return what, f"int ${fault.trap:#x} was executed: the kernel serves no interrupt of that number"
    if fault.trap in (None, _UNDEFINED):
        shown = " ".join(f"{byte:02x}" for byte in code[:8])
        return what, f"an illegal instruction: the bytes there are {shown}" if shown else ""
    return what, _WHY.get(fault.trap, "")
