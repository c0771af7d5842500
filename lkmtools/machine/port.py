"""What a machine is: one row.

A port file (amd64.py, i386.py) holds nothing but a Port. Nothing outside those files, and their siblings in
lkmtools.link, tests the machine's name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lkmtools.abi.datamodel import DataModel
from lkmtools.machine.memory import Memory

# Cpu.regs after a run: pc, sp, fp, result, upper half of a wide result; then the argument registers.
FIRST_ARG = 5
Words = Callable[[], int]  # the next register-sized word of an argument list


@dataclass(frozen=True, slots=True, eq=False)
class Port:
    """A machine: its CPU as Unicorn numbers it, its C calling convention and its kernel address space.

    Addresses are virtual; sizes are bytes.
    """

    name: str
    arch: str  # MACHINE_ARCH
    e_machine: int
    dm: DataModel
    uc_arch: int
    uc_mode: int

    kernbase: int  # RAM byte 0 appears here
    kerntext: int  # offset of the kernel's text from kernbase

    pc: int  # register ids
    sp: int
    fp: int
    ret: int
    ret_hi: int | None  # upper half of a 64-bit result, where one register is too small
    args: tuple[int, ...]  # argument registers in order; further words are on the stack
    variadic: int | None  # register that tells a variadic callee how many vector registers are used
    registers: tuple[tuple[str, int], ...]  # for a register dump
    direction: tuple[int, int]  # a flags register and the value it has at entry to a C function

    halt: bytes  # an instruction that ends Cpu.run(); pc is then halt_length further on
    halt_length: int
    return_code: bytes  # return to the caller
    filler: bytes  # one byte that traps when executed
    constant_code: Callable[[int], bytes]  # a function that returns this constant
    # Its beginning, when it does so if its n-th argument, an int, is a small number: (n, number, constant,
    # size), of that size.
    shortcut_code: Callable[[int, int, int, int], bytes]

    stack_align: int  # at entry, (sp + return address size) is a multiple of this
    return_size: int  # bytes the call instruction pushes
    va_list: Callable[[Memory, int], Words]  # the words a va_list argument stands for
    is_call: Callable[[bytes], bool]  # do these bytes (up to 7) end in a call instruction?
    has_frame: Callable[[bytes], bool | None]  # has a function a frame behind these bytes? None: perhaps not
    faults: dict[int, str] = field(default_factory=dict)  # interrupt number -> what it means
