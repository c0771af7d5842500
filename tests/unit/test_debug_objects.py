"""Where the debug information of a stripped module is looked for, and what is said when it is not whole."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from lkmtools.debug import source_of
from unit.test_debug_report import compiled, record


def run(*command: str | Path) -> None:
    """A program of the host's; skips where it does not have it."""
    if shutil.which(str(command[0])) is None:
        pytest.skip(f"{command[0]} is not on this host")
    subprocess.run(list(map(str, command)), check=True)


def stripped(directory: Path) -> Path:
    """An object without its debug information, which is kept in whole/."""
    path, whole = compiled(directory, "-O2"), directory / "whole"
    whole.mkdir()
    shutil.copy(path, whole)
    run("strip", "-g", path)
    return path


def test_a_stripped_object_is_looked_for_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each directory of LKM_DEBUG_PATH, or of those that are given instead."""
    path = stripped(tmp_path)
    text, first = record(path), f"    first() at {tmp_path}/x.c:4 [x]"
    why = f"no source for module x: {path} has no debug information (lkmcc -g makes it)"
    assert source_of(text) == [why]
    assert source_of(text, [str(tmp_path / "nowhere"), str(tmp_path / "whole")])[1] == first
    monkeypatch.setenv("LKM_DEBUG_PATH", f":/nowhere:{tmp_path / 'whole'}")
    assert source_of(text)[1] == first
    assert source_of(text, ["/nowhere"]) == [why]
    path.unlink()
    assert source_of(text)[1] == first


def test_another_build_is_not_believed(tmp_path: Path) -> None:
    """However it is called."""
    path = stripped(tmp_path)
    text = record(path)
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(compiled(other, "-O0"), tmp_path / "whole")
    assert source_of(text, [str(tmp_path / "whole")]) == [
        f"no source for module x: {path} has no debug information (lkmcc -g makes it)"
    ]


def test_only_a_regular_file_of_a_sensible_size_is_read(tmp_path: Path) -> None:
    """What the path names may have changed since the module was loaded: an open of a FIFO would wait."""
    path = compiled(tmp_path, "-O2")
    text = record(path)
    path.unlink()
    os.mkfifo(path)
    assert source_of(text) == [f"no source for module x: {path}: not a regular file"]
    path.unlink()
    path.touch()
    os.truncate(path, 1 + (64 << 20))
    assert source_of(text) == [
        f"no source for module x: {path} has 67108865 bytes; objects of up to 67108864 are read"
    ]


def test_debug_information_that_was_moved_away_is_named(tmp_path: Path) -> None:
    """By .gnu_debuglink."""
    path = compiled(tmp_path, "-O2")
    run("objcopy", "--only-keep-debug", path, tmp_path / "x.debug")
    run("strip", "-g", path)
    subprocess.run(["objcopy", "--add-gnu-debuglink=x.debug", "x.o"], cwd=tmp_path, check=True)
    assert source_of(record(path)) == [
        f"no source for module x: {path} has no debug information (it was moved to x.debug; LKM_DEBUG_PATH "
        "names directories of whole objects)"
    ]


@pytest.mark.parametrize("version", ["4", "5"])
def test_an_object_of_gsplit_dwarf_has_lines_and_no_functions(tmp_path: Path, version: str) -> None:
    """What is missing is one line."""
    path = compiled(tmp_path, "-O2", "-gsplit-dwarf", f"-gdwarf-{version}")
    lines = source_of(record(path))
    assert lines[1] == f"    ?() at {tmp_path}/x.c:4 [x]"
    assert lines[-1].startswith(
        f"no source for module x: {path} is of -gsplit-dwarf: types and functions are in "
    )
    assert lines[-1].endswith("x.dwo, which is not read")
