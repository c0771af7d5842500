"""lkmctl against a private daemon: what it prints and how it exits."""

from __future__ import annotations

import json
import os

import pytest

from lkmtools import __version__
from lkmtools.abi.conf import major, minor
from lkmtools.cli.lkmctl import COMMANDS
from lkmtools.proto import VERSION
from support.daemons import Daemon, Place, Run


@pytest.mark.parametrize("command", ["status", "dmesg", "ps", "reboot", "stop"])
def test_no_daemon_is_started_to_be_asked(place: Place, command: str) -> None:
    """These exit 69 and say which socket they looked at."""
    expected = Run(
        69,
        "",
        f"lkmctl: no lkmd is running (socket {place.socket}); lkmd starts one, and so does modload\n",
    )
    assert expected == place.run("lkmctl", command)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_begins_with_an_example_and_fits_a_screen(place: Place, command: str) -> None:
    """Every command shows a call of itself first."""
    result = place.run("lkmctl", command, "--help", env={"COLUMNS": "80"})
    lines = result.out.splitlines()
    assert (result.status, result.err) == (0, "")
    assert lines[4].strip().startswith(("lkmctl", "echo hello | lkmctl"))
    assert len(lines) <= 24


def test_help_lists_every_command(place: Place) -> None:
    """Each of them once, by topic."""
    result = place.run("lkmctl", "--help", env={"COLUMNS": "80"})
    listed = result.out.partition("Commands (")[2].splitlines()[1:]
    names = [name for line in listed for name in line[11:].split()]
    assert sorted(COMMANDS) == sorted(names)


USAGE = {
    "command": (["statsu"], "lkmctl: unknown command: 'statsu'; did you mean 'status'?"),
    "option": (["dmesg", "--folllow"], "lkmctl: No such option '--folllow'. Did you mean '--follow'?"),
    "system call": (
        ["syscall", "getpdi"],
        "no system call is called 'getpdi'; did you mean 'getpid'?",
    ),
    "variable": (["sysctl", "kern.securelvel"], "did you mean 'kern.securelevel'?"),
    "major": (
        ["mknod", "/dev/x", "c", "x", "0"],
        "lkmctl: major 'x' is neither a number nor a character driver; "
        "the drivers are cons, mem, lkm and ksyms",
    ),
    "driver": (["mknod", "/dev/x", "c", "ksmys", "0"], "a character driver; did you mean 'ksyms'?"),
    "major of 13 bits": (
        ["mknod", "/dev/x", "c", "99999999999", "0"],
        "lkmctl: major 99999999999 is out of range; the limits are 0 and 4095",
    ),
    "negative major": (["mknod", "/dev/x", "c", "--", "-1", "0"], "major -1 is out of range"),
    "minor of 21 bits": (
        ["mknod", "/dev/x", "b", "1", "0x100000"],
        "lkmctl: minor 0x100000 is out of range; the limits are 0 and 1048575",
    ),
    "minor": (["mknod", "/dev/x", "c", "1", "y"], "lkmctl: 'y' is not a minor; write 10, 0x1f or 017"),
    "variable of text": (
        ["sysctl", "kern.securelevel=abc"],
        "lkmctl: 'abc' is not a number, as kern.securelevel must be; write 10, 0x1f or 017",
    ),
    "variable of a fraction": (["sysctl", "hw.ncpu=1.5"], "'1.5' is not a number, as hw.ncpu must be"),
    "number of Python's": (["sysctl", "kern.securelevel=1_0"], "'1_0' is not a number"),
    "binary number": (["ioctl", "/dev/lkm", "0b1"], "'0b1' is not a command"),
    "call beyond an int": (["syscall", "4294967316"], "system call 4294967316 is out of range"),
    "argument of 65 bits": (
        ["syscall", "20", "0x10000000000000012"],
        "argument 0x10000000000000012 is out of range; the limits are -",
    ),
    "command of 33 bits": (
        ["ioctl", "/dev/lkm", "0x140046501"],
        "command 0x140046501 is out of range; the limits are -",
    ),
    "mode of Python's": (["chmod", "7_7_7", "/dev/null"], "'7_7_7' is not an octal mode"),
    "address of nothing": (["addr2sym", ""], "'' is not an address"),
    "variable of nothing": (
        ["sysctl", "kern.securelevel="],
        "'' is not a number, as kern.securelevel must be",
    ),
    "variable out of range": (
        ["sysctl", "kern.securelevel=99999999999"],
        "kern.securelevel=99999999999 is out of range; the limits are -2147483648 and 2147483647",
    ),
    "mode": (["chmod", "9", "/dev/x"], "lkmctl: '9' is not an octal mode"),
}


