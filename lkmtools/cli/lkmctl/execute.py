"""exec: run a user program inside the simulated kernel."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

import click

from lkmtools.abi.errno import EEXIST, ENOENT
from lkmtools.abi.fcntl import X_OK
from lkmtools.abi.mount import MNT_RDONLY
from lkmtools.abi.signal import SIGCONT, SIGTSTP, signal_name
from lkmtools.cli.common import Whole, warn, warnx
from lkmtools.cli.lkmctl.base import NAME, about, command, process
from lkmtools.elf.regular import read_regular
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from lkmtools.client import Process

NOT_FOUND, NOT_EXECUTABLE, SIGNALLED = 127, 126, 128  # exit statuses, as shells have them
SESSIONS = "/roots"  # where the directories of --root are mounted, each on one named for its process
CHUNK = 1 << 20  # bytes of a program read at once
UID_MAX = 0x7FFFFFFF
PASSED = (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP)  # the same numbers in every Unix


@command(name="exec", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--root", metavar="DIR", help="The program's root: a directory of the host, read-only.")
@click.option("--rw", "writable", is_flag=True, help="Let the program write to the directory of --root.")
@click.option("--uid", type=Whole(0, UID_MAX), metavar="N", help="Run as this user.")
@click.argument("program")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def execute(
    *,
    program: str,
    args: tuple[str, ...],
    uid: int | None,
    root: str | None,
    writable: bool,
    socket: str | None,
) -> None:
    """Run a static user program inside the simulated kernel.

    \b
        lkmctl exec ./prog hello        after lkmcc --user -o prog prog.c
        lkmctl exec --uid 1000 ./prog < input | wc
        lkmctl exec --root ~/linux /bin/busybox ls /

    PROGRAM is a file of the host, otherwise of the kernel (on a mounted file system).
    With --root, names of files are the host's, below DIR, but /dev is the kernel's.
    Its input and output are this command's; an interrupt goes to the program. The exit status is the
    program's, 128 and the signal's number (NetBSD's) when a signal ended it, 126 when it cannot be
    executed and 127 when there is no such file. ^Z stops the program and this command, until fg.
    """
    if program.startswith("-"):
        raise click.NoSuchOption(program, possibilities=["--root", "--rw", "--uid", "--help"])
    if writable and root is None:
        raise click.UsageError("--rw makes the directory of --root writable, and --root is missing")
    image = _read(program) if root is None else None
    with process(socket) as p:
        p.on_wait = None
        if root is not None:
            _enter(p, root, writable)
        if image is None:
            image = _read_inside(p, program)
        status, reason = _run(p, image, (program, *args), -1 if uid is None else uid)
    _exit_as(program, status, reason)


def _run(p: Process, image: bytes, words: tuple[str, ...], uid: int) -> tuple[int, str]:
    """Run a program to its end: its wait(2) status, and why a signal ended it."""
    env = [os.fsencode(f"{name}={value}") for name, value in os.environ.items()]
    sent = _pass_signals(p)
    try:
        encoded = [os.fsencode(word) for word in words]
        return p.execute(image, encoded, env, uid=uid, name=words[0], started=sent)
    except KernelError as error:
        warn(NAME, words[0], error)
        sys.exit(NOT_EXECUTABLE)


def _exit_as(program: str, status: int, reason: str) -> NoReturn:
    """Exit as the program did, and say which signal ended it, unless everybody knows."""
    signo = status & 0x7F
    if signo == 0:
        sys.exit(status >> 8)
    if signo != signal.SIGPIPE and (reason or signo not in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)):
        why = f" ({reason})" if reason else ""
        warnx(NAME, f"{program}: ended by signal {signo}, {signal_name(signo)}{why}")
    sys.exit(SIGNALLED + signo)


def _read(program: str) -> bytes | None:
    """A program of the host; None where there is none."""
    try:
        return read_regular(program, pipes=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        warnx(NAME, f"{program}: {error.strerror}")
        sys.exit(NOT_EXECUTABLE if isinstance(error, PermissionError | IsADirectoryError) else NOT_FOUND)


def _enter(p: Process, root: str, writable: bool) -> None:
    """Make a directory of the host this process's root, and its program's."""
    with about(root):
        word = p.share(os.path.abspath(root), writable, session=True)
        place = f"{SESSIONS}/{p.pid}"
        for directory, mode in ((SESSIONS, 0o711), (place, 0o755)):
            try:
                p.mkdir(directory, mode)
            except KernelError as error:
                if error.errno != EEXIST:
                    raise
        p.mount("hostfs", place, word, 0 if writable else MNT_RDONLY)
        p.chroot(place)
        p.chdir("/")


def _read_inside(p: Process, program: str) -> bytes:
    """A program as the kernel's names have it."""
    try:
        fd = p.open(program)
        p.access(program, X_OK)
        image = bytearray()
        while part := p.read(fd, CHUNK):
            image += part
        p.close(fd)
    except KernelError as error:
        warn(NAME, program, error)
        sys.exit(NOT_FOUND if error.errno == ENOENT else NOT_EXECUTABLE)
    return bytes(image)


def _pass_signals(p: Process) -> Callable[[], None]:
    """From now on what would end or stop us goes to the program; call the result when that is sent."""
    early: list[int] | None = []

    def handle(number: int, _: object) -> None:
        if early is not None:
            early.append(number)
        elif number == signal.SIGTSTP:
            p.signal(SIGTSTP)
            os.kill(os.getpid(), signal.SIGSTOP)
            p.signal(SIGCONT)
        else:
            p.signal(number)

    def sent() -> None:
        nonlocal early
        waiting, early = early, None
        for number in waiting or ():
            handle(number, None)

    for number in (*PASSED, signal.SIGTSTP):
        signal.signal(number, handle)
    return sent


exec = execute
