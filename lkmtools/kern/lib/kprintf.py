"""The kernel's format language (subr_prf.c kprintf() of NetBSD 5.2).

    %[-+ #0][width][.precision][hh h l ll q j t z]conversion

Conversions are d i D, u U, o O, x X, c, s, p, b and %. Width and precision may be `*`; modifiers may come in
any order. %b, from before NetBSD 1.3, takes an integer and a string: its first byte is the base to print the
number in, then follow names of bits, each behind a byte that is the bit's number, counted from 1:

    printf("%b", 3, "\\20\\2BITTWO\\1BITONE")  ->  3<BITTWO,BITONE>

A conversion that does not exist prints its own letter, a format that ends inside one prints nothing more, and
a null pointer for %s prints as (null), all as the original does. %n is one of those that do not exist here.

A format is parsed once and kept; the arguments are read when it is used.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lkmtools.kern.base.bound import CONVERSION, MESSAGE
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.machine import VaList
    from lkmtools.machine.memory import Checked

STAR = -2  # the width or precision is an argument
NONE = -1  # it is not given

_MODIFIERS = re.compile(rb"%((?:[-+ #*0-9.hlqjtz])*)(.?)", re.DOTALL)
_TOKEN = re.compile(rb"\.(?:\*|\d*)|\*|[1-9]\d*|hh|h|ll|[-+ #0lqjtz]")
_SIZES = {
    b"hh": ("char", "u_char"),
    b"h": ("short", "u_short"),
    b"": ("int", "u_int"),
    b"l": ("long", "u_long"),
    b"ll": ("int64_t", "uint64_t"),
    b"q": ("int64_t", "uint64_t"),
    b"j": ("int64_t", "uint64_t"),
    b"t": ("long", "u_long"),
    b"z": ("ssize_t", "size_t"),
}
_USUAL = 512
FORMAT_LONGEST = 65536  # bytes of a format, and of the names of bits for %b
_DIGITS = 11  # of a number in a format; more overflow an int
_BASES = {b"o": "o", b"u": "d", b"x": "x", b"X": "X", b"p": "x"}


class Spec(NamedTuple):
    """One conversion of a format. `sizes` are the C types of a signed and an unsigned argument."""

    conversion: bytes
    left: bool = False
    zero: bool = False
    alt: bool = False
    sign: bytes = b""
    width: int = 0
    precision: int = NONE
    sizes: tuple[str, str] = _SIZES[b""]


class TooMuch(Exception):
    """A format wants more work than MESSAGE; `what` says how it came to that."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Output:
    """What a format makes: `data` holds the first `room` bytes, `total` counts all."""

    __slots__ = ("data", "room", "total")

    def __init__(self, room: int) -> None:
        self.data = bytearray()
        self.room = room
        self.total = 0

    def add(self, text: bytes, times: int = 1) -> None:
        """Append `text`, `times` over."""
        self.total += len(text) * times
        left = self.room - len(self.data)
        if left > 0 and times > 0:
            self.data += (text * min(times, left))[:left]


def parse(fmt: bytes) -> tuple[bytes | Spec, ...]:
    """A format as literal text and conversions, in order; those of usual length are remembered."""
    return _remembered(fmt) if len(fmt) <= _USUAL else _parse(fmt)


def _parse(fmt: bytes) -> tuple[bytes | Spec, ...]:
    pieces: list[bytes | Spec] = []
    at = 0
    for match in _MODIFIERS.finditer(fmt):
        if match.start() > at:
            pieces.append(fmt[at : match.start()])
        if match[2]:
            pieces.append(_spec(match[1], match[2]))
        at = match.end()
    if at < len(fmt):
        pieces.append(fmt[at:])
    return tuple(pieces)


_remembered = lru_cache(maxsize=1024)(_parse)


def _spec(modifiers: bytes, conversion: bytes) -> Spec:
    left = zero = alt = False
    sign = size = b""
    width, precision = 0, NONE
    for token in _TOKEN.findall(modifiers):
        if token in _SIZES:
            size = token
        elif token == b"-":
            left = True
        elif token == b"0":
            zero = True
        elif token == b"#":
            alt = True
        elif token == b"+" or (token == b" " and not sign):
            sign = token
        elif token.startswith(b"."):
            precision = STAR if token == b".*" else int(token[1:_DIGITS] or b"0")
        elif token != b" ":
            width = STAR if token == b"*" else int(token[:_DIGITS])
    if conversion in b"DUO":
        conversion, size = conversion.lower(), b"l"
    return Spec(conversion, left, zero, alt, sign, width, precision, _SIZES[size])


