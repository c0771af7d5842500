"""Unwinding by call frame information: rules, expressions, damaged sections, stacks that are not there."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import zlib
from base64 import b64encode
from pathlib import Path

import pytest
from elftools.dwarf.structs import DWARFStructs

from lkmtools.cc import compile_flags, find_compiler
from lkmtools.debug import DebugInfoError
from lkmtools.debug.cfi import CallFrames, FrameRules, RegisterRule
from lkmtools.debug.expression import Expressions, UnknownValue
from lkmtools.debug.linked import Debugged, linked
from lkmtools.debug.unwind import unwound
from lkmtools.evidence.record import CrashRecord, RecordedFrame, RecordedLevel, RecordedLwp, RecordedModule
from support.calltrees import call_tree

BASE = {"amd64": 0xFFFF_FFFF_8020_0000, "i386": 0xC020_0000}
GATE = {machine: base - 0x10_0000 for machine, base in BASE.items()}
STACK = {machine: base + 0x10_0000 for machine, base in BASE.items()}
WORD = {"amd64": 8, "i386": 4}
C = """
int number(int);
int first(int a, int b);
__attribute__((noinline)) int second(int a) { volatile char x[100]; x[a & 7] = 1; return number(a) + x[a]; }
int first(int a, int b)
{
	volatile char x[a], y[64] __attribute__((aligned(64)));
	x[b] = y[b] = 1;
	return second(b) + second(a) + x[b] + y[a];
}
"""
# One nop for each row; it is no code.
ROWS = """
__asm__ (".text; .globl rows; .type rows, @function; rows: .cfi_startproc;"
	"nop; .cfi_def_cfa 5, 16;"
	"nop; .cfi_remember_state; .cfi_offset 3, -16; .cfi_undefined 2; .cfi_same_value 1;"
	"nop; .cfi_def_cfa_register 3; .cfi_def_cfa_offset 32; .cfi_register 6, 2; .cfi_escape 0x2e, 16;"
	"nop; .cfi_escape 0x12, 5, 0x7c; .cfi_escape 0x14, 3, 2; .cfi_escape 0x15, 6, 0x7f;"
	"nop; .cfi_escape 0x0f, 2, 0x75, 8; .cfi_escape 0x10, 3, 1, 0x30; .cfi_escape 0x16, 6, 1, 0x31;"
	"nop; .cfi_restore 3; .cfi_restore 6;"
	"nop; .cfi_restore_state; nop; .cfi_endproc; .size rows, . - rows");
