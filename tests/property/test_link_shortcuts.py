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


Use = tuple[int, int]  # the value of a kernel symbol, and an addend


def linked(machine: Machine, howto: Howto, base: int, uses: list[Use], fields: bytes) -> bytes | str:
    """.text after relocations against kernel symbols, one field behind the other; why there is none."""
    data = bytes(range(1, FIELD + 1)) + fields + b"\x90" * 16
    relocs = [Rel(FIELD + i * howto.size, howto.type, f"sym{i}", use[1]) for i, use in enumerate(uses)]
    symbols = [Sym(f"sym{i}", size=0x20) for i in range(len(uses))]
    wide = machine.bits == 64
    file = relocatable(
        [Sec(".text", data, flags=AX, relocs=relocs)],
        symbols,
        machine=machine.e_machine,
        bits=machine.bits,
        rela=wide,
    )
    try:
        pre = prelink(load_object(file, "m.o"), machine=machine.name)
        return link(pre, base, lambda name: uses[int(name[3:])][0]).data
    except LinkError as error:
        return str(error)


@pytest.mark.parametrize(("machine", "howto"), ROWS, ids=[row.name for _, row in ROWS])
@settings(max_examples=40)
@given(data=st.data())
def test_a_shortcut_does_what_the_row_does(machine: Machine, howto: Howto, data: st.DataObject) -> None:
    """The same bytes or the same words, for values near and far, which fit, do not fit, or wrap."""
    span = 1 << machine.bits
    base = data.draw(st.sampled_from(BASES[machine.name]))
    edges = [0, base, span // 2, span, 1 << 31, 1 << 32, 1 << 16, 1 << 15, 1 << 8, 1 << 7]
    near = st.builds(lambda edge, far: (edge + far) % span, st.sampled_from(edges), st.integers(-300, 300))
    addends = st.integers(-(1 << 31), (1 << 31) - 1) | st.integers(-130, 130)
    uses = data.draw(st.lists(st.tuples(near | st.integers(0, span - 1), addends), min_size=1, max_size=4))
    fields_before = data.draw(st.binary(min_size=32, max_size=32))
    quick = linked(machine, howto, base, uses, fields_before)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "shortcuts", lambda name: {})
        slow = linked(machine, howto, base, uses, fields_before)
    assert quick == slow


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_fields_of_one_type_without_gaps_are_done_at_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    howto = next(row for row in machine.rows if isinstance(row, Howto) and row.name.endswith("_PC32"))
    base = BASES[machine.name][0]
    uses = [(base + 256 * i, i) for i in range(3)]
    expected = linked(machine, howto, base, uses, bytes(12))
    monkeypatch.setattr(fields.Fields, "_rela", None)
    monkeypatch.setattr(fields.Fields, "_rel", None)
    monkeypatch.setattr(fields.Fields, "_by_row", None)
    assert linked(machine, howto, base, uses, bytes(12)) == expected


@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_the_frequent_types_have_a_shortcut(machine: Machine) -> None:
    """All of what compilers leave in kernel code: addresses and distances of four bytes and of a word."""
    found = fields.shortcuts(machine.name)
    for name in ("64", "PC32", "PLT32", "32", "32S") if machine.bits == 64 else ("32", "PC32", "PLT32"):
        prefix = "R_X86_64_" if machine.bits == 64 else "R_386_"
        assert next(row.type for row in machine.rows if row.name == prefix + name) in found
    assert all(not howto.got for howto in machine.rows if isinstance(howto, Howto) and howto.type in found)
