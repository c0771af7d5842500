"""The kernel process's loop: one thread, one poller, and one simulated kernel.

A frame is served at once: poll, receive, submit, step, reply, send; then poll again. While module code loops
inside step(), the kernel calls on_preempt between slices: the sockets are polled without blocking, control
requests are answered, and system calls and deaths of processes are kept for afterwards.

When the kernel panics every client gets a PANIC, the last words stay in memory, and this process ends: the
supervisor boots another one. A Python error inside the kernel is our bug, and is treated as a panic. Until a
boot is over (init.py) only rc.lkm and what it starts are served; the system calls of others are kept.
"""

from __future__ import annotations

import _socket
import json
import os
import time
from typing import TYPE_CHECKING

from lkmtools.abi.lkm import NetBSD_Version
from lkmtools.evidence import Evidence, vitals
from lkmtools.evidence.vitals import POLLING, TURNS
from lkmtools.kern import Console, Cred, Kernel
from lkmtools.kernproc import thrift
from lkmtools.kernproc.connection import Connection
from lkmtools.kernproc.ending import Ending
from lkmtools.kernproc.gate import Gate, internal_error
from lkmtools.kernproc.process import ClientProcess
from lkmtools.proto import VERSION, Welcome
from lkmtools.wire.accept import Acceptor, peer
from lkmtools.wire.channel import Channel
from lkmtools.wire.poller import Poller
from lkmtools.wire.timers import Timers

if TYPE_CHECKING:
    from lkmtools.kern.proc.kern_proc import Proc

LINGER = 0.001  # seconds in which a client that got an answer may ask again before programs go on


class Interrupted(BaseException):
    """Leaves step() in the middle of module code: the kernel that runs there is given up."""


