"""Functions, files and lines of addresses: what addr2line says of the same object; damaged objects."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from lkmtools.cc import compile_flags, find_compiler
from lkmtools.debug import DebugInfo, DebugInfoError, SourcePlace
from lkmtools.elf import read_object
from lkmtools.elf.checksum import checksum
from lkmtools.link import prelink

SOURCE = """\
struct item { struct item *next; int value; };
extern int number(int), others;
static inline int twice(int n)
{
	return 2 * number(n);
}
static int sum(struct item *it)
{
	int total = 0;
	for (; it; it = it->next) {
		int value = twice(it->value);
		if (value > others)
			total += value;
	}
	return total;
}
int first(struct item *it)
{
	return sum(it) + twice(others);
}
int second(struct item *it, int n)
{
	switch (n) {
	case 1: return sum(it);
	case 2: return first(it->next);
	case 3: __builtin_trap();
	default: return number(n);
	}
}
"""
BASE = {"amd64": 0xFFFF_FFFF_8020_0000, "i386": 0xC020_0000}


def need(program: str) -> None:
    """Skip where the host does not have it."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not on this host")


def compiled(directory: Path, machine: str, *flags: str) -> Path:
    """SOURCE, from a file with a name of its own."""
    compiler, source, out = find_compiler(machine), directory / "items.c", directory / "items.o"
    source.write_text(SOURCE)
    one_section = ("-fno-reorder-functions", "-fno-reorder-blocks-and-partition")
    command = [*compiler.argv, *compile_flags(compiler.family, machine), *one_section, *flags]
    subprocess.run([*command, "-c", str(source), "-o", str(out)], check=True)
    return out


def read(path: Path, machine: str) -> DebugInfo:
    """Its debug information, as of a module at BASE."""
    found = DebugInfo.of(path.read_bytes(), path.name, BASE[machine])
    assert found is not None
    return found


def code(path: Path, machine: str) -> list[tuple[str, int, int]]:
    """Name, offset in the image and size of each section with code."""
    obj = read_object(path.read_bytes(), path.name)
    pre = prelink(obj, machine)
    return [
        (section.name, pre.offsets[section.shndx], section.size)
        for section in obj.sections
        if section.flags & 4 and section.size
    ]


@pytest.mark.parametrize("flags", [("-O0",), ("-O2",), ("-Os",), ("-O3", "-gdwarf-4"), ("-O2", "-gdwarf-2")])
def test_every_address_is_where_addr2line_says(tmp_path: Path, machine: str, flags: tuple[str, ...]) -> None:
    """Inlined functions, too; it is asked about what ld makes of the object, at the same address."""
    need("addr2line")
    need("ld")
    path, linked = compiled(tmp_path, machine, *flags), tmp_path / "linked"
    ((_, offset, size),) = code(path, machine)
    start = BASE[machine] + offset
    emulation = "elf_x86_64" if machine == "amd64" else "elf_i386"
    command = ["ld", "-m", emulation, "--unresolved-symbols=ignore-all", "-e", "0", f"-Ttext={start:#x}"]
    subprocess.run([*command, str(path), "-o", str(linked)], check=True)
    asked = [hex(start + at) for at in range(size)]
    command = ["addr2line", "-afi", "-e", str(linked), *asked]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    info, seen = read(path, machine), set()
    for at, text in enumerate(out.split("0x")[1:]):
        lines = text.splitlines()[1:]
        wanted = [(f, where.partition(" ")[0]) for f, where in zip(lines[::2], lines[1::2], strict=True)]
        places = info.places(start + at)
        if places and places[0].function:  # it gives the space between two functions to the first of them
            assert [(place.function, f"{place.file}:{place.line}") for place in places] == wanted
            seen |= {place.function for place in places}
    assert seen == {"twice", "sum", "first", "second"}


def test_the_caller_of_what_is_inlined_is_at_the_line_of_the_call(tmp_path: Path, machine: str) -> None:
    """Of first(), which has sum() in it, which has twice() in it."""
    path = compiled(tmp_path, machine, "-O2")
    info = read(path, machine)
    found = {
        tuple((place.function, place.line) for place in info.places(BASE[machine] + offset + at))
        for _, offset, size in code(path, machine)
        for at in range(size)
    }
    assert (("twice", 5), ("sum", 11), ("first", 19)) in found
    assert (("twice", 5), ("first", 19)) in found


def test_an_address_outside_of_the_code_is_nowhere(tmp_path: Path, machine: str) -> None:
    info = read(compiled(tmp_path, machine), machine)
    assert info.places(BASE[machine] - 1) == []
    assert info.places(BASE[machine] + (1 << 20)) == []


def test_an_object_without_debug_information(tmp_path: Path, machine: str) -> None:
    path = compiled(tmp_path, machine, "-g0")
    assert DebugInfo.of(path.read_bytes(), path.name, BASE[machine]) is None


@pytest.mark.parametrize("seed", range(20))
def test_damaged_debug_information_is_an_error_with_the_name_of_the_file(
    tmp_path: Path, machine: str, seed: int
) -> None:
    """Or it says something else: whatever bytes of it are changed."""
    path = compiled(tmp_path, machine, "-O2")
    obj = read_object(path.read_bytes(), path.name)
    chance, data = random.Random(seed), bytearray(path.read_bytes())
    debug = [section for section in obj.sections if ".debug_" in section.name and section.size]
    assert debug
    for _ in range(1 + seed * 4):
        section = chance.choice(debug)
        at = obj.file.sections[section.shndx].offset + chance.randrange(section.size)
        data[at] = chance.randrange(256)
    addresses = [BASE[machine] + offset + at for _, offset, size in code(path, machine) for at in range(size)]
    for address in addresses:
        try:
            info = DebugInfo.of(bytes(data), "items.o", BASE[machine])
            places = info.places(address) if info is not None else []
        except DebugInfoError as error:
            why = str(error)
        else:
            why = ""
            assert all(isinstance(place, SourcePlace) for place in places)
        assert not why or why.startswith("items.o: ")
        if why:
            break


def test_the_checksum_tells_builds_apart_and_does_not_see_debug_information(
    tmp_path: Path, machine: str
) -> None:
    """It is that of the sections that are loaded."""
    need("strip")
    path = compiled(tmp_path, machine, "-O2")
    whole = checksum(read_object(path.read_bytes(), "x"))
    subprocess.run(["strip", "-g", str(path)], check=True)
    assert checksum(read_object(path.read_bytes(), "x")) == whole
    compiled(tmp_path, machine, "-O1")
    assert checksum(read_object(path.read_bytes(), "x")) != whole
