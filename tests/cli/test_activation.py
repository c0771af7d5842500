"""Socket activation: lkmd serves sockets that a service manager listens on (sd_listen_fds(3))."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from lkmtools.daemon.address import control_path
from support.daemons import PATIENCE, Place, installed, installed_files

# What a service manager does between fork and exec: the sockets are descriptors from 3 on, the pid is known.
MANAGER = """
import fcntl, os, sys
files = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[1].split(",")]
for i, fd in enumerate(files):
    os.dup2(fd, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""


def listen(path: str) -> socket.socket:
    """A socket of the manager's."""
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    sock.listen()
    return sock


@pytest.fixture(params=["SOCKET alone", "both", "SOCKET.ctl first"])
def listening(place: Place, request: pytest.FixtureRequest) -> Iterator[list[socket.socket]]:
    """The manager's sockets: one at the place's path, perhaps one beside it."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(listen(place.socket))]
        if request.param != "SOCKET alone":
            sockets.append(stack.enter_context(listen(control_path(place.socket))))
        yield sockets if request.param == "both" else sockets[::-1]


def activate(
    place: Place, sockets: Sequence[socket.socket], count: str | None = None
) -> subprocess.Popen[bytes]:
    """Start lkmd as a service manager does."""
    files = [sock.fileno() for sock in sockets]
    numbers = ",".join(map(str, files))
    command = [sys.executable, "-c", MANAGER, numbers, count or str(len(files)), installed("lkmd")]
    return subprocess.Popen(command, env=place.env, pass_fds=files, stderr=subprocess.PIPE)


def test_a_tool_that_connects_before_the_daemon_runs_is_served(
    place: Place, listening: list[socket.socket]
) -> None:
    """The connection waits in the manager's socket; the daemon stays in the foreground."""
    with place.popen("modstat") as tool, activate(place, listening) as daemon:
        _, err = tool.communicate(timeout=PATIENCE)
        slow = rb"modstat: waiting for the kernel.*\n"  # a busy host takes more than a second to boot
        assert (tool.returncode, re.sub(slow, b"", err)) == (0, b"")
        assert place.status()["pid"] == daemon.pid
        place.stop()
        assert daemon.wait(PATIENCE) == 0


def test_who_asks_the_supervisor_before_it_runs_waits_in_its_socket(place: Place) -> None:
    """When that is the manager's, too."""
    with (
        listen(place.socket) as clients,
        listen(control_path(place.socket)) as control,
        place.popen("lkmctl", "status") as tool,
        activate(place, [clients, control]) as daemon,
    ):
        out, err = tool.communicate(timeout=PATIENCE)
        assert (tool.returncode, err) == (0, b"")
        assert f"daemon       pid {daemon.pid}," in out.decode()
        place.stop()
        assert daemon.wait(PATIENCE) == 0


def test_the_sockets_stay_when_the_daemon_ends_and_the_next_one_serves_them(
    place: Place, listening: list[socket.socket]
) -> None:
    """They are the manager's to remove; what the daemon has made itself is gone."""
    for _ in range(2):
        with activate(place, listening) as daemon:
            with place.connect() as p:
                assert p.pid == p.getpid()
            place.stop()
            assert daemon.wait(PATIENCE) == 0
        assert len(os.listdir(place.dir)) == len(listening)


def test_socket_ctl_alone_is_the_one_for_control_requests(place: Place) -> None:
    """The daemon makes SOCKET itself, as open as the other."""
    with listen(control_path(place.socket)) as control:
        os.chmod(control_path(place.socket), 0o660)
        for _ in range(2):
            with activate(place, [control]) as daemon:
                assert place.status()["socket"] == place.socket
                assert os.stat(place.socket).st_mode == os.stat(control_path(place.socket)).st_mode
                with place.connect() as p:
                    assert p.pid == p.getpid()
                place.stop()
                assert daemon.wait(PATIENCE) == 0
            assert os.listdir(place.dir) == ["s.ctl"]


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_a_control_socket_of_ours_is_as_open_as_the_manager_s(place: Place, mode: int) -> None:
    """Mode, owner and group are those of SOCKET."""
    with listen(place.socket) as clients:
        os.chmod(place.socket, mode)
        if os.geteuid() == 0:
            os.chown(place.socket, 65534, 65533)
        with activate(place, [clients]) as daemon:
            place.connect().exit()
            wanted, made = os.stat(place.socket), os.stat(control_path(place.socket))
            assert (made.st_mode, made.st_uid, made.st_gid) == (wanted.st_mode, wanted.st_uid, wanted.st_gid)
            place.stop()
            assert daemon.wait(PATIENCE) == 0


def test_the_kernel_process_has_the_clients_socket_only(place: Place) -> None:
    """Two descriptors of the manager's come; the one for control requests is the supervisor's."""
    with (
        listen(place.socket) as clients,
        listen(control_path(place.socket)) as control,
        activate(place, [clients, control]) as daemon,
    ):
        place.connect().exit()
        kernel = place.status()["kernel"]["pid"]
        for sock, holders in ((clients, {daemon.pid, kernel}), (control, {daemon.pid})):
            name = os.readlink(f"/proc/self/fd/{sock.fileno()}")
            assert holders == {pid for pid in (daemon.pid, kernel) if name in opened(pid)}
        place.stop()
        assert daemon.wait(PATIENCE) == 0


def opened(pid: int) -> list[str]:
    """What the descriptors of a process are."""
    names = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # closed meanwhile
            names.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return names


@pytest.mark.parametrize(
    ("kind", "count", "why"),
    [
        ("stream", "3", "LISTEN_FDS is '3': lkmd serves SOCKET and SOCKET.ctl, and no more"),
        ("stream", "0", "LISTEN_FDS is '0': lkmd serves SOCKET and SOCKET.ctl, and no more"),
        ("stream", "many", "LISTEN_FDS is 'many': lkmd serves SOCKET and SOCKET.ctl, and no more"),
        ("deaf", "1", "descriptor 3 is not a socket that listens for streams"),
        ("inet", "1", "descriptor 3 is not a Unix socket with a path"),
        ("file", "2", "descriptor 4 is not a socket: Socket operation on non-socket"),
    ],
)
def test_what_cannot_be_served_is_refused(place: Place, kind: str, count: str, why: str) -> None:
    family = socket.AF_INET if kind == "inet" else socket.AF_UNIX
    with socket.socket(family) as sock, open(os.devnull) as null:
        if kind != "deaf":
            sock.bind(("127.0.0.1", 0) if kind == "inet" else place.socket)
            sock.listen()
        files: list[Any] = [sock, null] if kind == "file" else [sock]
        with activate(place, files, count) as daemon:
            _, err = daemon.communicate(timeout=PATIENCE)
    assert (daemon.returncode, err.decode()) == (69, f"lkmd: {why}\n")


def test_two_sockets_that_do_not_belong_together_are_refused(place: Place) -> None:
    """The second one's name is that of the first and .ctl."""
    with (
        listen(place.socket) as clients,
        listen(f"{place.socket}.other") as other,
        activate(place, [clients, other]) as daemon,
    ):
        _, err = daemon.communicate(timeout=PATIENCE)
    names = f"{place.socket} and {place.socket}.other"
    expected = f"lkmd: LISTEN_FDS: {names}: they must be SOCKET and SOCKET.ctl\n"
    assert (daemon.returncode, err.decode()) == (69, expected)


def test_the_units_name_the_default_socket_and_an_option_that_exists(place: Place) -> None:
    """Both are installed where the user's service manager looks below a prefix."""
    units = {Path(name).name: path for name, path in installed_files().items() if "systemd" in name}
    assert sorted(units) == ["lkmd.service", "lkmd.socket"]
    assert all("share/systemd/user" in str(path) for path in units.values())
    listens = re.findall(r"^ListenStream=(.*)$", units["lkmd.socket"].read_text(), re.M)
    assert listens == ["%t/lkmd.sock", "%t/lkmd.sock.ctl"]
    assert "OOMPolicy=continue\n" in units["lkmd.service"].read_text()
    (start,) = re.findall(r"^ExecStart=/usr/bin/env lkmd (.*)$", units["lkmd.service"].read_text(), re.M)
    assert start in place.run("lkmd", "--help").out
