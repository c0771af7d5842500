"""C data models and struct layouts.

A Struct is declared once, in C, and laid out for any DataModel by the rules every ABI we know shares:
members in order, each at a multiple of its alignment, the whole padded to the largest alignment. What
differs between machines is the width of long and pointers, the byte order, and the alignment of 64-bit
integers (4 on i386, 8 elsewhere; SVR4 i386 psABI, AMD64 psABI section 3.1.2). A large struct of which Python
uses a few members is a Placed: it names those, with their offsets. tests/conformance compares both with the
headers and with NetBSD 5.2's layouts.

Not modelled: bit-fields (headers of ours have none that Python reads), unions (declare the widest
member), floating point.
"""

from __future__ import annotations

import struct
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal

from lkmtools.tuples import NamedTuple


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

# (bytes, signed) -> the C types of that size. None: as wide as a pointer.
_TYPES: dict[tuple[int | None, bool], str] = {
    (1, True): "char int8_t",
    (1, False): "u_char uint8_t bool",
    (2, True): "short int16_t",
    (2, False): "u_short uint16_t",
    (4, True): "int int32_t pid_t lwpid_t time_t",
    (4, False): "u_int uint32_t mode_t uid_t gid_t dev_t clock_t",
    (None, True): "long ssize_t register_t",
    (None, False): "u_long size_t vaddr_t vsize_t paddr_t pointer",
    (8, True): "int64_t off_t daddr_t",
    (8, False): "uint64_t ino_t",
}
_SCALARS = {name: kind for kind, names in _TYPES.items() for name in names.split()}

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


class Member(NamedTuple):
    """One parsed member declaration; `bound` is None unless it is an array."""

    ctype: str
    name: str
    bound: int | None


