"""Where a kernel process begins: a fork of the supervisor becomes a process of its own kind, and boots.

It has its own session and ignores the signals of the terminal; only the supervisor ends it, and it dies with
the supervisor. It never returns to the code that forked it, and exits with os._exit().
"""

from __future__ import annotations

import _socket
import os
import resource
import signal
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from lkmtools.errors import LkmtoolsError, is_shortage
from lkmtools.evidence import Evidence, MsgBuf
from lkmtools.kern import Config, Console, Kernel, KernelPanic
from lkmtools.kernproc.gate import InternalError, internal_error
from lkmtools.kernproc.orders import Orders
from lkmtools.kernproc.server import Interrupted, Server
from lkmtools.tuples import NamedTuple
from lkmtools.wire.channel import Channel
from lkmtools.wire.forked import close_all_but, die_with

PANICKED = 70  # exit status; the last words say why
_OOM_SCORE = 500  # added to our own: rather this process than its supervisor or a bystander
_TELL = 0.2  # seconds that all clients together may take to hear of a panic
_LAST = 1.0  # ... of an orderly end
_IGNORED = (
    signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGTSTP,
    signal.SIGTTIN, signal.SIGTTOU,
)  # fmt: skip


class Given(NamedTuple):
    """What the supervisor hands over.

    `listening` is the clients' socket, `channel` our end of the channel, `bell` an eventfd(2) that says that
    something was printed, `errors` a file for what C libraries print when they give up. `cores`: leave a core
    file of the host. The rest is Server's.
    """

    config: Config
    boot: int
    evidence: Evidence
    msgbuf: MsgBuf
    listening: _socket.socket
    channel: _socket.socket
    bell: int
    errors: int
    supervisor: int
    level: int = 0
    loads: bool = False
    private: bool = False
    cores: bool = False


def become(given: Given) -> NoReturn:
    """Be the kernel process, to its end; called in the child of a fork."""
    status = PANICKED
    try:
        _separate(given)
        status = _serve(given)
    except Exception as error:
        _say(given, internal_error(error))
    finally:
        os._exit(status)


def _separate(given: Given) -> None:
    """Leave the supervisor's session, signals and descriptors."""
    die_with(given.supervisor)
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    os.dup2(given.errors, 2)
    keep = {0, 1, 2, given.bell, given.listening.fileno(), given.channel.fileno()}
    close_all_but(keep)
    if not given.cores:
        most = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (1 if most else 0, most))  # 1: not even through a pipe
    with suppress(OSError):  # some hosts do not let us
        _volunteer()


def _volunteer() -> None:
    """Be the one to go when the host runs out of memory."""
    with open("/proc/self/oom_score_adj", "r+") as file:
        score = int(file.read())
        file.seek(0)
        file.write(str(min(1000, score + _OOM_SCORE)))


def _ring(given: Given) -> Callable[[str], None]:
    def ring(text: str) -> None:
        if given.msgbuf.watched:
            os.eventfd_write(given.bell, 1)

    return ring


def _serve(given: Given) -> int:
    """Boot, and serve; the exit status."""
    console = Console(given.msgbuf)
    given.msgbuf.begin(given.boot)
    console.subscribe(_ring(given))
    channel = Channel(given.channel)
    server: Server | None = None
    try:
        kernel = _boot(given, console)
        if kernel is None:
            return PANICKED
        server = Server(
            given.listening,
            channel,
            kernel,
            given.evidence,
            supervisor=given.supervisor,
            level=given.level,
            loads=given.loads,
            private=given.private,
        )
        Orders(server).attach()
        server.run()
    except KernelPanic as panic:
        if isinstance(panic, InternalError):  # the kernel has printed its own
            console.write(panic.report)
        _say(given, panic)
        if server is not None:
            server.end_all(panic.reason, panic.report, _TELL, record=panic.record)
        return PANICKED
    except Interrupted:
        assert server is not None
    assert server.ending is not None
    server.end_all(server.ending.why, "", _LAST, gone=server.ending.last)
    server.kernel.shutdown()
    channel.flush(_LAST)
    return 0


def _boot(given: Given, console: Console) -> Kernel | None:
    """A kernel that is up; None when it cannot be, and the last words say why. KernelPanic."""
    try:
        kernel = Kernel(given.config, console, given.boot, given.evidence)
        kernel.boot()
    except LkmtoolsError as error:  # it has too little memory, for one
        given.evidence.say({"refused": str(error)})
    except (MemoryError, OSError) as error:  # the host has
        if not is_shortage(error):
            raise
        what = str(error) if isinstance(error, MemoryError) else ""
        given.evidence.say({"no_memory": what or "the kernel's tables"})
    else:
        return kernel
    return None


def _say(given: Given, panic: KernelPanic) -> None:
    """Leave the last words."""
    words: dict[str, Any] = {name: getattr(panic, name) for name in ("reason", "report", "culprit", "record")}
    given.evidence.say(words)
