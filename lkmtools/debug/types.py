"""C types in DWARF: their names as C writes them, sizes, and the member at an offset."""

from __future__ import annotations

from collections.abc import Iterator

from elftools.dwarf.die import DIE

from lkmtools.tuples import NamedTuple

_MOST_TYPES = 64  # that one type may be made of: damaged ones may go in circles
_QUALIFIERS = {
    "DW_TAG_const_type": "const",
    "DW_TAG_volatile_type": "volatile",
    "DW_TAG_restrict_type": "restrict",
    "DW_TAG_atomic_type": "_Atomic",
}
_POINTER, _ARRAY, _FUNCTION = "DW_TAG_pointer_type", "DW_TAG_array_type", "DW_TAG_subroutine_type"
_TAGGED = {
    "DW_TAG_structure_type": "struct",
    "DW_TAG_union_type": "union",
    "DW_TAG_enumeration_type": "enum",
}
_UNENDING = 1 << 40  # bytes of an array of which the size is not said


class MemberAt(NamedTuple):
    """What is at an offset in a type: `path` as ".next" or "[3].name", and its type."""

    path: str
    type: DIE | None


def type_of(die: DIE) -> DIE | None:
    """The type that a DIE has; None for void."""
    return die.get_DIE_from_attribute("DW_AT_type") if "DW_AT_type" in die.attributes else None


def plain(die: DIE | None) -> DIE | None:
    """A type without typedefs and qualifiers."""
    for _ in range(_MOST_TYPES):
        if die is None or (die.tag != "DW_TAG_typedef" and die.tag not in _QUALIFIERS):
            return die
        die = type_of(die)
    return None


def unqualified(die: DIE | None) -> DIE | None:
    """A type without its own qualifiers: `struct item *` for `struct item *volatile`."""
    for _ in range(_MOST_TYPES):
        if die is None or die.tag not in _QUALIFIERS:
            break
        die = type_of(die)
    return die


def pointee(die: DIE | None) -> DIE | None:
    """What a pointer points to, or the element of an array, which becomes a pointer; None for others."""
    bare = plain(die)
    return type_of(bare) if bare is not None and bare.tag in (_POINTER, _ARRAY) else None


def is_record(die: DIE | None) -> bool:
    """Is it a struct or a union of which the members are known?"""
    bare = plain(die)
    tags = ("DW_TAG_structure_type", "DW_TAG_union_type")
    return bare is not None and bare.tag in tags and bool(bare.has_children)


def is_open(die: DIE | None) -> bool:
    """Does a struct end with an array of which the size is not said?"""
    bare = plain(die)
    return bare is not None and any(length == _UNENDING for _, _, length in _members(bare))


def name(die: DIE | None, depth: int = 0) -> str:
    """A type as C writes it: `struct item *`, `int (*)(void)`."""
    if die is None or depth > _MOST_TYPES:
        return "void"
    if die.tag in _QUALIFIERS:
        inner = name(type_of(die), depth + 1)
        word = _QUALIFIERS[die.tag]
        return f"{inner}{word}" if inner.endswith("*") else f"{word} {inner}"
    if die.tag == _POINTER:
        return _pointer_name(type_of(die), depth)
    if die.tag == _ARRAY:
        counts = "".join(f"[{count if count is not None else ''}]" for count in _counts(die))
        return name(type_of(die), depth + 1) + counts
    if die.tag == _FUNCTION:
        return f"{name(type_of(die), depth + 1)} ({_parameters(die, depth)})"
    own = text(die)
    if die.tag in _TAGGED:
        return f"{_TAGGED[die.tag]} {own or '{...}'}"
    return own or "?"


def _pointer_name(target: DIE | None, depth: int) -> str:
    if target is not None and target.tag == _FUNCTION:
        return f"{name(type_of(target), depth + 1)} (*)({_parameters(target, depth)})"
    inner = name(target, depth + 1)
    return f"{inner}*" if inner.endswith("*") else f"{inner} *"


def _parameters(die: DIE, depth: int) -> str:
    rows = [child for child in die.iter_children() if child.tag == "DW_TAG_formal_parameter"]
    return ", ".join(name(type_of(row), depth + 1) for row in rows) or "void"


