"""The daemon's loop: one thread, one poller, one simulated kernel.

A frame is served at once: poll, receive, submit, step, reply, send; then poll again. While module code runs
away inside step(), the kernel calls on_preempt between slices: the sockets are polled without blocking,
control requests are answered, and system calls and deaths of processes are kept for afterwards.

When the kernel panics every process is told and a new kernel boots on the same console; the daemon's pid
never changes. A Python error inside the kernel is our bug, and is treated as a panic. Until a boot is over
(init.py) only rc.lkm and what it starts are served; the system calls of others are kept.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from errno import EMFILE, ENFILE, ENOBUFS, ENOMEM
from typing import TYPE_CHECKING, Any

from lkmtools.abi.datamodel import DataModel
from lkmtools.abi.errno import EPERM
from lkmtools.abi.lkm import NetBSD_Version
from lkmtools.abi.signal import NSIG
from lkmtools.daemon import control
from lkmtools.daemon.connection import Connection
from lkmtools.daemon.init import PLAIN, Init, Startup
from lkmtools.daemon.listener import Listener, peer
from lkmtools.daemon.poller import Poller
from lkmtools.daemon.suspects import Suspects
from lkmtools.daemon.waiting import Waiting, close_all
from lkmtools.errors import KernelError
from lkmtools.kern import Config, Console, Cred, Exit, Kernel, Panic, Request, Spawn, open_host_files
from lkmtools.proto import VERSION, Exec, Welcome

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Proc
    from lkmtools.kern.uvm_map import Done

BOOT_TRIES = 3  # panics in a row without a request served, after which the kernel stays halted
GOODBYE = 1.0  # seconds the connection that asked for the end may take to read its answer

Make = Callable[[Config, Console, int], Kernel]


class Interrupted(BaseException):
    """Leaves step() in the middle of module code: the kernel that runs there is given up."""


class Server:
    """Everything the daemon knows. `run` returns when it has been told to stop."""

    protocol = VERSION
    release = NetBSD_Version

    def __init__(
        self,
        listener: Listener,
        config: Config,
        console: Console,
        *,
        startup: Startup = PLAIN,
        reboot_on_panic: bool = True,
        make: Make = Kernel,
    ) -> None:
        self.listener = listener
        self.config = config
        self.console = console
        self.startup = startup
        self.reboot_on_panic = reboot_on_panic
        self.make = make
        self.pid = os.getpid()
        self.kernel: Kernel | None = None
        self.bootno = 0
        self.panics = 0
        self.last_panic: dict[str, Any] | None = None
        self.halted: str | None = None
        self.connections: dict[int, Connection] = {}
        self.preempted = False
        self.stopping = False
        self.want_reboot: Connection | None = None
        self.last: Connection | None = None  # who asked for the end
        self.fruitless = 0  # boots in a row in which no request was answered
        self.init: Init | None = None  # the boot that is not over yet
        self.suspects = Suspects()
        self._asked: Connection | None = None  # who asked for the reboot, and waits for its end
        self._ready: Callable[[], None] = lambda: None
        self._host: int | None = None  # the descriptor of the kernel's HostPoll
        self._waiting = Waiting()
        self._printed: list[str] = []
        self.poller = Poller()
        self.poller.add(listener.socket.fileno(), self._accept)
        console.subscribe(self._on_print)

    # The loop.

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until stopped. The kernel must have been booted; `ready` is called when its boot is over."""
        if self.init is None:
            ready()
        else:
            self._ready = ready
        while not self.stopping:
            try:
                self._turn()
            except (Panic, Interrupted) as end:
                if isinstance(end, Panic):  # else it stops or reboots, as the flags say
                    self._panicked(end)
            if self.want_reboot is not None:
                self._reboot(self.want_reboot)
        self._shut_down()

    def _turn(self) -> None:
        """One round: what is due in the kernel, then what comes from outside."""
        kernel = self.kernel
        if kernel is None:
            self._poll(-1)
            return
        if self.init is not None and not self.init.started:
            self.init.start()
        self._waiting.run()
        try:
            kernel.step()
            timeout = kernel.timeout()
        except Exception as error:
            raise internal_error(error) from error
        self._poll(0 if self._waiting else -1 if timeout is None else timeout)

    def _poll(self, timeout: float) -> None:
        """Wait for sockets and handle them. An error of ours in one connection ends that connection only."""
        if self._printed:
            self.flush_console()
        for fd, handler, events in self.poller.poll(timeout):
            try:
                handler(events)
            except Exception:
                self.log(traceback.format_exc())
                if conn := self.connections.get(fd):
                    self.drop(conn)

    def on_preempt(self) -> None:
        """Called by the kernel between slices of module code that does not come back."""
        self.preempted = True
        try:
            self._poll(0)
        finally:
            self.preempted = False
        if self.stopping or self.want_reboot is not None:
            raise Interrupted

    def on_signal(self, fd: int) -> None:
        """Have SIGTERM and SIGINT, written to the pipe `fd` by set_wakeup_fd, stop the daemon."""

        def handle(events: int) -> None:
            if set(os.read(fd, 64)) & {signal.SIGTERM, signal.SIGINT}:
                self.stopping = True

        self.poller.add(fd, handle)

    def when_calm(self, action: Callable[[], None]) -> None:
        """Call `action` now, or when the running module lets go."""
        if self.preempted:
            self._waiting.add(action)
        else:
            action()

    # Connections.

    def _accept(self, events: int) -> None:
        try:
            sock = self.listener.accept()
        except OSError as error:
            if error.errno not in (EMFILE, ENFILE, ENOBUFS, ENOMEM):
                raise
            self.log(f"a connection is turned away: {error.strerror}")
            self.listener.turn_away()
            return
        if sock is None:
            return
        pid, uid, gid = peer(sock)
        cred = Cred(0, 0) if uid in (0, os.geteuid()) else Cred(uid, gid)
        conn = Connection(self, sock, cred, pid)
        self.connections[conn.fd] = conn
        self.poller.add(conn.fd, conn.handle)

    def drop(self, conn: Connection) -> None:
        """Close a connection; its process ends."""
        if conn.fd < 0:
            return
        self.end_process(conn)
        self.poller.forget(conn.fd)
        del self.connections[conn.fd]
        conn.fd = -1
        conn.release_files()
        conn.socket.close()

    # The kernel's side of a connection.

    def _enter(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call into the kernel; its Python errors become panics."""
        try:
            return function(*args)
        except Exception as error:
            raise internal_error(error) from error

    def welcome(self, conn: Connection) -> Welcome:
        """Make a process for `conn`; KernelError. While the kernel is halted its pid is 0."""
        if self.kernel is not None:
            try:
                conn.proc = self.kernel.attach(conn.cred, conn.comm, conn.host_pid, conn)
            except KernelError:
                raise
            except Exception as error:
                raise internal_error(error) from error
        pid = conn.proc.pid if conn.proc else 0
        dm = self.data_model
        return Welcome(
            VERSION, dm.pointer, dm.align64, int(dm.byteorder != "little"), pid, self.release, self.bootno,
            self.pid, self.config.machine, self.version,
        )  # fmt: skip

    def submit(self, conn: Connection, request: Request) -> None:
        """Hand a system call to the kernel, now or when the running module lets go."""
        busy = self.preempted or self.init is not None
        if busy and self._keep(conn, lambda: self.submit(conn, request)):
            return
        if conn.proc is None or self.kernel is None:
            self._refuse(conn)
            return
        try:
            self.kernel.submit(conn.proc, request, conn.reply)
        except Exception as error:
            raise internal_error(error) from error

    def _keep(self, conn: Connection, action: Callable[[], None], files: Sequence[int] = ()) -> bool:
        """Keep a request until the running module lets go, and one that is not the boot's until its end."""
        if self.preempted:
            self._waiting.add(action, files)
        elif self.init is None:
            return False
        elif self.init.admits(conn.host_pid):
            self.init.drain()  # it has printed that before it made this request
            return False
        else:
            self._waiting.hold(action, files)
        return True

    def _refuse(self, conn: Connection) -> None:
        """Answer a request that no kernel will serve."""
        if conn.fd >= 0 and conn.pending is not None:
            why = (
                "its process ended with its kernel" if self.kernel else f"the kernel is halted: {self.halted}"
            )
            conn.panic(why, (self.last_panic or {}).get("report", ""))

    def mapped(self, done: Done, errno: int, address: int) -> None:
        """A process has mapped what the kernel asked it to: now or when the running module lets go."""
        self.when_calm(lambda: self._enter(done, errno, address))

    def execute(self, conn: Connection, frame: Exec, files: list[int]) -> None:
        """Start a program as a child of the client's process; it owns `files` from here on."""
        if self._keep(conn, lambda: self.execute(conn, frame, files), files):
            return
        if conn.proc is None or self.kernel is None:
            close_all(files)
            self._refuse(conn)
            return
        try:
            conn.program = self._spawn(self.kernel, conn.proc, conn, frame, files)
        except KernelError as error:
            conn.exited(Exit(0, error.errno, error.reason))
        except Exception as error:
            raise internal_error(error) from error

    def _spawn(self, kernel: Kernel, proc: Proc, conn: Connection, frame: Exec, files: list[int]) -> Proc:
        """The process of a program; KernelError, and then `files` are closed."""
        opened = open_host_files(files)
        cred = conn.cred if frame.uid < 0 else Cred(frame.uid, frame.uid)
        what = Spawn(frame.name, bytes(frame.image), list(frame.args), list(frame.env), list(opened))
        try:
            if conn.cred.uid not in (0, cred.uid):
                why = f"user {conn.cred.uid} may not run programs as user {cred.uid}"
                raise KernelError(EPERM, why)
            return kernel.spawn(proc, cred, what, conn.exited)
        except BaseException:
            for file in opened:
                file.dispose()
            raise

    def signal(self, conn: Connection, number: int) -> None:
        """A signal for the program of `conn`, when it has one."""
        if self._keep(conn, lambda: self.signal(conn, number)):
            return  # as the EXEC before it
        if conn.program is not None and self.kernel is not None and 0 < number < NSIG:
            self._enter(self.kernel.signal, conn.program, number)

    def end_process(self, conn: Connection) -> None:
        """The client is gone, or goes: its process exits."""
        proc, conn.proc = conn.proc, None
        if proc is None or self.kernel is None:
            return
        detach = self.kernel.detach
        self.when_calm(lambda: self._enter(detach, proc))

    def control(self, conn: Connection, serial: int, verb: str, arguments: str) -> None:
        """Answer a CONTROL."""
        try:
            ok, text = control.perform(self, conn, serial, verb, arguments)
        except Exception:
            self.log(traceback.format_exc())
            ok, text = False, f"{verb}: internal error; the daemon's log has it"
        conn.answer(serial, ok, text)

    # The kernel's life.

    def boot(self) -> None:
        """Boot a new kernel, at most BOOT_TRIES times; then it stays halted, and `halted` says why.

        When it is up, the boot goes on in the loop: see init.py.
        """
        self.kernel = None
        self.halted = None
        while self.fruitless < BOOT_TRIES:
            self.fruitless += 1
            self.bootno += 1
            try:
                kernel = self.make(self.config, self.console, self.bootno)
                kernel.on_preempt = self.on_preempt
                kernel.boot()
            except Panic as panic:
                self._record(panic.reason, panic.report)
            except Exception as error:
                bug = internal_error(error)
                self._record(bug.reason, bug.report)
            else:
                self.kernel = kernel
                self._watch_host(kernel)
                self.data_model: DataModel = kernel.dm
                self.version = kernel.version
                if self.startup.loads or self.startup.level > kernel.securelevel:
                    self.init = Init(self, self.startup, self.suspects.skipped, self._up)
                else:
                    self._up()
                return
        reason = self.last_panic["reason"] if self.last_panic else "it did not boot"
        self.halted = f"it panicked {BOOT_TRIES} times in a row before it served anybody: {reason}"
        self.log(self.halted)
        self._up()

    def _up(self) -> None:
        """The boot is over, or there will be none: whoever waited for that goes on."""
        self.init = None
        self._waiting.booted()
        if self._asked is not None:
            self._asked.finish()
            self._asked = None
        ready, self._ready = self._ready, lambda: None
        ready()

    def _watch_host(self, kernel: Kernel) -> None:
        """Hear of the host's descriptors that programs wait for."""
        self._host = kernel.host.fileno()
        self.poller.add(self._host, lambda events: kernel.host.poll(kernel))

    def _record(self, reason: str, report: str) -> None:
        self.panics += 1
        self.last_panic = {"reason": reason, "report": report, "boot": self.bootno, "time": time.time()}
        self.log(f"panic in boot {self.bootno}: {reason}\n{report}")

    def _panicked(self, panic: Panic) -> None:
        """Tell every process, and boot again."""
        self._record(panic.reason, panic.report)
        if panic.culprit and (self.init is not None or self.fruitless) and self.suspects.blame(panic.culprit):
            self.fruitless = 0  # only modules of the boot are loaded, and this one can be left out
        self._end_all(panic.reason, panic.report)
        if self.reboot_on_panic:
            self.boot()
        else:
            self.halted = panic.reason
            self._up()

    def _reboot(self, asked: Connection) -> None:
        self.want_reboot = None
        self.log(f"reboot asked for by host pid {asked.host_pid}")
        asked.proc = None
        self._end_all("the kernel was rebooted (lkmctl reboot)", "")
        self._asked = asked
        self.suspects.clear()
        self.fruitless = 0
        self.boot()

    def _end_all(self, reason: str, report: str) -> None:
        """Every process dies of `reason`, and the kernel with them."""
        kernel, self.kernel = self.kernel, None
        self._waiting.give_up()
        if self.init is not None:
            self.init.abandon()
            self.init = None
        if self._host is not None:  # before its number is a connection's
            self.poller.forget(self._host)
            self._host = None
        for conn in list(self.connections.values()):
            if conn.proc is not None or conn.pending is not None:
                conn.panic(reason, report)
        if kernel is not None:
            try:
                kernel.shutdown()
            except (Exception, Panic):
                self.log(traceback.format_exc())

    def _shut_down(self) -> None:
        """Stop listening, end all processes, let the connection that asked for it read its answer."""
        self._ready()
        self.listener.close()
        for conn in list(self.connections.values()):
            if conn is not self.last:
                conn.proc = None
                self.drop(conn)
        if self.last is not None and self.last.fd >= 0:
            self.last.proc = None
            self.last.drain(GOODBYE)
        self._end_all("the daemon was stopped", "")
        self.poller.close()

    # The console.

    def _on_print(self, text: str) -> None:
        self._printed.append(text)

    def flush_console(self) -> None:
        """Send what was printed to those who follow the message buffer."""
        text = "".join(self._printed)
        self._printed.clear()
        for conn in tuple(self.connections.values()):
            if conn.following is not None:
                conn.console(text)

    def log(self, text: str) -> None:
        """One entry of the daemon's log, which is its stderr."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        sys.stderr.write(f"{stamp} lkmd[{self.pid}]: {text.rstrip()}\n")
        sys.stderr.flush()


def internal_error(error: Exception) -> Panic:
    """A Python error inside the kernel, as a panic that names it."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Panic(f"internal error: {what}", "".join(traceback.format_exception(error)))
