"""C data models and struct layouts.

A struct is declared once, in C, and laid out for any DataModel by the rules every ABI we know shares:
members in order, each at a multiple of its alignment, the whole padded to the largest alignment. What
differs between machines is the width of long and pointers, the byte order, and the alignment of 64-bit
integers (4 on i386, 8 elsewhere; SVR4 i386 psABI, AMD64 psABI section 3.1.2).

Not modelled: bit-fields (headers of ours have none that Python reads), unions (declare the widest
member), floating point.
"""

from __future__ import annotations

import struct
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal, NamedTuple


class DataModel(NamedTuple):
    """What a machine's C compiler thinks of integers: `pointer` and `align64` in bytes."""

    name: str
    pointer: int
    align64: int
    byteorder: Literal["little", "big"]

    @property
    def mask(self) -> int:
        """All ones, as wide as a pointer."""
        return (1 << 8 * self.pointer) - 1

    @property
    def order(self) -> str:
        """The byte order as the struct module writes it."""
        return "<" if self.byteorder == "little" else ">"

    @property
    def word(self) -> str:
        """The struct module's letter for a word as wide as a pointer."""
        return "Q" if self.pointer == 8 else "I"


LP64 = DataModel("LP64", 8, 8, "little")
ILP32_I386 = DataModel("ILP32", 4, 4, "little")

# C type -> (bytes, signed). None: as wide as a pointer.
_SCALARS: dict[str, tuple[int | None, bool]] = {
    "char": (1, True),
    "u_char": (1, False),
    "int8_t": (1, True),
    "uint8_t": (1, False),
    "short": (2, True),
    "u_short": (2, False),
    "int16_t": (2, True),
    "uint16_t": (2, False),
    "int": (4, True),
    "u_int": (4, False),
    "int32_t": (4, True),
    "uint32_t": (4, False),
    "mode_t": (4, False),
    "uid_t": (4, False),
    "gid_t": (4, False),
    "pid_t": (4, True),
    "suseconds_t": (4, True),
    "long": (None, True),
    "u_long": (None, False),
    "size_t": (None, False),
    "ssize_t": (None, True),
    "register_t": (None, True),
    "vaddr_t": (None, False),
    "paddr_t": (None, False),
    "pointer": (None, False),
    "int64_t": (8, True),
    "uint64_t": (8, False),
    "off_t": (8, True),
    "dev_t": (8, False),
    "ino_t": (8, False),
    "time_t": (8, True),
    "daddr_t": (8, True),
}

_CODES = {1: "b", 2: "h", 4: "i", 8: "q"}


class Scalar(NamedTuple):
    """An integer type on one data model: size and alignment in bytes."""

    size: int
    align: int
    signed: bool

    @property
    def code(self) -> str:
        """The struct-module code."""
        code = _CODES[self.size]
        return code if self.signed else code.upper()


@cache
def scalar(name: str, dm: DataModel) -> Scalar:
    """The scalar type called `name` ("int", "u_long", "pointer", ...) on `dm`; KeyError if unknown."""
    size, signed = _SCALARS[name]
    size = size or dm.pointer
    return Scalar(size, dm.align64 if size == 8 else size, signed)


class Field(NamedTuple):
    """A member: where it lies and how it is read. `bound` is None unless it is an array."""

    name: str
    offset: int
    size: int
    code: str
    bound: int | None
    codec: struct.Struct
    many: bool  # an array of something other than bytes


class Layout:
    """A struct on one data model. Members of nested structs appear as "outer.inner".

    `codec` packs and unpacks all members, in order.
    """

    def __init__(self, name: str, dm: DataModel, fields: list[Field], size: int, align: int) -> None:
        self.name = name
        self.dm = dm
        self.size = size
        self.align = align
        self.fields = {field.name: field for field in fields}
        self.codec = struct.Struct(dm.order + _whole(fields, size))
        self._plain = [f for f in fields if f.size]
        # What pack() needs to do it in one call: only for structs without arrays of integers.
        simple = not any(f.many for f in self._plain)
        self._zeros = [(f.name, b"" if f.bound else 0) for f in self._plain] if simple else None

    def __repr__(self) -> str:
        return f"<Layout struct {self.name} {self.dm.name}, {self.size} bytes>"

    def select(self, *members: str) -> struct.Struct:
        """A codec that unpacks these members and no others; they are named in the order in which they lie."""
        fields = [self.fields[member] for member in members]
        return struct.Struct(self.dm.order + _whole(fields, fields[-1].offset + fields[-1].size))

    def offsetof(self, member: str) -> int:
        """The byte offset of `member`."""
        return self.fields[member].offset

    def pack(self, **values: Any) -> bytes:
        """The struct's bytes; members that are not named are zero. KeyError for an unknown member.

        Integers may be given signed or unsigned; those too large for the member raise struct.error.
        """
        if self._zeros is not None and values.keys() <= self.fields.keys():
            try:
                return self.codec.pack(*[values.get(name, zero) for name, zero in self._zeros])
            except struct.error:
                return self._pack_each(values)  # a value of the other sign, or one too large
        return self._pack_each(values)

    def _pack_each(self, values: dict[str, Any]) -> bytes:
        out = bytearray(self.size)
        for name, value in values.items():
            self.put(out, 0, name, value)
        return bytes(out)

    def unpack(self, data: Any, offset: int = 0) -> SimpleNamespace:
        """Every member as an attribute ("." of nested names becomes "_"); char arrays as bytes."""
        raw = self.codec.unpack_from(data, offset)
        out = SimpleNamespace()
        at = 0
        for field in self._plain:
            take = field.bound if field.many and field.bound else 1
            setattr(out, field.name.replace(".", "_"), raw[at : at + take] if field.many else raw[at])
            at += take
        return out

    def get(self, data: Any, base: int, member: str) -> Any:
        """One member of the struct that begins at data[base]."""
        field = self.fields[member]
        values = field.codec.unpack_from(data, base + field.offset)
        return values if field.many else values[0]

    def put(self, data: Any, base: int, member: str, value: Any) -> None:
        """Set one member of the struct that begins at data[base]."""
        field = self.fields[member]
        if isinstance(value, int) and field.bound is None:
            value = _wrap(value, field)
        if field.many:
            field.codec.pack_into(data, base + field.offset, *value)
        else:
            field.codec.pack_into(data, base + field.offset, value)


