"""What amd64 and i386 share: instruction bytes and exception numbers (Intel SDM volume 3, table 6-1)."""

import re
from collections.abc import Callable

UC_ARCH_X86 = 4
GDTR = 243

HLT = b"\xf4"
RET = b"\xc3"
INT3 = b"\xcc"
NOP = b"\x90"
CLD = b"\xfc"

FAULTS = {
    0: "integer divide fault",
    1: "trace trap",
    3: "breakpoint trap",
    4: "overflow trap",
    5: "bounds check fault",
    6: "privileged or undefined instruction fault",
    7: "no floating-point unit available fault",
    8: "double fault",
    11: "segment not present fault",
    12: "stack fault",
    13: "protection fault",
    16: "floating-point exception",
    17: "alignment fault",
    19: "SIMD floating-point exception",
}

_AT_INSTRUCTION = FAULTS.keys() - {3, 4}  # of these the program counter is that of the instruction
# What these are to a program.
EXCEPTIONS = {
    0: "arithmetic", 1: "trace", 3: "trace", 4: "arithmetic", 5: "segment", 6: "illegal", 7: "illegal",
    11: "bus", 12: "bus", 13: "segment", 16: "arithmetic", 17: "bus", 19: "arithmetic",
}  # fmt: skip
INS_IN, INS_OUT, INS_SYSCALL, INS_SYSENTER = 218, 500, 699, 700
FS, SS, FS_BASE, GS_BASE = 32, 49, 250, 251
FPSW, FPCW, FPTAG, MXCSR, FP0, XMM0 = 31, 246, 247, 249, 82, 122
_TLS = (
    0x00CFF3 << 40 | 0xFFFF
)  # a descriptor: user data, present, writable, 4 GiB; its base is to be filled in
FREE_FLAGS = 0x240CD5  # CF PF AF ZF SF DF OF AC ID
CARRY = 1


def entry_code(load_sp: bytes, pops: bytes) -> bytes:
    """Take the stack pointer from memory and registers off the stack, clear the direction flag, return."""
    return load_sp + pops + CLD + RET


def descriptor(base: int) -> bytes:
    """A segment descriptor of user data from `base` on (Intel SDM volume 3, figure 3-8)."""
    return (_TLS | (base & 0xFFFFFF) << 16 | (base >> 24) << 56).to_bytes(8, "little")


def kernel_descriptor(base: int) -> bytes:
    """The same of kernel data."""
    return (int.from_bytes(descriptor(base), "little") & ~(3 << 45)).to_bytes(8, "little")


def descriptor_base(data: bytes) -> int:
    """The base in a descriptor."""
    value = int.from_bytes(data, "little")
    return value >> 16 & 0xFFFFFF | value >> 56 << 24


def fxsave(read: Callable[[int, int], bytes], xmm: int) -> bytes:
    """Floating-point registers as the fxsave instruction stores them (Intel SDM volume 1, table 10-2)."""
    status, full = read(FPSW, 2), int.from_bytes(read(FPTAG, 2), "little")
    tags = sum((full >> 2 * i & 3 != 3) << i for i in range(8))
    top = status[1] >> 3 & 7
    head = read(FPCW, 2) + status + bytes((tags, 0)) + bytes(18) + read(MXCSR, 4) + b"\xff\xff\0\0"
    stack = b"".join(read(FP0 + (top + i) % 8, 10).ljust(16, b"\0") for i in range(8))
    return (head + stack + b"".join(read(XMM0 + i, 16) for i in range(xmm))).ljust(512, b"\0")


def fxrstor(data: bytes, write: Callable[[int, bytes], None], xmm: int) -> None:
    """Set them from such an area; undefined bits of MXCSR are not taken."""
    status, top = data[2:4], data[3] >> 3 & 7
    full = sum((0 if data[4] >> i & 1 else 3) << 2 * i for i in range(8))
    for number, value in (
        (FPCW, data[:2]),
        (FPSW, status),
        (FPTAG, full.to_bytes(2, "little")),
        (MXCSR, data[24:26] + b"\0\0"),
    ):
        write(number, value)
    for i in range(8):
        write(FP0 + (top + i) % 8, data[32 + 16 * i : 42 + 16 * i])
    for i in range(xmm):
        write(XMM0 + i, data[160 + 16 * i : 176 + 16 * i])


