"""The kernel process's loop: one thread, one poller, one simulated kernel, which is its first and last.

A frame is served at once: poll, receive, submit, step, reply, send; then poll again. While module code runs
away inside step(), the kernel calls on_preempt between slices: the sockets are polled without blocking,
control requests are answered, and system calls and deaths of processes are kept for afterwards.

When the kernel panics every process is told, the last words are left in memory, and this process ends: the
supervisor boots another one. A Python error inside the kernel is our bug, and is treated as a panic. Until a
boot is over (init.py) only rc.lkm and what it starts are served; the system calls of others are kept.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from lkmtools.abi.errno import EPERM
from lkmtools.abi.lkm import NetBSD_Version
from lkmtools.abi.signal import NSIG
from lkmtools.errors import KernelError, answer_to, bug, is_shortage
from lkmtools.evidence import Evidence, vitals
from lkmtools.evidence.vitals import POLLING, TURNS
from lkmtools.kern import Console, Cred, Exit, Kernel, KernelPanic, Request, Spawn, open_host_files
from lkmtools.kernproc import control
from lkmtools.kernproc.connection import Connection
from lkmtools.kernproc.ending import Ending
from lkmtools.kernproc.init import Init
from lkmtools.kernproc.orders import Orders
from lkmtools.kernproc.waiting import Waiting, close_all
from lkmtools.proto import VERSION, Exec, Welcome
from lkmtools.wire.accept import Acceptor, peer
from lkmtools.wire.channel import Channel
from lkmtools.wire.poller import Poller

if TYPE_CHECKING:
    from lkmtools.kern.proc.kern_proc import Proc
    from lkmtools.kern.uvm.uvm_map import Done


LINGER = 0.001  # seconds in which a client that got an answer may ask again before programs go on


class Interrupted(BaseException):
    """Leaves step() in the middle of module code: the kernel that runs there is given up."""


class Server:
    """A kernel that is up, and its clients. `run` returns when told to stop, or raises KernelPanic.

    `supervisor` is that process's pid. `private`: one user has this kernel to himself, and is told when it
    sleeps for ever.
    """

    def __init__(
        self,
        listening: socket.socket,
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
        self.preempted = False
        self._busy = False  # a module has run away since the last turn
        self.waiting = Waiting()
        self.poller = Poller()
        self.ending: Ending | None = None  # once the supervisor has asked for the end
        self.init: Init | None = Init(kernel, self.poller, level, self._up)  # the boot that is not over yet
        self._loads = loads
        self._served = False
        self._shown = False  # from an answer until the next poll: the counters are up to date
        kernel.on_preempt = self.on_preempt
        kernel.linger = LINGER
        kernel.mem.shared.on_move = self._page_moved
        self._welcome = self._greeting()
        self.poller.add(kernel.host.fileno(), lambda events: kernel.host.poll(kernel))
        self._listening = listening
        self._acceptor: Acceptor | None = None  # until the supervisor sends "accept"
        Orders(self).attach()

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
            if not self._loads and self.init is not None:
                self.init.raise_securelevel()
            while self.ending is None or not self.ending.over():
                self._turn()
        except Exception as error:
            raise internal_error(error) from error

    def _turn(self) -> None:
        """One round: what is due in the kernel, then what comes from outside."""
        kernel, waiting = self.kernel, self.waiting
        self.vitals[TURNS] += 1
        if waiting.now:
            waiting.run()
        kernel.step()
        timeout = kernel.timeout()
        if self._busy:  # the module code that ran away has returned
            self._busy = False
            self._state(vitals.BOOTING if self.init else vitals.RUNNING)
        if waiting.now:
            timeout = 0.0
        if timeout is None and self.private and self._sleeps():
            if self._poll(0):
                return  # what has just come may wake them
            for conn in tuple(self.connections.values()):
                conn.asleep()
        if self.ending is not None:
            timeout = self.ending.timeout(timeout)
        self._poll(-1 if timeout is None else timeout)

    def _sleeps(self) -> bool:
        """Does somebody wait whom nothing but a new request will wake?"""
        if self.kernel.host.waiting or self.init is not None:
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
        self.preempted = self._busy = True
        self.kernel.vitals.turn()
        self._state(vitals.BUSY)
        try:
            self._poll(0)
        finally:
            self.preempted = False
        if self.ending is not None and self.ending.module_is_late():
            raise Interrupted

    def _state(self, state: int) -> None:
        self.vitals[vitals.STATE] = state

    def when_calm(self, action: Callable[[], None]) -> None:
        """Call `action` now, or when the running module lets go."""
        if self.preempted:
            self.waiting.add(action)
        else:
            action()

    # Connections.

    def _take(self, sock: socket.socket) -> None:
        pid, uid, gid = peer(sock)
        cred = Cred(0, 0) if uid in (0, os.geteuid()) else Cred(uid, gid)
        conn = Connection(self, sock, cred, pid)
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
        """Who connects from now on waits for the next kernel."""
        if self._acceptor is not None:
            self._acceptor.close()

    # The kernel's side of a connection.

    def _enter(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call into the kernel; its Python errors become panics. KernelError, MemoryError."""
        try:
            return function(*args)
        except (KernelError, MemoryError):
            raise
        except Exception as error:
            raise internal_error(error) from error

    def welcome(self, conn: Connection) -> Welcome:
        """Make a process for `conn`; KernelError, MemoryError."""
        conn.proc = self._enter(self.kernel.attach, conn.cred, conn.comm, conn.host_pid, conn)
        return self._welcome._replace(pid=conn.proc.pid)

    def submit(self, conn: Connection, request: Request) -> None:
        """Hand a system call to the kernel, now or when the running module lets go."""
        if (self.preempted or self.init) and self._keep(conn, partial(self.submit, conn, request)):
            return
        if conn.proc is None:
            return
        try:
            self.kernel.submit(conn.proc, request, conn.reply)
        except Exception as error:
            raise internal_error(error) from error

    def _keep(self, conn: Connection, action: Callable[[], None], files: Sequence[int] = ()) -> bool:
        """Keep a request until the running module lets go, and one that is not the boot's until its end."""
        if self.preempted:
            self.waiting.add(action, files)
        elif self.init is None:
            return False
        elif self.init.admits(conn.host_pid):
            self.init.drain()  # it has printed that before it made this request
            return False
        else:
            self.waiting.hold(action, files)
        return True

    def mapped(self, done: Done, errno: int, address: int) -> None:
        """A process has mapped what the kernel asked it to: now or when the running module lets go."""
        self.when_calm(lambda: self._enter(done, errno, address))

    def execute(self, conn: Connection, frame: Exec, files: list[int]) -> None:
        """Start a program as a child of the client's process; it owns `files` from here on."""
        if self._keep(conn, lambda: self.execute(conn, frame, files), files):
            return
        if conn.proc is None:
            close_all(files)
            return
        try:
            conn.program = self._enter(self._spawn, conn.proc, conn, frame, files)
        except (KernelError, MemoryError) as error:
            failed = answer_to(error)
            conn.exited(Exit(0, failed.errno, failed.reason))

    def _spawn(self, proc: Proc, conn: Connection, frame: Exec, files: list[int]) -> Proc:
        """The process of a program; KernelError, and then `files` are closed."""
        opened = open_host_files(files)
        cred = conn.cred if frame.uid < 0 else Cred(frame.uid, frame.uid)
        what = Spawn(frame.name, bytes(frame.image), list(frame.args), list(frame.env), list(opened))
        try:
            if conn.cred.uid not in (0, cred.uid):
                why = f"user {conn.cred.uid} may not run programs as user {cred.uid}"
                raise KernelError(EPERM, why)
            return self.kernel.spawn(proc, cred, what, conn.exited)
        except BaseException:
            for file in opened:
                file.dispose()
            raise

    def signal(self, conn: Connection, number: int) -> None:
        """A signal for the program of `conn`, when it has one. One that waits already is not kept again."""
        if not 0 < number < NSIG or number in conn.signals:
            return
        conn.signals.add(number)
        if not self._keep(conn, partial(self._deliver, conn, number)):  # as the EXEC before it
            self._deliver(conn, number)

    def _deliver(self, conn: Connection, number: int) -> None:
        conn.signals.discard(number)
        if conn.program is not None:
            self._enter(self.kernel.signal, conn.program, number)

    def kept_for(self, conn: Connection) -> int:
        """Bytes of requests kept for the process of the host behind `conn`, on all its connections."""
        client = conn.cred.uid, conn.host_pid
        others = self.connections.values()
        return sum(other.kept for other in others if (other.cred.uid, other.host_pid) == client)

    def end_process(self, conn: Connection) -> None:
        """The client is gone, or goes: its process exits."""
        proc, conn.proc = conn.proc, None
        if proc is not None and not self.kernel.dead:
            self.when_calm(lambda: self._enter(self.kernel.detach, proc))

    def control(self, conn: Connection, serial: int, verb: str, arguments: str) -> None:
        """Answer a CONTROL."""
        conn.answer(serial, *control.perform(self, conn, verb, arguments))

    # What the supervisor hears.

    def _up(self) -> None:
        """The boot is over: whoever waited for that goes on."""
        self.init = None
        self.waiting.booted()
        self._state(vitals.RUNNING)
        self.channel.send({"do": "booted"})

    def served(self) -> None:
        """Somebody was served; after the boot, this shows that it was good for something."""
        self._shown = True
        if not self._served and self.init is None:
            self._served = True
            self.channel.send({"do": "served"})

    def log(self, text: str) -> None:
        """One entry of the daemon's log."""
        self.channel.send_text("log", text)

    def _page_moved(self, frame: int, fd: int | None) -> None:
        """A page of RAM is lent to a client, in a file of its own, or is back."""
        self.channel.send({"do": "page", "frame": frame}, [] if fd is None else [fd])

    # The end.

    def end_all(self, reason: str, report: str, seconds: float, gone: bool = False) -> None:
        """Every client hears that its process is gone with the kernel, if it takes the news in time.

        `gone`: the whole daemon is.
        """
        self.stop_accepting()
        self.waiting.give_up()
        until = time.monotonic() + seconds
        for conn in tuple(self.connections.values()):
            if gone:
                conn.refuse(reason, conn.pending or 0)
            else:
                conn.panic(reason, report)
        for conn in tuple(self.connections.values()):
            conn.drain(max(until - time.monotonic(), 0.001))


class InternalError(KernelPanic):
    """A panic that the kernel has not printed: a bug of the process around it."""


def internal_error(error: Exception) -> InternalError:
    """A Python error around the kernel, which is a bug of ours, as a panic that names it and its place.

    Where the host has no memory left it is none.
    """
    reason = bug(error)
    whose = "" if is_shortage(error) else "This is a bug of lkmtools.\n"
    return InternalError(reason, f"panic: {reason}\n{whose}")