@pytest.mark.parametrize(("argv", "why"), USAGE.values(), ids=USAGE)
def test_usage_error_suggests(daemon: Daemon, argv: list[str], why: str) -> None:
    """A mistyped word is answered with the near one or the way to write it; status 2."""
    result = daemon.run("lkmctl", *argv)
    assert (result.status, result.out) == (2, "")
    assert why in result.err


def test_status_for_programs(daemon: Daemon) -> None:
    """Versioned JSON."""
    answer = json.loads(daemon.run("lkmctl", "status", "--json").out)
    assert answer["kernel"]["pid"] not in (daemon.pid, os.getpid())
    assert (answer["held"], answer["halted"], answer["log_lost"]) == (None, None, 0)
    assert (answer["lkmtools"], answer["protocol"]) == (__version__, VERSION)
    assert (1, daemon.pid, "running", 1, None) == tuple(
        answer[name] for name in ("version", "pid", "state", "boot", "last_panic")
    )


def test_status_for_people(daemon: Daemon) -> None:
    """A line a fact."""
    lines = daemon.run("lkmctl", "status").out.splitlines()
    assert f"daemon       pid {daemon.pid}, 0 connections, socket {daemon.socket}" == lines[0]
    assert lines[1] == f"kernel       amd64, boot 1, running, pid {daemon.kernel_pid}"


def test_dmesg_shows_the_boot(daemon: Daemon) -> None:
    """The message buffer, as text and as JSON: copyright, version, memory, machine, devices."""
    mark, *lines = daemon.run("lkmctl", "dmesg").out.splitlines()
    assert mark.startswith("--- boot 1, ")
    assert lines[0].startswith("lkmtools: a simulated kernel")
    assert lines[2:] == [
        "NetBSD 5.2 (LKMTOOLS) #1",
        "total memory = 128 MB",
        lines[4],
        "mainbus0 (root): amd64",
        "cpu0 at mainbus0: emulated, 64-bit, little-endian",
        "cons at mainbus0 major 0: console",
        "mem at mainbus0 major 2: kmem, mem, null, zero",
        "lkm at mainbus0 major 28: lkm",
        "ksyms at mainbus0 major 85: ksyms",
    ]
    answer = json.loads(daemon.run("lkmctl", "dmesg", "--json").out)
    assert (answer["version"], answer["lines"]) == (1, lines)


def test_dmesg_follows_over_a_reboot(daemon: Daemon) -> None:
    """dmesg -f prints what comes, and ends with 130 when it is interrupted."""
    with daemon.popen("lkmctl", "dmesg", "-f") as tool:
        assert tool.stdout is not None
        while not tool.stdout.readline().startswith(b"ksyms at "):
            pass
        daemon.run("lkmctl", "tee", "/dev/console", stdin=b"hello\n")
        assert tool.stdout.readline() == b"hello\n"
        tool.send_signal(2)
        _, err = tool.communicate()
    assert (tool.returncode, err) == (130, b"\n")


def test_ps_shows_this_process(daemon: Daemon) -> None:
    """Name and host pid of every process."""
    with daemon.popen("lkmctl", "ps", "--json") as tool:
        out, _ = tool.communicate()
    processes = json.loads(out)["processes"]
    assert ("lkmctl", tool.pid) == (processes[-1]["comm"], processes[-1]["host_pid"])
    assert daemon.run("lkmctl", "ps").out.split()[:6] == ["PID", "UID", "HOST", "STATE", "WCHAN", "EMUL"]


