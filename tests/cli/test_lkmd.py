"""lkmd: one daemon a socket, started by hand or by the tools, and how it ends."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import stat
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from lkmtools.daemon.address import control_path
from lkmtools.daemon.autostart import is_served
from support.daemons import Daemon, Place, Run, wait_dead


def test_socket_is_private(daemon: Daemon) -> None:
    """lkmd prints nothing, and its sockets have mode 0600, in whatever directory they lie."""
    assert sorted(os.listdir(daemon.dir)) == ["s", "s.ctl", "s.lock", "s.log"]
    for name in (daemon.socket, control_path(daemon.socket)):
        assert stat.S_IMODE(os.lstat(name).st_mode) == 0o600


def test_second_daemon_on_a_socket_names_the_first(daemon: Daemon) -> None:
    """A second lkmd exits 69 and says the pid of the one that runs."""
    expected = Run(69, "", f"lkmd: already running as pid {daemon.pid} (socket {daemon.socket})\n")
    assert expected == daemon.run("lkmd")


def test_daemon_keeps_no_descriptor_terminal_or_directory(daemon: Daemon) -> None:
    """It is in a session of its own, in /, with nothing on its standard streams but the log."""
    proc = f"/proc/{daemon.pid}"
    assert os.readlink(f"{proc}/cwd") == "/"
    assert [os.readlink(f"{proc}/fd/{fd}") for fd in range(3)] == [
        "/dev/null", "/dev/null", f"{daemon.socket}.log",
    ]  # fmt: skip
    assert os.getsid(daemon.pid) not in (os.getsid(0), daemon.pid)


def test_the_kernel_process_has_what_it_was_handed_and_no_more(daemon: Daemon) -> None:
    """Nothing of the supervisor's but the clients' socket, the channel and the bell; a session of its own."""
    pid = daemon.kernel_pid
    while daemon.status()["connections"] > 0:
        pass  # the fixture's has gone, but that may not have been noticed
    assert os.getsid(pid) == pid
    assert os.getpgid(pid) == pid
    with open(f"/proc/{pid}/stat") as file:
        assert int(file.read().rpartition(") ")[2].split()[1]) == daemon.pid
    opened = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        opened[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}").partition(":")[0]
    assert [opened.pop(fd) for fd in range(3)] == ["/dev/null", "/dev/null", "/memfd"]
    kinds = sorted(kind for kind in opened.values() if kind in ("socket", "pipe", "anon_inode"))
    assert kinds.count("socket") == 2
    shared = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in opened if opened[fd] == "socket"}
    ours = {os.readlink(f"/proc/{daemon.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{daemon.pid}/fd")}
    assert len(shared & ours) == 1  # the clients'
    assert f"{daemon.socket}.log" not in opened.values()
    assert f"{daemon.socket}.lock" not in opened.values()


def test_the_kernel_process_hears_no_signal_of_the_terminal(daemon: Daemon) -> None:
    """Only the supervisor ends it."""
    pid = daemon.kernel_pid
    with daemon.connect() as p:
        for signum in (
            signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGTSTP,
            signal.SIGTTIN, signal.SIGTTOU,
        ):  # fmt: skip
            os.kill(pid, signum)
        assert p.getpid() == p.pid
    assert (daemon.kernel_pid, daemon.status()["panics"]) == (pid, 0)


def test_the_kernel_process_goes_first_when_memory_runs_out_and_leaves_no_core(daemon: Daemon) -> None:
    """Its supervisor stays, to boot the next."""
    scores = [int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in (daemon.pid, daemon.kernel_pid)]
    assert scores[1] == min(1000, scores[0] + 500)
    assert resource.prlimit(daemon.kernel_pid, resource.RLIMIT_CORE)[0] <= 1


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_and_removes_the_socket(daemon: Daemon, signum: int) -> None:
    """SIGTERM and SIGINT are a clean end: no process is left, nor a file but the log, nor a panic in that."""
    watch = os.pidfd_open(daemon.kernel_pid)
    kill(daemon, signum)
    wait_dead(watch)
    os.close(watch)
    assert os.listdir(daemon.dir) == ["s.log"]
    assert daemon.log() == ""


def test_interrupt_in_the_foreground_is_a_clean_end(place: Place) -> None:
    """^C reaches the whole group of the terminal: the kernel process is in none of it."""
    with place.popen("lkmd", "--foreground") as tool:
        assert tool.stderr is not None
        while not tool.stderr.readline().startswith(b"ksyms at "):
            pass
        while not is_served(place.socket):
            pass  # it listens when the kernel has printed all this
        tool.send_signal(signal.SIGINT)
        _, err = tool.communicate()
    assert (tool.returncode, err) == (0, b"")


def test_it_stays_the_process_that_was_started_but_without_click(place: Place) -> None:
    """It executes lkmd_serve, whose imports test_imports.py knows; no signal is left blocked."""
    with place.popen("lkmd", "--foreground", "--ram", "32") as tool:
        while not is_served(place.socket):
            assert tool.poll() is None
        with place.connect() as p:
            pids = (tool.pid, place.status()["kernel"]["pid"])
            assert p.daemon_pid == tool.pid
        words = Path(f"/proc/{tool.pid}/cmdline").read_bytes().split(b"\0")
        assert words[1:-1] == [b"-P", b"-m", b"lkmtools.cli.lkmd_serve", b'{"foreground": true, "ram": 32}']
        for pid in pids:
            assert f"SigBlk:\t{0:016x}\n" in Path(f"/proc/{pid}/status").read_text()
        place.stop()
        assert tool.wait() == 0


def test_a_stopped_supervisor_harms_nobody(daemon: Daemon) -> None:
    """^Z: the kernel serves on; control requests are answered after fg."""
    os.kill(daemon.pid, signal.SIGSTOP)
    with daemon.connect() as p:
        assert p.getpid() == p.pid
        os.kill(daemon.pid, signal.SIGCONT)
        assert p.control("status")["panics"] == 0


def test_sighup_opens_the_log_anew(daemon: Daemon) -> None:
    """After somebody has moved it away."""
    os.rename(f"{daemon.socket}.log", f"{daemon.socket}.old")
    os.kill(daemon.pid, signal.SIGHUP)
    while not os.path.exists(f"{daemon.socket}.log"):
        daemon.status()
    daemon.run("lkmctl", "reboot")
    assert "reboot asked for by host pid " in daemon.log()
    assert Path(f"{daemon.socket}.old").read_text() == ""


def kill(daemon: Daemon, signum: int) -> None:
    """Send a signal to the daemon and wait for its end."""
    watch = os.pidfd_open(daemon.pid)
    os.kill(daemon.pid, signum)
    wait_dead(watch)
    os.close(watch)


def test_killed_daemon_is_replaced(daemon: Daemon) -> None:
    """The socket a killed daemon left behind is no obstacle for the next tool, which starts another."""
    kill(daemon, signal.SIGKILL)
    assert os.path.lexists(daemon.socket)
    assert daemon.run("lkmctl", "status").status == 69
    with daemon.connect(autostart=True) as p:
        assert p.daemon_pid != daemon.pid
        assert p.pid == p.getpid()


def test_socket_of_a_successor_is_left_alone(daemon: Daemon) -> None:
    """A daemon removes the socket file only while it is its own."""
    os.unlink(daemon.socket)
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(daemon.socket)
        kill(daemon, signal.SIGTERM)
        assert os.path.lexists(daemon.socket)


def test_twenty_tools_at_once_start_one_daemon(place: Place) -> None:
    """However many find none, one is started, and all of them use it."""
    with ExitStack() as stack:
        tools = [stack.enter_context(place.popen("lkmctl", "syscall", "getpid")) for _ in range(20)]
        ends = [(*tool.communicate(), tool.returncode) for tool in tools]
    assert [(err, status) for _, err, status in ends] == [(b"", 0)] * 20
    assert len({out for out, _, _ in ends}) == 20
    with place.connect() as p:
        assert p.control("status")["boot"] == 1


def test_failing_start_is_told_to_the_tool(place: Place) -> None:
    """What kept the daemon from starting is the tool's error."""
    Path(place.socket).write_text("mine")
    result = place.run("lkmctl", "syscall", "getpid")
    assert result.status == 69
    assert f"{place.socket}: exists and is not a socket" in place.run("lkmd").err
    assert Path(place.socket).read_text() == "mine"


