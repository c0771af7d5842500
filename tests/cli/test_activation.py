"""Socket activation: lkmd serves a socket that a service manager listens on (sd_listen_fds(3))."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemonfix import PATIENCE, Place, installed, installed_files

# What a service manager does between fork and exec: the socket is descriptor 3, and the pid is known.
MANAGER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=sys.argv[2])
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture
def listening(place: Place) -> Iterator[socket.socket]:
    """A socket of the manager's, at the place's path."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(place.socket)
        sock.listen()
        yield sock


def activate(place: Place, sock: socket.socket, count: str = "1") -> subprocess.Popen[bytes]:
    """Start lkmd as a service manager does."""
    fd = sock.fileno()
    command = [sys.executable, "-c", MANAGER, str(fd), count, installed("lkmd")]
    return subprocess.Popen(command, env=place.env, pass_fds=[fd], stderr=subprocess.PIPE)


def test_a_tool_that_connects_before_the_daemon_runs_is_served(
    place: Place, listening: socket.socket
) -> None:
    """The connection waits in the manager's socket; the daemon stays in the foreground."""
    with place.popen("lkmctl", "status") as tool, activate(place, listening) as daemon:
        out, err = tool.communicate(timeout=PATIENCE)
        assert (tool.returncode, err) == (0, b"")
        assert f"daemon       pid {daemon.pid}," in out.decode()
        place.stop()
        assert daemon.wait(PATIENCE) == 0


def test_the_socket_stays_when_the_daemon_ends_and_the_next_one_serves_it(
    place: Place, listening: socket.socket
) -> None:
    """It is the manager's to remove."""
    for _ in range(2):
        with activate(place, listening) as daemon:
            place.stop()
            assert daemon.wait(PATIENCE) == 0
        assert os.path.exists(place.socket)


@pytest.mark.parametrize(
    ("kind", "count", "why"),
    [
        ("stream", "2", "LISTEN_FDS is '2': lkmd serves one socket"),
        ("deaf", "1", "descriptor 3 is not a socket that listens for streams"),
        ("inet", "1", "descriptor 3 is not a Unix socket with a path"),
    ],
)
def test_what_cannot_be_served_is_refused(place: Place, kind: str, count: str, why: str) -> None:
    family = socket.AF_INET if kind == "inet" else socket.AF_UNIX
    with socket.socket(family) as sock:
        if kind != "deaf":
            sock.bind(("127.0.0.1", 0) if kind == "inet" else place.socket)
            sock.listen()
        with activate(place, sock, count) as daemon:
            _, err = daemon.communicate(timeout=PATIENCE)
    assert (daemon.returncode, err.decode()) == (69, f"lkmd: {why}\n")


def test_the_units_name_the_default_socket_and_an_option_that_exists(place: Place) -> None:
    """Both are installed where the user's service manager looks below a prefix."""
    units = {Path(name).name: path for name, path in installed_files().items() if "systemd" in name}
    assert sorted(units) == ["lkmd.service", "lkmd.socket"]
    assert all("share/systemd/user" in str(path) for path in units.values())
    assert "ListenStream=%t/lkmd.sock\n" in units["lkmd.socket"].read_text()
    (start,) = re.findall(r"^ExecStart=/usr/bin/env lkmd (.*)$", units["lkmd.service"].read_text(), re.M)
    assert start in place.run("lkmd", "--help").out