def kprintf(mem: Checked, fmt: bytes, va: VaList, room: int) -> Output:
    """Format. Strings that arguments point to are read through `mem`: a bad pointer is a MemFault.

    TooMuch when format, strings and output come to more than MESSAGE.
    """
    if len(fmt) > FORMAT_LONGEST:
        raise TooMuch(f"a format of {len(fmt)} bytes; the limit is {FORMAT_LONGEST}")
    out, most = Output(room), mem.work + MESSAGE.fixed
    for piece in parse(fmt):
        if isinstance(piece, bytes):
            out.add(piece)
        else:
            _convert(mem, piece, va, out, most - mem.work)
            mem.work += CONVERSION
        if mem.work + len(out.data) > most:
            raise TooMuch(f"more than {MESSAGE} in one message")
    mem.work += len(out.data)
    return out


def _convert(mem: Checked, spec: Spec, va: VaList, out: Output, most: int) -> None:
    """One conversion: its arguments, digits or text of at most `most` bytes, and the padding around them."""
    left, zero, width, precision = spec.left, spec.zero, spec.width, spec.precision
    if width == STAR:
        width = va.next("int")
        if width < 0:
            left, width = True, -width
    if precision == STAR:
        precision = max(va.next("int"), NONE)
    prefix = b""
    digits = 0
    conversion = spec.conversion
    if conversion in b"diouxXp":
        prefix, text = _number(spec, va, precision)
        digits = precision - len(text) if precision > len(text) else 0
        zero = zero and precision < 0
    elif conversion == b"s":
        text = _string(mem, va.next("pointer"), precision, most)
    elif conversion == b"c":
        text = bytes((va.next("u_char"),))
    elif conversion == b"b":
        text = _bits(va.next(spec.sizes[1]), mem.cstr(va.next("pointer"), FORMAT_LONGEST))
    else:
        text = conversion
    pad = width - len(prefix) - digits - len(text)
    if not left and not zero:
        out.add(b" ", pad if pad > 0 else 0)
    out.add(prefix)
    if zero and not left:
        out.add(b"0", pad if pad > 0 else 0)
    if digits:
        out.add(b"0", digits)
    out.add(text)
    if left:
        out.add(b" ", pad if pad > 0 else 0)


def _number(spec: Spec, va: VaList, precision: int) -> tuple[bytes, bytes]:
    """The sign or base prefix of the next argument, and its digits (none for 0 with precision 0)."""
    conversion = spec.conversion
    if conversion in b"di":
        value = va.next(spec.sizes[0])
        prefix = b"-" if value < 0 else spec.sign
        return prefix, b"%d" % abs(value) if value or precision else b""
    value = va.next("pointer" if conversion == b"p" else spec.sizes[1])
    digits = format(value, _BASES[conversion]).encode() if value or precision else b""
    if conversion == b"p":
        return b"0x", digits
    if spec.alt and conversion == b"o" and not digits.startswith(b"0"):
        digits = b"0" + digits
    return b"0" + conversion if spec.alt and value and conversion in b"xX" else b"", digits


def _string(mem: Checked, addr: int, precision: int, most: int) -> bytes:
    """The string at `addr`, at most `precision` bytes of it; memory behind those is not looked at.

    Of a string longer than `most` bytes it is `most` + 1: enough to see that the message is too long.
    """
    if not addr:
        return b"(null)"[: precision if precision >= 0 else None]
    return mem.cstr(addr, min(precision, most + 1) if precision >= 0 else most + 1)


def string_at(mem: Checked, addr: int) -> bytes:
    """The string at `addr`, however long; without a NUL before memory ends a MemFault."""
    return mem.cstr(addr, 1 << 64)


def _bits(value: int, names: bytes) -> bytes:
    """%b: the number in base `names[0]`, then <NAME,...> of the bits that are set."""
    if not names:
        return b""
    form = {8: "o", 10: "d"}.get(names[0], "x")
    found = [
        match[2] for match in re.finditer(rb"([\x01-\x20])([^\x00-\x20]*)", names[1:])
        if value >> match[1][0] - 1 & 1
    ]  # fmt: skip
    return format(value, form).encode() + (b"<" + b",".join(found) + b">" if found else b"")