"""


def obj(directory: Path, machine: str, source: str, *flags: str) -> Debugged:
    """A source as an object, linked at BASE."""
    compiler, path, out = find_compiler(machine), directory / "x.c", directory / "x.o"
    path.write_text(source)
    command = [*compiler.argv, *compile_flags(compiler.family, machine), *flags, "-c", str(path)]
    subprocess.run([*command, "-o", str(out)], check=True)
    found = linked(out.read_bytes(), "x.o", BASE[machine])
    assert found is not None
    return found


def at(found: Debugged, name: str) -> range:
    """The addresses of a function."""
    symbol = found.image.symbol(name)
    assert symbol is not None
    return range(symbol.value, symbol.value + symbol.size)


@pytest.mark.parametrize("flags", [(), ("-fasynchronous-unwind-tables",)], ids=[".debug_frame", ".eh_frame"])
def test_what_each_instruction_does_to_a_row(tmp_path: Path, machine: str, flags: tuple[str, ...]) -> None:
    """Row by row; `-1` is the data alignment factor in words."""
    section = "" if flags else '__asm__ (".cfi_sections .debug_frame");\n'
    found = obj(tmp_path, machine, section + ROWS + C, *flags)
    word, rules, start = WORD[machine], CallFrames(found), at(found, "rows").start
    first = rules.at(start)
    assert first is not None
    sp, returns = {"amd64": (7, 16), "i386": (4, 8)}[machine]
    back = {returns: RegisterRule("at", -word)}
    kept = {3: RegisterRule("at", -16), 2: RegisterRule("undefined"), 1: RegisterRule("same")}
    moved = back | kept | {6: RegisterRule("register", 0, 2)}
    values = moved | {3: RegisterRule("value", -2 * word), 6: RegisterRule("value", word)}
    found_by = {
        3: RegisterRule("at expression", code=(0x30,)),
        6: RegisterRule("value of expression", code=(0x31,)),
    }
    expected = [
        (RegisterRule("register", word, sp), back),
        (RegisterRule("register", 16, 5), back),
        (RegisterRule("register", 16, 5), back | kept),
        (RegisterRule("register", 32, 3), moved),
        (RegisterRule("register", 4 * word, 5), values),
        (RegisterRule("value of expression", code=(0x75, 8)), moved | found_by),
        (RegisterRule("value of expression", code=(0x75, 8)), back | {2: kept[2], 1: kept[1]}),
        (RegisterRule("register", 16, 5), back),
    ]
    got = [rules.at(start + row) for row in range(len(expected))]
    assert [(row.cfa, row.registers) for row in got if row is not None] == expected
    assert {row.returns for row in got if row is not None} == {returns}
    assert rules.at(BASE[machine] - 1) is None


NAMES = {
    "amd64": ["rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", *(f"r{n}" for n in range(8, 16)), "ra"],
    "i386": ["eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi", "ra"],
}


def shown(row: FrameRules, names: list[str]) -> dict[str, str]:
    """As readelf shows it: the CFA, and each register that was saved."""
    assert row.cfa is not None
    of = names[row.cfa.register]
    found = {"CFA": f"{of}{row.cfa.n:+}" if row.cfa.kind == "register" else "exp"}
    for number, rule in row.registers.items():
        found[names[number]] = (
            f"c{rule.n:+}" if rule.kind == "at" else "exp" if "exp" in rule.kind else rule.kind
        )
    return found


@pytest.mark.parametrize(
    "flags", [("-O0",), ("-O2", "-fomit-frame-pointer"), ("-Os", "-fomit-frame-pointer")]
)
@pytest.mark.parametrize("section", [".debug_frame", ".eh_frame"])
def test_every_row_is_the_one_that_readelf_shows(
    tmp_path: Path, machine: str, flags: tuple[str, ...], section: str
) -> None:
    """Of a tree of calls, with all its forms of frames."""
    if shutil.which("readelf") is None:
        pytest.skip("readelf is not on this host")
    loaded = ("-fasynchronous-unwind-tables",) * (section == ".eh_frame")
    found = obj(tmp_path, machine, "#include <sys/systm.h>\n" + call_tree(2).source, *flags, *loaded)
    code = next(each.address for each in found.image.sections if each.name == ".text")
    command = ["readelf", "--debug-dump=frames-interp", str(tmp_path / "x.o")]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rules, rows, columns = CallFrames(found), 0, list[str]()
    for words in map(str.split, text.partition(section)[2].splitlines()):
        if words[:2] == ["LOC", "CFA"]:
            columns = words[1:]
        elif " FDE " in " ".join(words):
            columns = []
        elif columns and re.fullmatch("[0-9a-f]{8,16}", words[0] if words else ""):
            row = rules.at(code + int(words[0], 16))
            assert row is not None
            expected = {name: each for name, each in zip(columns, words[1:], strict=True) if each != "u"}
            assert shown(row, NAMES[machine]) == expected
            rows += 1
    assert rows > 40


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("08 07 09 fe 22", 5),  # const1u 7, const1s -2, plus
        ("75 08", 0x1008),  # breg5 8
        ("92 05 78", 0xFF8),  # bregx 5 -8
        ("75 00 06", 0x55),  # breg5, deref
        ("75 00 94 01", 0x55),
        ("35 32 1c 31 24", 6),  # (5 - 2) << 1
        ("09 f8 32 26 1f", 2),  # -(-8 >> 2), the sign kept
        ("09 f9 32 1b 1f", 3),  # -(-7 / 2)
        ("37 34 1d 33 1e", 9),  # 7 % 4 * 3
        ("3c 3a 1a 31 21 3f 27", 6),  # (12 & 10 | 1) ^ 15
        ("09 fb 19 20 1f", 6),  # -~5
        ("31 32 33 17", 2),  # rot: 3 1 2
        ("31 32 16 1c", 1),  # swap: 2 - 1
        ("31 32 14 13 12 15 01 22 22", 6),
        ("31 28 01 00 30 37", 7),  # bra over lit0
        ("31 2f 02 00 30 30 23 06", 7),  # skip, plus_uconst
        ("32 33 2d 32 33 2b 24", 1),  # (2 < 3) << (2 > 3)
        ("09 ff 30 2c 33 33 29 22 33 33 2e 22", 2),  # (-1 <= 0) + (3 == 3) + (3 != 3)
        ("09 ff 30 2a", 0),
        ("0a ff ff 96 31 25", 0x7FFF),
    ],
)
@pytest.mark.parametrize("word", WORD.values())
def test_expressions(word: int, code: str, value: int) -> None:
    """Those of DWARF 5, section 2.5, that call frames have."""
    made = Expressions(DWARFStructs(True, 32, word), lambda addr, size: {0x1000: 0x55}[addr])
    assert made.value(bytes.fromhex(code), {5: 0x1000}) == value


@pytest.mark.parametrize(
    "code",
    [
        "2f fd ff",
        "71 00",
        "50",
        "11 01 9f",
        "e0",
        "",
        "22",
        "30 30 1b",
        "30 2f 01 00",
        "30 15 09",
        "08",
        "ff",
    ],
)
def test_an_expression_without_a_value(code: str) -> None:
    """An endless loop, an unknown register, what is no expression of call frames, and damaged ones."""
    made = Expressions(DWARFStructs(True, 32, 8), lambda addr, size: 0)
    with pytest.raises(UnknownValue):
        made.value(bytes.fromhex(code), {})


def crash(machine: str, found: Debugged, stack: bytes, pc: int) -> CrashRecord:
    """A record of a fault in an object, for which the kernel has found two frames and a guess."""
    base = BASE[machine]
    frames = (
        RecordedFrame("a", pc),
        RecordedFrame("b", base + 8, True),
        RecordedFrame("c ?", base + 9, True, True),
    )
    level = RecordedLevel("", {"pc": pc, "sp": STACK[machine], "fp": STACK[machine] + 64})
    packed = b64encode(zlib.compress(stack)).decode()
    lwp = RecordedLwp("x", 1, levels=(level,), sp=STACK[machine], stack=packed)
    module = RecordedModule("x", "x.o", base, found.image.size, 1)
    return CrashRecord("why", machine, frames=frames, modules=(module,), lwps=(lwp,), gate=GATE[machine])


def test_recursion_is_there_once_with_its_number_of_times(tmp_path: Path, machine: str) -> None:
    """By rules as by what the kernel found, of one function and of two that call each other."""
    found = obj(tmp_path, machine, C, "-O2", "-fomit-frame-pointer")
    rules, start, other = CallFrames(found), at(found, "second").start, at(found, "first").start
    stack = words(machine, *(start + 1, other + 1) * 50, GATE[machine])
    record = crash(machine, found, stack, start)
    first, *twice = unwound(record, lambda module: rules)
    assert (first.pc, first.times) == (start, 1)
    assert [(frame.pc, frame.times) for frame in twice] == [(start + 1, 50), (other + 1, 50)]
    many = tuple(frame._replace(times=7) for frame in record.frames[:2])
    lost = record._replace(frames=many, lwps=(record.lwps[0]._replace(stack=""),))
    assert [frame.times for frame in unwound(lost, lambda module: None)] == [7, 7]


def words(machine: str, *values: int) -> bytes:
    return b"".join(value.to_bytes(WORD[machine], "little") for value in values)


def test_a_frame_before_its_prologue(tmp_path: Path, machine: str) -> None:
    """Its return address is on top of the stack; the kernel's frames are not needed."""
    found = obj(tmp_path, machine, C, "-O2", "-fomit-frame-pointer")
    rules, pc = CallFrames(found), at(found, "second").start
    record = crash(machine, found, words(machine, GATE[machine], 7, 7), pc)
    assert unwound(record, lambda module: rules) == (RecordedFrame("a", pc),)


