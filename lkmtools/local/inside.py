"""A kernel in the calling process, which dies with its kernel: for tests of the kernel itself.

A request is served by stepping the kernel until it is answered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.lkm import NetBSD_Version
from lkmtools.client import Process
from lkmtools.client.transport import Transport
from lkmtools.errors import DaemonError, KernelError, PanicError
from lkmtools.kern import Console, Cred, Kernel, KernelPanic, Reply, Request, UserRegion, open_host_files
from lkmtools.kern.base.options import configured
from lkmtools.kern.exec.kern_fork import Spawn
from lkmtools.kern.proc.kern_descrip import File
from lkmtools.kern.proc.kern_proc import Exit, Proc
from lkmtools.kern.uvm.uvm_map import OnMapped, Pages, Span
from lkmtools.local.execution import Execution
from lkmtools.proto import VERSION, Frame, Result, Syscall, Welcome

_NAP = 0.0005  # seconds between two looks at a kernel that waits for its clock


class InsideTransport(Transport):
    """Carries requests to a kernel in this process instead of through a socket."""

    __slots__ = ("__weakref__", "_lk", "_pending", "proc")

    def __init__(self, lk: InsideKernel, cred: Cred, comm: str) -> None:
        self._lk = lk
        self._memory = None
        self.proc: Proc | None = lk.kernel.attach(cred, comm, os.getpid(), self)
        self._pending: list[Reply] = []
        self.on_wait = self.on_report = None

    def close(self) -> None:
        """End the process."""
        proc, self.proc = self.proc, None
        if proc is not None and not self._lk.kernel.dead and self._lk.kernel.procs.get(proc.pid) is proc:
            self._lk.kernel.detach(proc)
            self._lk.run()
        self.memory.clear()

    def map(self, span: Span, done: OnMapped) -> None:
        """The kernel's Sharer: this program is the process."""
        self._map(done, lambda: self.memory.map(span.fd, span.offset, span.length))

    def share(self, pages: Pages, files: list[int], done: OnMapped) -> None:
        """The kernel's Sharer."""
        self._map(done, lambda: self.memory.share(files, pages.addr, pages.length, pages.prot))

    def _map(self, done: OnMapped, how: Callable[[], int]) -> None:
        try:
            address = how()
        except OSError as error:
            done(error.errno or ENOMEM, 0)
        else:
            done(0, address)

    def unmap(self, addr: int, length: int) -> None:
        """The kernel's Sharer."""
        self.memory.unmap(addr, length)

    def send(self, frame: Syscall) -> None:
        """Submit a system call and return at once; `pending` is empty until it was answered."""
        if self.proc is None or self._lk.kernel.procs.get(self.proc.pid) is not self.proc:
            raise DaemonError("this process has exited")
        self._pending.clear()
        regions = tuple(UserRegion(r.address, bytearray(r.data)) for r in frame.regions)
        request = Request(frame.number, frame.args, regions)
        self._lk.kernel.submit(self.proc, request, self._pending.append)

    def request(self, frame: Any, give_up: int | None = None, before: Any = None) -> Frame:
        """Serve one system call: step the kernel until its answer is there."""
        if not isinstance(frame, Syscall):
            raise DaemonError(f"a local kernel does not serve {type(frame).__name__.upper()}")
        self.send(frame)
        return self.receive()

    def receive(self) -> Result:
        """Step the kernel until the request in flight is answered; DaemonError when nothing can wake it."""
        while not self._pending:
            more = self._lk.run()
            if not more and not self._pending:
                self._lk.stuck()
                raise DaemonError("the request sleeps, and nothing in this kernel will wake it")
        reply = self._pending.pop()
        return Result(reply.errno, reply.retval, reply.changed, reply.reason, reply.tty)


class InsideKernel:
    """A booted kernel and its console. `options` are those of kern.Config ("machine", "watchdog", ...)."""

    def __init__(self, **options: Any) -> None:
        self.config = configured(options)
        self.console = Console()
        self.reports: list[tuple[str, str]] = []  # text and record of each that the kernels have made
        self._transports: WeakSet[InsideTransport] = WeakSet()
        self._boot(1)

    def _boot(self, number: int) -> None:
        self.kernel = Kernel(self.config, self.console, number)
        self.kernel.boot()
        self.kernel.on_report = self._reported

    def _reported(self, proc: Proc | None, text: str, record: str) -> None:
        """The kernel reports something: the process that it is about hears it."""
        self.reports.append((text, record))
        for transport in tuple(self._transports):
            if transport.proc is proc and proc is not None and transport.on_report is not None:
                transport.on_report(text, record)

    def close(self) -> None:
        """Shut the kernel down."""
        if not self.kernel.halted:
            self.kernel.shutdown()

    def process(self, comm: str = "test", uid: int = 0, gid: int = 0) -> Process:
        """A new process."""
        k = self.kernel
        transport = InsideTransport(self, Cred(uid, gid), comm)
        assert transport.proc is not None
        self._transports.add(transport)
        order = 0 if k.dm.byteorder == "little" else 1
        welcome = Welcome(
            VERSION, k.dm.pointer, k.dm.align64, order, transport.proc.pid, NetBSD_Version, k.bootno,
            os.getpid(), k.port.name, k.version,
        )  # fmt: skip
        return Process(transport, welcome, "local")

    def execute(self, what: Execution) -> Exit:
        """Run a user program to its end, with these host descriptors as its standard ones. PanicError.

        DaemonError when it sleeps and nothing will wake it.
        """
        k = self.kernel
        ended: list[Exit] = []
        opened = open_host_files([os.dup(fd) for fd in what.stdio])
        files: list[File] = [*opened]
        parent = k.attach(Cred(0, 0), "local", os.getpid())
        try:
            spawn = Spawn(what.name, what.image, what.args, what.env, files)
            k.spawn(parent, Cred(what.uid, what.uid), spawn, ended.append)
        except KernelError as error:
            for file in opened:
                file.dispose()
            ended.append(Exit(0, error.errno, error.reason))
        while not ended:
            if not self.run() and not ended:
                if not k.host.waiting:
                    self.stuck()
                    raise DaemonError("the program sleeps, and nothing in this kernel will wake it")
                k.host.poll(k, _NAP)
        k.detach(parent)
        self.run()
        return ended[0]

    def share(self, path: str, writable: bool = False, session: bool = False) -> str:
        """client.Process.share(): the source to mount as hostfs, once."""
        return self.kernel.vfs.hostfs.share(path, writable, session)

    def run(self) -> bool:
        """Step until nothing is runnable now; False when only a new request makes work. PanicError."""
        k = self.kernel
        try:
            k.host.poll(k)
            k.step()
            wait = k.timeout()
            if wait:
                time.sleep(min(wait, _NAP))
            return wait is not None
        except KernelPanic as panic:
            self.reboot()
            raise PanicError(panic.reason, panic.report, panic.record) from None

    def stuck(self) -> None:
        """Nothing can happen but by another request: hangs are reported. PanicError."""
        try:
            self.kernel.sched.hangs.passed()
        except KernelPanic as panic:
            self.reboot()
            raise PanicError(panic.reason, panic.report, panic.record) from None

    def reboot(self) -> None:
        """Boot a new kernel on the same console; the processes of the old one are gone."""
        old = self.kernel
        old.shutdown()
        self._boot(old.bootno + 1)
