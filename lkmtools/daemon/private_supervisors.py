"""Supervisors for the kernels of one program: `python -m lkmtools.daemon.private_supervisors DESCRIPTOR`.

The descriptor is a Unix socket (SOCK_SEQPACKET). A packet of JSON, {"path", "options", "crashes"}, asks for a
kernel at a socket; "crashes" is the directory where its crashes are kept, or null. With it comes the end of a
pipe for the answer: "up", or why there is none, or nothing when the process that could say has died. This
process forks a supervisor for each, so that a kernel costs no imports. It ends when the other side does, and
its supervisors with it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, NoReturn

from lkmtools.daemon.main import prepare
from lkmtools.daemon.rc import PLAIN
from lkmtools.errors import LkmtoolsError, bug
from lkmtools.wire.forked import die_with

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
    paths: set[str] = set()
    while True:
        request, (*answers,), _, _ = socket.recv_fds(asking, _REQUEST, 1)
        if not request:
            _clear_away(paths)
            return
        given = json.loads(request)
        paths.add(given["path"])
        try:
            if os.fork() == 0:
                asking.close()
                _supervise(answers[0], pid, **given)
        except OSError as error:
            with suppress(BrokenPipeError):
                os.write(answers[0], f"no process for a kernel: {error.strerror}".encode())
        for answer in answers:
            os.close(answer)


def _clear_away(paths: Iterable[str]) -> None:
    """Remove the directories of kernels that nobody has closed."""
    for path in paths:
        shutil.rmtree(os.path.dirname(path), ignore_errors=True)


def _supervise(answer: int, parent: int, path: str, options: dict[str, Any], crashes: str | None) -> NoReturn:
    """In the child: boot, say so, serve."""
    status = 1
    try:
        die_with(parent)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.set_inheritable(answer, False)
        try:
            serve = prepare(path, options, PLAIN, foreground=True, private=True, crashes=crashes)
        except Exception as error:
            known = isinstance(error, LkmtoolsError | OSError)
            os.write(answer, (str(error) if known else bug(error)).encode("utf-8", "backslashreplace"))
        else:
            os.write(answer, b"up")
            os.close(answer)
            serve(lambda said: None)
            status = 0
    except Exception as error:
        bug(error)  # for LKM_DEBUG_TRACEBACK: nobody else reads what this process says
    finally:
        os._exit(status)


if __name__ == "__main__":
    main(int(sys.argv[1]))