@pytest.mark.parametrize("stack", ["", "?", "AAAA", "eJw="])
def test_a_stack_that_is_not_there(tmp_path: Path, machine: str, stack: str) -> None:
    """The kernel's frames are there all the same, also for code without rules, and without registers."""
    found = obj(tmp_path, machine, C, "-O2", "-fomit-frame-pointer")
    rules, pc = CallFrames(found), at(found, "second").start
    record = crash(machine, found, b"", pc)
    (lwp,) = record.lwps
    without = record._replace(lwps=(lwp._replace(stack=stack),))
    assert unwound(without, lambda module: rules) == record.frames
    assert unwound(without, lambda module: None) == record.frames
    level = RecordedLevel("", {"pc": pc})
    assert (
        unwound(record._replace(lwps=(lwp._replace(levels=(level,)),)), lambda module: rules) == record.frames
    )
    assert unwound(record._replace(lwps=()), lambda module: rules) == record.frames
    assert unwound(record._replace(machine="vax"), lambda module: rules) == record.frames


def test_code_without_rules_between(tmp_path: Path, machine: str) -> None:
    """The kernel's guess leads on to code that has rules, and what follows is a guess, too."""
    found = obj(tmp_path, machine, C, "-O2", "-fomit-frame-pointer")
    rules, second, base = CallFrames(found), at(found, "second").start, BASE[machine]
    record = crash(machine, found, words(machine, 1, 2, second + 1, GATE[machine]), base - 64)
    guess = RecordedFrame("second+0x1 [x] ?", second + 1, True, True)
    record = record._replace(frames=(record.frames[0]._replace(pc=base - 64), guess))
    assert unwound(record, lambda module: rules) == (record.frames[0], guess)


