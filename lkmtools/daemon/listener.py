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
_UCRED = struct.Struct("iII")  # struct ucred of Linux: pid, uid, gid


class Listener:
    """The socket at `path`, mode 0600. Make it while holding the start lock.

    It refuses connections until listen().
    """

    def __init__(self, path: str) -> None:
        _refuse_a_second(path)
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        umask = os.umask(0o177)
        try:
            with address.sun_path(path) as name:
                self.socket.bind(name)
        except OSError as error:
            self.socket.close()
            raise DaemonError(f"cannot make the socket {path}: {error.strerror}") from None
        except DaemonError:
            self.socket.close()
            raise
        finally:
            os.umask(umask)
        self._inode = os.lstat(path)[1:3]

    def listen(self) -> None:
        """Take connections from now on."""
        self.socket.listen(BACKLOG)

    def accept(self) -> socket.socket | None:
        """The next connection, non-blocking; None when there is none now. OSError EMFILE and the like."""
        try:
            sock, _ = self.socket.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return None
        sock.setblocking(False)
        return sock

    def close(self, locked: bool = False) -> None:
        """Stop listening; remove the socket file, unless another daemon has put its own there.

        `locked`: the caller holds the start lock. Who else holds it replaces the file anyway.
        """
        self.socket.close()
        with contextlib.suppress(OSError):
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                if not locked:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.lstat(self.path)[1:3] == self._inode:
                    os.unlink(self.path)
            finally:
                os.close(lock)


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
