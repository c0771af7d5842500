"""What amd64 and i386 share: instruction bytes and exception numbers (Intel SDM volume 3, table 6-1)."""

UC_ARCH_X86 = 4

HLT = b"\xf4"
RET = b"\xc3"
INT3 = b"\xcc"
NOP = b"\x90"

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

# What these are to a program.
EXCEPTIONS = {
    0: "arithmetic", 1: "trace", 3: "trace", 4: "arithmetic", 5: "segment", 6: "illegal", 7: "illegal",
    11: "bus", 12: "bus", 13: "segment", 16: "arithmetic", 17: "bus", 19: "arithmetic",
}  # fmt: skip
INS_IN, INS_OUT, INS_SYSCALL = 218, 500, 699
FREE_FLAGS = 0x240CD5  # CF PF AF ZF SF DF OF AC ID
CARRY = 1


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


def is_call(code: bytes) -> bool:
    """Do these bytes end in a call instruction? (E8 rel32, or FF /2 in its 2, 3, 6 and 7 byte forms.)"""
    if code[-5:-4] == b"\xe8":
        return True
    for length in (2, 3, 4, 6, 7):
        insn = code[-length:]
        if len(insn) == length and insn[0] == 0xFF and insn[1] >> 3 & 7 == 2:
            return True
    return False
