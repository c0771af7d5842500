"""C prototypes, and how each machine passes what they declare.

A prototype is parsed once; `bind(port)` gives the conversions between register words and Python integers:
pointers and unsigned types come out unsigned, signed types signed, all of their C width (the upper half of a
register is garbage; psABI). A type wider than a register takes two words, low first on little-endian
machines.

Not modelled: floating point, and structs by value but for arguments of one word (ctype.py: pcitag_t,
in_addr). Only pci_make_tag(), which is not implemented, returns one: in memory on i386.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from lkmtools.abi.datamodel import DataModel, scalar
from lkmtools.machine.ctype import CType, ctype
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.machine.memory import Memory
    from lkmtools.machine.port import NextWord, Port

_PROTOTYPE = re.compile(r"^(?P<ret>.*?[\s*])(?P<name>\w+)\s*\((?P<params>.*)\)$", re.DOTALL)


class Parameter(NamedTuple):
    """One declared parameter."""

    name: str
    type: CType
    text: str


class Prototype:
    """A function's C prototype: name, result type, parameters, and whether more may follow.

    ValueError for what is not one. Its types are read, and may be unknown, when they are first wanted: a
    kernel has a thousand prototypes, and reads thirty until it has booted.
    """

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self.name = self._part("name")

    def _part(self, group: str) -> str:
        match = _PROTOTYPE.match(self.text)
        if not match:
            raise ValueError(f"cannot read the prototype {self.text!r}")
        return match[group].strip()

    @property
    def ret_text(self) -> str:
        """The type of the result, as it is written."""
        return self._part("ret")

    @cached_property
    def ret(self) -> CType:
        """The type of the result."""
        return ctype(self.ret_text)

    @cached_property
    def params(self) -> tuple[Parameter, ...]:
        """The parameters that are named; read when they are first wanted."""
        parts = [part.strip() for part in _split(self._part("params"))]
        if parts[-1:] == ["..."]:
            parts.pop()
        return () if parts in ([], ["void"]) else tuple(_parameter(part) for part in parts)

    @cached_property
    def variadic(self) -> bool:
        """May more arguments follow?"""
        return self._part("params").endswith("...")

    def __repr__(self) -> str:
        return f"<Prototype {self.text}>"

    @cache  # noqa: B019 - prototypes live as long as the program
    def bind(self, port: Port) -> Binding:
        """How `port` passes these arguments."""
        return Binding(self, port)


def _split(params: str) -> list[str]:
    """Split at commas that are not inside parentheses; few lists have any of those."""
    if "(" not in params:
        return [part for part in params.split(",") if part.strip()]
    parts, depth, at = [], 0, 0
    for i, char in enumerate(params):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(params[at:i])
            at = i + 1
    parts.append(params[at:])
    return [part for part in parts if part.strip()]


@cache
def _parameter(text: str) -> Parameter:
    """A kernel's hundreds of prototypes have the same parameters again and again: each is read once."""
    if function := re.match(r"^.*\(\s*\*\s*(\w*)\s*\)\s*\(.*\)$", text):
        return Parameter(function[1], CType("pointer"), text)
    named = re.match(r"^(?P<type>.*[\s*])(?P<name>\w+)\s*(?P<array>\[\w*\])?$", text)
    if not named:
        return Parameter("", ctype(text), text)
    try:
        kind = ctype(named["type"] + (named["array"] or ""))
    except ValueError:
        return Parameter("", ctype(text), text)
    return Parameter(named["name"], kind, text)


