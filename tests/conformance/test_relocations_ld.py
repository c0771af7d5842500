"""Every loaded byte of an object we link is the byte GNU ld puts there, given the same section addresses."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from support.ldcompare import (
    COMPILERS,
    EMULATION,
    KERNEL_FLAGS,
    MACHINE_FLAGS,
    command,
    compile_c,
    differences,
    link_ld,
    link_ours,
)
from support.readelf import symbol_table

MACHINES = ("amd64", "i386")

needs_ld = pytest.mark.skipif(shutil.which("ld") is None, reason="GNU ld is not installed")

SOURCES = {
    "calls": """
        int printf(const char *, ...);
        static int twice(int x) { return x + x; }
        int (*hook)(int) = twice;
        int entry(int a) { return printf("%d %d\\n", twice(a), hook(a)); }
    """,
    "data": """
        extern int hz; extern char kernel_text[];
        static int counter = 3; int shared[17] = {1, 2, 3}; static char zeros[300];
        int *const inside = &shared[5]; char *outside = kernel_text + 12; int *phz = &hz;
        const char *const names[] = {"alpha", "beta", "alphabeta"};
        char *entry(int i) { counter += i + *phz; shared[i]++; zeros[i]--;
            return (char *)names[i] + counter; }
    """,
    "switch": """
        int log_(int, const char *);
        int entry(int x) {
            switch (x) {
            case 0: return log_(1, "zero"); case 1: return log_(7, "one"); case 2: return log_(3, "two");
            case 3: return log_(9, "three"); case 4: return log_(2, "four"); case 5: return log_(8, "five");
            case 6: return log_(4, "six"); case 7: return log_(6, "seven"); default: return log_(0, "many"); }
        }
    """,
    "math64": """
        typedef unsigned long long u64; u64 now(void); static u64 last;
        u64 entry(u64 a, u64 b, long long c) {
            last = now(); return a / b + (u64)(c % 1000) + (last << (b & 63)); }
        double half(double d) { return d * 0.5; }
    """,
    "common": """
        int one_common[9];
        int entry(int i) { return one_common[i]++; }
    """,
    "weak": """
        extern int maybe(int) __attribute__((weak)); extern int never __attribute__((weak));
        __attribute__((weak)) int mine(void) { return 4; }
        int *pnever = &never;
        int entry(int i) { return (maybe ? maybe(i) : 0) + mine(); }
    """,
    "sets": """
        struct set { int (*f)(void); int n; };
        static int f1(void) { return 1; } static int f2(void) { return 2; }
        static struct set a __attribute__((used, section("link_set"))) = {f1, 1};
        static struct set b __attribute__((used, section("link_set"))) = {f2, 2};
        extern struct set __start_link_set[], __stop_link_set[];
        int entry(void) { int n = 0; struct set *s;
            for (s = __start_link_set; s < __stop_link_set; s++) n += s->f() * s->n; return n; }
    """,
    "groups": """
        static inline int in1(int x) { return x * 3; }
        __attribute__((visibility("hidden"))) int hidden_int = 5;
        __attribute__((aligned(64))) static char block[64] = "block";
        const short table[] __attribute__((aligned(32))) = {1, 2, 3};
        __attribute__((noinline)) static int far_(int x) { return in1(x) + hidden_int; }
        int entry(int x) { return far_(x) + block[x] + table[x]; }
    """,
    "asm": """
        __asm__(".text\\n.weak asmw\\nasmw: ret\\n.byte asmw - . + 1\\n.short asmw - . + 4\\n"
                ".long asmw - .\\n"
                ".data\\n.long kern_text - .\\n.short abs16_sym + 1\\n.byte abs8_sym - 2\\n.long abs16_sym\\n"
                ".text\\n");
        int kern_user(void); int entry(void) { return kern_user(); }
    """,
}

EVERYTHING = "\n".join(SOURCES[name].replace("entry", f"e_{name}") for name in SOURCES)

FLAGS = {
    "plain": [],
    "plain-O2": ["-O2"],
    "pic": ["-O1", "-fPIC"],
    "pic-O0": ["-fPIC"],
    "no-plt": ["-O2", "-fno-plt", "-fPIC"],
    "no-plt-no-pic": ["-O2", "-fno-plt", "-fno-pic"],
    "sections": ["-O1", "-ffunction-sections", "-fdata-sections"],
    "fcommon": ["-O1", "-fcommon"],
    "debug": ["-g", "-O1"],
    "Os": ["-Os"],
}


def check(source: str, directory: Path, compiler: str, machine: str, flags: list[str]) -> None:
    obj = directory / "module.o"
    if command(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    compile_c(source, obj, compiler, machine, flags)
    check_object(obj, directory, machine)


def check_object(obj: Path, directory: Path, machine: str) -> None:
    img = link_ours(obj, machine, absent=frozenset({"never"}))
    linked = link_ld(obj, img, machine, directory / "module.ld.out")
    assert differences(obj, img, linked) == []


@needs_ld
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("name", SOURCES)
def test_kernel_code_has_ld_s_bytes(name: str, compiler: str, machine: str, tmp_path: Path) -> None:
    """Compiled as kernel code is, every source links to ld's bytes."""
    check(SOURCES[name], tmp_path, compiler, machine, ["-O1", "-fcommon", *KERNEL_FLAGS[machine]])