def test_machine_of_an_autostarted_daemon(place: Place) -> None:
    """LKM_MACHINE says which."""
    result = place.run("lkmctl", "sysctl", "hw.machine", env={"LKM_MACHINE": "i386"})
    assert Run(0, "hw.machine = i386\n", "") == result


@pytest.mark.parametrize("tool", [("modstat",), ("modload", "nothere.o"), ("lkmctl", "ls", "/")])
def test_another_machine_than_that_of_the_kernel_that_runs_is_warned_about(
    daemon: Daemon, tool: tuple[str, ...]
) -> None:
    """LKM_MACHINE only says what kernel to start; the tool does what it does."""
    said = daemon.run(*tool)
    other, same = (daemon.run(*tool, env={"LKM_MACHINE": name}) for name in ("i386", "amd64"))
    warning = f"LKM_MACHINE=i386 is ignored: the running kernel is amd64 ({daemon.socket})"
    assert other == (said.status, said.out, f"{tool[0]}: warning: {warning}\n{said.err}")
    assert same == said


def test_a_boot_does_not_warn_of_the_machine_that_lkmd_was_asked_for(place: Place) -> None:
    """rc.lkm at boot has the daemon's environment, and --machine goes first there."""
    conf = Path(place.dir, "lkm.conf")
    conf.write_text("nothere.o - - - - AFTERMOUNT\n")
    options = ("--machine", "i386", "--lkm-conf", str(conf))
    assert place.run("lkmd", *options, env={"LKM_MACHINE": "amd64"}).status == 0
    dmesg = place.run("lkmctl", "dmesg").out
    assert "nothere.o" in dmesg
    assert "LKM_MACHINE" not in dmesg


