"""The amd64 port: AMD64 psABI calling convention, NetBSD/amd64's kernel address space (top 2 GiB)."""

from functools import partial

from lkmtools.abi.datamodel import LP64
from lkmtools.machine import x86
from lkmtools.machine.cproto import stack_words
from lkmtools.machine.memory import Memory
from lkmtools.machine.port import NextWord, PerCpu, Port, UserMode

_REGISTERS = (
    ("rax", 35), ("rbx", 37), ("rcx", 38), ("rdx", 40), ("rsi", 43), ("rdi", 39), ("rbp", 36), ("rsp", 44),
    ("r8", 106), ("r9", 107), ("r10", 108), ("r11", 109), ("r12", 110), ("r13", 111), ("r14", 112),
    ("r15", 113), ("rip", 41), ("rflags", 25),
)  # fmt: skip
_R = dict(_REGISTERS)

_GP_BYTES = 48  # the register save area holds six general registers


def va_words(mem: Memory, ap: int) -> NextWord:
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


def percpu_code(offset: int) -> bytes:
    """`movq %gs:offset, %rax; ret`."""
    return b"\x65\x48\x8b\x04\x25" + offset.to_bytes(4, "little") + x86.RET


def _low(addr: int) -> bytes:
    """A kernel address in an instruction: the CPU extends its sign."""
    return (addr & 0xFFFFFFFF).to_bytes(4, "little")


def entry_code(words: int) -> bytes:
    """`mov words, %rsp; pop %rdi`, and so on to r9 and rbp."""
    return x86.entry_code(b"\x48\x8b\x24\x25" + _low(words), bytes.fromhex("5f 5e 5a 59 4158 4159 5d"))


def gate_code(words: int) -> bytes:
    """`mov %rsp, words+8; mov %rax, words+16; hlt`."""
    return b"\x48\x89\x24\x25" + _low(words + 8) + b"\x48\x89\x04\x25" + _low(words + 16) + x86.HLT


def return_code(words: int) -> bytes:
    """`mov words+16, %rax; ret`."""
    return b"\x48\x8b\x04\x25" + _low(words + 16) + x86.RET


# EFER.SCE on, STAR = user 0x23, kernel 0x10; rcx = 0x1000, r11 = flags; sysretq.
_ENTER = bytes.fromhex(
    "b9800000c0 0f32 83c801 0f30 b9810000c0 31c0 ba10002300 0f30 b900100000 41bb02020000 480f07"
)
# <amd64/frame_regs.h>: rdi rsi rdx r10 r8 r9 arg6-8 rcx r11-r15 rbp rbx rax gs fs es ds trapno err rip cs
# rflags rsp ss
_CONTEXT_NAMES = (
    "rdi", "rsi", "rdx", "r10", "r8", "r9", "-", "-", "-", "rcx", "r11", "r12", "r13", "r14", "r15",
    "rbp", "rbx", "rax", "-", "-", "-", "-", "-", "-", "-", "-", "rflags", "rsp", "-",
)  # fmt: skip
_CONTEXT = tuple(_R.get(name) for name in _CONTEXT_NAMES)
_FRAME = (*_CONTEXT[:9], None, *_CONTEXT[9:])  # struct trapframe has tf_arg9 too
_USER = UserMode(
    enter=_ENTER,
    syscall_insn=x86.INS_SYSCALL,
    syscall_trap=None,
    syscall_length=2,
    privileged=(x86.INS_IN, x86.INS_OUT, x86.INS_SYSENTER),
    number=_R["rax"],
    args=tuple(_R[name] for name in ("rdi", "rsi", "rdx", "r10", "r8", "r9")),
    ret=_R["rax"],
    ret2=_R["rdx"],
    flags=_R["rflags"],
    carry=x86.CARRY,
    free_flags=x86.FREE_FLAGS,
    ps_strings=_R["rbx"],
    top=0x7F7FFFFFF000,
    stack_size=2 << 20,
    context=_CONTEXT,
    pc_slot=24,
    frame=_FRAME,
    frame_pc=25,
    frame_trapno=23,
    frame_err=24,
    segments={"f": x86.FS_BASE, "g": x86.GS_BASE},
    descriptors=None,
    save_fpu=lambda read: x86.fxsave(read, 16),
    restore_fpu=lambda data, write: x86.fxrstor(data, write, 16),
    fpregs=8 + 512,  # _mc_tlsbase, fxsave
    handler=(_R["rdi"], _R["rsi"], _R["rdx"]),
    context_register=_R["r15"],
    sigcode=bytes.fromhex("4c89ff b834010000 0f05 cc"),
    red_zone=128,
    exceptions=x86.EXCEPTIONS,
)

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
    args=tuple(_R[name] for name in ("rdi", "rsi", "rdx", "rcx", "r8", "r9")),
    variadic=_R["rax"],
    registers=_REGISTERS,
    kept=("rbx", "r12", "r13", "r14", "r15"),
    direction=(_R["rflags"], 0x2),
    stub=bytes.fromhex("4c8b1c24") + x86.HLT,  # mov (%rsp), %r11
    caller=_R["r11"],
    return_code=return_code,
    loop_code=x86.loop_code,
    halt=x86.HLT,
    forbidden=(x86.FORBIDDEN, x86.prefixes(wide=True)),
    instruction=partial(x86.instruction, wide=True),
    writes_back=partial(x86.writes_back, wide=True),
    filler=x86.INT3,
    constant_code=x86.constant_code,
    percpu=PerCpu(x86.GS_BASE),
    percpu_code=percpu_code,
    shortcut_code=shortcut_code,
    entry_code=entry_code,
    gate_code=gate_code,
    stack_align=16,
    return_size=8,
    va_list=va_words,
    longest_call=x86.LONGEST_CALL,
    is_call=x86.is_call,
    call_target=x86.call_target,
    find_return=partial(x86.find_return, bits=64),
    frame_size=x86.frame_size,
    has_frame=x86.has_frame,
    user=_USER,
    trap_length=x86.trap_length,
    faults=x86.FAULTS,
)