class Binding:
    """A prototype on a machine.

    Of the `words` of its arguments `nstack` are on the stack, as `stack` unpacks them. `in_registers` unpacks
    the arguments in registers, whose values have eight bytes each, and `on_stack` the others;
    `decode_words(words)` makes all of words that may be wider than a register; layout() makes what stores a
    call's frame; `result` unpacks what was returned, nothing of void. They are made when they are first
    wanted: a kernel has hundreds of functions, and few are called.
    """

    def __init__(self, proto: Prototype, port: Port) -> None:
        self.proto = proto
        self.port = port
        dm = port.dm
        width = 8 * dm.pointer
        mask = (1 << width) - 1
        places: list[tuple[int, int, bool]] = []  # of each argument: first word, bytes, signed
        pushes: list[str] = []  # the words as expressions of the arguments
        for i, param in enumerate(proto.params):
            size = param.type.size(dm)
            places.append((len(pushes), size, param.type.signed(dm)))
            pushes.append(f"a[{i}]&{mask:#x}")
            if size > dm.pointer:
                pushes.append(f"a[{i}]>>{width}&{mask:#x}")
                if dm.byteorder == "big":
                    pushes[-2:] = pushes[:-3:-1]
        self._places, self._pushes = tuple(places), pushes
        self.words = len(pushes)
        self.nstack = max(self.words - len(port.args), 0)
        self.stack = struct.Struct(f"{dm.order}{self.nstack}{dm.word}")
        self.wide = 8 * proto.ret.size(dm) > width
        self.returns_errno = proto.ret.name == "int"
        self.void = proto.ret.name == "void"
        self.takes_list = proto.variadic or any(p.type.name == "va_list" for p in proto.params)
        self.va_param = next((i for i, p in enumerate(proto.params) if p.type.name == "va_list"), None)

    @cached_property
    def in_registers(self) -> struct.Struct:
        """The arguments in registers, from their cells."""
        return self._arguments(8, [place for place in self._places if place[0] < len(self.port.args)])

    @cached_property
    def on_stack(self) -> struct.Struct:
        """The arguments on the stack, from there."""
        places = [place for place in self._places if place[0] >= len(self.port.args)]
        return self._arguments(self.port.dm.pointer, places)

    def _arguments(self, word: int, places: list[tuple[int, int, bool]]) -> struct.Struct:
        dm = self.port.dm
        return struct.Struct(
            dm.order + "".join([_code(dm, word, size, signed) for _, size, signed in places])
        )

    @cached_property
    def result(self) -> struct.Struct:
        """The value returned, from its words in memory."""
        ret, dm = self.proto.ret, self.port.dm
        return struct.Struct(dm.order + _code(dm, dm.pointer, ret.size(dm), ret.signed(dm)))

    @cached_property
    def decode_words(self) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
        """Arguments from argument words of 64 bits."""
        return _compile("w", [_argument(self.port.dm, *place) for place in self._places])

    @cached_property
    def encode(self) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
        """The words of arguments, in registers and then on the stack, as layout() stores them."""
        return _compile("a", self._pushes)

    def begins(self, other: Binding) -> int | None:
        """How many parameters this has when the `other` passes them first, place by place; else None."""
        count = len(self._places)
        same = self._places == other._places[:count]
        return count if same and not self.takes_list and not other.takes_list else None

    @property
    def limits(self) -> tuple[int, int]:
        """The least and the greatest value of the result's type; 0 and 0 of void."""
        bits, signed = 8 * self.proto.ret.size(self.port.dm), self.proto.ret.signed(self.port.dm)
        if not bits:
            return 0, 0
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)

    def layout(self, buffer: Any, base: int, words: int, gate: int) -> Callable[..., int]:
        """A function f(top, fp, function, args) that stores what Port.entry_code takes, and answers sp.

        There is the return address, to `gate`; below it are argument registers, fp and function; above it,
        up to `top`, the other argument words. Where that begins goes to `words`, and 0 behind it. `buffer` is
        the memory from `base` on.
        """
        port, dm = self.port, self.port.dm
        room = len(port.args)
        registers, stack = self._pushes[:room], self._pushes[room:]
        below = (room + 2) * dm.pointer
        unused = (room - len(registers)) * dm.pointer
        frame = f"{dm.order}{len(registers)}{dm.word}{unused}x{3 + len(stack)}{dm.word}"
        values = ", ".join([*registers, "fp", "function", str(gate), *stack])
        made: Callable[..., int] = eval(
            f"lambda top, fp, function, a: ("
            f"sp := (top - {self.stack.size} & -{port.stack_align}) - {port.return_size}, "
            f"pack(buffer, sp - {base + below}, {values}), "
            f"head(buffer, {words - base}, sp - {below}, 0))[0]",
            {
                "buffer": buffer,
                "pack": struct.Struct(frame).pack_into,
                "head": struct.Struct(f"{dm.order}2{dm.word}").pack_into,
            },
        )
        return made


