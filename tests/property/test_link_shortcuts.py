"""A relocation applied by a shortcut stores what its row says, and is refused where the row refuses it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.errors import LinkError
from lkmtools.link import MACHINES, fields, link, load_object, prelink
from lkmtools.link.howto import Howto, Machine
from support.elfwriter import AX, Rel, Sec, Sym, relocatable

BASES = {"amd64": (0xFFFFFFFF81000000, 0x400000, 0), "i386": (0xC0400000, 0x400000, 0)}
ROWS = [(m, row) for m in MACHINES.values() for row in m.rows if isinstance(row, Howto)]
FIELD = 16  # offset of the field in .text


def linked(machine: Machine, howto: Howto, base: int, value: int, addend: int, field: bytes) -> bytes | str:
    """.text after one relocation against a kernel symbol of `value`; the reason where there is none."""
    data = bytes(range(1, FIELD + 1)) + field + b"\x90" * 16
    text = Sec(".text", data, flags=AX, relocs=[Rel(FIELD, howto.type, "sym", addend)])
    wide = machine.bits == 64
    file = relocatable(
        [text], [Sym("sym", size=0x20)], machine=machine.e_machine, bits=machine.bits, rela=wide
    )
    try:
        return link(prelink(load_object(file, "m.o"), machine=machine.name), base, lambda name: value).data
    except LinkError as error:
        return str(error)


@pytest.mark.parametrize(("machine", "howto"), ROWS, ids=[row.name for _, row in ROWS])
@settings(max_examples=25)
@given(data=st.data())
def test_a_shortcut_does_what_the_row_does(machine: Machine, howto: Howto, data: st.DataObject) -> None:
    """The same bytes or the same words, for values near and far, which fit, do not fit, or wrap."""
    span = 1 << machine.bits
    base = data.draw(st.sampled_from(BASES[machine.name]))
    edges = [0, base, span // 2, span, 1 << 31, 1 << 32, 1 << 16, 1 << 15, 1 << 8, 1 << 7]
    near = st.builds(lambda edge, far: (edge + far) % span, st.sampled_from(edges), st.integers(-300, 300))
    value = data.draw(near | st.integers(0, span - 1))
    addend = data.draw(st.integers(-(1 << 31), (1 << 31) - 1) | st.integers(-130, 130))
    field = data.draw(st.binary(min_size=8, max_size=8))
    quick = linked(machine, howto, base, value, addend, field)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "shortcuts", lambda name: {})
        slow = linked(machine, howto, base, value, addend, field)
    assert quick == slow


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_the_frequent_types_have_a_shortcut(machine: Machine) -> None:
    """All of what compilers leave in kernel code: addresses and distances of four bytes and of a word."""
    found = fields.shortcuts(machine.name)
    for name in ("64", "PC32", "PLT32", "32", "32S") if machine.bits == 64 else ("32", "PC32", "PLT32"):
        prefix = "R_X86_64_" if machine.bits == 64 else "R_386_"
        assert next(row.type for row in machine.rows if row.name == prefix + name) in found
    assert all(not howto.got for howto in machine.rows if isinstance(howto, Howto) and howto.type in found)