def test_reboot_keeps_the_daemon(daemon: Daemon) -> None:
    """A new kernel, the same pid; waiting processes are told."""
    with daemon.connect() as p:
        assert Run(0, "", "") == daemon.run("lkmctl", "reboot")
        with pytest.raises(Exception, match="rebooted"):
            p.getpid()
    with daemon.connect() as p:
        assert (2, daemon.pid) == (p.boot, p.daemon_pid)
    assert daemon.run("lkmctl", "reboot", "--force") == Run(0, "", "")
    assert (daemon.status()["boot"], daemon.status()["panics"]) == (3, 0)


def test_stop_returns_when_the_daemon_is_gone(daemon: Daemon) -> None:
    """Afterwards there is no socket, and the next start finds nothing in its way."""
    assert Run(0, "", "") == daemon.run("lkmctl", "stop")
    assert sorted(os.listdir(daemon.dir)) == ["s.log"]
    assert Run(0, "", "") == daemon.run("lkmd")


def test_sysctl_reads_and_sets(daemon: Daemon) -> None:
    """Names and values, old and new."""
    assert Run(0, "kern.securelevel = 0\n", "") == daemon.run("lkmctl", "sysctl", "kern.securelevel")
    assert Run(0, "kern.securelevel: 0 -> 1\n", "") == daemon.run("lkmctl", "sysctl", "kern.securelevel=1")
    answer = json.loads(daemon.run("lkmctl", "sysctl", "--json", "kern.securelevel", "kern.ostype").out)
    assert answer == {"version": 1, "values": {"kern.securelevel": 1, "kern.ostype": "NetBSD"}}
    result = daemon.run("lkmctl", "sysctl", "kern.securelevel=0")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("lkmctl: kern.securelevel: Operation not permitted\n")


def test_sysctl_without_operand_prints_all(daemon: Daemon) -> None:
    """Everything the kernel has."""
    result = daemon.run("lkmctl", "sysctl")
    assert (result.status, result.err) == (0, "")
    assert "hw.machine = amd64" in result.out.splitlines()


def test_syscall_prints_the_result(daemon: Daemon) -> None:
    """By name and by number."""
    by_name = daemon.run("lkmctl", "syscall", "getpid")
    by_number = daemon.run("lkmctl", "syscall", "20")
    assert (by_name.status, by_number.status, by_name.err, by_number.err) == (0, 0, "", "")
    assert int(by_name.out.split()[0]) < int(by_number.out.split()[0])


def test_syscall_passes_strings_by_address(daemon: Daemon) -> None:
    """open(2) of a path, and of a path that looks like a number."""
    assert Run(0, "0\n", "") == daemon.run("lkmctl", "syscall", "open", "/dev/null", "0", "0")
    result = daemon.run("lkmctl", "syscall", "open", '"5"', "0x0")
    assert (result.status, result.out) == (1, "")
    assert result.err.splitlines()[0] == "lkmctl: open: ENOENT: No such file or directory"


def test_syscall_that_does_not_exist(daemon: Daemon) -> None:
    """An errno is status 1 and its text; negative arguments are no options."""
    result = daemon.run("lkmctl", "syscall", "210", "-1")
    assert (result.status, result.out) == (1, "")
    assert result.err.splitlines()[0] == "lkmctl: 210: ENOSYS: Function not implemented"


def test_syscall_prints_what_a_buffer_got(daemon: Daemon) -> None:
    """--out names a buffer for '@': st_mode of struct stat is at offset 4."""
    result = daemon.run("lkmctl", "syscall", "--out", "136", "--hex", "stat30", "/dev/null", "@")
    first, second = result.out.splitlines()
    assert (result.status, result.err, first) == (0, "", "0")
    assert second.split()[4:8] == ["b6", "21", "00", "00"]