def test_path_longer_than_a_socket_address(place: Place) -> None:
    """A socket deep in the tree works; a name too long for any socket says the limit."""
    directory = os.path.join(place.dir, "d" * 120)
    os.mkdir(directory)
    env = {"LKM_SOCKET": os.path.join(directory, "s")}
    assert Run(0, "", "") == place.run("lkmd", env=env)
    assert place.run("lkmctl", "status", env=env).status == 0
    assert Run(0, "", "") == place.run("lkmctl", "stop", env=env)
    result = place.run("lkmd", "--socket", os.path.join(directory, "n" * 100))
    assert result.status == 69
    assert "the socket's name has 100 bytes; the limit is" in result.err


BAD_OPTIONS = {
    "unknown": (["--foregroud"], "--foreground"),
    "machine": (["--machine", "vax"], "'vax' is not one of 'amd64', 'i386'"),
    "ram": (["--ram", "1"], "1 is not in the range 16<=x<=1024"),
    "watchdog": (["--watchdog", "0"], "0.0 is not in the range"),
    "user memory": (["--user-memory", "open"], "'open' is not one of 'guarded', 'direct'"),
}


@pytest.mark.parametrize(("argv", "why"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_bad_option(place: Place, argv: list[str], why: str) -> None:
    """Usage errors exit 2 with what was meant or allowed."""
    result = place.run("lkmd", *argv)
    assert (result.status, result.out) == (2, "")
    assert why in result.err


def test_the_machine_of_the_environment_is_named_by_its_variable(place: Place) -> None:
    """Not by an option that nobody gave; also by a tool that wants to start a daemon."""
    why = "LKM_MACHINE: unknown machine 'vax'; the machines are amd64 and i386"
    for tool in ("lkmd", "modstat"):
        result = place.run(tool, env={"LKM_MACHINE": "vax"})
        assert result.status != 0
        assert why in result.err


def test_options_reach_the_kernel(start_daemon: Callable[..., Daemon]) -> None:
    """--ram and --securelevel."""
    daemon = start_daemon("--ram", "32", "--securelevel", "1", "--machine", "i386")
    with daemon.connect() as p:
        kernel = p.control("status")["kernel"]
        assert (p.machine, p.dm.pointer, p.sysctl("kern.securelevel")) == ("i386", 4, 1)
    assert kernel["memory"]["total"] == 32 << 20


def test_foreground_prints_the_console(place: Place) -> None:
    """lkmd --foreground stays, shows the kernel's messages, and ends with status 0."""
    with place.popen("lkmd", "--foreground") as tool:
        assert tool.stderr is not None
        assert tool.stderr.readline().startswith(b"lkmtools: ")
        assert [tool.stderr.readline() for _ in range(2)] == [b"\n", b"NetBSD 5.2 (LKMTOOLS) #1\n"]
        tool.terminate()
        tool.communicate()
    assert tool.returncode == 0


def default_place(place: Place, **env: str) -> Run:
    """lkmctl status where nothing but `env` says where the socket is."""
    clean = {
        name: value for name, value in place.env.items() if name not in ("LKM_SOCKET", "XDG_RUNTIME_DIR")
    }
    place.env = clean | env
    return place.run("lkmctl", "status")


def test_default_socket_is_in_the_runtime_directory(place: Place) -> None:
    """$XDG_RUNTIME_DIR/lkmd.sock."""
    expected = Run(
        69,
        "",
        f"lkmctl: no lkmd is running (socket {place.dir}/lkmd.sock); lkmd starts one, and so does modload\n",
    )
    assert expected == default_place(place, XDG_RUNTIME_DIR=place.dir)


def test_default_socket_without_a_runtime_directory(place: Place) -> None:
    """/tmp/lkmd-UID/lkmd.sock, whether somebody's daemon runs there or not."""
    result = default_place(place)
    assert f"socket /tmp/lkmd-{os.geteuid()}/lkmd.sock" in result.out + result.err


def test_runtime_directory_others_can_write_is_refused(place: Place) -> None:
    """A socket there may be anybody's."""
    os.chmod(place.dir, 0o777)
    result = default_place(place, XDG_RUNTIME_DIR=place.dir)
    assert result.status == 69
    assert (
        f"{place.dir}: has mode 0777; the limit is 0755: chmod 755 {place.dir}, or name another" in result.err
    )
    assert "LKM_SOCKET" in result.err


def test_log_is_private_and_keeps_panics_out_of_the_terminal(daemon: Daemon) -> None:
    """The log lies beside the socket, readable by its owner only."""
    assert stat.S_IMODE(os.lstat(f"{daemon.socket}.log").st_mode) == 0o600


def test_stop_by_a_tool_with_the_directory_gone(daemon: Daemon) -> None:
    """A daemon whose directory was removed still ends by its signal, and makes nothing there anew."""
    shutil.rmtree(daemon.dir)
    kill(daemon, signal.SIGTERM)  # which asserts that it ends
    assert not os.path.exists(daemon.dir)
    os.mkdir(daemon.dir)


ODD = {
    "--hang=x": "'x' is not a valid number.",
    "--hang=nan": "'nan' is not a valid number.",
    "--hang=0": "0.0 is not in the range 0.1<=x<=3600.",
    "--watchdog=1e400": "inf is not in the range 0.05<=x<=3600.",
    "--watchdog=nan": "'nan' is not a valid number.",
    "--watchdog=1_0": "'1_0' is not a valid number.",
    "--ram=1.5": "'1.5' is not a valid whole number.",
    "--ram=99999999999999999999": "99999999999999999999 is not in the range 16<=x<=1024.",
    "--securelevel=abc": "'abc' is not a valid whole number.",
}


@pytest.mark.parametrize(("option", "why"), ODD.items(), ids=ODD)
def test_a_number_that_cannot_be_is_named_with_its_limits(place: Place, option: str, why: str) -> None:
    run = place.run("lkmd", option)
    name = option.partition("=")[0]
    assert (run.status, run.out) == (2, "")
    assert f"lkmd: Invalid value for '{name}': {why}" in run.err


@pytest.mark.parametrize("number", ["99999999999999999999", "-2147483649", "x", "1.5"])
def test_modstat_i_takes_an_int(daemon: Daemon, number: str) -> None:
    run = daemon.run("modstat", "-i", number)
    assert run.status == 1
    assert "Traceback" not in run.err
    assert "Invalid value for '-i': " in run.err
