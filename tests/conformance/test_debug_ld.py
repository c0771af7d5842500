"""Every section that is not loaded has the bytes GNU ld gives it, in the file that modload -o writes."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from lkmtools.link import Image, debug_sections, link, load_object, prelink, write_output
from support.ldcompare import (
    BASES,
    COMPILERS,
    EMULATION,
    KERNEL_FLAGS,
    command,
    compile_c,
    kernel_symbol,
    link_ld,
)

pytestmark = pytest.mark.skipif(shutil.which("ld") is None, reason="GNU ld is not installed")

SOURCE = """
struct item { int value; struct item *next; };
int printf(const char *, ...);
static struct item head = { 3, &head };
int counter_NAME;
extern int elsewhere;
static inline int twice(int x) { return x + x; }
__attribute__((noinline)) static int walk(struct item *i, int n)
{
    int sum = 0;
    for (; n-- > 0; i = i->next)
        sum += twice(i->value);
    return sum;
}
int NAME(int n) { counter_NAME += walk(&head, n); return printf("%d %d", counter_NAME, elsewhere); }
"""

FLAGS = {
    "dwarf 5": ["-gdwarf-5"],
    "dwarf 4": ["-gdwarf-4"],
    "dwarf 2": ["-gdwarf-2"],
    "compressed": ["-g", "-gz"],
    "macros": ["-g3"],
    "sections": ["-gdwarf-5", "-ffunction-sections"],
    "ranges": ["-gdwarf-4", "-ffunction-sections"],
    "types": ["-gdwarf-4", "-fdebug-types-section"],
    "split": ["-g", "-gsplit-dwarf"],
    "none": [],
}
GNU_FLAGS = {  # what gcc and GNU as alone can do
    "old compression": ["-g", "-Wa,--compress-debug-sections=zlib-gnu"],
    "line parts": ["-g", "-ffunction-sections", "-Wa,--gdwarf-sections"],
    "64-bit dwarf": ["-g", "-gdwarf64"],
    "stabs": ["-gstabs"],
}


def compiled(directory: Path, compiler: str, machine: str, flags: list[str], name: str = "entry") -> Path:
    if command(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    path = directory / f"{name}.o"
    flags = ["-O1", *KERNEL_FLAGS[machine], *flags]
    compile_c(SOURCE.replace("NAME", name), path, compiler, machine, flags)
    return path


def linked(path: Path, machine: str) -> tuple[Image, bytes, list[str]]:
    """Our image, the file it is written to, and the warnings."""
    pre = prelink(load_object(path.read_bytes(), path.name), machine=machine)
    img = link(pre, BASES[machine], lambda name: kernel_symbol(name, machine))
    warnings: list[str] = []
    return img, write_output(img, debug_sections(pre, img, warnings.append)), warnings


def unloaded(data: bytes) -> dict[str, bytes]:
    """The sections of a file that have no address, but its symbol table and strings."""
    names = ("", ".symtab", ".strtab", ".shstrtab")
    sections = ELFFile(BytesIO(data)).iter_sections()
    return {s.name: s.data() for s in sections if s.name not in names and not s["sh_flags"] & 2}


def check(path: Path, machine: str) -> set[str]:
    """Compare with ld; the names of the sections."""
    img, data, warnings = linked(path, machine)
    theirs = unloaded(link_ld(path, img, machine, path.with_suffix(".ld")).read_bytes())
    assert warnings == []
    assert unloaded(data) == theirs
    return set(theirs)


@pytest.mark.parametrize("machine", ["amd64", "i386"])
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("flags", FLAGS)
def test_debugging_sections_have_ld_s_bytes(flags: str, compiler: str, machine: str, tmp_path: Path) -> None:
    """Whatever form of DWARF the compiler makes."""
    names = check(compiled(tmp_path, compiler, machine, FLAGS[flags]), machine)
    wanted = {".debug_info", ".debug_line", ".debug_abbrev"} if FLAGS[flags] else {".comment"}
    assert wanted <= names


@pytest.mark.parametrize("machine", ["amd64", "i386"])
@pytest.mark.parametrize("flags", GNU_FLAGS)
def test_what_only_gnu_tools_make_has_ld_s_bytes(flags: str, machine: str, tmp_path: Path) -> None:
    if flags == "stabs" and machine == "amd64":
        pytest.skip("stabs hold 32-bit addresses: ld refuses them above 4 GiB")
    names = check(compiled(tmp_path, "gcc", machine, GNU_FLAGS[flags]), machine)
    assert {".debug_info", ".stab"} & names
    assert not [name for name in names if name.startswith((".zdebug", ".debug_line."))]


@pytest.mark.parametrize("machine", ["amd64", "i386"])
def test_an_object_joined_of_several_sources_has_ld_s_bytes(machine: str, tmp_path: Path) -> None:
    """Units of one and the other compiler, DWARF 4 and 5, with macros of one group."""
    parts = [
        compiled(tmp_path, compiler, machine, [flag], f"part{i}")
        for i, (compiler, flag) in enumerate(
            [("gcc", "-g3"), ("clang", "-gdwarf-4"), ("gcc", "-gdwarf-4"), ("gcc", "-g3")]
        )
    ]
    joined = tmp_path / "joined.o"
    subprocess.run(["ld", "-m", EMULATION[machine], "-r", "-o", joined, *parts], check=True)
    assert {".debug_info", ".debug_macro", ".debug_ranges"} & check(joined, machine)


@pytest.mark.skipif(shutil.which("eu-elflint") is None, reason="eu-elflint is not installed")
@pytest.mark.parametrize("machine", ["amd64", "i386"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_eu_elflint_and_readelf_have_nothing_to_complain_about(
    compiler: str, machine: str, tmp_path: Path
) -> None:
    out = tmp_path / "image"
    out.write_bytes(linked(compiled(tmp_path, compiler, machine, ["-g"]), machine)[1])
    lint = subprocess.run(["eu-elflint", out], capture_output=True, text=True, check=False)
    assert (lint.stdout, lint.stderr) == ("No errors\n", "")
    dump = subprocess.run(["readelf", "-aW", "-w", out], capture_output=True, text=True, check=True)
    assert dump.stderr == ""