def _wrap(value: int, field: Field) -> int:
    """Accept -1 for an unsigned member and 0xffffffff for a signed one, as C does."""
    bits = 8 * field.size
    if field.code.isupper():
        return value + (1 << bits) if -(1 << bits - 1) <= value < 0 else value
    return value - (1 << bits) if 1 << bits - 1 <= value < 1 << bits else value


def _whole(fields: list[Field], size: int) -> str:
    """One struct-module format for these members of `size` bytes, padding made explicit."""
    out, at = [], 0
    for field in fields:
        if field.size == 0:
            continue
        out.append(f"{field.offset - at}x{field.code}")
        at = field.offset + field.size
    return "".join(out) + f"{size - at}x"


class Struct:
    """A C struct declaration.

    `members` is C: "int id; char name[32]; struct timeval tv; int (*entry)(struct x *, int);". A pointer
    of any type and a function pointer are a "pointer". `types` names the nested structs, `constants` the
    array bounds. Nothing is parsed before the first layout(): a tool imports many and needs few.
    """

    def __init__(
        self,
        name: str,
        members: str,
        types: dict[str, Struct] | None = None,
        constants: dict[str, int] | None = None,
    ) -> None:
        self.name = name
        self.text = members
        self.types = types or {}
        self.constants = constants or {}
        self._layouts: dict[DataModel, Layout] = {}

    def __repr__(self) -> str:
        return f"<Struct {self.name}>"

    def layout(self, dm: DataModel) -> Layout:
        """The struct laid out for `dm`; parsed and made when first asked for, then kept."""
        made = self._layouts.get(dm)
        if made is None:
            made = self._layouts[dm] = self._lay_out(dm)
        return made

    def _lay_out(self, dm: DataModel) -> Layout:
        fields: list[Field] = []
        at, align = 0, 1
        members = [_parse(part, self.constants) for part in self.text.split(";") if part.strip()]
        for ctype, name, count in members:
            if ctype.startswith("struct "):
                inner = self.types[ctype.split()[1]].layout(dm)
                size, item_align = inner.size * (count or 1), inner.align
            else:
                kind = scalar(ctype, dm)
                size, item_align = kind.size * (1 if count is None else count), kind.align
            at = -(-at // item_align) * item_align
            align = max(align, item_align)
            if ctype.startswith("struct "):
                for i in range(1 if count is None else count):
                    prefix = name if count is None else f"{name}[{i}]"
                    for field in inner.fields.values():
                        offset = at + i * inner.size + field.offset
                        fields.append(field._replace(name=f"{prefix}.{field.name}", offset=offset))
            else:
                code = _code(ctype, kind, count)
                many = count is not None and not code.endswith("s")
                fields.append(Field(name, at, size, code, count, struct.Struct(dm.order + code), many))
            at += size
        return Layout(self.name, dm, fields, -(-at // align) * align, align)


def _code(ctype: str, kind: Scalar, count: int | None) -> str:
    if count is None:
        return kind.code
    return f"{count}s" if ctype in ("char", "u_char", "uint8_t", "int8_t") else f"{count}{kind.code}"


def _parse(text: str, constants: dict[str, int]) -> tuple[str, str, int | None]:
    """(type, name, array bound or None) of one member declaration; ValueError.

    Without regular expressions: to compile two of them takes a tool longer than to parse what it needs.
    """
    before, bracket, after = text.partition("[")
    words = before.replace("*", " * ").replace("(", " ( ").split()
    if words[:1] == ["const"]:
        del words[0]
    if "(" in words:  # a pointer to a function: int (*name)(void)
        name = words[words.index("(") + 2].rstrip(")")
        ctype, bound = "pointer", ""
    else:
        *kind, name = words or [""]
        ctype, bound = "pointer" if "*" in kind else " ".join(kind), after.rstrip("] ")
    if not name.isidentifier() or not ctype or bool(bracket) != bool(bound):
        raise ValueError(f"cannot read the member declaration {text!r}")
    if not bound:
        return ctype, name, None
    return ctype, name, constants[bound] if bound in constants else int(bound, 0)


# How bytes of C become text, and text bytes again: `raw.decode(*C_TEXT)`, `text.encode(*C_TEXT)`. What is not
# UTF-8 survives both ways, as surrogates (PEP 383).
C_TEXT = ("utf-8", "surrogateescape")


def cstring(raw: bytes) -> str:
    """A NUL-terminated char array as text."""
    return raw.split(b"\0", 1)[0].decode(*C_TEXT)
