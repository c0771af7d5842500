"""What outlives a kernel process: rings and tables whose writer may die between any two words."""

from __future__ import annotations

import struct
from itertools import islice, pairwise
from typing import Any

import pytest

from lkmtools.evidence import Evidence, ModuleRecord, ModuleState, calls, vitals
from lkmtools.evidence import modules as table
from lkmtools.evidence.calls import SLOTS, STACK, CallRing
from lkmtools.evidence.modules import ModuleTable
from lkmtools.evidence.show import kernel_status
from lkmtools.kern.rows import FUNCTIONS
from lkmtools.machine import port

# -- kernel calls ---------------------------------------------------------------------------------------


def record(ring: CallRing, blocks: int, stack: bytes = b"") -> None:
    """What the engine does at a kernel call."""
    struct.pack_into("=11Q", ring.stopped, 0, *range(blocks, blocks + 11))
    at, behind, _ = next(ring.places)
    ring.ring[at] = ring.stopped
    ring.ring[behind] = stack.ljust(STACK, b"\0")


def test_the_last_calls_are_found_newest_first() -> None:
    """With their registers and what lay on the stack; no more than are asked for, or are there."""
    ring = CallRing()
    assert (ring.last(16), ring.last_stop()) == ([], (0,) * 10)
    record(ring, 1)
    record(ring, 2, b"stack")
    assert ring.last(1) == [calls.Call(2, tuple(range(3, 13)), b"stack".ljust(STACK, b"\0"))]
    assert [call.blocks for call in ring.last(16)] == [2, 1]
    assert ring.last_stop() == tuple(range(3, 13))
    assert bytes(ring.registers) == bytes(ring.stopped[8:])
    assert int.from_bytes(ring.cell[-8:], "little") == 2


def test_the_ring_of_calls_goes_round() -> None:
    """Three times: the last ones are there, in order."""
    ring = CallRing()
    for blocks in range(1, 3 * SLOTS + 10):
        record(ring, blocks)
    assert [call.blocks for call in ring.last(2 * SLOTS)] == list(
        range(3 * SLOTS + 9, 3 * SLOTS + 9 - SLOTS, -1)
    )


def test_a_result_does_not_go_to_the_call_that_was_recorded_over_its_own() -> None:
    """It goes to a spare place, which is in no call."""
    ring = CallRing()
    struct.pack_into("=11Q", ring.stopped, 0, *range(1, 12))
    at, _, place = next(ring.places)
    ring.ring[at] = ring.stopped
    assert ring.still(place, (2, 3, 4)) == place
    for blocks in range(100, 100 + SLOTS):
        record(ring, blocks)
    spare = ring.still(place, (2, 3, 4))
    ring.results[spare] = 7
    assert {call.result for call in ring.last(SLOTS)} == {None}


def test_any_call_is_a_sign() -> None:
    """Of life: the number is another one after each, round and round."""
    ring = CallRing()
    signs = [ring.sign()]
    for blocks in range(1, 3 * SLOTS):
        record(ring, blocks)
        signs.append(ring.sign())
    assert all(one != other for one, other in pairwise(signs))


def test_where_the_kernel_has_gone_is_beside_the_ring() -> None:
    """Neither disturbs the other, in memory that somebody else gave."""
    memory = bytearray(calls.SIZE + 8)
    ring = CallRing(memoryview(memory))
    ring.entered[0] = 0x1234567890
    for blocks in range(1, SLOTS + 1):
        record(ring, blocks, b"\xff" * STACK)
    other = CallRing(memoryview(memory))
    assert (other.entered[0], len(other.last(SLOTS)), memory[-8:]) == (0x1234567890, SLOTS, bytes(8))


# -- modules --------------------------------------------------------------------------------------------


def module(
    ident: int, name: str = "mod", path: str = "/m.o", state: ModuleState = ModuleState.LOADING
) -> ModuleRecord:
    return ModuleRecord(state, ident, 0x1000 * (ident + 1), 0x800, name, path, (), 0xFEDCBA98, 0x400)


def add(modules: ModuleTable, ident: int, *symbols: tuple[int, str], path: str = "/m.o") -> None:
    addresses = struct.pack(f"={len(symbols)}Q", *(addr for addr, _ in symbols))
    modules.add(module(ident, path=path), addresses, [name for _, name in symbols])


def test_modules_are_found_with_their_symbols() -> None:
    """Names and paths of any length and alphabet; the oldest first."""
    modules = ModuleTable(memoryview(bytearray(4096)))
    assert list(modules.records()) == []
    add(modules, 0)
    add(modules, 1, (0x2000, "start"), (0x2010, "größe"), path="/tmp/é/longer.o")
    first, second = modules.records()
    assert first._replace(symbols=()) == module(0)
    assert second._replace(symbols=()) == module(1, path="/tmp/é/longer.o")
    assert second.symbols == [(0x2000, "start"), (0x2010, "größe")]
    assert [list(found.symbols) for found in modules.records(symbols=False)] == [[], []]