def test_files_and_devices(daemon: Daemon) -> None:
    """mknod, ls, chmod, tee, cat and rm on a device and on a file."""
    steps = [
        (["mknod", "/dev/nil", "c", "2", "2"], Run(0, "", "")),
        (["chmod", "640", "/dev/nil"], Run(0, "", "")),
        (["ls", "/dev/nil"], Run(0, "crw-r-----     0     0       2, 2 /dev/nil\n", "")),
        (["tee", "/dev/nil"], Run(0, "gone\n", "")),
        (["cat", "/dev/nil"], Run(0, "", "")),
        (["rm", "/dev/nil"], Run(0, "", "")),
    ]
    for argv, expected in steps:
        assert expected == daemon.run("lkmctl", *argv, stdin=b"gone\n")
    result = daemon.run("lkmctl", "rm", "/dev/nil")
    assert (result.status, result.out) == (1, "")
    assert result.err.splitlines()[0] == "lkmctl: /dev/nil: No such file or directory"


def test_cat_stops_after_the_bytes_asked_for(daemon: Daemon) -> None:
    """An endless device ends with -n."""
    assert Run(0, "\0" * 5, "") == daemon.run("lkmctl", "cat", "-n", "5", "/dev/zero")


def test_ioctl_of_a_device_without_any(daemon: Daemon) -> None:
    """The device's errno is status 1."""
    result = daemon.run("lkmctl", "ioctl", "/dev/zero", "0xc0046602", "5")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("lkmctl: /dev/zero: ")


def test_ioctl_argument_too_large(daemon: Daemon) -> None:
    """The command says how many bytes there are."""
    result = daemon.run("lkmctl", "ioctl", "/dev/null", "0xc0046602", "0x100000000")
    assert result.status == 2
    assert "0x100000000 does not fit the 4 bytes the command takes" in result.err


def test_socket_option_before_and_after_the_command(daemon: Daemon) -> None:
    """Both places work, and win over LKM_SOCKET."""
    env = {"LKM_SOCKET": "/nowhere/s"}
    for argv in (["--socket", daemon.socket, "ps"], ["ps", "--socket", daemon.socket]):
        assert daemon.run("lkmctl", *argv, env=env).status == 0


def test_reader_of_the_output_that_goes_away_is_no_error_text(daemon: Daemon) -> None:
    """lkmctl ... | head."""
    with daemon.popen("lkmctl", "cat", "/dev/zero") as tool:
        assert tool.stdout is not None
        tool.stdout.read(1)
        tool.stdout.close()
        tool.wait()
        assert tool.stderr is not None
        assert tool.stderr.read() == b""


def test_completion_script_comes_from_click(place: Place) -> None:
    """One line installs it."""
    result = place.run("lkmctl", env={"_LKMCTL_COMPLETE": "bash_source"})
    assert (result.status, result.err) == (0, "")
    assert "_lkmctl_completion" in result.out


@pytest.mark.parametrize(("kind", "name", "number"), [("c", "ksyms", (85, 3)), ("c", "lkm", (28, 3))])
def test_mknod_takes_the_name_of_a_driver(
    daemon: Daemon, kind: str, name: str, number: tuple[int, int]
) -> None:
    assert Run(0, "", "") == daemon.run("lkmctl", "mknod", "/dev/byname", kind, name, "3")
    with daemon.connect() as p:
        device = p.stat("/dev/byname").st_rdev
    assert (major(device), minor(device)) == number


def test_the_python_interface_refuses_what_a_variable_cannot_be(daemon: Daemon) -> None:
    """And stores nothing: four bytes of text would be a number."""
    with daemon.connect() as p:
        for new in ("abc", 1 << 31, -(1 << 31) - 1):
            with pytest.raises(ValueError, match=r"^sysctl kern\.securelevel: "):
                p.sysctl("kern.securelevel", new)
        assert p.sysctl("kern.securelevel") == 0
