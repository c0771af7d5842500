"""The amd64 port: AMD64 psABI calling convention, NetBSD/amd64's kernel address space (top 2 GiB)."""

from lkmtools.abi.datamodel import LP64
from lkmtools.machine import x86
from lkmtools.machine.cproto import stack_words
from lkmtools.machine.memory import Memory
from lkmtools.machine.port import Port, Words

_REGISTERS = (
    ("rax", 35), ("rbx", 37), ("rcx", 38), ("rdx", 40), ("rsi", 43), ("rdi", 39), ("rbp", 36), ("rsp", 44),
    ("r8", 106), ("r9", 107), ("r10", 108), ("r11", 109), ("r12", 110), ("r13", 111), ("r14", 112),
    ("r15", 113), ("rip", 41), ("rflags", 25),
)  # fmt: skip
_R = dict(_REGISTERS)

_GP_BYTES = 48  # the register save area holds six general registers


def va_words(mem: Memory, ap: int) -> Words:
    """The words of a va_list.

    {gp_offset, fp_offset, overflow_arg_area, reg_save_area} (psABI figure 3.34).
    """
    gp, overflow, save = mem.checked.u32(ap), mem.checked.ptr(ap + 8), mem.checked.ptr(ap + 16)
    on_stack = stack_words(mem, overflow)

    def word() -> int:
        nonlocal gp
        if gp >= _GP_BYTES:
            return on_stack()
        gp += 8
        return mem.checked.ptr(save + gp - 8)

    return word


def shortcut_code(n: int, number: int, value: int, size: int) -> bytes:
    """`cmp $number, %edi` (or esi, edx, ecx), and so on."""
    return x86.shortcut_code(bytes((0x83, 0xF8 | (7, 6, 2, 1)[n], number)), value, size)


AMD64 = Port(
    name="amd64",
    arch="x86_64",
    e_machine=62,
    dm=LP64,
    uc_arch=x86.UC_ARCH_X86,
    uc_mode=8,
    kernbase=0xFFFFFFFF80000000,
    kerntext=0x100000,
    pc=_R["rip"],
    sp=_R["rsp"],
    fp=_R["rbp"],
    ret=_R["rax"],
    ret_hi=None,
    args=tuple(_R[name] for name in ("rdi", "rsi", "rdx", "rcx", "r8", "r9")),
    variadic=_R["rax"],
    registers=_REGISTERS,
    direction=(_R["rflags"], 0x2),
    halt=x86.HLT,
    halt_length=1,
    return_code=x86.RET,
    filler=x86.INT3,
    constant_code=x86.constant_code,
    shortcut_code=shortcut_code,
    stack_align=16,
    return_size=8,
    va_list=va_words,
    is_call=x86.is_call,
    has_frame=x86.has_frame,
    faults=x86.FAULTS,
)
