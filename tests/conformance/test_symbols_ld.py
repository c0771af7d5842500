"""Symbols that no compiler makes every day are taken, valued or refused as GNU ld does.

Each case is a module in assembler and the symbols of a kernel. ld links it at a fixed address with
`-R kernel`, as modload did; our linker gets the same object and the same kernel.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from elftools.elf.elffile import ELFFile

from lkmtools.elf import read_symbols
from lkmtools.errors import LinkError
from lkmtools.link import link, load_object, prelink
from support.ldcompare import EMULATION, MACHINE_FLAGS
from support.readelf import symbol_table

BASE = 0x400000
STT_GNU_IFUNC = 10

pytestmark = pytest.mark.skipif(shutil.which("ld") is None, reason="GNU ld is not installed")


class Linked(NamedTuple):
    """What a linker made of a module: name -> (value, type) of its defined globals, and its .data."""

    symbols: dict[str, tuple[int, int]]
    data: bytes


def assemble(text: str, out: Path, machine: str) -> Path:
    line = ["gcc", *MACHINE_FLAGS[machine], "-c", "-x", "assembler", "-", "-o", str(out)]
    subprocess.run(line, input=text, text=True, check=True)
    return out


def by_ld(obj: Path, kernel: Path | None, machine: str) -> Linked | None:
    """ld's result; None when it refuses."""
    out = obj.with_suffix(".ld")
    first = ["-R", str(kernel)] if kernel else []
    line = ["ld", "-m", EMULATION[machine], *first, f"-Ttext={BASE:#x}", "-e0", "-o", str(out), str(obj)]
    done = subprocess.run(line, capture_output=True, check=False)
    if done.returncode:
        return None
    with out.open("rb") as stream:
        elf = ELFFile(stream)
        numbers = {"STT_NOTYPE": 0, "STT_OBJECT": 1, "STT_FUNC": 2, "STT_TLS": 6, "STT_LOOS": STT_GNU_IFUNC}
        symbols = {
            s.name: (s["st_value"], numbers[s["st_info"]["type"]])
            for s in symbol_table(elf).iter_symbols()
            if s["st_info"]["bind"] != "STB_LOCAL"
        }
        data = elf.get_section_by_name(".data")
        return Linked(symbols, data.data() if data else b"")


def by_us(obj: Path, kernel: Path | None, machine: str) -> Linked | None:
    """Our result; None when we refuse."""
    known = read_symbols(kernel.read_bytes()) if kernel else {}
    try:
        img = link(prelink(load_object(obj.read_bytes(), obj.name), machine=machine), BASE, known.get)
    except LinkError:
        return None
    data = next((img.data[s.address - BASE :][: s.size] for s in img.sections if s.name == ".data"), b"")
    return Linked({s.name: (s.value, s.type) for s in img.symbols if s.bind}, data)


def compare(stem: str, text: str, kernel: str, directory: Path, machine: str) -> Linked | None:
    """Link with both; the verdict, the data and the symbols that both have must agree."""
    file = None
    if kernel:
        pairs = [item.split("=") for item in kernel.split()]
        values = "".join(f'.globl "{name}"\n.set "{name}", {value}\n' for name, value in pairs)
        made = assemble(values, directory / "kernel.o", machine)
        file = directory / "kernel"
        subprocess.run(["ld", "-m", EMULATION[machine], "-e0", "-o", file, made], check=True)
    obj = assemble(".text\nnop\n" + text + "\n", directory / f"{stem}.o", machine)
    theirs, ours = by_ld(obj, file, machine), by_us(obj, file, machine)
    assert (ours is None) == (theirs is None)
    if ours and theirs:
        assert ours.data == theirs.data
        shared = ours.symbols.keys() & theirs.symbols.keys()
        assert {n: ours.symbols[n] for n in shared} == {n: theirs.symbols[n] for n in shared}
        assert ours.symbols.keys() - shared <= {"f"}  # weak, and replaced by a default version: ld drops it
    return ours


def test_an_ifunc_that_nothing_uses_is_kept(machine: str, tmp_path: Path) -> None:
    """Global or weak, with the address of its resolver, and its type."""
    text = """
        .globl f
        .type f, @gnu_indirect_function
        f: ret
        .weak g
        .type g, @gnu_indirect_function
        g: ret
    """
    made = compare("ifunc", text, "", tmp_path, machine)
    assert made
    assert made.symbols == {"f": (BASE + 1, STT_GNU_IFUNC), "g": (BASE + 2, STT_GNU_IFUNC)}


