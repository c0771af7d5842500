"""The compiler's flags and the choice of a compiler."""

from pathlib import Path

import pytest

from lkmtools.cc import MACHINES, CompilerError, compile_flags, find_compiler
from support.compiling import Compile, available


def test_an_object_is_elf_of_the_machine_asked_for(each_cc: Compile, machine: str) -> None:
    """Every compiler makes objects of both machines."""
    data = each_cc("int x;", machine).read_bytes()
    target = MACHINES[machine]
    assert (target.ei_class, target.e_machine) == (data[4], int.from_bytes(data[18:20], "little"))


def test_a_source_is_compiled_once(cc: Compile) -> None:
    """The second compilation of the same text is the first one's file."""
    first = cc("int once;")
    made = first.stat().st_mtime_ns
    assert (first, made) == (cc("int once;"), first.stat().st_mtime_ns)


def test_an_unknown_machine_is_refused_by_name() -> None:
    """The error names the machine and the ones there are."""
    with pytest.raises(CompilerError, match="unknown machine 'vax'; the machines are amd64, i386"):
        find_compiler("vax")


def test_a_compiler_that_does_not_exist_is_named() -> None:
    """--cc with a typo says so."""
    with pytest.raises(CompilerError, match="gccc: no such compiler"):
        find_compiler("amd64", "gccc")


def test_without_any_compiler_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty PATH and no ziglang: the hint names the extra."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CompilerError, match=r"pip install 'lkmtools\[zig\]'"):
        find_compiler("amd64")


def test_a_command_that_makes_no_objects_is_refused(tmp_path: Path) -> None:
    """A program that is not a compiler does not pass the probe."""
    idle = tmp_path / "idle"
    idle.write_text("#!/bin/sh\nexit 0\n")
    idle.chmod(0o755)
    with pytest.raises(CompilerError, match="cannot compile for amd64"):
        find_compiler("amd64", str(idle))


def test_red_zone_is_off_where_there_is_one() -> None:
    """amd64 kernel code must not use the red zone."""
    assert "-mno-red-zone" in compile_flags("gcc", "amd64")
    assert "-mno-red-zone" not in compile_flags("gcc", "i386")


def test_gcc_14_is_told_to_warn_where_it_would_refuse(tmp_path: Path) -> None:
    """What that version made errors was the style of the time; it has one flag for all of it."""
    if not available("amd64", "gcc"):
        pytest.skip("gcc is not here or cannot compile for amd64")
    script = tmp_path / "newer-gcc"
    script.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "cc (Host 12) 14.1.1 20240522" && exit\nexec gcc "$@"\n'
    )
    script.chmod(0o755)
    assert find_compiler("amd64", str(script)).family == "gcc14"
    assert "-fpermissive" in compile_flags("gcc14", "amd64")
