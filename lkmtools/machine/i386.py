"""The i386 port: SVR4 i386 psABI calling convention, NetBSD/i386's kernel address space (from 3 GiB)."""

from functools import partial

from lkmtools.abi.datamodel import ILP32_I386
from lkmtools.machine import x86
from lkmtools.machine.cproto import stack_words
from lkmtools.machine.port import PerCpu, Port, SegmentDescriptors, UserMode

_REGISTERS = (
    ("eax", 19), ("ebx", 21), ("ecx", 22), ("edx", 24), ("esi", 29), ("edi", 23), ("ebp", 20), ("esp", 30),
    ("eip", 26), ("eflags", 25),
)  # fmt: skip
_R = dict(_REGISTERS)


def shortcut_code(n: int, number: int, value: int, size: int) -> bytes:
    """`cmpl $number, 4+4n(%esp)`, and so on."""
    return x86.shortcut_code(bytes((0x83, 0x7C, 0x24, 4 + 4 * n, number)), value, size)


def percpu_code(offset: int) -> bytes:
    """`movl %fs:offset, %eax; ret`."""
    return b"\x64\xa1" + offset.to_bytes(4, "little") + x86.RET


def entry_code(words: int) -> bytes:
    """`mov words, %esp; pop %ebp`, and so on."""
    return x86.entry_code(b"\x8b\x25" + words.to_bytes(4, "little"), b"\x5d")


def gate_code(words: int) -> bytes:
    """`mov %esp, words+4; mov %eax, words+8; mov %edx, words+12; hlt`."""
    stores = zip((b"\x89\x25", b"\xa3", b"\x89\x15"), (4, 8, 12), strict=True)
    return b"".join(code + (words + at).to_bytes(4, "little") for code, at in stores) + x86.HLT


def return_code(words: int) -> bytes:
    """`mov words+8, %eax; mov words+12, %edx; ret`."""
    loads = zip((b"\xa1", b"\x8b\x15"), (8, 12), strict=True)
    return b"".join(code + (words + at).to_bytes(4, "little") for code, at in loads) + x86.RET


# SYSENTER_CS = 8; edx = 0x1000, ecx = 0; sysexit.
_ENTER = bytes.fromhex("b974010000 b808000000 31d2 0f30 ba00100000 31c9 0f35")
# <i386/mcontext.h>: gs fs es ds edi esi ebp esp ebx edx ecx eax trapno err eip cs eflags uesp ss
_CONTEXT_NAMES = (
    "-", "-", "-", "-", "edi", "esi", "ebp", "-", "ebx", "edx", "ecx", "eax", "-", "-", "-", "-",
    "eflags", "esp", "-",
)  # fmt: skip
_CONTEXT = tuple(_R.get(name) for name in _CONTEXT_NAMES)
# <machine/frame.h>: gs fs es ds edi esi ebp ebx edx ecx eax trapno err eip cs eflags esp ss,
# and the segments of a vm86 program
_FRAME_NAMES = (
    "-", "-", "-", "-", "edi", "esi", "ebp", "ebx", "edx", "ecx", "eax", "-", "-", "-", "-", "eflags", "esp",
    "-", "-", "-", "-", "-",
)  # fmt: skip
_USER = UserMode(
    enter=_ENTER,
    syscall_insn=None,
    syscall_trap=0x80,
    syscall_length=2,
    privileged=(x86.INS_IN, x86.INS_OUT, x86.INS_SYSCALL, x86.INS_SYSENTER),
    number=_R["eax"],
    args=(),
    ret=_R["eax"],
    ret2=_R["edx"],
    flags=_R["eflags"],
    carry=x86.CARRY,
    free_flags=x86.FREE_FLAGS,
    ps_strings=_R["ebx"],
    top=0xBFC00000,
    stack_size=2 << 20,
    context=_CONTEXT,
    pc_slot=14,
    frame=tuple(_R.get(name) for name in _FRAME_NAMES),
    frame_pc=13,
    frame_trapno=11,
    frame_err=12,
    segments={},
    descriptors=SegmentDescriptors(
        x86.GDTR, {"f": 8 * 9, "g": 8 * 10}, 8 * 11, x86.descriptor, x86.descriptor_base
    ),
    save_fpu=lambda read: x86.fxsave(read, 8),
    restore_fpu=lambda data, write: x86.fxrstor(data, write, 8),
    fpregs=644 + 4,  # fpreg union, _mc_tlsbase
    handler=None,
    context_register=None,
    sigcode=bytes.fromhex("8b442408 89442404 b834010000 cd80 cc"),
    red_zone=0,
    exceptions=x86.EXCEPTIONS,
)

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
    args=(),
    variadic=None,
    registers=_REGISTERS,
    kept=("ebx", "esi", "edi"),
    direction=(_R["eflags"], 0x2),
    stub=bytes.fromhex("8b0c24") + x86.HLT,  # mov (%esp), %ecx
    caller=_R["ecx"],
    return_code=return_code,
    loop_code=x86.loop_code,
    halt=x86.HLT,
    forbidden=(x86.FORBIDDEN, x86.prefixes(wide=False)),
    instruction=partial(x86.instruction, wide=False),
    writes_back=partial(x86.writes_back, wide=False),
    filler=x86.INT3,
    constant_code=x86.constant_code,
    percpu=PerCpu(x86.FS, x86.GDTR, x86.SS, x86.kernel_descriptor),
    percpu_code=percpu_code,
    shortcut_code=shortcut_code,
    entry_code=entry_code,
    gate_code=gate_code,
    stack_align=16,
    return_size=4,
    va_list=stack_words,
    longest_call=x86.LONGEST_CALL,
    is_call=x86.is_call,
    call_target=x86.call_target,
    find_return=partial(x86.find_return, bits=32),
    frame_size=x86.frame_size,
    has_frame=x86.has_frame,
    user=_USER,
    trap_length=x86.trap_length,
    faults=x86.FAULTS,
)
