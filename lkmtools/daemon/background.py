"""Going into the background, and reporting the result to the process that waits.

The process that was started waits until the daemon is ready or reports, over a pipe, why it cannot start;
then it prints that and exits. Once the socket listens, it waits at most PATIENCE for a boot with slow
modules: tools that connect report what they wait for. The daemon itself is its grandchild: a session of its
own that can get no terminal, in /, with no descriptor of anybody.
"""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterable
from contextlib import suppress

from lkmtools.errors import DaemonError, host_reason
from lkmtools.wire.forked import close_all_but

LISTENING = b"listening\n"
READY = b"ready\n"
PATIENCE = 10.0  # seconds
_MOST = 4096  # bytes of text: a pipe takes them at once


class Readiness:
    """The daemon's end of the pipe: listening(), then ready(); or failed() instead of either."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def listening(self) -> None:
        """The socket listens; the boot goes on."""
        with suppress(BrokenPipeError):
            os.write(self._fd, LISTENING)

    def ready(self, said: Iterable[str] = ()) -> None:
        """The boot is over; `said` is what went wrong in it, a line each."""
        self._say(READY, "\n".join(said))

    def failed(self, why: str) -> None:
        """The daemon cannot start, for this reason."""
        self._say(b"", why)

    def _say(self, what: bytes, text: str) -> None:
        with suppress(BrokenPipeError):  # nobody has waited so long
            os.write(self._fd, what + text.encode("utf-8", "backslashreplace")[:_MOST])
        os.close(self._fd)


def into_background(log: str, keep: Iterable[int] = ()) -> Readiness | list[str]:
    """Fork. In the daemon: its Readiness. In the caller: what went wrong in the boot. DaemonError.

    `log` becomes the daemon's stderr; the descriptors in `keep` stay open in it.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        reading, writing = os.pipe()
        child = os.fork()
    except OSError as error:
        raise DaemonError(f"cannot go into the background: {host_reason(error)}") from None
    if child:
        os.close(writing)
        os.waitpid(child, 0)
        heard = outcome(reading, PATIENCE)
        if heard is None:
            return []
        text = heard.removeprefix(READY).decode("utf-8", "replace")
        if heard.startswith(READY):
            return text.splitlines()
        raise DaemonError(text or f"it died while it started; {log} may say why")
    readiness = Readiness(writing)
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        os.umask(0o077)
        close_all_but({0, 1, 2, writing, *keep})
        _redirect(log)
    except OSError as error:
        readiness.failed(f"cannot go into the background: {host_reason(error)}")
        os._exit(1)
    return readiness


def outcome(fd: int, seconds: float) -> bytes | None:
    """What a Readiness at the other end said at last; b"" when it died. None: it listens, and boots too long.

    Until it listens it is waited for without a limit: a busy host may take its time. Closes `fd`.
    """
    said = b""
    try:
        while select.select([fd], [], [], seconds if said.startswith(LISTENING) else None)[0]:
            data = os.read(fd, 4096)
            if not data:
                return said.removeprefix(LISTENING)
            said += data
        return None
    finally:
        os.close(fd)


def _redirect(log: str) -> None:
    """stdin and stdout to nowhere, stderr to the log, which starts anew."""
    null = os.open(os.devnull, os.O_RDWR)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        err = os.open(log, flags, 0o600)
    except OSError:
        err = os.dup(null)  # a daemon without a log is better than none
    for fd, target in ((null, 0), (null, 1), (err, 2)):
        os.dup2(fd, target)
    os.close(null)
    os.close(err)