def loop_code(rounds: int) -> bytes:
    """`mov $rounds, %ecx; 1: dec %ecx; jnz 1b; hlt`."""
    return b"\xb9" + rounds.to_bytes(4, "little") + bytes.fromhex("ffc9 75fc") + HLT


def constant_code(value: int) -> bytes:
    """`mov $value, %eax; ret`, or the shorter xor for 0: the upper half of rax is cleared too."""
    if value == 0:
        return b"\x31\xc0" + RET
    return b"\xb8" + (value & 0xFFFFFFFF).to_bytes(4, "little") + RET


def has_frame(code: bytes) -> bool | None:
    """Has this beginning of a function made the frame pointer its own? (mov %esp, %ebp in either encoding)

    None: perhaps no longer, for there is a pop %ebp or leave behind it, or a byte that looks like one.
    """
    at = max(code.find(b"\x89\xe5"), code.find(b"\x8b\xec"))
    if at < 0:
        return False
    return None if b"\x5d" in code[at + 2 :] or b"\xc9" in code[at + 2 :] else True


def shortcut_code(compare: bytes, value: int, size: int) -> bytes:
    """After `compare`, return `value` when it found equality; go on behind `size` bytes when not."""
    answer = constant_code(value)
    return (compare + b"\x75" + bytes((len(answer),)) + answer).ljust(size, NOP)


# What takes room for a frame: sub $n, %esp in its two forms, and the subtraction of a register.
_TAKES = re.compile(
    rb"\x83\xec(?P<byte>.)|\x81\xec(?P<long>.{4})|\x29[\xc4\xcc\xd4\xdc\xec\xf4\xfc]", re.DOTALL
)


def frame_size(code: bytes) -> int | None:
    """The bytes that this beginning of a function takes for its frame; None when that is computed."""
    size = 0
    for found in _TAKES.finditer(code):
        if found["long"] is not None:
            size = max(size, int.from_bytes(found["long"], "little"))
        elif found["byte"] is None:
            return None
    return size


INDIRECT_CALLS = (2, 3, 4, 6, 7)  # bytes of FF /2, by its ModRM, SIB and displacement
LONGEST_CALL = max(INDIRECT_CALLS)


def is_call(code: bytes) -> bool:
    """Do these bytes end in a call instruction, E8 rel32 or FF /2?"""
    if code[-5:-4] == b"\xe8":
        return True
    for length in INDIRECT_CALLS:
        insn = code[-length:]
        if len(insn) == length and insn[0] == 0xFF and insn[1] >> 3 & 7 == 2:
            return True
    return False


def call_target(code: bytes, behind: int) -> int | None:
    """Where the call goes at which these bytes end, with the address behind it; None for an indirect one."""
    return behind + int.from_bytes(code[-4:], "little", signed=True) if code[-5:-4] == b"\xe8" else None


# Instructions that write what they have read from memory, with the operations that do so, of those that the
# middle of the ModRM byte names (Intel SDM volume 2, appendix A.2). None: all of them.
_WRITTEN_BACK: dict[bytes, frozenset[int] | None] = {
    **{bytes((8 * op + w,)): None for op in range(7) for w in (0, 1)},  # add, or, adc, sbb, and, sub, xor
    **{bytes((code,)): frozenset(range(7)) for code in (0x80, 0x81, 0x83)},  # the same, with a constant
    **{bytes((code,)): frozenset((0, 1)) for code in (0xFE, 0xFF)},  # inc, dec
    **{bytes((code,)): frozenset((2, 3)) for code in (0xF6, 0xF7)},  # not, neg
    **{bytes((code,)): None for code in (0x86, 0x87, 0xC0, 0xC1, 0xD0, 0xD1, 0xD2, 0xD3)},  # xchg, shifts
    **{bytes((0x0F, code)): None for code in (0xAB, 0xB3, 0xBB, 0xB0, 0xB1, 0xC0, 0xC1)},  # bts ... xadd
    **{bytes((0x0F, code)): None for code in (0xA4, 0xA5, 0xAC, 0xAD)},  # shld, shrd
    b"\x0f\xba": frozenset((5, 6, 7)),  # bts, btr, btc with a constant
    b"\x0f\xc7": frozenset((1,)),  # cmpxchg8b, cmpxchg16b
}
_PREFIXES = b"\x26\x2e\x36\x3e\x64\x65\x66\x67\xf0\xf2\xf3"
_REX = range(0x40, 0x50)
_REGISTER = 0xC0  # ModRM of an operand that is not in memory


