"""Start a daemon for a tool that found none: exactly one, however many tools start at once.

A process that starts a daemon holds the start lock (a flock on SOCKET.lock) from before it looks for a
listener until there is one. lkmd inherits the lock with the descriptor, so that a second daemon cannot start
even if the tool is killed meanwhile. lkmd returns when the socket listens, with the error text on its stderr
when it cannot, so that no tool has to poll.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from lkmtools.daemon import address
from lkmtools.errors import DaemonError, host_reason

_LKMD = "lkmtools.cli.lkmd_serve"
_NAP = 0.01  # seconds between two looks at a lock that somebody has


@contextmanager
def start_lock(path: str, inherited: int | None = None) -> Iterator[int]:
    """Hold the right to start a daemon on the socket `path`; the descriptor that holds it.

    `inherited` is the descriptor of the process that started us and holds it for us. DaemonError if the lock
    file cannot be opened.
    """
    if inherited is None:
        try:
            address.make_directory(path)
            fd = take_lock(path)
        except OSError as error:
            raise DaemonError(f"cannot make {path}.lock: {error.strerror}") from None
    else:
        fd = inherited
    try:
        yield fd
    finally:
        os.close(fd)


def take_lock(path: str, seconds: float | None = None) -> int:
    """Make the lock file, and lock it: its descriptor. OSError.

    It is waited for, at most for `seconds`: BlockingIOError when others have it for longer.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            _lock(fd, until)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(fd), os.stat(f"{path}.lock")):
                    return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # who had it before us has removed it


def _lock(fd: int, until: float | None) -> None:
    """Lock a file, when `until` on the monotonic clock is not over. BlockingIOError."""
    while until is not None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
            time.sleep(_NAP)
    fcntl.flock(fd, fcntl.LOCK_EX)


def is_served(path: str) -> bool:
    """Does a daemon listen at `path`, for clients and for control requests?"""
    for name in (path, address.control_path(path)):
        sock = address.open_socket(name)
        if sock is None:
            return False
        sock.close()
    return True


_early: dict[str, Starting] = {}  # by socket: daemons that begin() has started, and nobody has waited for


class Starting:
    """A daemon that starts: `lock` is the descriptor of the start lock. DaemonError if it cannot be run.

    It is started without subprocess: importing that takes longer than all the rest that is done here.
    """

    def __init__(self, path: str, lock: int) -> None:
        command = [sys.executable, "-P", "-m", _LKMD, "--socket", path, "--lock-fd", str(lock)]
        try:
            self._said, writing = os.pipe()
        except OSError as error:
            raise DaemonError(f"cannot start a daemon: {host_reason(error)}") from None
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, writing, 2),
        ]
        os.set_inheritable(lock, True)
        try:
            self._pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
        except OSError as error:
            os.close(self._said)
            raise DaemonError(f"cannot start a daemon: {host_reason(error)}") from None
        finally:
            os.close(writing)

    def wait(self, meanwhile: Callable[[], object] | None) -> list[str]:
        """What went wrong when it booted, a line each; DaemonError if it cannot start."""
        with open(self._said, encoding="utf-8", errors="surrogateescape") as file:
            if meanwhile is not None:
                meanwhile()
            text = file.read()
        status = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        said = [line.removeprefix("lkmd: ") for line in text.strip().splitlines()]
        if status:
            why = said[-1] if said else f"lkmd ended with status {status}"
            raise DaemonError(f"cannot start a daemon: {why}")
        return said


def begin(path: str) -> None:
    """Have a daemon start at `path` where none ever was, for a start() that will certainly follow.

    A tool calls it before it imports what it needs itself. DaemonError.
    """
    if not os.path.exists(path) and (starting := _begin(path)) is not None:
        _early[path] = starting


def _begin(path: str) -> Starting | None:
    """Start a daemon; None when another tool has. lkmd holds the lock from then on."""
    with start_lock(path) as lock:
        return None if is_served(path) else Starting(path, lock)


def start(path: str, meanwhile: Callable[[], object] | None = None) -> list[str]:
    """Have a daemon listen at `path`: ours or another tool's. DaemonError if it cannot start.

    What went wrong when ours booted is returned, a line each. `meanwhile` is called while ours starts.
    """
    starting = _early.pop(path, None) or _begin(path)
    return [] if starting is None else starting.wait(meanwhile)
