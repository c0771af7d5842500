"""The kernel process as the supervisor's child: forked, sent orders, watched, and reaped."""

from __future__ import annotations

import _socket
import json
import os
import signal
from contextlib import ExitStack, closing, suppress
from typing import NoReturn

from lkmtools.abi.errno import ENXIO
from lkmtools.daemon.ctl import Question
from lkmtools.daemon.room import room_for
from lkmtools.daemon.watch import Watch
from lkmtools.evidence import Evidence, ModuleState, MsgBuf
from lkmtools.kern import Config, prepare
from lkmtools.kern.proc.syscall import replaced
from lkmtools.kern.rows import plan
from lkmtools.kernproc import thrift
from lkmtools.kernproc.main import PANICKED, Given, become
from lkmtools.machine import Memory, port
from lkmtools.tuples import NamedTuple
from lkmtools.wire.channel import Channel, Message
from lkmtools.wire.forked import ended_by
from lkmtools.wire.poller import Poller

_ERRORS = 4096  # bytes of what a C library printed before it gave up


class ProcessPlan(NamedTuple):
    """How kernel processes are made; the same for every boot but `config`, whose rate is measured once.

    `hang` is how many seconds a kernel process may compute without a sign of life; see kernproc.main.Given
    for the rest.
    """

    config: Config
    msgbuf: MsgBuf
    listening: _socket.socket
    bell: int
    level: int = 0
    loads: bool = False
    private: bool = False
    cores: bool = False
    hang: float = 10.0


class KernelProcess:
    """One boot. NoRoom.

    `killed` says why we ended it, if we did; `lent` are pages of RAM in files of their own.
    """

    def __init__(self, plan: ProcessPlan, boot: int) -> None:
        self.boot = boot
        self.machine = plan.config.machine
        with room_for(f"{plan.config.ram >> 20} MiB of RAM and its records"):
            self.evidence = Evidence(plan.config.ram)
        self.lent: dict[int, int] = {}
        self._asked: dict[
            int, Question
        ] = {}  # those that wait for an answer of the kernel, by the number of the order
        self._orders = 0
        self._report = ""  # as much of it as has come
        self.killed = ""
        self.up = False
        self.booted = False
        self.rc_started = False  # rc.lkm loads its modules, or has loaded them
        self.served = False
        self.pid = -1
        with ExitStack() as undone, room_for("its descriptors"):
            undone.callback(self.evidence.close)
            self.errors = os.memfd_create("lkm-stderr", os.MFD_CLOEXEC)
            undone.callback(os.close, self.errors)
            ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
            self.channel = Channel(ours)
            undone.callback(self.channel.close)
            with closing(theirs), room_for("the process (fork)"):
                self.pid = self._fork(plan, theirs)
            undone.callback(self._end)
            self.pidfd = os.pidfd_open(self.pid)
            undone.pop_all()
        self.watch = Watch(self.pid, self.evidence, plan.hang)

    def _end(self) -> None:
        """End a process for which the host has no pidfd."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _fork(self, plan: ProcessPlan, channel: _socket.socket) -> int:
        supervisor = os.getpid()
        with suppress(MemoryError):  # the child will meet it, too, and say so
            prepare(plan.config)
        thrift.before_fork()
        pid = os.fork()
        if pid == 0:
            self._become(plan, channel, supervisor)
        return pid

    def _become(self, plan: ProcessPlan, channel: _socket.socket, supervisor: int) -> NoReturn:
        become(
            Given(
                config=plan.config,
                boot=self.boot,
                evidence=self.evidence,
                msgbuf=plan.msgbuf,
                listening=plan.listening,
                channel=channel,
                bell=plan.bell,
                errors=self.errors,
                supervisor=supervisor,
                level=plan.level,
                loads=plan.loads,
                private=plan.private,
                cores=plan.cores,
            )
        )

    def kill(self, why: str = "") -> None:
        """End it at once."""
        self.killed = self.killed or why
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)

    def page(self, frame: int, files: list[int]) -> None:
        """A page of RAM has moved to a file of its own, or is back."""
        if frame in self.lent:
            os.close(self.lent.pop(frame))
        for fd in files:
            self.lent[frame] = fd

    def share(self, question: Question, path: str, **flags: bool) -> None:
        """Have the kernel allow one mount of a directory of the host; it is what answers."""
        self._orders += 1
        self._asked[self._orders] = question.keep()
        self.channel.send({"do": "share", "id": self._orders, "path": path, **flags})

    def heard(self, message: Message, files: list[int]) -> bool:
        """Take what it says about itself; False when it says something else."""
        if message["do"] == "page":
            self.page(message["frame"], files)
        elif message["do"] == "shared":
            self._shared(message)
        elif message["do"] == "report":
            self._report += message["text"]
        else:
            return False
        return True

    def report(self) -> tuple[str, str]:
        """Text and record of the report that has come whole."""
        whole, self._report = self._report, ""
        text, record = json.loads(whole)
        return text, record

    def _shared(self, message: Message) -> None:
        """The kernel's answer to share()."""
        question = self._asked.pop(message["id"])
        question.answer({key: message[key] for key in ("errno", "reason", "word")})

    def replaced(self, lkm: bool) -> dict[str, str]:
        """The system calls that modules provide, by name; `lkm`: the kernel has options LKM."""
        row = port(self.machine)
        mem = Memory(row.kernbase, len(self.evidence.ram), row.dm, self.evidence.ram)
        modules = self.evidence.modules.records(symbols=False)

        def holder(addr: int) -> str | None:
            held = [module for module in modules if module.holds(addr)]
            there = [module.name for module in held if module.state != ModuleState.GONE]
            return there[-1] if there else f"{held[-1].name} (unloaded)" if held else None

        return replaced(mem, plan(row, lkm), holder)

    def printed(self) -> str:
        """The last line that the process printed on its standard error: a C library's last words."""
        size = os.fstat(self.errors).st_size
        text = os.pread(self.errors, _ERRORS, max(size - _ERRORS, 0)).decode("utf-8", "replace")
        lines = [line for line in text.splitlines() if line.strip()]
        return lines[-1].strip() if lines else ""

    def bury(self, poller: Poller) -> str | None:
        """How it ended, "" for a normal exit; None, and nothing is done, when it has not ended."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        poller.forget(self.pidfd)
        os.close(self.pidfd)
        by_itself = os.WIFEXITED(status) and os.WEXITSTATUS(status) in (0, PANICKED)
        return "" if by_itself else ended_by(status)

    def hear_out(self) -> None:
        """Handle its last messages, and close the channel."""
        try:
            for message, files in self.channel.receive():
                self.channel.on_message(message, files)
        finally:
            self.channel.close()

    def answer_all(self) -> None:
        """It has ended: answer the questions that wait for it."""
        while self._asked:
            _, question = self._asked.popitem()
            question.answer({"errno": ENXIO, "reason": "the kernel has ended", "word": ""})

    def release(self) -> None:
        """Release its memory and files. A second call does nothing."""
        files = [self.errors, *self.lent.values()] if self.errors >= 0 else []
        self.errors = -1
        self.lent.clear()
        for fd in files:
            os.close(fd)
        self.evidence.close()
