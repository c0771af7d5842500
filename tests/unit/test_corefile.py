"""Core and symbol files, as pyelftools and readelf read them; and RAM without its zeros."""

from __future__ import annotations

import mmap
import subprocess
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from elftools.elf.segments import NoteSegment

from lkmtools.abi.elf import EM_386, EM_X86_64
from lkmtools.crash import corefile
from lkmtools.crash.corefile import PAGE, CoreThread, core_header, write_ram
from lkmtools.crash.symbolfile import SymbolGroup, symbol_file
from lkmtools.daemon.crash_writer import _ident
from lkmtools.machine import port

THREADS = [CoreThread(7, {"rip": 0xFFFFFFFF80100000, "rsp": 1 << 63, "eip": 0xC0100000, "esp": 5}),
           CoreThread(1 << 20, {})]  # fmt: skip


def notes(path: Path) -> list[Any]:
    with open(path, "rb") as file:
        elf = ELFFile(file)
        assert elf["e_type"] == "ET_CORE"
        (segment,) = [s for s in elf.iter_segments() if s["p_type"] == "PT_NOTE"]
        assert isinstance(segment, NoteSegment)
        return [(note["n_type"], note["n_name"], note["n_desc"]) for note in segment.iter_notes()]


def written(path: Path, header: bytes, ram: mmap.mmap, lent: dict[int, bytes], most: int = 1 << 30) -> bool:
    with open(path, "wb", buffering=0) as file:
        file.write(header)
        return write_ram(file.fileno(), len(header), ram, lent, most)


@pytest.mark.parametrize("machine", ["amd64", "i386"])
def test_a_core_has_a_status_for_each_lwp_and_all_of_ram(machine: str, tmp_path: Path) -> None:
    ram = mmap.mmap(-1, 64 * PAGE)
    ram[5 * PAGE + 3] = 7
    path = tmp_path / "core"
    base = port(machine).kernbase
    header = core_header(machine, base, len(ram), THREADS, "pid 7 (é): " + "why " * 100)
    assert written(path, header, ram, {9: b"L" * PAGE})
    found = notes(path)
    assert [kind for kind, _, _ in found] == ["NT_PRPSINFO", "NT_PRSTATUS", "NT_PRSTATUS"]
    info = found[0][2]
    assert (info["pr_pid"], info["pr_fname"].rstrip(b"\0")) == (7, b"kernel.sym")
    assert info["pr_psargs"].startswith("pid 7 (é): why why".encode())
    with open(path, "rb") as file:
        (load,) = [s for s in ELFFile(file).iter_segments() if s["p_type"] == "PT_LOAD"]
        assert (load["p_vaddr"], load["p_filesz"], load["p_memsz"]) == (base, len(ram), len(ram))
        expected = bytearray(ram[:])
        expected[9 * PAGE : 10 * PAGE] = b"L" * PAGE
        assert load.data() == bytes(expected)
    out = subprocess.run(["readelf", "-nlW", path], capture_output=True, text=True, check=True)
    assert "Warning" not in out.stdout + out.stderr
    assert out.stdout.count("NT_PRSTATUS") == 2


def test_pages_of_zeros_are_holes_and_pages_that_nobody_touched_stay_so(tmp_path: Path) -> None:
    size = 4096 * PAGE
    ram = mmap.mmap(-1, size)
    for page in (0, 1, 300, 4095):
        ram[page * PAGE] = 1
    ram[2 * PAGE] = 0  # it is there, and zero
    before = resident()
    assert written(tmp_path / "core", b"", ram, {})
    assert resident() - before < 64 * PAGE
    status = (tmp_path / "core").stat()
    assert status.st_size == size
    assert status.st_blocks * 512 <= 8 * PAGE
    assert (tmp_path / "core").read_bytes() == ram[:]


def resident() -> int:
    """Bytes of shared memory that this process has touched."""
    text = Path("/proc/self/status").read_text()
    return int(text.split("RssShmem:")[1].split()[0]) << 10