class Struct:
    """A C struct declaration: all members, in order.

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
        self._last: Layout | None = None  # a kernel asks for one model's: hashing the model costs more

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"

    def layout(self, dm: DataModel) -> Layout:
        """The struct laid out for `dm`; parsed and made when first asked for, then kept."""
        last = self._last
        if last is not None and last.dm is dm:
            return last
        made = self._layouts.get(dm)
        if made is None:
            made = self._layouts[dm] = self._lay_out(dm)
        self._last = made
        return made

    def _lay_out(self, dm: DataModel) -> Layout:
        fields: list[Field] = []
        at, align = 0, 1
        for part in self.text.split(";"):
            if not part.strip():
                continue
            member = _parse(part, self.constants)
            size, item_align = self._measure(member, dm)
            at = -(-at // item_align) * item_align
            align = max(align, item_align)
            fields += self._fields(member, at, dm)
            at += size
        return Layout(self.name, dm, fields, -(-at // align) * align, align)

    def _measure(self, member: Member, dm: DataModel) -> tuple[int, int]:
        """(size, alignment) of a member in bytes."""
        many = 1 if member.bound is None else member.bound
        if member.ctype.startswith("struct "):
            inner = self._inner(member).layout(dm)
            return inner.size * many, inner.align
        kind = scalar(member.ctype, dm)
        return kind.size * many, kind.align

    def _fields(self, member: Member, at: int, dm: DataModel) -> list[Field]:
        """A member at offset `at` as fields: one for each member of each nested struct."""
        if not member.ctype.startswith("struct "):
            kind = scalar(member.ctype, dm)
            code = _code(member.ctype, kind, member.bound)
            many = member.bound is not None and not code.endswith("s")
            size = kind.size * (1 if member.bound is None else member.bound)
            return [Field(member.name, at, size, code, member.bound, _codec(dm.order + code), many)]
        inner = self._inner(member).layout(dm)
        return [
            field._replace(name=f"{prefix}.{field.name}", offset=at + i * inner.size + field.offset)
            for i, prefix in enumerate(_prefixes(member))
            for field in inner.fields.values()
        ]

    def _inner(self, member: Member) -> Struct:
        return self.types[member.ctype.split()[1]]


class Placed(Struct):
    """A struct of which Python uses some members: the sizes and the offsets are given, not computed.

    `sizes` is (LP64, ILP32) in bytes. Each member of `members` ends with its offsets in the same order, and
    "-" stands for the machine that has no such member: "pid_t p_pid 212/120; char p_comm[17] 625/409; int
    tf_eax -/40". What lies between the members is zero in pack() and skipped by unpack(). The struct is
    aligned like a pointer, as far as its size allows.

    layout() raises ValueError for a member that is misaligned, overlaps another, or ends beyond the struct.
    """

    def __init__(
        self,
        name: str,
        sizes: tuple[int, int],
        members: str,
        types: dict[str, Struct] | None = None,
        constants: dict[str, int] | None = None,
    ) -> None:
        super().__init__(name, members, types, constants)
        self.sizes = sizes

    def _lay_out(self, dm: DataModel) -> Layout:
        size = self.sizes[0 if dm.pointer == 8 else 1]
        fields: list[Field] = []
        end, last = 0, ""
        for at, member in sorted(self._placed(dm), key=lambda item: item[0]):
            length, align = self._measure(member, dm)
            where = f"struct {self.name}: {dm.name}: {member.name} at {at}"
            if at % align:
                raise ValueError(f"{where} is not aligned to {align} bytes")
            if at < end:
                raise ValueError(f"{where} overlaps {last}, which ends at {end}")
            end, last = at + length, member.name
            if end > size:
                raise ValueError(f"{where} ends at {end}, beyond the struct's {size} bytes")
            fields += self._fields(member, at, dm)
        bits = size | dm.pointer
        return Layout(self.name, dm, fields, size, bits & -bits)  # aligned to what divides both

    def _placed(self, dm: DataModel) -> list[tuple[int, Member]]:
        """(offset, member) of each member that `dm` has, as declared."""
        out = []
        for part in self.text.split(";"):
            if not part.strip():
                continue
            declaration, _, offsets = part.strip().rpartition(" ")
            both = offsets.split("/")
            if len(both) != 2 or not all(text == "-" or text.isdigit() for text in both):
                raise ValueError(f"struct {self.name}: {part.strip()!r} does not end with LP64/ILP32 offsets")
            here = both[0 if dm.pointer == 8 else 1]
            if here != "-":
                out.append((int(here), _parse(declaration, self.constants)))
        return out


def _prefixes(member: Member) -> list[str]:
    return [member.name] if member.bound is None else [f"{member.name}[{i}]" for i in range(member.bound)]


@cache
def _codec(form: str) -> struct.Struct:
    """A codec for a format: a kernel has a thousand members, and a dozen formats of one."""
    return struct.Struct(form)


def _code(ctype: str, kind: Scalar, count: int | None) -> str:
    if count is None:
        return kind.code
    return f"{count}s" if ctype in ("char", "u_char", "uint8_t", "int8_t") else f"{count}{kind.code}"


def _parse(text: str, constants: dict[str, int]) -> Member:
    """One member declaration; ValueError. The name may be that of a member's member, "p_lwps.lh_first".

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
    if not all(map(str.isidentifier, name.split("."))) or not ctype or bool(bracket) != bool(bound):
        raise ValueError(f"cannot read the member declaration {text!r}")
    if not bound:
        return Member(ctype, name, None)
    return Member(ctype, name, constants[bound] if bound in constants else int(bound, 0))


# How bytes of C become text, and text bytes again: `raw.decode(*C_TEXT)`, `text.encode(*C_TEXT)`. What is not
# UTF-8 survives both ways, as surrogates (PEP 383).
C_TEXT = ("utf-8", "surrogateescape")


def cstring(raw: bytes) -> str:
    """A NUL-terminated char array as text."""
    return raw.split(b"\0", 1)[0].decode(*C_TEXT)
