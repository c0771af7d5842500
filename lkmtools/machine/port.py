"""A machine's description: one row.

A port file (amd64.py, i386.py) holds nothing but a Port. Nothing outside those files, and their siblings in
lkmtools.link, tests the machine's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, dataclass_transform

from lkmtools.abi.datamodel import DataModel
from lkmtools.machine.memory import Memory
from lkmtools.tuples import NamedTuple

# The registers after a run: pc, sp, fp, and at a stub the address it returns to; then the argument registers.
FIRST_ARG = 4
ReadRegister = Callable[[int, int], bytes]  # Unicorn's number, bytes
WriteRegister = Callable[[int, bytes], None]
NextWord = Callable[[], int]  # the next register-sized word of an argument list


class PerCpu(NamedTuple):
    """How kernel code finds what belongs to its CPU: at offsets in a segment.

    `register` is Unicorn's number of the segment's base. Where there is none for a segment register, it is
    that register's own: it is loaded with a selector of `table`, the number of the one that says where the
    descriptors are; `pack` makes a descriptor by its base. Unicorn then takes the stack's width from that of
    the `stack` segment register, which needs a descriptor as well.
    """

    register: int
    table: int | None = None
    stack: int = 0
    pack: Callable[[int], bytes] | None = None


class SegmentDescriptors(NamedTuple):
    """A machine's table of segment descriptors, eight bytes each."""

    register: int  # Unicorn's number of the one that says where it is
    places: dict[str, int]  # where in it those of segments "f" and "g" are
    size: int
    pack: Callable[[int], bytes]  # a descriptor by its base
    unpack: Callable[[bytes], int]  # and the other way


@dataclass_transform(eq_default=False, frozen_default=True, kw_only_default=True)
class Record:
    """Members given by name; none is equal to another. dataclasses would do, and import half a compiler."""

    def __init__(self, **members: Any) -> None:
        if members.keys() != self.__annotations__.keys():
            wrong = sorted(members.keys() ^ self.__annotations__.keys())
            raise TypeError(f"{type(self).__name__}: missing or unknown: {', '.join(wrong)}")
        vars(self).update(members)


class UserMode(Record):
    """How programs run on a machine. `ret`, `ret2`: where a system call's two results go."""

    enter: bytes  # kernel code that drops to user mode at user address 0x1000, for a first register set
    syscall_insn: int | None  # Unicorn's number of the system-call instruction, where it has one
    syscall_trap: int | None  # ... or the interrupt it is
    syscall_length: int  # bytes of that instruction
    privileged: tuple[int, ...]  # Unicorn's numbers of instructions that it forgets to refuse to programs
    number: int  # registers of a system call: its number,
    args: tuple[int, ...]  # the first arguments; the others follow a return address on the stack
    ret: int
    ret2: int
    flags: int
    carry: int  # the bit of `flags` that says "error"
    free_flags: int  # the bits of `flags` a program may set as it likes
    ps_strings: int  # register with the address of struct ps_strings at a program's entry
    top: int  # user addresses are below
    stack_size: int
    context: tuple[int | None, ...]  # general registers as mcontext_t has them; None: none, or not settable
    pc_slot: int  # the index of the pc in `context`, for that is not an ordinary register
    frame: tuple[int | None, ...]  # the words of struct trapframe: registers; None: the pc, or none
    frame_pc: int  # where in it the pc, the trap and the length of a system call's instruction stand
    frame_trapno: int
    frame_err: int
    segments: dict[str, int]  # registers with the bases of a thread's own segments "f" and "g", or
    descriptors: SegmentDescriptors | None  # what says where they are, in a page behind `top`
    save_fpu: Callable[[ReadRegister], bytes]  # floating-point registers as fxsave stores them
    restore_fpu: Callable[[bytes, WriteRegister], None]
    fpregs: int  # bytes of mcontext_t behind the general registers
    handler: tuple[int, int, int] | None  # registers of a signal handler's arguments; None: on the stack
    context_register: int | None  # where the signal trampoline finds the ucontext, besides the stack
    sigcode: bytes  # the kernel's own signal trampoline: setcontext(2) with the ucontext of the frame
    red_zone: int  # bytes below sp that belong to the running function
    exceptions: dict[int, str]  # interrupt -> kind: "arithmetic", "illegal", "trace", "bus" or "segment"


class Port(Record):
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
    args: tuple[int, ...]  # argument registers in order; further words are on the stack
    variadic: int | None  # register that tells a variadic callee how many vector registers are used
    registers: tuple[tuple[str, int], ...]  # for a register dump
    kept: tuple[str, ...]  # those of them that a C function leaves as they were, besides sp and fp
    direction: tuple[int, int]  # a flags register and the value it has at entry to a C function

    stub: bytes  # code that ends Cpu.run(), with its return address in `caller`; pc is then behind it
    caller: int  # a register that a function need not keep
    # Load the result and its upper half from what gate_code stores them to, and return to the caller.
    return_code: Callable[[int], bytes]
    loop_code: Callable[[int], bytes]  # the shortest loop that runs this many times, and halts
    halt: bytes  # the instruction that ends a run
    # What may be an instruction that would take the machine from its kernel, and what bytes may precede it.
    forbidden: tuple[re.Pattern[bytes], bytes]
    instruction: Callable[
        [bytes], str
    ]  # the name of such an instruction, or of another that traps; "" of others
    writes_back: Callable[[bytes], bool]  # does the instruction at the beginning write what it reads?
    filler: bytes  # one byte that traps when executed
    constant_code: Callable[[int], bytes]  # a function that returns this constant
    percpu: PerCpu
    percpu_code: Callable[[int], bytes]  # a function that returns the word at this offset of `percpu`
    # Its beginning, when it does so if its n-th argument, an int, is a small number: (n, number, constant,
    # size), of that size.
    shortcut_code: Callable[[int, int, int, int], bytes]
    # Load sp from the word at this address, then pop the argument registers in order, the frame pointer and
    # the pc; the direction flag is then clear, as a C function expects it.
    entry_code: Callable[[int], bytes]
    # Where such a function returns to: store sp, the result and its upper half behind that word, and halt.
    gate_code: Callable[[int], bytes]

    stack_align: int  # at entry, (sp + return address size) is a multiple of this
    return_size: int  # bytes the call instruction pushes
    va_list: Callable[[Memory, int], NextWord]  # the words a va_list argument stands for
    longest_call: int  # bytes of the longest call instruction
    is_call: Callable[[bytes], bool]  # do these bytes (up to `longest_call`) end in a call instruction?
    # Where the call goes at which bytes end, with the address behind it; None for an indirect one.
    call_target: Callable[[bytes, int], int | None]
    find_return: Callable[[bytes], int]  # where its first return instruction is; -1 for nowhere
    frame_size: Callable[[bytes], int | None]  # of a function's beginning: its frame's bytes; None: computed
    has_frame: Callable[[bytes], bool | None]  # has a function a frame behind these bytes? None: perhaps not
    user: UserMode
    trap_length: Callable[[int, bytes], int]  # of what has raised it, at the end of these bytes
    faults: dict[int, str]  # interrupt number -> what it means