def size_of(die: DIE | None) -> int:
    """Bytes of a type; 0 when they are not said."""
    bare = plain(die)
    if bare is None:
        return 0
    if "DW_AT_byte_size" in bare.attributes:
        return _number(bare, "DW_AT_byte_size")
    if bare.tag == _ARRAY:
        size = size_of(type_of(bare))
        for count in _counts(bare):
            size *= count or 0
        return size
    return bare.cu.header.address_size if bare.tag == _POINTER else 0


def member(die: DIE | None, offset: int, size: int, depth: int = 0) -> MemberAt | None:
    """The member of a struct, array or union to which an access of `size` bytes at `offset` goes.

    A union gives the member of that size, and itself where several have it. None where it is not certain.
    """
    bare = plain(die)
    if bare is None or offset < 0 or depth > _MOST_TYPES:
        return None
    if bare.tag == _ARRAY:
        return _element(bare, offset, size, depth)
    if bare.tag == "DW_TAG_union_type":
        return _of_union(bare, offset, size, depth)
    if bare.tag != "DW_TAG_structure_type":
        return MemberAt("", die) if offset < max(size_of(bare), 1) else None
    there = [(row, start) for row, start, length in _members(bare) if start <= offset < start + length]
    if len(there) != 1:
        return None  # bit-fields, or padding
    row, start = there[0]
    return _below(row, member(type_of(row), offset - start, size, depth + 1))


def _below(row: DIE, inner: MemberAt | None) -> MemberAt | None:
    """A member of a member; one without a name adds nothing to the path."""
    if inner is None:
        return None
    own = text(row)
    return inner._replace(path=f".{own}{inner.path}") if own else inner


def _element(bare: DIE, offset: int, size: int, depth: int) -> MemberAt | None:
    element, path = type_of(bare), ""
    each, counts = size_of(element), _counts(bare)
    if not each:
        return None
    index, offset = divmod(offset, each)
    for count in reversed(counts[1:]):
        if not count:
            return None
        index, inner = divmod(index, count)
        path = f"[{inner}]{path}"
    found = member(element, offset, size, depth + 1)
    return found and found._replace(path=f"[{index}]{path}{found.path}")


def _of_union(bare: DIE, offset: int, size: int, depth: int) -> MemberAt | None:
    found = [_below(row, member(type_of(row), offset, size, depth + 1)) for row, _, _ in _members(bare)]
    fitting = {each.path: each for each in found if each is not None and size_of(each.type) == size}
    return next(iter(fitting.values())) if len(fitting) == 1 else MemberAt("", bare)


def _members(bare: DIE) -> Iterator[tuple[DIE, int, int]]:
    """The members of a struct or union, with offset and size."""
    for row in bare.iter_children():
        if row.tag == "DW_TAG_member":
            length = size_of(type_of(row))
            if "DW_AT_data_bit_offset" in row.attributes:
                bits = _number(row, "DW_AT_data_bit_offset")
                yield row, bits // 8, (bits % 8 + _number(row, "DW_AT_bit_size") + 7) // 8
                continue
            is_array = getattr(plain(type_of(row)), "tag", "") == _ARRAY
            yield row, _start(row), length or _UNENDING * is_array


def _start(row: DIE) -> int:
    """The offset of a member: a number, or in DWARF 2 an expression that adds it."""
    if "DW_AT_data_member_location" not in row.attributes:
        return 0
    value = row.attributes["DW_AT_data_member_location"].value
    if isinstance(value, int):
        return value
    number = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(value[1:]))  # plus_uconst
    return number if value and value[0] == 0x23 else -_UNENDING


def _counts(bare: DIE) -> list[int | None]:
    """The elements of each dimension of an array; None where they are not said."""
    found: list[int | None] = []
    for row in bare.iter_children():
        if row.tag == "DW_TAG_subrange_type":
            if "DW_AT_count" in row.attributes:
                found.append(_number(row, "DW_AT_count"))
            else:
                upper = row.attributes.get("DW_AT_upper_bound")
                known = upper is not None and isinstance(upper.value, int) and 0 <= upper.value < _UNENDING
                found.append(upper.value + 1 if known and upper is not None else None)
    return found


def _number(die: DIE, attribute: str) -> int:
    value = die.attributes[attribute].value if attribute in die.attributes else 0
    return value if isinstance(value, int) else 0


def text(die: DIE) -> str:
    """Its name."""
    value = die.attributes["DW_AT_name"].value if "DW_AT_name" in die.attributes else b""
    return str(value.decode(errors="backslashreplace"))
