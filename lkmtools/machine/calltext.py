"""A recorded kernel call (evidence/calls.py) in words: its arguments, and what it has returned.

It may be that of a dead kernel, whose memory can hold anything.
"""

from __future__ import annotations

import re

from lkmtools.evidence.calls import Call
from lkmtools.machine.cproto import Parameter, Prototype
from lkmtools.machine.memory import MemFault, Memory
from lkmtools.machine.port import FIRST_ARG, Port
from lkmtools.machine.text import Text

_ADDRESS = 1 << 16  # numbers from here on are shown in hexadecimal
_LONGEST = 40  # bytes of a string that are shown
_STRING = re.compile(r"const char \*\s*\w*$")
_PLAIN = {*range(0x20, 0x7F), *b"\t\n"}
_ESCAPES = {ord("\t"): r"\t", ord("\n"): r"\n", ord('"'): r"\"", ord("\\"): r"\\"}


def called(text: Text, call: Call) -> Prototype | None:
    """The kernel function that a call has reached; None for a stop elsewhere."""
    fn = text.function_at(call.registers[0])
    return None if fn is None else fn.proto


def call_in_words(port: Port, mem: Memory, proto: Prototype, call: Call) -> str:
    """Like `tsleep(0xc0200000, 0, "idle", 10) = 35`; strings are as they are now."""
    binding = proto.bind(port)
    registers = call.registers[FIRST_ARG : FIRST_ARG + len(port.args)]
    values = binding.decode_words(registers + binding.stack.unpack_from(call.stack))
    shown = [_argument(mem, param, value) for param, value in zip(proto.params, values, strict=True)]
    words = f"{proto.name}({', '.join(shown + (['...'] if proto.variadic else []))})"
    if call.result is None:
        return f"{words} (not returned)"
    if binding.void:
        return words
    (value,) = binding.result.unpack_from(call.result.to_bytes(8, port.dm.byteorder))
    return f"{words} = {_number(value, proto.ret.name == 'pointer')}"


def _argument(mem: Memory, param: Parameter, value: int) -> str:
    if _STRING.match(param.text) and (text := _string(mem, value)):
        return text
    return _number(value, param.type.name == "pointer")


def _number(value: int, pointer: bool) -> str:
    return f"{value:#x}" if pointer or abs(value) >= _ADDRESS else str(value)


def _string(mem: Memory, addr: int) -> str:
    """The text at an address, in quotes; "" where there is none."""
    try:
        found, end, _ = mem.read(addr, _LONGEST + 1).partition(b"\0")
    except MemFault:
        return ""
    if not set(found) <= _PLAIN:
        return ""
    text = found[:_LONGEST].decode("ascii").translate(_ESCAPES)
    return f'"{text}"' if end else f'"{text}"...'