def _code(dm: DataModel, word: int, size: int, signed: bool) -> str:
    """The struct-module codes of a value of `size` bytes in words of `word` bytes; "" of void."""
    if not size:
        return ""
    code, unused = "bhiq"[size.bit_length() - 1], f"{-size % word}x"
    code = code if signed else code.upper()
    return code + unused if dm.byteorder == "little" else unused + code


def _argument(dm: DataModel, at: int, size: int, signed: bool) -> str:
    """The argument of `size` bytes from word `at` on, words having 64 bits, as a Python expression."""
    if size <= dm.pointer:
        return _narrow(f"w[{at}]", 8 * size, signed, 64)
    width = 8 * dm.pointer
    lo, hi = (at, at + 1) if dm.byteorder == "little" else (at + 1, at)
    words = [f"(w[{i}]&{(1 << width) - 1:#x})" for i in (lo, hi)]
    return _narrow(f"({words[0]}|{words[1]}<<{width})", 8 * size, signed, 8 * size)


def _narrow(expr: str, bits: int, signed: bool, have: int) -> str:
    """C's conversion of a `have`-bit word to a type of `bits` bits, as a Python expression."""
    mask = (1 << bits) - 1
    if signed:
        sign = 1 << bits - 1
        inner = f"({expr}&{mask:#x})" if have > bits else expr
        return f"(({inner}^{sign:#x})-{sign:#x})"
    return f"({expr}&{mask:#x})" if have > bits else expr


def _compile(name: str, parts: list[str]) -> Callable[[tuple[int, ...]], tuple[int, ...]]:
    """A function of the tuple `name` that returns these expressions.

    Compiled, because that is faster than closures: the arguments of (int, pointer, int) take 160 ns, 245 with
    a closure for each of them and 450 with a list of these; a frame with three arguments (layout) 295 ns, not
    750. The text has nothing but numbers and operators of this file: of a prototype only the sizes of its
    types get in.
    """
    made: Callable[[tuple[int, ...]], tuple[int, ...]]
    made = eval(f"lambda {name}: ({''.join(part + ',' for part in parts)})")
    return made


def stack_words(mem: Memory, sp: int) -> NextWord:
    """Register-sized words from a stack, upwards."""
    step = mem.dm.pointer

    def word() -> int:
        nonlocal sp
        sp += step
        return mem.checked.ptr(sp - step)

    return word


class VaList:
    """The variable arguments of a call, taken one by one as va_arg() would."""

    __slots__ = ("_dm", "_words")

    def __init__(self, dm: DataModel, words: NextWord) -> None:
        self._dm = dm
        self._words = words

    def next(self, type_name: str) -> int:
        """The next argument as `type_name` ("int", "u_long", "pointer", "int64_t"...).

        A MemFault when unreadable.
        """
        kind = scalar(type_name, self._dm)
        value = self._words()
        if kind.size > self._dm.pointer:
            other = self._words()
            lo, hi = (value, other) if self._dm.byteorder == "little" else (other, value)
            value = lo | hi << 8 * self._dm.pointer
        value &= (1 << 8 * kind.size) - 1
        return value - (1 << 8 * kind.size) if kind.signed and value >> 8 * kind.size - 1 else value