def prefixes(wide: bool) -> bytes:
    """The bytes that may precede an opcode."""
    return _PREFIXES + bytes(_REX) if wide else _PREFIXES


def opcode_at(code: bytes, wide: bool) -> int:
    """Where the opcode of an instruction begins."""
    return len(code) - len(code.lstrip(prefixes(wide)))


def find_return(code: bytes, bits: int) -> int:
    """Where the first return instruction of this code is; -1 when none is found."""
    from lkmtools.instructions import LONGEST, decode  # which only a panic needs

    at = 0
    while (found := decode(code[at : at + LONGEST], at, bits)) is not None:
        if found.returns:
            return at
        at = found.end
    return -1


def writes_back(code: bytes, wide: bool) -> bool:
    """Does this instruction write to the memory that it reads? `wide`: it is one of 64-bit mode."""
    at = opcode_at(code, wide)
    size = 2 if code[at : at + 1] == b"\x0f" else 1
    opcode, modrm = code[at : at + size], code[at + size : at + size + 1]
    if opcode not in _WRITTEN_BACK or not modrm or modrm[0] >= _REGISTER:
        return False
    operations = _WRITTEN_BACK[opcode]
    return operations is None or modrm[0] >> 3 & 7 in operations


# lldt, ltr; lgdt, lidt, lmsw, swapgs, mwait; sysret, mov to a control or debug register, wrmsr, sysexit
# (Intel SDM volume 2, appendix A.3): what changes the tables, registers or mode that the kernel relies on.
# Not hlt and iret, whose single byte is found too often in others.
FORBIDDEN = re.compile(
    rb"\x0f(?:\x00[\x10-\x1f\x50-\x5f\x90-\x9f\xd0-\xdf]"
    rb"|\x01[\x10-\x1f\x50-\x5f\x90-\x9f\x30-\x37\x70-\x77\xb0-\xb7\xf0-\xf7\xf8\xc9]|[\x07\x22\x23\x30\x35])",
    re.DOTALL,
)
_BY_MODRM = {
    b"\x0f\x00": {2: "lldt", 3: "ltr"},
    b"\x0f\x01": {2: "lgdt", 3: "lidt", 6: "lmsw"},
}
_WHOLE = {b"\x0f\x01\xf8": "swapgs", b"\x0f\x01\xc9": "mwait"}
_NAMES = {
    **{
        b"\x0f\x07": "sysret",
        b"\x0f\x22": "mov to a control register",
        b"\x0f\x23": "mov to a debug register",
    },
    **{b"\x0f\x30": "wrmsr", b"\x0f\x35": "sysexit", b"\x0f\x05": "syscall", b"\x0f\x34": "sysenter"},
    **{HLT: "hlt", b"\xcf": "iret", b"\x0f\x0b": "ud2", INT3: "int3", b"\xce": "into", b"\x62": "bound"},
    **{b"\xcd": "int", b"\xca": "lret", b"\xcb": "lret"},
}


def instruction(code: bytes, wide: bool) -> str:
    """The name of an instruction that traps, or that FORBIDDEN finds; "" of all others."""
    code = code[opcode_at(code, wide) :]
    opcode = code[: 2 if code[:1] == b"\x0f" else 1]
    if name := _WHOLE.get(code[:3], ""):
        return name
    if opcode in _BY_MODRM and len(code) > len(opcode):
        operation = code[2] >> 3 & 7
        memory_only = opcode == b"\x0f\x01" and operation != 6
        return "" if memory_only and code[2] >= _REGISTER else _BY_MODRM[opcode].get(operation, "")
    return _NAMES.get(opcode, "")


def trap_length(trap: int, before: bytes) -> int:
    """The bytes of the instruction that raised `trap` and is through, as int3 and int are; 0 for a fault.

    `before` are the two bytes before the program counter.
    """
    if before[-1:] == INT3 and trap == 3:
        return 1
    return 2 if before == bytes((0xCD, trap & 0xFF)) and trap not in _AT_INSTRUCTION else 0
