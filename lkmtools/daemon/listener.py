"""The socket files: created, replaced if their daemon is dead, and removed if they are still ours.

There are two: SOCKET for system calls, SOCKET.ctl for control requests. A socket file without a listener is
what a killed daemon left: connecting to it is refused, and nothing else is. A process that checks and then
replaces it holds the start lock (autostart.py).
"""

from __future__ import annotations

import _socket
import contextlib
import os
import stat

from lkmtools.daemon import address
from lkmtools.daemon.autostart import take_lock
from lkmtools.errors import DaemonError
from lkmtools.wire.accept import BACKLOG, peer

RELEASED = 1.0  # seconds in which a process that has waited for a boot gives up the start lock
LISTEN_FDS_START = 3  # the first descriptor of sd_listen_fds(3)


class Listener:
    """A socket at `path`, of the same mode and owner as the file `like`, otherwise of mode 0600.

    Make it while holding the start lock. It refuses connections until listen(). With `given` it is that
    socket, which somebody else made, listens to, and removes.
    """

    def __init__(self, path: str, given: _socket.socket | None = None, like: str | None = None) -> None:
        self.path = path
        self._inode: tuple[int, int] | None = None
        if given is not None:
            self.socket = given
            return
        _refuse_a_second(path)
        self.socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_NONBLOCK)
        umask = os.umask(0o177)
        try:
            with address.sun_path(path) as name:
                self.socket.bind(name)
            if like is not None:
                _liken(path, like)
        except OSError as error:
            self.socket.close()
            raise DaemonError(f"cannot make the socket {path}: {error.strerror}") from None
        except DaemonError:
            self.socket.close()
            raise
        finally:
            os.umask(umask)
        status = os.lstat(path)
        self._inode = (status.st_ino, status.st_dev)

    def listen(self) -> None:
        """Take connections from now on."""
        if self._inode is not None:
            self.socket.listen(BACKLOG)

    def remove(self) -> None:
        """Remove the socket file, unless another daemon has put its own there."""
        if self._inode is None:
            return
        with contextlib.suppress(FileNotFoundError):
            status = os.lstat(self.path)
            if (status.st_ino, status.st_dev) == self._inode:
                os.unlink(self.path)


class Sockets:
    """Both sockets at `path`; `given` are those that a service manager made. DaemonError."""

    def __init__(self, path: str, given: tuple[_socket.socket | None, _socket.socket | None]) -> None:
        self.path = path
        control = address.control_path(path)
        self.clients = Listener(path, given[0], control if given[1] is not None else None)
        try:
            self.control = Listener(control, given[1], path if given[0] is not None else None)
        except (DaemonError, OSError):
            self.clients.socket.close()
            self.clients.remove()
            raise

    def close(self, locked: bool = False) -> None:
        """Stop listening; remove both files, and the lock file. `locked`: the caller holds the start lock.

        A process that waits for the end of our boot holds it until it has heard of that. One that holds it
        for longer starts another daemon, and replaces the files.
        """
        self.clients.socket.close()
        self.control.socket.close()
        with contextlib.suppress(OSError):  # the directory may be gone, or somebody else may have the lock
            lock = None if locked else take_lock(self.path, seconds=RELEASED)
            self.clients.remove()
            self.control.remove()
            if lock is not None:
                os.unlink(f"{self.path}.lock")
                os.close(lock)


def _liken(path: str, like: str) -> None:
    """Give a file the mode, owner and group of another. OSError."""
    status = os.stat(like)
    if (status.st_uid, status.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(path, status.st_uid, status.st_gid)
    os.chmod(path, stat.S_IMODE(status.st_mode))


def inherited() -> tuple[str, tuple[_socket.socket | None, _socket.socket | None]] | None:
    """SOCKET, and what a service manager listens on for us: for clients, and for control (sd_listen_fds(3)).

    One of them may be missing. None when there is none. DaemonError when it gave others than SOCKET and
    SOCKET.ctl.
    """
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS", "")
    if count not in ("1", "2"):
        raise DaemonError(f"LISTEN_FDS is {count!r}: lkmd serves SOCKET and SOCKET.ctl, and no more")
    made: list[_socket.socket] = []
    try:
        for i in range(int(count)):
            made.append(_adopt(LISTEN_FDS_START + i))
        made.sort(key=lambda sock: len(sock.getsockname()))  # SOCKET comes before SOCKET.ctl
        names = [sock.getsockname() for sock in made]
        if len(made) == 1 and names[0].endswith(address.CONTROL):
            return names[0].removesuffix(address.CONTROL), (None, made[0])
        if names[1:] not in ([], [address.control_path(names[0])]):
            raise DaemonError(f"LISTEN_FDS: {' and '.join(names)}: they must be SOCKET and SOCKET.ctl")
    except DaemonError:
        for sock in made:
            sock.close()
        raise
    return names[0], (made[0], made[1] if made[1:] else None)


def _adopt(fd: int) -> _socket.socket:
    """A descriptor as a listening Unix socket. DaemonError."""
    try:
        sock = _socket.socket(fileno=fd)
    except OSError as error:
        raise DaemonError(f"descriptor {fd} is not a socket: {error.strerror}") from None
    name = sock.getsockname()
    if sock.type != _socket.SOCK_STREAM or not sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_ACCEPTCONN):
        wanted = "socket that listens for streams"
    elif sock.family != _socket.AF_UNIX or not isinstance(name, str) or not name:
        wanted = "Unix socket with a path"
    else:
        wanted = ""
    if wanted:
        sock.close()
        raise DaemonError(f"descriptor {fd} is not a {wanted}")
    sock.setblocking(False)
    os.set_inheritable(fd, False)
    return sock


def _refuse_a_second(path: str) -> None:
    """DaemonError if a daemon listens at `path` or something else is there; a dead socket is removed."""
    if sock := address.open_socket(path):
        pid = peer(sock)[0]
        sock.close()
        raise DaemonError(f"already running as pid {pid} (socket {path})")
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise DaemonError(f"{path}: exists and is not a socket; remove it or name another with --socket")
        try:
            os.unlink(path)
        except PermissionError as error:
            why = f"{error.strerror}; remove it, or name another with --socket"
            raise DaemonError(f"cannot remove the socket {path} of a dead daemon: {why}") from None
