"""Where the daemon's socket is, and how to reach a path longer than a socket address.

In this order: the path given (--socket), LKM_SOCKET, $XDG_RUNTIME_DIR/lkmd.sock, /tmp/lkmd-UID/lkmd.sock. The
directory of the last two must belong to the user and be writable by no other.
"""

from __future__ import annotations

import _socket
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ECONNREFUSED, ENOENT, ENOTDIR

from lkmtools.errors import DaemonError

CONTROL = ".ctl"  # behind the name of the clients' socket: where control requests go
SUN_PATH_MAX = 107  # bytes in sockaddr_un.sun_path of Linux, without the NUL


def socket_path(given: str | None = None) -> str:
    """The absolute path of the socket. DaemonError if the default directory is not to be trusted."""
    path = given or os.environ.get("LKM_SOCKET")
    if path:
        return os.path.abspath(path)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.path.isdir(runtime):
        check_private(runtime)
        return os.path.join(os.path.abspath(runtime), "lkmd.sock")
    directory = f"/tmp/lkmd-{os.geteuid()}"
    if os.path.lexists(directory):
        check_private(directory, 0o077)
    return os.path.join(directory, "lkmd.sock")


def control_path(path: str) -> str:
    """The socket for control requests of the daemon at `path`."""
    return path + CONTROL


def check_private(directory: str, forbidden: int = 0o022) -> None:
    """DaemonError unless `directory` is the user's (root may use another's) and has no `forbidden` mode.

    A socket in a directory that others can write may be anybody's.
    """
    try:
        status = os.lstat(directory)
    except OSError as error:
        raise DaemonError(f"{directory}: {error.strerror}") from None
    hint = "name another socket with LKM_SOCKET or --socket"
    uid = os.geteuid()
    if stat.S_ISLNK(status.st_mode) and forbidden & 0o044 == 0:
        status = os.stat(directory)
    if not stat.S_ISDIR(status.st_mode):
        raise DaemonError(f"{directory}: is not a directory; {hint}")
    if status.st_uid != uid and (uid != 0 or forbidden & 0o044):
        raise DaemonError(f"{directory}: belongs to uid {status.st_uid}, not to uid {uid}; {hint}")
    mode = stat.S_IMODE(status.st_mode)
    if mode & forbidden:
        right = f"the limit is {0o777 & ~forbidden:04o}: chmod {0o777 & ~forbidden:o} {directory}"
        raise DaemonError(f"{directory}: has mode {mode:04o}; {right}, or {hint}")


def make_directory(path: str) -> None:
    """Make the private directory of the default socket `path`, if it is that and is missing."""
    directory = os.path.dirname(path)
    if directory != f"/tmp/lkmd-{os.geteuid()}":
        return
    try:
        os.mkdir(directory, 0o700)
    except FileExistsError:
        check_private(directory, 0o077)


@contextmanager
def sun_path(path: str) -> Iterator[str]:
    """A name for the socket `path` that fits sun_path; valid inside the block.

    A long path is reached through a descriptor of its directory. DaemonError if even the last component is
    too long, OSError if the directory cannot be opened.
    """
    if len(os.fsencode(path)) <= SUN_PATH_MAX:
        yield path
        return
    directory, name = os.path.split(path)
    fd = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        short = f"/proc/self/fd/{fd}/{name}"
        length = len(os.fsencode(short))
        if length > SUN_PATH_MAX:
            raise DaemonError(
                f"{path}: the socket's name has {len(os.fsencode(name))} bytes; "
                f"the limit is {SUN_PATH_MAX - length + len(os.fsencode(name))}"
            )
        yield short
    finally:
        os.close(fd)


def open_socket(path: str) -> _socket.socket | None:
    """A socket connected to the daemon at `path`; None if nobody listens there."""
    sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        with sun_path(path) as name:
            sock.connect(name)
    except OSError as error:
        sock.close()
        if error.errno in (ENOENT, ENOTDIR, ECONNREFUSED):
            return None
        raise DaemonError(f"cannot connect to {path}: {error.strerror}") from None
    except BaseException:
        sock.close()
        raise
    return sock


def nobody(path: str) -> str:
    """What a client hears when nobody listens at the socket `path`."""
    return f"no lkmd is running (socket {path}); lkmd starts one, and so does modload"