def test_addresses_are_explained() -> None:
    """By the symbol before them, or by the module's own address; those of one that has gone say so."""
    modules = ModuleTable(memoryview(bytearray(4096)))
    add(modules, 1, (0x2010, "start"), (0x2010, "also"), (0x2020, "end"))
    modules.mark(1, ModuleState.LOADED, "hello")
    (found,) = modules.records()
    assert [found.holds(addr) for addr in (0x1FFF, 0x2000, 0x27FF, 0x2800)] == [False, True, True, False]
    assert found.locate(0x2005) == "0x2000+0x5 [hello]"
    assert found.locate(0x2010).endswith("+0x0 [hello]")
    assert found.locate(0x2025) == "end+0x5 [hello]"
    modules.mark(1, ModuleState.GONE)
    (found,) = modules.records()
    assert found.locate(0x2020) == "end+0x0 [hello, unloaded]"


def test_a_module_is_marked_in_place() -> None:
    """Its name may change with it, cut to its room; unknown ones, and those that have gone, are let be."""
    modules = ModuleTable(memoryview(bytearray(4096)))
    add(modules, 1)
    modules.mark(2, ModuleState.LOADED)
    modules.mark(1, ModuleState.LOADED, "n" * 100)
    (found,) = modules.records()
    assert (found.state, found.name, found.path) == (ModuleState.LOADED, "n" * 64, "/m.o")
    modules.mark(1, ModuleState.GONE)
    modules.mark(1, ModuleState.LOADED, "again")
    (found,) = modules.records()
    assert (found.state, found.name) == (ModuleState.GONE, "n" * 64)


def test_a_full_table_keeps_the_modules_that_are_there() -> None:
    """Those that have gone make room, any number of times; marking goes on to work."""
    modules = ModuleTable(memoryview(bytearray(2048)))
    add(modules, 0, (0x1000, "stays"))
    modules.mark(0, ModuleState.LOADED, "first")
    for ident in range(1, 100):
        add(modules, ident, (0x1000 * (ident + 1), f"symbol{ident}"))
        first, *_, last = modules.records()
        assert (first.name, list(first.symbols)) == ("first", [(0x1000, "stays")])
        assert (last.id, last.state, list(last.symbols)) == (
            ident, ModuleState.LOADING, [(0x1000 * (ident + 1), f"symbol{ident}")],
        )  # fmt: skip
        modules.mark(ident, ModuleState.GONE)
        assert list(modules.records())[-1].state == ModuleState.GONE
    assert modules.without_symbols == 0


def test_where_symbols_find_no_room_the_module_does() -> None:
    """That is counted; one that does not fit at all is left out, and marking it does nothing."""
    modules = ModuleTable(memoryview(bytearray(24 + 2 * 256)))
    add(modules, 1, *((i, f"symbol{i}") for i in range(100)))
    (found,) = modules.records()
    assert (found.id, list(found.symbols), modules.without_symbols) == (1, [], 1)
    add(modules, 2, path="/" + "p" * 300)
    modules.mark(2, ModuleState.LOADED)
    assert [found.id for found in modules.records()] == [1]
    assert modules.without_symbols == 2
    modules.mark(1, ModuleState.GONE)
    add(modules, 3)
    assert [found.id for found in modules.records()][-1] == 3


