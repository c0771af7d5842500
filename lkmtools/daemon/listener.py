"""The socket file: made by us, replaced when its daemon is dead, removed when it is still ours.

A socket file without a listener is what a killed daemon left: connecting to it is refused, and nothing
else is. Whoever looks and then replaces it holds the start lock (autostart.py).
"""

from __future__ import annotations

import _socket
import contextlib
import fcntl
import os
import socket
import stat
import struct

from lkmtools.daemon import address
from lkmtools.errors import DaemonError

BACKLOG = 512
LISTEN_FDS_START = 3  # the first descriptor of sd_listen_fds(3)
_UCRED = struct.Struct("iII")  # struct ucred of Linux: pid, uid, gid


class Listener:
    """The socket at `path`, mode 0600. Make it while holding the start lock.

    It refuses connections until listen(). With `given` it is that socket, which somebody else made, listens
    to, and removes.
    """

    def __init__(self, path: str, given: socket.socket | None = None) -> None:
        self.path = path
        self._inode: tuple[int, int] | None = None
        if given is not None:
            self.socket, self._spare = given, _nothing()
            return
        _refuse_a_second(path)
        self._spare = _nothing()  # for turn_away()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        umask = os.umask(0o177)
        try:
            with address.sun_path(path) as name:
                self.socket.bind(name)
        except OSError as error:
            self._close()
            raise DaemonError(f"cannot make the socket {path}: {error.strerror}") from None
        except DaemonError:
            self._close()
            raise
        finally:
            os.umask(umask)
        status = os.lstat(path)
        self._inode = (status.st_ino, status.st_dev)

    def listen(self) -> None:
        """Take connections from now on."""
        if self._inode is not None:
            self.socket.listen(BACKLOG)

    def accept(self) -> socket.socket | None:
        """The next connection, non-blocking; None when there is none now. OSError EMFILE and the like."""
        try:
            sock, _ = self.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return None
        sock.setblocking(False)
        return sock

    def turn_away(self) -> None:
        """There is no descriptor for the next connection: give up the spare one to close it."""
        os.close(self._spare)
        try:
            if sock := self.accept():
                sock.close()
        finally:
            self._spare = _nothing()

    def _close(self) -> None:
        self.socket.close()
        os.close(self._spare)

    def close(self, locked: bool = False) -> None:
        """Stop listening; remove the socket file, unless another daemon has put its own there.

        `locked`: the caller holds the start lock. Who else holds it replaces the file anyway.
        """
        self._close()
        if self._inode is None:
            return
        with contextlib.suppress(OSError):
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                if not locked:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                status = os.lstat(self.path)
                if (status.st_ino, status.st_dev) == self._inode:
                    os.unlink(self.path)
            finally:
                os.close(lock)


def _nothing() -> int:
    """A descriptor that is good for nothing."""
    return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)


def inherited() -> socket.socket | None:
    """The socket that a service manager listens on for us (sd_listen_fds(3)); None when there is none.

    DaemonError when it gave several, or something else than a listening Unix socket with a path.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS", "")
    if count != "1":
        raise DaemonError(f"LISTEN_FDS is {count!r}: lkmd serves one socket")
    sock = socket.socket(fileno=LISTEN_FDS_START)
    name = sock.getsockname()
    listens = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if sock.type != socket.SOCK_STREAM or not listens:
        wanted = "socket that listens for streams"
    elif sock.family != socket.AF_UNIX or not isinstance(name, str) or not name:
        wanted = "Unix socket with a path"
    else:
        wanted = ""
    if wanted:
        sock.close()
        raise DaemonError(f"descriptor {LISTEN_FDS_START} is not a {wanted}")
    sock.setblocking(False)
    sock.set_inheritable(False)
    return sock


def _refuse_a_second(path: str) -> None:
    """DaemonError if a daemon listens at `path` or something else lies there; a dead socket is removed."""
    if sock := address.open_socket(path):
        pid = peer(sock)[0]
        sock.close()
        raise DaemonError(f"already running as pid {pid} (socket {path})")
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise DaemonError(f"{path}: exists and is not a socket; remove it or name another with --socket")
        os.unlink(path)


def peer(sock: _socket.socket) -> tuple[int, int, int]:
    """(pid, uid, gid) of the process at the other end: SO_PEERCRED of unix(7)."""
    raw = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    pid, uid, gid = _UCRED.unpack(raw)
    return pid, uid, gid
