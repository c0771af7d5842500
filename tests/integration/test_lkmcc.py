"""lkmcc as its user meets it: files in, objects out, the compiler's own exit status."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lkmtools.cc import MACHINES
from lkmtools.elf import read_object
from support.compiling import FAMILIES, available
from support.daemons import Daemon

HELLO = "#include <sys/param.h>\nconst char *hello = NAME;\n"


class Lkmcc:
    """`lkmcc(*words, NAME=value)` runs it in the directory `dir`, with these variables of the environment."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.dir = directory
        self.monkeypatch = monkeypatch

    def __call__(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        for name, value in env.items():
            self.monkeypatch.setenv(name, value)
        command = [sys.executable, "-m", "lkmtools.cli.lkmcc", *words]
        return subprocess.run(command, cwd=self.dir, capture_output=True, text=True, check=False)


@pytest.fixture
def lkmcc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lkmcc:
    """Run lkmcc in an empty directory; no kernel runs there, and no environment of the user's speaks."""
    monkeypatch.delenv("LKM_CC", raising=False)
    monkeypatch.delenv("LKM_MACHINE", raising=False)
    monkeypatch.setenv("LKM_SOCKET", str(tmp_path / "no-kernel.sock"))
    return Lkmcc(tmp_path, monkeypatch)


def machine_of(path: Path) -> str:
    """The lkmtools name of an object's machine."""
    number = int.from_bytes(path.read_bytes()[18:20], "little")
    return next(name for name, target in MACHINES.items() if target.e_machine == number)


def write(directory: Path, **files: str) -> None:
    for name, text in files.items():
        (directory / f"{name}.c").write_text(text)


def test_each_source_becomes_an_object_in_the_current_directory(lkmcc: Lkmcc) -> None:
    (lkmcc.dir / "src").mkdir()
    write(lkmcc.dir / "src", a="int a;", b="int b;")
    done = lkmcc("-c", "src/a.c", "src/b.c")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [machine_of(lkmcc.dir / name) for name in ("a.o", "b.o")] == ["amd64", "amd64"]


def test_other_options_reach_the_compiler(lkmcc: Lkmcc) -> None:
    """Clustered letters that are options of lkmcc too (-DFOO has an o, -Werror an r) are left alone."""
    write(lkmcc.dir, hello=HELLO)
    assert lkmcc('-DNAME="hello"', "-Werror", "-include", "sys/errno.h", "hello.c").returncode == 0
    assert b"hello\0" in (lkmcc.dir / "hello.o").read_bytes()


@pytest.mark.parametrize("options", ["-Wextra", "-std=gnu89", "-ansi", "-O0", "-Os -std=gnu11"])
@pytest.mark.parametrize("machine", ["amd64", "i386"])
def test_the_library_is_compiled_with_the_options_of_the_program(
    lkmcc: Lkmcc, machine: str, options: str
) -> None:
    """It is silent, and is C of every age that a compiler knows."""
    write(lkmcc.dir, prog="int main(void) { return 0; }")
    done = lkmcc("--user", "--machine", machine, "-Werror", *options.split(), "prog.c")
    assert (done.returncode, done.stderr) == (0, "")


def test_h_alone_is_help(lkmcc: Lkmcc) -> None:
    """As with every tool; inside another word it is the compiler's."""
    assert lkmcc("-h").stdout == lkmcc("--help").stdout
    assert "Compile loadable kernel modules." in lkmcc("-h").stdout


def test_output_can_be_named(lkmcc: Lkmcc) -> None:
    write(lkmcc.dir, a="int a;")
    assert lkmcc("a.c", "-o", "other.o").returncode == 0
    assert lkmcc("-oglued.o", "a.c").returncode == 0
    assert {"a.c", "other.o", "glued.o"} == {path.name for path in lkmcc.dir.iterdir()}


def test_machine_is_the_running_kernels(lkmcc: Lkmcc, start_daemon: Callable[..., Daemon]) -> None:
    """With neither option nor environment, a module is for the kernel that runs."""
    daemon = start_daemon("--machine", "i386")
    write(lkmcc.dir, a="int a;")
    assert lkmcc("a.c", LKM_SOCKET=daemon.socket).returncode == 0
    assert machine_of(lkmcc.dir / "a.o") == "i386"


def test_machine_is_the_options_then_the_environments(lkmcc: Lkmcc) -> None:
    write(lkmcc.dir, a="int a;")
    assert lkmcc("a.c", LKM_MACHINE="i386").returncode == 0
    assert machine_of(lkmcc.dir / "a.o") == "i386"
    assert lkmcc("--machine", "amd64", "a.c").returncode == 0
    assert machine_of(lkmcc.dir / "a.o") == "amd64"


@pytest.mark.parametrize("family", FAMILIES)
def test_several_sources_become_one_module(lkmcc: Lkmcc, machine: str, family: str) -> None:
    """-r joins objects compiled on the way and objects that are there; nothing else is left behind."""
    if not available(machine, family):
        pytest.skip(f"{family} is not here or cannot compile for {machine}")
    write(
        lkmcc.dir,
        a="int b(void); int a(void) { return b(); }",
        b="int c; int b(void) { return c; }",
        c="int c = 3;",
    )
    env = {"LKM_MACHINE": machine, "LKM_CC": family}
    assert lkmcc("c.c", **env).returncode == 0
    done = lkmcc("-r", "-o", "mod.o", "a.c", "b.c", "c.o", **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert machine == machine_of(lkmcc.dir / "mod.o")
    made = read_object((lkmcc.dir / "mod.o").read_bytes(), "mod.o")
    assert all(made.defines(name) for name in ("a", "b", "c"))
    assert {"a.c", "b.c", "c.c", "c.o", "mod.o"} == {path.name for path in lkmcc.dir.iterdir()}


@pytest.mark.parametrize("option", ["-I", "-isystem"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_tree_of_headers_that_the_user_names_comes_before_ours(
    lkmcc: Lkmcc, family: str, option: str
) -> None:
    """As NetBSD's own would, also for what the compiler brings along; of a program, too."""
    if not all(available(machine, family) for machine in MACHINES):
        pytest.skip(f"{family} is not here or cannot compile for every machine")
    (lkmcc.dir / "tree" / "sys").mkdir(parents=True)
    (lkmcc.dir / "tree" / "sys" / "param.h").write_text("#define TREE 3\n")
    write(
        lkmcc.dir,
        a="#include <sys/param.h>\nchar found[TREE];",
        b="#include <sys/param.h>\nchar other[TREE];",
    )
    assert lkmcc(option, "tree", "a.c", LKM_CC=family).returncode == 0
    assert lkmcc("--user", "-c", option, "tree", "b.c", LKM_CC=family).returncode == 0
    assert lkmcc("a.c", LKM_CC=family).returncode == 1


def test_objects_of_two_dialects_are_not_joined(lkmcc: Lkmcc) -> None:
    """modload would refuse the module in the same words; the objects stay, and there is no module."""
    write(lkmcc.dir, a="#include <sys/param.h>\nint a;", b="#include <sys/param.h>\nint b;")
    assert lkmcc("--api=1.4", "a.c").returncode == 0
    done = lkmcc("-r", "-o", "mod.o", "a.o", "b.c")
    assert done.returncode == 1
    assert done.stderr.startswith("lkmcc: mod.o: joined from objects that were compiled with the headers of")
    assert "2 (dialect 5.2)" in done.stderr
    assert "2 (dialect 1.4)" in done.stderr
    assert {"a.c", "b.c", "a.o"} == {path.name for path in lkmcc.dir.iterdir()}


def test_what_does_not_compile_is_not_joined(lkmcc: Lkmcc) -> None:
    """-r with -E and with -fsyntax-only: what the compiler writes is no object."""
    write(lkmcc.dir, a="int a;")
    done = lkmcc("-r", "-E", "-o", "a.i", "a.c")
    assert (done.returncode, done.stderr) == (0, "")
    assert "int a;" in (lkmcc.dir / "a.i").read_text()
    done = lkmcc("-r", "-fsyntax-only", "-o", "mod.o", "a.c")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("family", FAMILIES)
def test_a_program_can_be_compiled_and_linked_in_two_steps(lkmcc: Lkmcc, machine: str, family: str) -> None:
    """--user -c makes objects, which --user links."""
    if not available(machine, family):
        pytest.skip(f"{family} is not here or cannot compile for {machine}")
    write(
        lkmcc.dir,
        a='#include <stdio.h>\nint b(void); int main(void) { printf("%d", b()); return 0; }',
        b="int b(void) { return 3; }",
    )
    env = {"LKM_MACHINE": machine, "LKM_CC": family}
    done = lkmcc("--user", "-c", "a.c", "b.c", **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert {"a.c", "b.c", "a.o", "b.o"} == {path.name for path in lkmcc.dir.iterdir()}
    assert lkmcc("--user", "-c", "-o", "c.o", "b.c", **env).returncode == 0
    done = lkmcc("--user", "-o", "prog", "a.o", "c.o", **env)
    assert (done.returncode, done.stderr) == (0, "")
    assert machine == machine_of(lkmcc.dir / "prog")


@pytest.mark.parametrize("family", FAMILIES)
def test_syntax_alone_is_checked_by_every_compiler(lkmcc: Lkmcc, family: str) -> None:
    """Status 0 for what is right, 1 with the place for what is not, and no file is made of either."""
    if not available("amd64", family):
        pytest.skip(f"{family} is not here")
    write(lkmcc.dir, good="int a;", bad="int f(void) { return x; }")
    done = lkmcc("-fsyntax-only", "good.c", LKM_CC=family)
    assert (done.returncode, done.stderr) == (0, "")
    done = lkmcc("-fsyntax-only", "bad.c", LKM_CC=family)
    assert (done.returncode, "bad.c:1:" in done.stderr) == (1, True)
    assert {"good.c", "bad.c"} == {path.name for path in lkmcc.dir.iterdir()}


def test_an_error_in_the_source_is_the_compilers_and_so_is_the_status(lkmcc: Lkmcc) -> None:
    write(lkmcc.dir, a="int a = ;")
    done = lkmcc("a.c")
    assert done.returncode == 1
    assert "a.c:1:" in done.stderr
    assert not (lkmcc.dir / "a.o").exists()


def test_verbose_shows_the_command(lkmcc: Lkmcc) -> None:
    write(lkmcc.dir, a="int a;")
    done = lkmcc("-v", "a.c")
    assert done.returncode == 0
    assert "-ffreestanding" in done.stderr
    assert done.stderr.rstrip().endswith("-c a.c -o a.o")


def test_preprocessing_goes_to_standard_output(lkmcc: Lkmcc) -> None:
    write(lkmcc.dir, a="#include <sys/param.h>\nint version = __NetBSD_Version__;")
    done = lkmcc("-E", "-P", "a.c")
    assert done.returncode == 0
    assert "int version = 502000000;" in done.stdout


def test_cflags_is_one_line_with_the_headers_in_it(lkmcc: Lkmcc) -> None:
    done = lkmcc("--cflags")
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    assert "-D_KERNEL" in done.stdout
    assert "-isystem" in done.stdout


def test_linux_is_not_what_a_module_is_compiled_for(lkmcc: Lkmcc) -> None:
    """Sources of many systems ask for __linux__ first."""
    write(
        lkmcc.dir, a="#if defined(__linux__) || defined(linux) || !defined(__NetBSD__)\n#error host\n#endif"
    )
    assert lkmcc("a.c").returncode == 0


REFUSALS = [
    (["a.o"], "a.o: objects are joined only with -r"),
    (["a.c", "-o"], "-o needs a file name"),
    (["-r", "a.c"], "-r needs -o FILE, the module to make"),
    (["-o", "x.o", "a.c", "b.c"], "-o with several sources needs -r, which makes one module of them"),
    (["."], ". is a directory; name the sources in it: ./*.c"),
    (["--user", "-c", "a.c", "b.o"], "b.o: -c links no objects"),
    (["--user", "-c", "-o", "x.o", "a.c", "b.c"], "-o with -c takes one source"),
    (["a.txt"], "a.txt: neither a C source nor an object (the suffixes are .c .i .s .S .o .a)"),
    ([], "no source files; try lkmcc --help"),
    (["--machine", "vax", "a.c"], "unknown machine 'vax'; the machines are amd64, i386"),
    (["--cc", "nocc", "a.c"], "nocc: no such compiler"),
]


@pytest.mark.parametrize(("words", "why"), REFUSALS, ids=[why.split(";")[0] for _, why in REFUSALS])
def test_what_cannot_be_done_is_said(lkmcc: Lkmcc, words: list[str], why: str) -> None:
    done = lkmcc(*words)
    assert (1, f"lkmcc: {why}\n") == (done.returncode, done.stderr)


def test_check_compiler_agrees_with_what_is_found(lkmcc: Lkmcc) -> None:
    """Exit 0 exactly when a compiler that is not zig's serves both machines; an empty PATH has none."""
    hosts = all(any(available(m, name) for name in ("gcc", "clang")) for m in MACHINES)
    assert (0 if hosts else 1) == lkmcc("--check-compiler").returncode
    done = lkmcc("--check-compiler", PATH="")
    assert (done.returncode, done.stderr) == (1, "lkmcc: no host compiler for amd64\n")


def test_without_a_compiler_on_path_zig_serves(lkmcc: Lkmcc) -> None:
    if not available("amd64", "zig"):
        pytest.skip("ziglang is not installed")
    write(lkmcc.dir, a="int a;")
    done = lkmcc("-v", "a.c", PATH="")
    assert done.returncode == 0
    assert "-m ziglang cc" in done.stderr
