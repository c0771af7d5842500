"""Control requests that the supervisor answers, at any time. The kernel answers others (kernproc/control.py).

A verb is a function (supervisor, question, arguments) that answers the question, or passes it on.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lkmtools import __version__
from lkmtools.abi.errno import EINVAL, ENAMETOOLONG, ENXIO
from lkmtools.abi.lkm import NetBSD_Version
from lkmtools.daemon.ctl import Denied, Question
from lkmtools.daemon.fate import FORGOTTEN
from lkmtools.daemon.follower import Follower
from lkmtools.daemon.waits import why
from lkmtools.evidence import vitals
from lkmtools.evidence.marks import Kind, Piece
from lkmtools.evidence.show import kernel_status
from lkmtools.proto import VERSION
from lkmtools.proto.verbs import SUPERVISOR, parse

if TYPE_CHECKING:
    from lkmtools.daemon.child import KernelProcess
    from lkmtools.daemon.supervisor import Supervisor

SupervisorVerb = Callable[["Supervisor", Question, dict[str, Any]], None]
_STATES = {vitals.BOOTING: "booting", vitals.RUNNING: "running", vitals.BUSY: "busy"}
HOST_PATH_MAX = 4096  # Linux's PATH_MAX, with the NUL


def status(sup: Supervisor, question: Question, arguments: dict[str, Any]) -> None:
    """Daemon and kernel at this moment; "kernel" is null while there is none."""
    child = sup.child
    kernel = None
    if child is not None:
        child.watch.look()
        kernel = {"pid": child.pid, **kernel_status(child.evidence, child.machine, child.boot)}
        kernel["replaced"] = child.replaced(sup.plan.config.lkm)
    clients = child.evidence.vitals[vitals.CONNECTIONS] if child is not None else 0
    question.answer(
        {
            "pid": os.getpid(),
            "socket": sup.sockets.path,
            "protocol": VERSION,
            "lkmtools": __version__,
            "machine": sup.plan.config.machine,
            "release": NetBSD_Version,
            "boot": sup.bootno,
            "state": _state(sup, child),
            "halted": sup.halted,
            "held": sup.holding,
            "connections": clients + len(sup.tools.connections) - 1,  # without the one that asks
            "panics": sup.deaths.panics,
            "skipped": sup.booting.suspects.skipped,
            "boot_failures": [failure._asdict() for failure in sup.booting.failures],
            "last_panic": sup.deaths.last,
            "crashes": sup.deaths.crashes.path,
            "log_lost": sup.log.lost,
            "kernel": kernel,
        },
    )


def _state(sup: Supervisor, child: KernelProcess | None) -> str:
    """What the kernel does, in a word or two."""
    if child is None:
        return "halted" if sup.halted is not None else "held back" if sup.held is not None else "booting"
    if child.watch.stopped:
        return "stopped"
    if not child.watch.responding:
        return "not responding"
    if not child.booted:
        return "booting"
    return _STATES[child.evidence.vitals[vitals.STATE]]


def dmesg(sup: Supervisor, question: Question, arguments: dict[str, Any]) -> None:
    """The message buffer: its "text", or with "pieces" these: [kind, boot, time, text] each (marks.Piece).

    With "follow", further answers have what comes after it, and how many bytes of that are "lost".
    """
    msgbuf, waiting = sup.console.msgbuf, sup.console.waiting
    follow, pieces = bool(arguments.get("follow")), bool(arguments.get("pieces"))
    cut, _, cursor = msgbuf.pieces()
    if pieces:
        last = [Piece(Kind.TEXT, sup.bootno, None, waiting)] if waiting and not follow else []
        question.answer({"pieces": [*cut, *last]})
    else:
        text = "".join(piece.text for piece in cut)
        question.answer({"text": text if follow else text + waiting})
    if follow:
        Follower(sup.console, question, cursor, pieces)


def reboot(sup: Supervisor, question: Question, arguments: dict[str, Any]) -> None:
    """Boot a new kernel, also from the halted state; every process ends. "force": at once."""
    if sup.stopping:
        raise Denied("reboot: the daemon is being stopped")
    question.answer({"boot": sup.bootno + 1})
    sup.reboot(question, bool(arguments.get("force")))


def stop(sup: Supervisor, question: Question, arguments: dict[str, Any]) -> None:
    """End the daemon; answered when its sockets are gone, just before its process is. "force": at once."""
    sup.stop(question, bool(arguments.get("force")))


def share(sup: Supervisor, question: Question, arguments: dict[str, Any]) -> None:
    """Allow one mount of the host's directory "path": the "word" to mount, or errno and reason.

    With "writable" it may be written, with "session" it goes with the processes that have it as root.
    """
    path = arguments.get("path", "")
    errno, why = _wrong_path(path)
    if not errno and sup.child is None:
        errno, why = ENXIO, sup.why_no_kernel()
    if errno or sup.child is None:
        question.answer({"errno": errno, "reason": why, "word": ""})
        return
    flags = {name: bool(arguments.get(name)) for name in ("writable", "session")}
    sup.child.share(question, path, **flags)


def _wrong_path(path: str) -> tuple[int, str]:
    """Why this is not an absolute path of the host: an errno and the reason; 0 when it is one.

    Bytes that are not UTF-8 come as Python's surrogates (os.fsdecode()); others cannot be in a file name.
    """
    try:
        name = os.fsencode(path)
    except UnicodeEncodeError:
        name = b""
    if not name.startswith(b"/") or b"\0" in name:
        return EINVAL, f"path: {ascii(path)[:HOST_PATH_MAX]} is not an absolute path"
    if len(name) >= HOST_PATH_MAX:
        return ENAMETOOLONG, f"path: {len(name)} bytes; the limit is {HOST_PATH_MAX - 1}"
    return 0, ""


def waits(sup: Supervisor, question: Question, arguments: dict[str, Any]) -> None:
    """What process "pid" of the kernel of "boot" waits for: "text", which may be empty.

    Without them: what a client that wants to become a process waits for.
    """
    text = ""
    if arguments.get("boot", sup.bootno) == sup.bootno:
        pid = arguments.get("pid", 0)
        text = sup.why_no_kernel() if sup.child is None else why(sup.child, pid)
    question.answer({"text": text})


def fate(sup: Supervisor, question: Question, arguments: dict[str, Any]) -> None:
    """What became of "boot" of the daemon with pid "daemon": its "kind" of end, "reason" and "report".

    It is answered as soon as that is known. Of another daemon's boot nothing is.
    """
    boot = arguments.get("boot")
    if boot is None:
        raise Denied("fate: boot: it is missing; it must be a whole number")
    if arguments.get("daemon", os.getpid()) != os.getpid():
        question.answer(FORGOTTEN.answer())
        return
    alive = sup.child is not None and sup.child.boot == boot
    sup.deaths.ask(boot, question.keep(), alive)


OWNERS = {"reboot", "stop", "share"}  # what only the owner of the daemon and root may ask for


def kept(sup: Supervisor, question: Question, arguments: dict[str, Any]) -> None:
    """Answered when the crashes that there were so far are on disk, or lost."""
    waiting = question.keep()
    sup.deaths.crashes.when_kept(lambda: waiting.answer({}))


VERBS: dict[str, SupervisorVerb] = {
    "status": status, "dmesg": dmesg, "stop": stop, "reboot": reboot, "share": share, "fate": fate,
    "waits": waits, "kept": kept,
}  # fmt: skip
assert tuple(VERBS) == SUPERVISOR


def perform(sup: Supervisor, question: Question, verb: str, arguments: str) -> None:
    """Answer a question now or later, or say why not."""
    given = parse(verb, arguments, VERBS)
    try:
        if isinstance(given, str):
            raise Denied(given)
        if verb in OWNERS and not question.conn.owner:
            raise Denied(f"{verb}: only the owner of the daemon and root may do that")
        VERBS[verb](sup, question, given)
    except Denied as denied:
        question.deny(str(denied))