@needs_ld
@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("flags", FLAGS)
def test_code_compiled_otherwise_has_ld_s_bytes(
    flags: str, compiler: str, machine: str, tmp_path: Path
) -> None:
    """Position-independent, unoptimised, sectioned code has ld's bytes, through a GOT where it wants one."""
    options = FLAGS[flags]
    if machine == "amd64" and "-fno-pic" in options:
        options = [*options, "-mcmodel=kernel"]  # a fixed 32-bit address would not reach the kernel's
    elif machine == "amd64" and "-fPIC" not in options:
        options = [*options, "-fPIE"]  # what most distributions' cc does by itself
    check(EVERYTHING, tmp_path, compiler, machine, options)


@needs_ld
@pytest.mark.parametrize("compiler", COMPILERS)
@pytest.mark.parametrize("pic", ["-fno-pic", "-fPIC"])
def test_large_model_code_has_ld_s_bytes(pic: str, compiler: str, tmp_path: Path) -> None:
    """The 64-bit relocations of -mcmodel=large, those against the GOT among them, give ld's bytes."""
    check(EVERYTHING, tmp_path, compiler, "amd64", ["-O1", "-mcmodel=large", pic])


@needs_ld
@pytest.mark.parametrize("machine", MACHINES)
def test_an_object_joined_by_ld_r_has_ld_s_bytes(machine: str, tmp_path: Path) -> None:
    """A module of several sources, joined with ld -r, links like one of a single source."""
    if command("gcc") is None:
        pytest.skip("gcc is not installed")
    parts = []
    for name in ("calls", "sets", "switch", "groups"):
        parts.append(str(tmp_path / f"{name}.o"))
        source = SOURCES[name].replace("entry", f"e_{name}")
        compile_c(source, Path(parts[-1]), "gcc", machine, ["-O1", "-fcommon", *KERNEL_FLAGS[machine]])
    joined = tmp_path / "joined.o"
    subprocess.run(["ld", "-m", EMULATION[machine], "-r", "-o", str(joined), *parts], check=True)
    check_object(joined, tmp_path, machine)


EMPTY = """
.text
.globl first
first: .byte 1, 2, 3, 4, 5
.section .text.empty, "ax"
.balign 16
.globl empty
empty:
.section .text.next, "ax"
.globl next
next: .byte 6
"""


@needs_ld
def test_an_empty_section_is_aligned_as_ld_does(machine: str, tmp_path: Path) -> None:
    """And so is what follows it."""
    path, out = tmp_path / "empty.o", tmp_path / "empty"
    line = ["gcc", *MACHINE_FLAGS[machine], "-c", "-x", "assembler", "-", "-o", str(path)]
    subprocess.run(line, input=EMPTY, text=True, check=True)
    subprocess.run(["ld", "-m", EMULATION[machine], "-Ttext=0x400000", "-e0", "-o", out, path], check=True)
    with out.open("rb") as stream:
        symbols = symbol_table(ELFFile(stream))
        theirs = {s.name: s["st_value"] - 0x400000 for s in symbols.iter_symbols() if s.name}
    image = link_ours(path, machine)
    ours = {s.name: s.value - image.base for s in image.symbols if s.bind}
    assert ours == {name: theirs[name] for name in ours} == {"first": 0, "empty": 16, "next": 16}
