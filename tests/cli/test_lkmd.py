"""lkmd: one daemon a socket, started by hand or by the tools, and how it ends."""

from __future__ import annotations

import os
import signal
import stat

from daemonfix import Daemon, Place, Run, wait_dead


def test_prints_nothing_and_its_socket_is_private(daemon: Daemon) -> None:
    """The socket has mode 0600, in whatever directory it lies."""
    assert stat.S_IMODE(os.lstat(daemon.socket).st_mode) == 0o600


def test_second_daemon_on_a_socket_names_the_first(daemon: Daemon) -> None:
    """A second lkmd exits 69 and says the pid of the one that runs."""
    expected = Run(69, "", f"lkmd: already running as pid {daemon.pid} (socket {daemon.socket})\n")
    assert daemon.run("lkmd") == expected


def test_sigterm_ends_it_and_removes_the_socket(daemon: Daemon) -> None:
    """SIGTERM is a clean end."""
    watch = os.pidfd_open(daemon.pid)
    os.kill(daemon.pid, signal.SIGTERM)
    wait_dead(watch)
    os.close(watch)
    assert not os.path.lexists(daemon.socket)