# name -> what follows .text in assembler, whether it links without a kernel, and with one that has "var".
UNDEFINED = {
    "default": (".globl var", True, True),
    "hidden": (".globl var\n.hidden var", False, True),
    "protected": (".globl var\n.protected var", False, True),
    "internal": (".globl var\n.internal var", False, True),
    "hidden for debuggers": ('.hidden var\n.section .debug_x,"",@progbits\n.long var', False, True),
    "hidden thread-local": (".globl var\n.hidden var\n.type var, @tls_object", False, True),
    "thread-local": (".globl var\n.type var, @tls_object", True, True),
    "weak hidden": (".weak var\n.hidden var", True, True),
    "weak internal": (".weak var\n.internal var", True, True),
    "weak hidden, used": (".weak var\n.hidden var\n.data\n.long var", True, True),
    "hidden, used": (".globl var\n.hidden var\n.data\n.long var", False, True),
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_an_undefined_symbol_s_visibility_counts(case: str, machine: str, tmp_path: Path) -> None:
    """One that is not default must be defined, by the kernel if need be, also where nothing uses it."""
    text, alone, with_kernel = UNDEFINED[case]
    assert bool(compare("alone", text, "", tmp_path, machine)) == alone
    assert bool(compare("kernel", text, "var=0x500000", tmp_path, machine)) == with_kernel


def test_a_hidden_common_symbol_is_like_any_other(machine: str, tmp_path: Path) -> None:
    made = compare("common", ".comm var, 8, 8\n.hidden var\n.data\n.long var, 1", "", tmp_path, machine)
    assert made
    assert made.symbols == {"var": (BASE + 0x1008, 1)}


IMPL = ".globl impl, impl2\nimpl: nop\nimpl2: nop\n"
KERNEL = "var=0x500000 one@VERS_1=0x500010 two@@VERS_2=0x500020"

# name -> what follows .text in assembler, the .data that ld and we make of it (None: both refuse it).
VERSIONS = {
    "used": (".symver old, var@VERS_1\n.data\n.long old", None),
    "used, with the kernel's version": (".symver old, one@VERS_1\n.data\n.long old", [0x500010]),
    "used, with the kernel's default": (
        ".symver old, two@VERS_2\n.globl two\n.data\n.long old, two",
        [0x500020, 0x500020],
    ),
    "used, with the kernel's other default": (".symver old, two@VERS_1\n.data\n.long old", None),
    "the kernel's old one by its plain name": (".globl one\n.data\n.long one", None),
    "unused": (".symver old, var@VERS_1", []),
    "weak": (".weak old\n.symver old, var@VERS_1\n.data\n.long old", [0]),
    "default": (IMPL + ".symver impl, f@@V2\n.data\n.long impl, f", [BASE + 1, BASE + 1]),
    "default by its version": (
        IMPL + ".symver impl, f@@V2\n.symver old, f@V2\n.data\n.long old",
        [BASE + 1],
    ),
    "other": (IMPL + ".symver impl, f@V1\n.data\n.long f", None),
    "both": (
        IMPL + ".symver impl, f@@V2\n.symver impl2, f@V1\n.symver old, f@V1\n.data\n.long f, old",
        [BASE + 1, BASE + 2],
    ),
    "default hidden": (IMPL + ".hidden impl\n.symver impl, f@@V2\n.data\n.long f", [BASE + 1]),
    "default absolute": (".globl five\nfive = 5\n.symver five, f@@V2\n.data\n.long f", [5]),
    "default local": ("impl: nop\n.symver impl, f@@V2\n.data\n.long f", None),
    "two defaults": (IMPL + ".symver impl, f@@V2\n.symver impl2, f@@V1", None),
    "twice": (IMPL + ".symver impl, f@@V2\n.symver impl2, f@V2", None),
    "default and plain": (IMPL + ".globl f\nf: nop\n.symver impl, f@@V2", None),
    "weak default and plain": (IMPL + ".weak impl\n.globl f\nf: nop\n.symver impl, f@@V2", None),
    "default and weak plain": (IMPL + ".weak f\nf: nop\n.symver impl, f@@V2\n.data\n.long f", [BASE + 1]),
    "an ifunc": (
        IMPL + ".type impl, @gnu_indirect_function\n.symver impl, f@@V2",
        [],
    ),
}


@pytest.mark.parametrize("case", VERSIONS)
def test_names_with_versions_are_what_they_are_to_ld(case: str, machine: str, tmp_path: Path) -> None:
    """f@@V defines f and f@V, too; f@V is nothing else, and f is not f@V; the kernel's are alike."""
    text, words = VERSIONS[case]
    made = compare("module", text, KERNEL, tmp_path, machine)
    expected = None if words is None else b"".join(word.to_bytes(4, "little") for word in words)
    assert (made and made.data) == expected


ALL_BOUNDS = "_edata, __bss_start, _end, etext, _etext, __etext, edata, end"


@pytest.mark.parametrize("kernel", ["", "etext=0x500000 _edata=0x500010 end=0x500020 _end=0x500030"])
def test_the_bounds_of_the_image_are_the_module_s_own(kernel: str, machine: str, tmp_path: Path) -> None:
    """ld's default script assigns some always, and provides the others where the kernel has none."""
    zeros = ".bss\n.skip 16\n"
    made = compare("bounds", f".data\n.long {ALL_BOUNDS}\n{zeros}", kernel, tmp_path, machine)
    assert made
    data, end = BASE + 0x1000 + 32, BASE + 0x1000 + 48
    own = [data, data, end, BASE + 1, BASE + 1, BASE + 1, data, end]
    if kernel:
        own[3], own[7] = 0x500000, 0x500020
    assert made.data == b"".join(word.to_bytes(4, "little") for word in own)


def test_a_module_may_define_a_bound_itself(machine: str, tmp_path: Path) -> None:
    text = ".globl end, edata\n.data\nend: .long end\nedata: .long edata"
    made = compare("own", text, "", tmp_path, machine)
    assert made
    assert made.data == b"".join(word.to_bytes(4, "little") for word in (BASE + 0x1000, BASE + 0x1004))
