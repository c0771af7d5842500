"""Supervisors for the kernels of one program: `python -m lkmtools.daemon.private DESCRIPTOR`.

The descriptor is a Unix socket (SOCK_SEQPACKET). A packet of JSON, {"path", "options"}, asks for a kernel at
a socket; it is answered with "up", or with why there is none. This process forks a supervisor for each, so
that a kernel costs no imports. It ends when the other side does, and its supervisors with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
from typing import Any, NoReturn

from lkmtools.daemon.main import prepare
from lkmtools.daemon.rc import PLAIN
from lkmtools.errors import LkmtoolsError

_PR_SET_PDEATHSIG = 1  # <sys/prctl.h> of Linux
_REQUEST = 65536  # bytes


def main(fd: int) -> None:
    """Serve until the other side closes."""
    asking = socket.socket(fileno=fd)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 2)
    os.close(null)
    pid = os.getpid()
    while request := asking.recv(_REQUEST):
        if os.fork() == 0:
            _supervise(asking, pid, **json.loads(request))


def _supervise(asking: socket.socket, parent: int, path: str, options: dict[str, Any]) -> NoReturn:
    """In the child: boot, say so, serve."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(0)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        try:
            serve = prepare(path, options, PLAIN, foreground=True, private=True)
        except (LkmtoolsError, OSError, TypeError) as error:
            asking.send(str(error).encode("utf-8", "backslashreplace"))
            os._exit(1)
        asking.send(b"up")
        asking.close()
        serve(lambda: None)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
