"""The record of a panic, and the lines that readers make of it and of the objects that it names."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from lkmtools.cc import compile_flags, find_compiler
from lkmtools.debug import source_of
from lkmtools.elf import read_object
from lkmtools.elf.checksum import checksum
from lkmtools.evidence.record import (
    CrashRecord,
    RecordedAccess,
    RecordedCall,
    RecordedFrame,
    RecordedLevel,
    RecordedLwp,
    RecordedModule,
    loads,
)

AREA = 0xFFFF_FFFF_8020_0000
SOURCE = "int number(int);\n\nint first(int n)\n{\n\treturn number(n) + 1;\t\x1b[31m\n}\n"
RECORD = CrashRecord(
    "why",
    "amd64",
    "pid 7 (x)",
    "getpid()",
    (RecordedFrame("first+0x4 [x]", AREA + 4), RecordedFrame("printf() [kernel]")),
    (RecordedModule("x", "/nowhere/x.o", AREA, 4096, 1, True),),
    access=RecordedAccess("write", 8, 4, AREA + 4, "90"),
    registers={"pc": AREA + 4},
    notes=("a note",),
    lwps=(RecordedLwp("pid 7 (x)", 1, levels=(RecordedLevel("printf", {"pc": 1}),), sp=4),),
    calls=(RecordedCall("printf()", 1),),
)


def compiled(directory: Path, *flags: str) -> Path:
    """SOURCE as an object, without what no compiler takes."""
    source, out, compiler = directory / "x.c", directory / "x.o", find_compiler("amd64")
    source.write_text(SOURCE.replace("\x1b[31m", ""))
    command = [*compiler.argv, *compile_flags(compiler.family, "amd64"), *flags, "-c", str(source)]
    subprocess.run([*command, "-o", str(out)], check=True)
    return out


def record(path: Path, at: int = 0, times: int = 1) -> str:
    """That of a panic at an offset in the object's code."""
    frame = RecordedFrame("f", AREA + at)
    number = checksum(read_object(path.read_bytes(), "x"))
    module = RecordedModule("x", str(path), AREA, 4096, number)
    return CrashRecord("why", "amd64", "", "", (frame,) * times, (module,)).dumps()


def test_a_record_is_the_same_after_its_journey() -> None:
    assert loads(RECORD.dumps()) == RECORD


def test_no_record_and_one_of_another_version() -> None:
    """They are not errors: an older daemon, or a newer one."""
    assert loads("") is None
    assert loads(json.dumps({"version": 1})) is None
    assert source_of("") == []


def test_the_reason_is_short_however_large_the_record() -> None:
    for damaged in (
        {"reason": [1] * 100000},
        {"frames": [["text"] * 100000]},
        dict.fromkeys("abc", "x" * 100000),
    ):
        with pytest.raises(ValueError, match=r"Crash|Recorded") as info:
            loads(json.dumps({"version": 2, **damaged}))
        assert len(str(info.value)) < 300


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "Expecting property name"),
        ("[]", "a record is an object, not list"),
        ('{"version": 2}', "a CrashRecord has the members reason, machine"),
        ('{"version": 2, "frames": 7}', "CrashRecord: frames is 7"),
        ('{"version": 2, "frames": [7]}', "a RecordedFrame is an object, not 7"),
        (
            '{"version": 2, "frames": [{"text": 1}]}',
            "RecordedFrame: text is 1, which is not of type str",
        ),
        (
            '{"version": 2, "modules": [{"name": "x"}]}',
            "a RecordedModule has the members name, path, area, size, checksum, unloaded, not {'name': 'x'}",
        ),
        ('{"version": 2, "reason": null}', "CrashRecord: reason is None"),
        ('{"version": 2, "colour": 1}', "CrashRecord: colour is 1, which is not of type nothing"),
        ('{"version": 2, "registers": {"pc": "1"}}', "CrashRecord: registers is {'pc': '1'}"),
    ],
)
def test_a_damaged_record_is_an_error_that_says_where(text: str, why: str) -> None:
    """And a line for the user."""
    with pytest.raises(ValueError, match="^" + why.partition("(")[0].replace("[", "\\[")):
        loads(text)
    (line,) = source_of(text)
    assert line.startswith(f"no source: the record of the panic is damaged: {why}")


def test_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are relative to where the user is; what controls a terminal is not printed."""
    path = compiled(tmp_path, "-O2")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.c").write_text(SOURCE)
    lines = source_of(record(path))
    assert lines[:2] == ["source:", "    first() at x.c:4 [x]"]
    assert lines[2].startswith("x.c:4:")
    assert "->     4  {" in lines
    assert any("return number(n) + 1;" in line and "[31m" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_functions_that_are_the_same_are_counted(tmp_path: Path) -> None:
    path = compiled(tmp_path, "-O2")
    assert source_of(record(path, times=9))[1] == f"    first() at {tmp_path}/x.c:4 [x] (9 times)"


def test_a_source_that_cannot_be_read_is_named_all_the_same(tmp_path: Path) -> None:
    path = compiled(tmp_path)
    text = record(path)
    (tmp_path / "x.c").unlink()
    assert source_of(text) == ["source:", f"    first() at {tmp_path}/x.c:4 [x]"]


def test_a_source_that_is_no_file_is_not_read(tmp_path: Path) -> None:
    """A pipe that nobody writes to, for one; it is named."""
    path = compiled(tmp_path)
    (tmp_path / "x.c").unlink()
    os.mkfifo(tmp_path / "x.c")
    lines = source_of(record(path))
    assert len(lines) == 2
    assert "x.c:4" in lines[1]


def test_a_source_is_named_where_the_current_directory_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its whole path."""
    path = compiled(tmp_path)
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert f"{tmp_path}/x.c:4" in source_of(record(path))[1]


def test_an_object_that_has_changed_is_not_believed(tmp_path: Path) -> None:
    """Nor one that is gone, has no debug information, or is no object."""
    path = compiled(tmp_path, "-O2")
    text = record(path)
    compiled(tmp_path, "-O0")
    assert source_of(text) == [f"no source for module x: {path} has changed since it was loaded"]
    compiled(tmp_path, "-O2", "-g0")
    assert source_of(record(path)) == [
        f"no source for module x: {path} has no debug information (lkmcc -g makes it)"
    ]
    path.write_bytes(b"no object")
    assert source_of(text)[0].startswith(f"no source for module x: {path}: ")
    path.unlink()
    assert source_of(text) == [f"no source for module x: {path}: No such file or directory"]


def test_a_module_of_which_nothing_is_known() -> None:
    """Its tool did not say from which object it came."""
    module = RECORD.modules[0]._replace(checksum=0)
    assert source_of(RECORD._replace(modules=(module,)).dumps()) == []