class Server:
    """A kernel that is up, and its clients. `run` returns when told to stop, or raises KernelPanic.

    `supervisor` is that process's pid. `private`: the kernel has a single user, who is notified when it
    sleeps for ever.
    """

    def __init__(
        self,
        listening: _socket.socket,
        channel: Channel,
        kernel: Kernel,
        evidence: Evidence,
        *,
        supervisor: int,
        level: int = 0,
        loads: bool = False,
        private: bool = False,
    ) -> None:
        self.channel = channel
        self.kernel = kernel
        self.console: Console = kernel.console
        self.vitals = evidence.vitals
        self.supervisor = supervisor
        self.private = private
        self.connections: dict[int, Connection] = {}
        self._busy = False  # module code has been preempted since the last turn
        self.poller = Poller()
        self.timers = Timers()
        self.gate = Gate(kernel, self.poller, level, self._booted)
        self.ending: Ending | None = None  # once the supervisor has asked for the end
        self._loads = loads
        self._served = False
        self._shown = False  # from an answer until the next poll: the counters are up to date
        kernel.on_preempt = self.on_preempt
        kernel.on_report = self._reported
        kernel.linger = LINGER
        kernel.mem.shared.on_move = self._page_moved
        self._welcome = self._greeting()
        self.poller.add(kernel.host.fileno(), lambda events: kernel.host.poll(kernel))
        self._listening = listening
        self._acceptor: Acceptor | None = None  # until the supervisor sends "accept"

    def _greeting(self) -> Welcome:
        k = self.kernel
        dm = k.dm
        return Welcome(
            VERSION, dm.pointer, dm.align64, int(dm.byteorder != "little"), 0, NetBSD_Version, k.bootno,
            self.supervisor, k.port.name, k.version,
        )  # fmt: skip

    # The loop.

    def run(self) -> None:
        """Serve until the supervisor wants the end. KernelPanic; Interrupted for an end amid module code."""
        try:
            self.kernel.vitals.update()
            self.channel.send({"do": "up"})
            thrift.settled()  # now that the supervisor goes on
            if not self._loads and self.gate.init is not None:
                self.gate.init.raise_securelevel()
            while not self._over():
                self._turn()
        except Exception as error:
            raise internal_error(error) from error

    def _turn(self) -> None:
        """One round: what is due in the kernel, then what comes from outside."""
        kernel, gate = self.kernel, self.gate
        self.vitals[TURNS] += 1
        if gate.calm:
            gate.run()
        kernel.step()
        timeout = kernel.timeout()
        if self._busy:  # the module code that ran away has returned
            self._busy = False
            self._state(vitals.BOOTING if gate.init else vitals.RUNNING)
        if gate.calm:
            timeout = 0.0
        if timeout is None and self.private and self._sleeps():
            if self._poll(0):
                return  # what has just come may wake them
            kernel.sched.hangs.passed()
            for conn in tuple(self.connections.values()):
                conn.asleep()
        waits = [wait for wait in (timeout, kernel.sched.hangs.timeout()) if wait is not None]
        self._poll(self.timers.within(min(waits, default=-1)))

    def _over(self) -> bool:
        """Has the end come that was asked for?"""
        if self.ending is None:
            return False
        self.timers.run()
        return self.ending.over()

    def _sleeps(self) -> bool:
        """Does a client wait that only a new request can wake?"""
        if self.kernel.host.waiting or self.gate.init is not None:
            return False
        waiting = [conn for conn in self.connections.values() if conn.pending is not None]
        return bool(waiting) and all(conn.mapping is None for conn in waiting)

    def _poll(self, timeout: float) -> bool:
        """Wait for sockets and handle them; whether anything came."""
        if not self._shown or self.kernel.vitals.changed:
            self.kernel.vitals.update()
        self._shown = False
        counters = self.vitals
        if timeout:
            counters[POLLING] = 1
        came = self.poller.poll(timeout)
        counters[POLLING] = 0
        for _, handler, events in came:
            try:
                handler(events)
            except Exception as error:  # not the kernel's, in the middle of which this may be
                raise internal_error(error) from error
        return came != ()

    def on_preempt(self) -> None:
        """Called by the kernel between slices of module code that does not come back."""
        self.gate.preempted = self._busy = True
        self.kernel.vitals.turn()
        self._state(vitals.BUSY)
        try:
            self._poll(0)
        finally:
            self.gate.preempted = False
        if self.ending is not None and self.ending.module_is_late():
            raise Interrupted

    def _state(self, state: int) -> None:
        self.vitals[vitals.STATE] = state

    # Connections.

    def _take(self, sock: _socket.socket) -> None:
        pid, uid, gid = peer(sock)
        cred = Cred(0, 0) if uid in (0, os.geteuid()) else Cred(uid, gid)
        process = ClientProcess(self.gate, cred, pid)
        conn = Connection(self, sock, self.poller, process, self._welcome)
        self.connections[conn.fd] = conn
        self.vitals[vitals.CONNECTIONS] = len(self.connections)

    def forget(self, conn: Connection) -> None:
        """A connection is closed."""
        for fd in [fd for fd, other in self.connections.items() if other is conn]:
            del self.connections[fd]
        self.vitals[vitals.CONNECTIONS] = len(self.connections)

    def accept(self) -> None:
        """Take connections from now on: the socket listens."""
        self._acceptor = Acceptor(self._listening, self.poller, self._take, self.log)

    def stop_accepting(self) -> None:
        """Clients that connect from now on wait for the next kernel."""
        if self._acceptor is not None:
            self._acceptor.close()

    def kept_for(self, process: ClientProcess) -> int:
        """Bytes of requests kept for the process of the host behind `process`, on all its connections."""
        client = process.cred.uid, process.host_pid
        others = self.connections.values()
        return sum(
            other.kept for other in others if (other.process.cred.uid, other.process.host_pid) == client
        )

    # What the supervisor hears.

    def _booted(self) -> None:
        """The boot is over."""
        self._state(vitals.RUNNING)
        self.channel.send({"do": "booted"})

    def served(self) -> None:
        """A request was served; after the boot, this shows that the boot was not fruitless."""
        self._shown = True
        if not self._served and self.gate.init is None:
            self._served = True
            self.channel.send({"do": "served"})

    def log(self, text: str) -> None:
        """One entry of the daemon's log."""
        self.channel.send_text("log", text)

    def _reported(self, proc: Proc | None, text: str, record: str) -> None:
        """The kernel reports something: the supervisor hears it, and the client whose request it is about."""
        self.channel.send_text("report", json.dumps([text, record]))
        self.channel.send({"do": "reported"})
        for conn in tuple(self.connections.values()):
            if proc is not None and conn.pending is not None and conn.process.serves(proc):
                conn.report(text, record)

    def _page_moved(self, frame: int, fd: int | None) -> None:
        """A page of RAM is lent to a client, in a file of its own, or is back."""
        self.channel.send({"do": "page", "frame": frame}, [] if fd is None else [fd])

    # The end.

    def end(self, why: str, last: bool) -> None:
        """Begin to end, once. The clients hear `why`; `last`: the daemon ends, too."""
        if self.ending is None:
            self.stop_accepting()
            self.ending = Ending(self.gate, self.timers, why, last)

    def end_all(self, reason: str, report: str, seconds: float, gone: bool = False, record: str = "") -> None:
        """Every client hears that its process is gone with the kernel, if it takes the news in time.

        `gone`: the whole daemon is.
        """
        self.stop_accepting()
        self.gate.give_up()
        until = time.monotonic() + seconds
        for conn in tuple(self.connections.values()):
            if gone:
                conn.refuse(reason, conn.pending or 0)
            else:
                conn.panic(reason, report, record)
        for conn in tuple(self.connections.values()):
            conn.drain(max(until - time.monotonic(), 0.001))
