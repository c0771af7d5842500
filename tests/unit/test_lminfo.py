"""What modload tells the kernel about a module: LMINFO and the symbol table of LMLOADSYMS."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lkmtools.abi import lkm
from lkmtools.abi.datamodel import DataModel
from lkmtools.client import Buffer, Process
from lkmtools.client.transport import Transport
from lkmtools.link import Image, link, load_object, prelink
from lkmtools.machine import PORTS
from lkmtools.modules.lminfo import exported, info_buffers, symbol_table
from lkmtools.proto import Welcome
from support.compiling import Compile

SOURCE = """
extern int outside(int);
int table[5] = { 1, 2, 3, 4, 5 };
static int hidden(int n) { return outside(n) + table[n & 3]; }
int hello_lkmentry(void *t, int cmd, int ver) { return hidden(cmd) + hidden(ver); }
"""
BASES = {"amd64": 0xFFFFFFFF9E000000, "i386": 0xD0000000}


def linked(cc: Compile, machine: str) -> Image:
    obj = load_object(cc(SOURCE, machine).read_bytes(), "hello.o")
    return link(prelink(obj, machine=machine), BASES[machine], {"outside": BASES[machine] + 0x10000}.get)


@pytest.fixture
def process(machine: str) -> Iterator[Process]:
    """A process of a kernel that nobody asks: it only numbers buffers."""
    dm = PORTS[machine].dm
    ours, theirs = socket.socketpair()
    welcome = Welcome(1, dm.pointer, dm.align64, 0, 1, 502000000, 1, 1, machine, "")
    with theirs, ours:
        yield Process(Transport(ours), welcome, "nowhere")


class SentBuffers:
    """The buffers of an LMINFO request, read back by address as the kernel does."""

    def __init__(self, dm: DataModel, buffers: tuple[Buffer, ...]) -> None:
        self.dm = dm
        self.buffers = {buffer.addr: bytes(buffer.data) for buffer in buffers}
        self.head = lkm.lmc_info.layout(dm).unpack(buffers[0].data)

    def rows(self, struct_: Any, address: int, count: int) -> list[Any]:
        layout = struct_.layout(self.dm)
        assert len(self.buffers[address]) == layout.size * count
        return [layout.unpack(self.buffers[address], i * layout.size) for i in range(count)]

    def string(self, offset: int) -> str:
        data = self.buffers[self.head.strings]
        return data[offset : data.index(0, offset)].decode()


def test_lminfo_describes_the_segments_with_their_permissions(
    cc: Compile, machine: str, process: Process
) -> None:
    image = linked(cc, machine)
    memory = SentBuffers(process.dm, info_buffers(process, image, "/tmp/hello.o"))
    rows = memory.rows(lkm.lmi_segment, memory.head.segments, memory.head.nsegments)
    assert [tuple(s) for s in image.segments] == [(r.offset, r.size, r.prot) for r in rows]
    assert {r.prot for r in rows} >= {lkm.LMI_PROT_READ | lkm.LMI_PROT_EXEC}
    assert memory.head.version == 2


def test_lminfo_names_static_functions_for_backtraces(cc: Compile, machine: str, process: Process) -> None:
    image = linked(cc, machine)
    memory = SentBuffers(process.dm, info_buffers(process, image, "/tmp/hello.o"))
    rows = memory.rows(lkm.lmi_symbol, memory.head.symbols, memory.head.nsymbols)
    named = {memory.string(r.name): r for r in rows}
    assert {"hello_lkmentry", "table"} <= set(named)
    table = image.symbol("table")
    assert table is not None
    assert (table.value - image.base, 20) == (named["table"].offset, named["table"].size)


def test_lminfo_carries_imports_path_and_build_id(cc: Compile, machine: str, process: Process) -> None:
    image = linked(cc, machine)
    memory = SentBuffers(process.dm, info_buffers(process, image, "/tmp/hello.o"))
    rows = memory.rows(lkm.lmi_import, memory.head.imports, memory.head.nimports)
    assert [("outside", BASES[machine] + 0x10000)] == [(memory.string(r.name), r.value) for r in rows]
    assert memory.string(memory.head.path) == "/tmp/hello.o"
    assert bytes(memory.head.buildid[: memory.head.buildid_len]) == image.buildid


def test_a_symbol_table_has_the_globals_and_a_null_entry(cc: Compile, machine: str) -> None:
    dm = PORTS[machine].dm
    names = exported(load_object(cc(SOURCE, machine).read_bytes(), "hello.o"))
    symtab, strtab = symbol_table(names, linked(cc, machine), dm)
    form = struct.Struct("<IBBHQQ" if dm.pointer == 8 else "<IIIBBH")
    rows = list(form.iter_unpack(symtab))
    assert set(rows[0]) == {0}
    assert sorted(strtab[r[0] : strtab.index(0, r[0])].decode() for r in rows[1:]) == [
        "hello_lkmentry",
        "table",
    ]


def test_the_table_has_its_size_before_the_values_are_known(cc: Compile, machine: str) -> None:
    names = exported(load_object(cc(SOURCE, machine).read_bytes(), "hello.o"))
    before = symbol_table(names, None, PORTS[machine].dm)
    after = symbol_table(names, linked(cc, machine), PORTS[machine].dm)
    assert (len(before.symtab), before.strtab) == (len(after.symtab), after.strtab)


def test_a_name_longer_than_the_path_limit_is_kept_whole(cc: Compile, machine: str, process: Process) -> None:
    path = str(Path("/tmp") / ("d" * 5000) / "hello.o")
    memory = SentBuffers(process.dm, info_buffers(process, linked(cc, machine), path))
    assert path == memory.string(memory.head.path)
