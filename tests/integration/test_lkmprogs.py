"""Programs in the manner of those that came with loadable modules: they build unchanged, and do their job."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.compiling import Compile
from support.lab import Lab
from support.programs import Ran, Runner

PROGRAMS = Path(__file__).with_name("lkmprogs")
EXAMPLES = Path(__file__).parents[2] / "examples"
SIGABRT = 6


def run(runner: Runner, program: str, *args: str, stdin: bytes = b"") -> Ran:
    """PROGRAM.c as `lkmcc --user` builds it."""
    image = runner.cc.program((PROGRAMS / f"{program}.c").read_text(), runner.machine).read_bytes()
    return runner.run(image, *args, stdin=stdin)


@pytest.fixture
def device(lab: Lab) -> str:
    """A node of examples/chardev."""
    lab.load(EXAMPLES / "chardev/echo.c", name="echo")
    return lab.node("echo", "/dev/echo")


@pytest.mark.parametrize("path", sorted(PROGRAMS.glob("*.c")), ids=lambda path: path.stem)
def test_each_builds_for_every_compiler(each_cc: Compile, machine: str, path: Path) -> None:
    assert each_cc.program(path.read_text(), machine).exists()


def test_a_call_by_its_number(lab: Lab, lab_runner: Runner) -> None:
    """What the module's call returns, ENOSYS without it, the usage."""
    assert run(lab_runner, "callsys", "210", "42").out == "prog: syscall 210: Function not implemented\n"
    lab.load(EXAMPLES / "newcall/newcall.c", name="newcall")
    ran = run(lab_runner, "callsys", "-v", "210", "0x2a")
    assert (ran.status, ran.out) == (0, "call 210\n3\n")
    ran = run(lab_runner, "callsys", "-x")
    assert (ran.status, ran.out) == (
        1, "prog: unknown option -- x\nusage: prog [-v] number [argument ...]\n",
    )  # fmt: skip


def test_a_device_is_written_and_read(lab_runner: Runner, device: str) -> None:
    ran = run(lab_runner, "echoing", device, "one", "three")
    assert (ran.status, ran.out) == (0, "read 3: one\nread 5: three\n")
    assert run(lab_runner, "echoing", "/dev/none", "x").out == "/dev/none: No such file or directory\n"


def test_modules_are_listed(lab: Lab, lab_runner: Runner, device: str) -> None:
    lab.load(EXAMPLES / "newcall/newcall.c", name="newcall")
    assert run(lab_runner, "lkms").out == "  0 echo       DEV\n  1 newcall    SYSCALL\n"
    assert run(lab_runner, "lkms", "echo").out == "echo: version 2\n"
    assert run(lab_runner, "lkms", "other").status == 69


def test_children_and_signals(one_runner: Runner) -> None:
    ran = run(one_runner, "waiting")
    assert ran.signal == SIGABRT
    assert ran.out == (
        "exit 7, 1\nTerminated, 1\n1 3 0\nalarmed\nwould be: Segmentation fault\n"
    )  # fmt: skip


def test_commands_from_standard_input(one_runner: Runner) -> None:
    text = b"!add 1 0x10\nADD 3 4\nhex ff 10\nwords a  bc\n\nadd x\nnone\nwords end"
    ran = run(one_runner, "commands", stdin=text)
    assert ran.status == 0
    assert sorted(ran.out.splitlines()) == sorted(
        [
            "17",
            "24",
            "255 16 ",
            "<a><bc>",
            "prog: add: two numbers",
            "prog: none: unknown",
            "<end>",
            "prog: 8 lines",
        ]
    )


def test_a_file_system_is_mounted(lab: Lab, lab_runner: Runner) -> None:
    """With the words of -o; one that nobody knows."""
    lab.load(EXAMPLES / "memfs/memfs.c", name="memfs")
    ran = run(lab_runner, "mounting", "-o", "ro,noexec,loud", "memfs", "/mnt")
    assert (ran.status, ran.out) == (
        0, "0x5 0x4\nmemfs on /mnt, 0x5\nprog: /mnt/d: Read-only file system\n",
    )  # fmt: skip
    assert run(lab_runner, "mounting", "-o", "rw,exec", "memfs", "/mnt").out == "0 0\nmemfs on /mnt, 0\n"
    ran = run(lab_runner, "mounting", "-o", "odd", "memfs", "/mnt")
    assert (ran.status, ran.out) == (1, "prog: -o odd: option not supported\n")
    assert "not" in run(lab_runner, "mounting", "nofs", "/mnt").out


def test_limits_and_names(one_runner: Runner) -> None:
    ran = run(one_runner, "limits")
    machine = one_runner.machine
    assert ran.out.splitlines() == [
        "20 20", "prog: setrlimit: Invalid argument", "5.2 4", "0 4", "1",
        "prog: kern.nothing: No such file or directory", f"NetBSD 5.2 {machine} 0", "4096 4096 4096",
    ]  # fmt: skip


def test_clocks_and_dates(one_runner: Runner) -> None:
    ran = run(one_runner, "clocks")
    words = 2
    assert (ran.status, ran.out) == (
        0, f"Fri Feb 13 23:31:30 2009\n2009-02-13 23:31 1000000000\n1\n1 4 {words}\n0 1\n",
    )  # fmt: skip


def test_the_devices_of_a_directory(one_runner: Runner) -> None:
    ran = run(one_runner, "devices")
    assert "crw-r-----  root ? 28, 0 lkm" in ran.out.splitlines()
    assert "crw-rw-rw-  root wheel 2, 2 null" in ran.out.splitlines()
    assert run(one_runner, "devices", "/none").out == "prog: /none: No such file or directory\n"


def test_mapped_memory(lab: Lab, lab_runner: Runner) -> None:
    """A device's page is shared with a child, anonymous memory is not; the console has the message."""
    lab.load(EXAMPLES / "board/board.c", name="board")
    ran = run(lab_runner, "mapping", lab.node("board", "/dev/board"))
    first, said = ran.out.splitlines()
    assert (ran.status, first) == (0, "changed private")
    assert said.startswith("mapping[")
    assert said.endswith("]: /dev/board is mapped: Undefined error: 0")
    assert said in lab.dmesg


def test_a_variable_of_the_kernel_is_patched(lab: Lab, lab_runner: Runner) -> None:
    """By kvm(3), with the underscore of old; a name and an address that are none."""
    lab.load("int knob = 5;\n", name="knobs", symbols=True)
    ran = run(lab_runner, "patch", "knob", "-9")
    first, second, third, last = ran.out.splitlines()
    assert (ran.status, first, second, third) == (0, "1 missing", "5", "hz 100")
    assert last.startswith("kvm_read: ")
    assert run(lab_runner, "patch", "_knob").out.splitlines()[1] == "-9"
    ran = run(lab_runner, "patch", "other")
    assert (ran.status, ran.out) == (1, "2 missing\nprog: other: no such symbol\n")


def test_c_without_prototypes(one_runner: Runner) -> None:
    ran = run(one_runner, "oldstyle", stdin=b"dir/some name\n1 2\n -3 04 5\n")
    assert (ran.status, ran.out) == (4, "name? numbers? 1,2,-3,4 some name 0\n")
