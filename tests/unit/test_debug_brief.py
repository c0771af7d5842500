"""The lines of a panic on a terminal: at most twelve, with the culprit's line of the source as the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.debug.brief import MOST, brief
from lkmtools.debug.disassemble import instruction_text
from lkmtools.evidence.record import CrashRecord, RecordedAccess, RecordedFrame, RecordedModule
from unit.test_debug_report import AREA, compiled, record

MANY = tuple(RecordedFrame(f"f{number}+0x1 [x]") for number in range(20))


def texts(found: CrashRecord | None, report: str = "panic: why\n") -> list[str]:
    """What modload prints of a panic with this record."""
    return [line.text for line in brief("modload", "why", report, found.dumps() if found else "")]


def test_the_source_line_is_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the line that says whose panic it was."""
    path = compiled(tmp_path, "-O2")
    monkeypatch.chdir(tmp_path)
    lines = [line.text for line in brief("modload", "why", "panic: why\n", record(path, times=9))]
    assert lines == [
        "panic: why",
        "machine amd64, boot 0, no process",
        "    first() at x.c:4 [x] (9 times)",
        "modload: the kernel panicked: first() at x.c:4 [x]",
        "       2",
        "       3  int first(int n)",
        "->     4  {",
    ]


def test_a_long_backtrace_is_cut() -> None:
    """The innermost frames stay; the last line says where it was, here without a source."""
    found = CrashRecord(
        "why", "amd64", "pid 7 (x)", "getpid()", MANY, notes=("lock is held", "not in the record: x")
    )
    lines = texts(found)
    assert len(lines) == MOST
    assert lines[:4] == [
        "panic: why", "machine amd64, boot 0, pid 7 (x) in getpid()", "lock is held", "    f0+0x1 [x]",
    ]  # fmt: skip
    assert lines[-2:] == ["    ... 13 more (lkmctl crash)", "modload: the kernel panicked in getpid()"]


def test_without_debug_information_there_are_symbols(tmp_path: Path) -> None:
    """And why there is no source."""
    path = compiled(tmp_path, "-O2", "-g0")
    lines = [line.text for line in brief("modload", "why", "panic: why\n", record(path))]
    assert lines[-3:] == [
        "    f",
        f"no source for module x: {path} has no debug information (lkmcc -g makes it)",
        "modload: the kernel panicked: f",
    ]


def test_a_report_without_a_record() -> None:
    """Its first lines."""
    assert texts(None) == ["panic: why", "modload: the kernel panicked: why"]
    lines = texts(None, "panic: why\n" + "line\n" * 30)
    assert len(lines) == MOST
    assert lines[-2:] == ["    ... 21 more lines (lkmctl dmesg)", "modload: the kernel panicked: why"]


@pytest.mark.parametrize("bits", [32, 64])
def test_without_a_disassembler_there_are_the_bytes(monkeypatch: pytest.MonkeyPatch, bits: int) -> None:
    """And the registers of the operand in memory."""
    monkeypatch.setitem(__import__("sys").modules, "capstone", None)
    registers = {"rax": 16, "rcx": 1, "eax": 16, "ecx": 1}
    name = {32: "e", 64: "r"}[bits]
    code = bytes.fromhex("c744881000000000")
    assert instruction_text(code + b"\x90", 0x1000, bits, registers) == (
        f"code c7 44 88 10 00 00 00 00   {name}ax=0x10 {name}cx=0x1"
    )
    assert instruction_text(b"", 0, bits, {}) == ""


def test_an_instruction_as_objdump_writes_it() -> None:
    """With the registers that it reads."""
    pytest.importorskip("capstone")
    code = bytes.fromhex("c7401001000000")
    assert instruction_text(code, 0, 64, {"rax": 0}) == "movl $0x1,0x10(%rax)   rax=0x0"
    assert instruction_text(code, 0, 32, {"eax": 0}) == "movl $0x1,0x10(%eax)   eax=0x0"
    assert (
        instruction_text(bytes.fromhex("4889d8"), 0, 64, {"rax": 7, "rbx": 1}) == "movq %rbx,%rax   rbx=0x1"
    )


def test_the_instruction_of_a_record() -> None:
    """It is shown where no object is known, too."""
    access = RecordedAccess("write", 16, 4, AREA, "c7401001000000")
    module = RecordedModule("x", "", AREA, 4096, 0)
    found = CrashRecord("why", "amd64", modules=(module,), access=access, registers={"rax": 0})
    assert any("rax=0x0" in line for line in texts(found))


def test_a_report_of_another_version_is_no_panic() -> None:
    """Its text says what it is."""
    assert texts(None, "report: hang: x\n") == ["report: hang: x", "modload: the kernel goes on: why"]
