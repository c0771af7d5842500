"""The C library of lkmcc --user: programs of userlib/ do inside what they do with the host's library."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from lkmtools.cc.flags import RUNTIME
from support.compiling import FAMILIES, available
from support.programs import Ran, Runner

PROGRAMS = Path(__file__).with_name("userlib")


def natively(program: str, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Ran:
    """Compile userlib/PROGRAM.c with the host's own library and run it; skipped without one."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("the host has no C compiler with a library")
    with tempfile.TemporaryDirectory() as work:
        path = f"{work}/prog"
        options = ["-std=gnu99", "-D_GNU_SOURCE", "-w", "-o", path]
        built = subprocess.run([compiler, *options, str(PROGRAMS / f"{program}.c")], check=False)
        if built.returncode:
            pytest.skip("the host's C compiler makes no programs of its own")
        with tempfile.TemporaryFile() as taken:
            words = ["prog", *args]
            done = subprocess.run(
                words, executable=path, input=stdin, stdout=taken, stderr=taken, env=env, check=False
            )
            taken.seek(0)
            text = taken.read().decode("utf-8", "backslashreplace")
    return Ran(done.returncode, 0, text, "")


def inside(one_runner: Runner, program: str, *args: str, stdin: bytes = b"") -> Ran:
    """The same program in the kernel; that it compiles without a warning is part of it."""
    source = (PROGRAMS / f"{program}.c").read_text()
    image = one_runner.cc.program(
        source, one_runner.machine, flags=("-Werror", "-Wno-format-security")
    ).read_bytes()
    return one_runner.run(image, *args, stdin=stdin)


@pytest.mark.parametrize(
    "program", ["formats", "floating", "numbers", "reals", "strings", "integers", "dates", "more"]
)
def test_values_are_those_of_the_hosts_library(one_runner: Runner, program: str) -> None:
    """Line by line."""
    host, ran = natively(program), inside(one_runner, program)
    for ours, theirs in zip(ran.out.splitlines(), host.out.splitlines(), strict=False):
        assert ours == theirs
    assert ran == host


def test_values_are_scanned_as_the_hosts_library_does(one_runner: Runner) -> None:
    """sscanf() of everything, scanf() of lines until one does not match."""
    lines = b"one 1\n two\t2\nthree x\n"
    host, ran = natively("scanning", stdin=lines), inside(one_runner, "scanning", stdin=lines)
    for ours, theirs in zip(ran.out.splitlines(), host.out.splitlines(), strict=False):
        assert ours == theirs
    assert ran == host


def test_streams_read_write_and_seek(one_runner: Runner, tmp_path: Path) -> None:
    """Standard input in every way, files in every mode, errors."""
    text = b"short\na line\nxyzabcdefghijkl" + bytes(range(256)) * 20
    host = natively("streams", str(tmp_path), stdin=text)
    p = one_runner.lk.process("mount")
    p.mkdir("/tmp/streams")
    assert inside(one_runner, "streams", "/tmp/streams", stdin=text) == host
    assert p.listdir("/tmp/streams") == []
    p.rmdir("/tmp/streams")


@pytest.mark.parametrize(
    "words",
    [
        "ab:c",
        "ab:c -a -b x -c y -a",
        "ab:c -abx -ca -b",
        "ab:c -a -- -c x",
        "ab:c -a - -c",
        "ab:c -acbx y",
        "ab:c -d -a:",
        ":ab:c -b",
        ":ab:c -d -ab",
        "a -a x -a",
        "ab: -b -- -a",
    ],
)
def test_getopt_takes_the_words_as_posix_says(one_runner: Runner, words: str) -> None:
    """Letters, arguments, and where it stops."""
    host = natively("options", *words.split(), env={"POSIXLY_CORRECT": "1"})
    assert inside(one_runner, "options", *words.split()) == host