def test_where_the_host_swaps_every_page_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "swaps").write_text("Filename Type Size Used Priority\n/dev/sda2 partition 1 0 -2\n")
    ram = mmap.mmap(-1, 600 * PAGE)
    ram[511 * PAGE : 512 * PAGE + 1] = b"x" * (PAGE + 1)
    for swaps in (tmp_path / "swaps", tmp_path / "nothing"):
        monkeypatch.setattr(corefile, "_SWAPS", str(swaps))
        path = tmp_path / f"core-{swaps.name}"
        assert written(path, b"", ram, {})
        assert path.read_bytes() == ram[:]


def test_memory_that_is_too_large_is_not_written(tmp_path: Path) -> None:
    ram = mmap.mmap(-1, 64 * PAGE)
    ram[: 20 * PAGE] = b"x" * (20 * PAGE)
    assert not written(tmp_path / "core", b"", ram, {}, 19 * PAGE)
    assert written(tmp_path / "core", b"", ram, {}, 20 * PAGE)


def group(name: str, start: int, *symbols: tuple[int, str]) -> SymbolGroup:
    return SymbolGroup(name, range(start, start + 0x1000), range(start + 0x1000, start + 0x2000), symbols)


@pytest.mark.parametrize(("machine", "bits"), [(EM_X86_64, 64), (EM_386, 32)])
def test_a_symbol_file_has_code_and_data_of_each_module(machine: int, bits: int, tmp_path: Path) -> None:
    """A symbol reaches to the next one, or to the end of what it is in."""
    base = 0xFFFFFFFF80100000 if bits == 64 else 0xC0100000
    kernel = group("", base, (base, "first"), (base + 0x10, "second"), (base + 0x1008, "data"))
    mod = group(
        "mod", base + 0x8000, (base + 0x8000, "f"), (base + 0x8000, "alias"), (base + 0x9004, "größe")
    )
    path = tmp_path / "kernel.sym"
    path.write_bytes(symbol_file(machine, bits, [mod, kernel], base))
    with open(path, "rb") as file:
        elf = ELFFile(file)
        assert elf["e_entry"] == base
        names = [section.name for section in elf.iter_sections()]
        assert names[1:5] == [".text", ".data", ".text.mod", ".data.mod"]
        symtab = elf.get_section_by_name(".symtab")
        assert isinstance(symtab, SymbolTableSection)
        rows = {
            s.name: (s["st_value"] - base, s["st_size"], s["st_info"]["type"], names[s["st_shndx"]])
            for s in symtab.iter_symbols()
            if s.name
        }
    assert rows == {
        "first": (0, 0x10, "STT_FUNC", ".text"),
        "second": (0x10, 0xFF0, "STT_FUNC", ".text"),
        "data": (0x1008, 0xFF8, "STT_OBJECT", ".data"),
        "f": (0x8000, 0x1000, "STT_FUNC", ".text.mod"),
        "alias": (0x8000, 0x1000, "STT_FUNC", ".text.mod"),
        "größe": (0x9004, 0xFFC, "STT_OBJECT", ".data.mod"),
    }
    out = subprocess.run(
        ["readelf", "-aW", path], capture_output=True, text=True, errors="replace", check=True
    )
    assert "Warning" not in out.stdout + out.stderr


def test_of_modules_at_one_address_the_first_counts() -> None:
    """It is the one that is there; what has a part of another's memory goes as well."""
    groups = [group("now", 0x2000, (0x2000, "new")), group("gone", 0x3000, (0x3000, "old"))]
    data = symbol_file(EM_386, 32, groups, 0)
    assert b"new" in data
    assert b"old" not in data
    assert b"old" in symbol_file(EM_386, 32, [groups[1]], 0)


def test_each_lwp_has_a_number_of_its_own() -> None:
    """Its process's, if that is a user's and nobody has it; debuggers take two of one number for one."""
    taken: set[int] = set()
    lwps = [("pid 7 (a)", 1), ("pid 7 (a)", 1), ("pid 0 (system)", 1), ("pid 0 (system)", 2), ("", 1)]
    numbers = [_ident(process, lid, taken) for process, lid in lwps]
    assert numbers[0] == 7
    assert len(set(numbers)) == len(numbers)
    assert all(0 < number < 1 << 31 for number in numbers)
