"""The pytest plugin, as the tests of a module author meet it: real pytest runs of small projects."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from lkmtools.cc import CompilerError, find_compiler

EXAMPLES = Path(__file__).parents[2] / "examples"
SOURCES = ("hello/hello.c", "newcall/newcall.c", "chardev/echo.c", "crash/nullcall.c", "board/board.c")
PROGRAM = """
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char line[8];
	int n = read(0, line, sizeof(line));
	printf("%d %s %.*s\\n", (int)sizeof(long), argv[1], n, line);
	return 7;
}
"""


class Project:
    """A directory with module sources and tests in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for source in SOURCES:
            shutil.copy(EXAMPLES / source, directory)
        (directory / "prog.c").write_text(PROGRAM)

    def pytest(self, test: str, *options: str, ini: str = "") -> tuple[int, str]:
        """Run pytest on the test file `test`: exit status and output."""
        (self.directory / "test_it.py").write_text(test)
        (self.directory / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        env = {name: value for name, value in os.environ.items() if not name.startswith(("LKM_", "PYTEST_"))}
        done = subprocess.run(
            command, cwd=self.directory, env=env, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        return done.returncode, done.stdout


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project; skipped where no compiler serves both machines or the installation is too old."""
    if not entry_points(group="pytest11", name="lkmtools"):
        pytest.skip("the installed lkmtools has no pytest plugin: pip install --editable . again")
    try:
        for machine in ("amd64", "i386"):
            find_compiler(machine)
    except CompilerError as error:
        pytest.skip(str(error))
    return Project(tmp_path)


EVERYTHING = """
import pytest
from lkmtools.abi.errno import EBUSY, ENOTTY
from lkmtools.abi.ioccom import _IO, _IOR
from lkmtools.errors import KernelError

def test_misc(lkm_kernel):
    hello = lkm_kernel.load("hello.c")
    assert [m.name for m in lkm_kernel.modules()] == ["hello"]
    hello.unload()
    assert lkm_kernel.dmesg().endswith("goodbye, kernel\\n")

def test_syscall(lkm_kernel):
    newcall = lkm_kernel.load("newcall.c")
    text = lkm_kernel.buffer(40)
    assert newcall.syscall(42, text, 40) == 3
    assert text.data.rstrip(b"\\0") == b"101010"
    assert lkm_kernel.syscall(newcall.offset, 7, 0, 0) == 3

def test_device(lkm_kernel):
    echo = lkm_kernel.load(lkm_kernel.build("echo.c", "-DUNUSED"))
    with lkm_kernel.open(echo.node()) as device:
        assert device.write(b"hello") == 5
        device.seek(0)
        assert device.read(3) == b"hel"
        assert device.ioctl_int(_IOR("e", 1, 4)) == 5
        assert device.ioctl(_IO("e", 2)) == b""
        with pytest.raises(KernelError) as info:
            device.ioctl(_IO("e", 3))
        assert info.value.errno == ENOTTY
        with pytest.raises(KernelError) as info:
            echo.unload()
        assert info.value.errno == EBUSY
    lkm_kernel.sleep(0.001)
    echo.unload()

def test_mapping(lkm_kernel):
    board = lkm_kernel.load("board.c")
    with lkm_kernel.open(board.node()) as device:
        with device.map(10) as page:
            device.write(b"posted")
            assert bytes(page[:7]) == b"posted\\0"
            page[0] = ord("P")
            assert device.read() == b"Posted"
        with pytest.raises(ZeroDivisionError), device.map(4096, prot=1) as page:
            assert page.readonly
            1 / 0
    board.unload()

def test_program(lkm_kernel):
    ran = lkm_kernel.run("prog.c", "argument", stdin=b"line")
    assert ran == (7, 0, f"{4 if lkm_kernel.machine == 'i386' else 8} argument line\\n", "")

def test_nothing_is_left_of_another_test_or_boot(lkm_kernel):
    assert lkm_kernel.modules() == []
    lkm_kernel.load("hello.c")
    lkm_kernel.reboot()
    assert lkm_kernel.modules() == []
"""


@pytest.mark.parametrize("where", ["local", "daemon"])
def test_modules_devices_calls_and_programs_on_both_machines(project: Project, where: str) -> None:
    """Everything the fixture offers, with the kernel in the process and in a daemon, under xdist."""
    options = ["--lkm-daemon"] if where == "daemon" else []
    status, out = project.pytest(EVERYTHING, "-n", "2", "--lkm-machine=all", *options)
    assert status == 0, out
    assert "12 passed" in out


def test_a_panic_is_an_exception_with_the_backtrace_in_the_report(project: Project) -> None:
    """The report shows the test's own line, why the kernel panicked and where, and the console."""
    test = 'def test_crash(lkm_kernel):\n    lkm_kernel.load("nullcall.c")\n'
    status, out = project.pytest(test)
    assert status == 1
    report = out.split("test_crash", 1)[1]
    assert '>       lkm_kernel.load("nullcall.c")\nE       lkmtools.errors.PanicError: ' in report
    assert "NULL pointer" in report
    assert "E       backtrace:\n" in report
    assert "E           nullcall_lkmentry+0x" in report
    assert "Console of the amd64 kernel" in report
    assert "lkmtools/local.py" not in report


def test_a_panic_can_be_expected_and_the_kernel_is_up_again(project: Project) -> None:
    """pytest.raises(PanicError) has reason and report; the next call is of a new process."""
    status, out = project.pytest(
        """
import pytest
from lkmtools.errors import PanicError

@pytest.mark.parametrize("again", [1, 2])
def test_crash(lkm_kernel, again, tmp_path):
    with pytest.raises(PanicError, match="NULL") as info:
        lkm_kernel.load("nullcall.c")
    assert "nullcall_lkmentry+0x" in info.value.report
    assert lkm_kernel.load("hello.c").id == 0
    while not (tmp_path / "lkm-crashes" / "1" / "core").exists():
        lkm_kernel.sleep(0.01)
"""
    )
    assert (status, "2 passed" in out) == (0, True), out


def test_an_error_of_the_compiler_is_shown_in_its_own_words(project: Project) -> None:
    (project.directory / "broken.c").write_text("int f(void) { return undeclared_thing; }\n")
    status, out = project.pytest('def test_it(lkm_kernel):\n    lkm_kernel.load("broken.c")\n')
    assert status == 1
    assert "CompilerError" in out
    assert "undeclared_thing" in out


def test_marker_and_configuration_say_how_the_kernel_is_booted(project: Project) -> None:
    """The nearest marker goes first; a daemon's kernel is reached by tools through tool_env."""
    status, out = project.pytest(
        """
import subprocess, sys
from pathlib import Path
import pytest
from lkmtools.errors import KernelError

pytestmark = pytest.mark.lkm_kernel(securelevel=1, machine="amd64")

@pytest.mark.lkm_kernel(machine="i386")
def test_marked(lkm_kernel):
    assert lkm_kernel.process.machine == lkm_kernel.machine == "i386"
    with pytest.raises(KernelError, match="securelevel is 1"):
        lkm_kernel.unload(0)

@pytest.mark.lkm_kernel(machine=["i386", "amd64"])
def test_both(lkm_kernel, lkm_machine):
    assert lkm_kernel.process.machine == lkm_machine

@pytest.mark.lkm_kernel(daemon=True, securelevel=0)
def test_tools(lkm_kernel):
    lkm_kernel.load("hello.c")
    command = [Path(sys.executable).with_name("modstat"), "--json"]
    done = subprocess.run(command, env=lkm_kernel.tool_env, capture_output=True, text=True, check=True)
    assert '"hello"' in done.stdout

def test_local(lkm_kernel):
    with pytest.raises(ValueError, match="tools cannot reach this kernel"):
        lkm_kernel.tool_env
""",
        ini="lkm_machine = i386 amd64",
    )
    assert (status, "5 passed" in out) == (0, True), out


@pytest.mark.parametrize(
    ("options", "ini", "said"),
    [
        (["--lkm-machine=vax"], "", "invalid choice"),
        ([], "lkm_machine = vax", "lkm_machine: unknown machine 'vax'; the machines are amd64, i386"),
    ],
)
def test_a_machine_that_does_not_exist_is_refused(
    tmp_path: Path, options: list[str], ini: str, said: str
) -> None:
    """Before any test runs."""
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stderr) == (4, True), done.stderr


def test_a_module_that_does_not_compile_is_its_own_test_s_failure(project: Project) -> None:
    """The next ones compile, in directories of their own."""
    (project.directory / "bad.c").write_text("int bad(void) { return undeclared; }")
    status, out = project.pytest("""
import pytest
def test_bad(lkm_kernel):
    lkm_kernel.load("bad.c")
def test_good(lkm_kernel):
    lkm_kernel.load("hello.c")
def test_bad_again(lkm_kernel):
    lkm_kernel.load("bad.c")
def test_another(lkm_kernel):
    lkm_kernel.load("newcall.c")
""")
    assert (status, out.splitlines()[-1].partition(" in ")[0]) == (1, "2 failed, 2 passed")
    assert "FileExistsError" not in out
    assert out.count("'undeclared' undeclared") + out.count("\u2018undeclared\u2019 undeclared") >= 2


def test_with_an_older_pytest_only_who_wants_a_kernel_hears_of_it(project: Project) -> None:
    """As pytest 6 is: without StashKey."""
    (project.directory / "test_it.py").write_text(
        "def test_plain(): pass\ndef test_kernel(lkm_kernel): pass\n"
    )
    code = "import pytest, sys; del pytest.StashKey; sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider']))"
    env = {name: value for name, value in os.environ.items() if not name.startswith(("LKM_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project.directory,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("1 passed, 1 error")
    assert (
        f"lkm_kernel needs pytest 7.0 or later; this is {pytest.__version__}: pip install -U pytest" in lines
    )