@pytest.mark.parametrize("flags", [(), ("-fasynchronous-unwind-tables",)], ids=[".debug_frame", ".eh_frame"])
@pytest.mark.parametrize("seed", range(40))
def test_damaged_rules(tmp_path: Path, machine: str, flags: tuple[str, ...], seed: int) -> None:
    """An error with the name of the object, or other rules; a record is unwound all the same, to an end."""
    found = obj(tmp_path, machine, C, "-O2", *flags)
    chance = random.Random(seed)
    damaged = spoiled(found, chance, 1 + seed)
    rules = CallFrames(damaged)
    for pc in (*at(found, "first"), *at(found, "second")):
        stack = [chance.choice([STACK[machine] + 4 * n, GATE[machine], pc]) for n in range(200)]
        assert len(unwound(crash(machine, found, words(machine, *stack), pc), lambda module: rules)) < 400
        try:
            rules.at(pc)
            why = ""
        except DebugInfoError as error:
            why = str(error)
        assert not why or why.startswith("x.o: the call frame information is damaged: ")


def spoiled(found: Debugged, chance: random.Random, times: int) -> Debugged:
    """The object with other bytes in its .debug_frame and its .eh_frame."""
    frame, image = bytearray(found.sections.get(".debug_frame", b"")), bytearray(found.image.data)
    loaded = next((each for each in found.image.sections if each.name == ".eh_frame"), None)
    for _ in range(times):
        if frame:
            frame[chance.randrange(len(frame))] = chance.randrange(256)
        if loaded is not None:
            image[loaded.address - found.image.base + chance.randrange(loaded.size)] = chance.randrange(256)
    sections = {**found.sections, ".debug_frame": bytes(frame)}
    return found._replace(sections=sections, image=found.image._replace(data=bytes(image)))