class Words:
    """Every state of a table's head between two words of a write."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writes = 0
        self.left = -1
        real = struct.Struct

        class Word:
            size = 8

            @staticmethod
            def pack_into(memory: Any, at: int, value: int) -> None:
                if self.writes == self.left:
                    raise KeyboardInterrupt
                self.writes += 1
                real("=Q").pack_into(memory, at, value)

        monkeypatch.setattr(table, "_WORD", Word)


@pytest.mark.parametrize("die_after", range(6))
def test_a_death_between_two_words_of_the_table_leaves_a_whole_one(
    monkeypatch: pytest.MonkeyPatch, die_after: int
) -> None:
    """Also while it moves to its other half, which has records of before."""
    memory = bytearray(24 + 2 * 512)
    modules = ModuleTable(memoryview(memory))
    for ident in range(40):  # both halves have been used
        add(modules, ident, (ident, "s" * (ident % 7)))
        if ident != 39:
            modules.mark(ident, ModuleState.GONE)
    words = Words(monkeypatch)
    words.left = die_after
    try:
        for ident in range(40, 60):
            before = [found.id for found in modules.records()]
            add(modules, ident, (ident, "a name that is rather long"))
            modules.mark(ident, ModuleState.GONE)
    except KeyboardInterrupt:
        pass
    after = [found.id for found in ModuleTable(memoryview(memory)).records()]
    assert 39 in after
    assert after in (before, [39])  # as it was, or moved


# -- everything -----------------------------------------------------------------------------------------


def test_the_areas_of_a_boot_do_not_overlap() -> None:
    """Each is filled to the brim; none changes another."""
    evidence = Evidence(4096)
    evidence.ram[:] = b"\xff" * 4096
    for i in range(len(evidence.vitals)):
        evidence.vitals[i] = -1 - i
    for blocks in range(1, SLOTS + 1):
        record(evidence.calls, blocks, b"\xff" * STACK)
    evidence.publish({"version": "v"})
    evidence.say({"reason": "r"})
    add(evidence.modules, 1)
    assert evidence.vitals[0] == -1
    assert evidence.vitals[len(evidence.vitals) - 1] == -len(evidence.vitals)
    assert len(evidence.calls.last(1000)) == SLOTS
    assert (evidence.published(), evidence.said()) == ({"version": "v"}, {"reason": "r"})
    assert [found.id for found in evidence.modules.records()] == [1]
    evidence.close()
    assert evidence.ram.closed
    assert evidence.said() == {"reason": "r"}


def test_a_text_that_finds_no_room_is_left_out_and_says_so() -> None:
    """The kernel goes on, and so does whoever reads."""
    evidence = Evidence(4096)
    assert (evidence.published(), evidence.said()) == ({}, {})
    evidence.publish({"version": "x" * (9 << 20)})
    (left,) = evidence.published().items()
    assert left[0] == "left_out"
    assert left[1].startswith(f"{(9 << 20) + 15} bytes; the limit is ")


def test_status_of_a_kernel_before_its_first_word() -> None:
    """Zeros and nothing, and no uptime."""
    status = kernel_status(Evidence(4096), "i386", 3)
    assert (status["machine"], status["boot"], status["uptime"], status["version"]) == ("i386", 3, 0.0, "")
    assert status["lkm"] == {"modules": [], "reservations": 0, "holder": None}
    assert (status["in_vain"], status["waiting"]) == ({}, [])


def test_status_of_a_kernel() -> None:
    """Every counter has its place; of the modules those that are loaded are shown."""
    evidence = Evidence(4096)
    for place in range(vitals.CONNECTIONS, vitals.RATE + 1):
        evidence.vitals[place] = 100 + place
    evidence.vitals[vitals.BOOTED_AT] = 1
    text = {
        "version": "NetBSD", "holder": {"comm": "modload", "pid": 7},
        "in_vain": {"511": 2}, "waiting": [{"pid": 3}],
    }  # fmt: skip
    evidence.publish(text)
    for ident in range(3):
        add(evidence.modules, ident)
    evidence.modules.mark(1, ModuleState.LOADED, "hello")
    evidence.modules.mark(2, ModuleState.LOADED, "gone")
    evidence.modules.mark(2, ModuleState.GONE)
    status = kernel_status(evidence, "amd64", 1)
    assert status.pop("uptime") > 0
    module = {"id": 1, "name": "hello", "area": 0x2000, "size": 0x800, "path": "/m.o"}
    holder = text.pop("holder")
    assert status == {
        "machine": "amd64",
        "boot": 1,
        "securelevel": 100 + vitals.SECURELEVEL,
        "processes": 100 + vitals.PROCESSES,
        "syscalls": 100 + vitals.SYSCALLS,
        "memory": {
            "total": 100 + vitals.MEMORY_TOTAL, "used": 100 + vitals.MEMORY_USED,
            "heap": 100 + vitals.HEAP_USED,
        },
        "lkm": {"modules": [module], "reservations": 100 + vitals.RESERVATIONS, "holder": holder},
        "programs": {
            "running": 100 + vitals.PROGRAMS,
            "memory": {"total": 100 + vitals.FRAMES_TOTAL, "free": 100 + vitals.FRAMES_FREE},
        },
        **text,
    }  # fmt: skip


def test_slots_follow_one_another() -> None:
    """No record overlaps the next one."""
    ring = CallRing()
    places = list(islice(ring.places, SLOTS + 1))
    assert places[0] == places[-1]
    edges = [(place.start, place.stop) for both in places[:-1] for place in both[:2]]
    assert edges[0][0] == 0
    assert all(a[1] == b[0] for a, b in pairwise(edges))
    assert edges[-1][1] == len(ring.ring)


def test_a_record_has_room_for_the_arguments_of_every_kernel_function(machine: str) -> None:
    """On the stack of whoever calls it."""
    rows = [row for row in FUNCTIONS if row.proto.bind(port(machine)).stack.size > STACK]
    assert [row.proto.name for row in rows] == []
