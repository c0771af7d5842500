"""The i386 port: SVR4 i386 psABI calling convention, NetBSD/i386's kernel address space (from 3 GiB)."""

from lkmtools.abi.datamodel import ILP32_I386
from lkmtools.machine import x86
from lkmtools.machine.cproto import stack_words
from lkmtools.machine.port import Port

_REGISTERS = (
    ("eax", 19), ("ebx", 21), ("ecx", 22), ("edx", 24), ("esi", 29), ("edi", 23), ("ebp", 20), ("esp", 30),
    ("eip", 26), ("eflags", 25),
)  # fmt: skip
_R = dict(_REGISTERS)


def shortcut_code(n: int, number: int, value: int, size: int) -> bytes:
    """`cmpl $number, 4+4n(%esp)`, and so on."""
    return x86.shortcut_code(bytes((0x83, 0x7C, 0x24, 4 + 4 * n, number)), value, size)


I386 = Port(
    name="i386",
    arch="i386",
    e_machine=3,
    dm=ILP32_I386,
    uc_arch=x86.UC_ARCH_X86,
    uc_mode=4,
    kernbase=0xC0000000,
    kerntext=0x100000,
    pc=_R["eip"],
    sp=_R["esp"],
    fp=_R["ebp"],
    ret=_R["eax"],
    ret_hi=_R["edx"],
    args=(),
    variadic=None,
    registers=_REGISTERS,
    direction=(_R["eflags"], 0x2),
    halt=x86.HLT,
    halt_length=1,
    return_code=x86.RET,
    filler=x86.INT3,
    constant_code=x86.constant_code,
    shortcut_code=shortcut_code,
    stack_align=16,
    return_size=4,
    va_list=stack_words,
    is_call=x86.is_call,
    has_frame=x86.has_frame,
    faults=x86.FAULTS,
)