@pytest.mark.parametrize("how", ["err", "errx", "verr", "verrx", "nothing", "warnings"])
def test_messages_and_the_end_of_a_program(one_runner: Runner, how: str) -> None:
    """err(3): the program's name, the message, the reason; the exit status, and what was printed before."""
    host, ran = natively("messages", how), inside(one_runner, "messages", how)
    assert (ran.status, sorted(ran.out.splitlines())) == (host.status, sorted(host.out.splitlines()))


def test_directories_are_read_sought_and_scanned(one_runner: Runner, tmp_path: Path) -> None:
    """In the root file system, and in one of the host."""
    host = natively("directories", str(tmp_path / "native"))
    assert inside(one_runner, "directories", "/tmp/d") == host
    p = one_runner.lk.process("mount")
    p.mount("hostfs", "/mnt", one_runner.lk.share(str(tmp_path), writable=True))
    assert inside(one_runner, "directories", "/mnt/d") == host
    p.unmount("/mnt")
    assert os.listdir(tmp_path) == []


# -- programs and headers ---------------------------------------------------------------------------------

OWN = """
#include <stdio.h>
#include <stdlib.h>
int err, optind;
char *index;
int warn(int a) { return a + 1; }
void errx(void) { puts("mine"); }
size_t strlcpy(int n) { return (size_t)n * 2; }
int isdigit(int c) { return c == 'x' ? 7 : 0; }
static int getopt(void) { return 5; }
int dirfd(int a) { return a; }
int longjmp(int a) { return a + 1; }
int main(void)
{
	err = 3;
	errx();
	printf("%d %d %d %d ", err, optind, index == 0, warn(1));
	printf("%d %d %d ", (int)strlcpy(4), isdigit('x'), getopt());
	printf("%d %d\\n", dirfd(3), longjmp(3));
	return (int)strtol("12", NULL, 0);
}
"""


@pytest.mark.parametrize("command", FAMILIES)
def test_a_program_may_have_functions_and_variables_by_these_names(one_runner: Runner, command: str) -> None:
    """As where the library is an archive; with every compiler."""
    if not available(one_runner.machine, command):
        pytest.skip(f"{command} is not here or cannot compile for every machine")
    image = one_runner.cc.using(command).program(OWN, one_runner.machine).read_bytes()
    assert one_runner.run(image) == (12, 0, "mine\n3 0 1 2 8 7 5 3 4\n", "")


def test_a_program_of_the_time(one_runner: Runner) -> None:
    """Without declarations: a number is asked for, and the call of that number made."""
    image = one_runner.cc.program(
        """
        #include <stdio.h>
        main()
        {
            char buf[80];
            int err = 0;

            printf("Which call? ");
            if (fgets(buf, sizeof(buf), stdin) == NULL) {
                printf("none\\n");
                exit(1);
            }
            if (err = syscall(atoi(buf), -1, 0, 0))
                perror("syscall");
            exit(err);
        }
        """,
        one_runner.machine,
    ).read_bytes()
    assert one_runner.run(image, stdin=b"") == (1, 0, "Which call? none\n", "")
    assert one_runner.run(image, stdin=b"6\n") == (255, 0, "Which call? syscall: Bad file descriptor\n", "")


def headers() -> list[str]:
    """Every header of the library."""
    top = Path(RUNTIME, "include")
    return sorted(str(path.relative_to(top)) for path in top.glob("**/*.h"))


@pytest.mark.parametrize("header", headers())
def test_each_header_stands_alone_and_may_come_twice(one_runner: Runner, header: str) -> None:
    """Nothing has to be included before it, and nothing it declares is in the way the second time."""
    text = f"#include <{header}>\n#include <{header}>\nint main(void) {{ return 0; }}\n"
    assert one_runner.cc.program(text, one_runner.machine, flags=("-Werror", "-Wextra")).exists()


def test_the_manual_names_every_header(one_runner: Runner) -> None:
    """lkmcc(1) has the list."""
    page = (Path(__file__).parents[2] / "man/lkmcc.1").read_text()
    listed = set(re.findall(r"In ([a-z/]+\.h)", page[page.index(".Sh THE C LIBRARY") :]))
    assert listed == set(headers())
