"""A client's process in the kernel: its system calls, the program it runs, its end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EPERM
from lkmtools.abi.signal import NSIG
from lkmtools.errors import KernelError, answer_to
from lkmtools.kern import Cred, Exit, Reply, Request, Spawn, open_host_files
from lkmtools.kernproc.gate import Gate, close_all, internal_error
from lkmtools.proto import Exec

if TYPE_CHECKING:
    from lkmtools.kern import Kernel
    from lkmtools.kern.proc.kern_proc import Proc
    from lkmtools.kern.uvm.uvm_map import OnMapped, Sharer


class ClientProcess:
    """Of the user `cred` and the host's process `host_pid`. It is none before begin() and after end().

    What cannot be done now is done when the gate opens. `runs_program` is true from execute() to the
    program's end.
    """

    def __init__(self, gate: Gate, cred: Cred, host_pid: int) -> None:
        self.cred = cred
        self.host_pid = host_pid
        self._gate = gate
        self._proc: Proc | None = None
        self._program: Proc | None = None
        self._signals: set[int] = set()  # for the program, which wait until the kernel can take them

    @property
    def kernel(self) -> Kernel:
        """The kernel that it is in."""
        return self._gate.kernel

    @property
    def runs_program(self) -> bool:
        """Does a program run for it?"""
        return self._program is not None

    def begin(self, comm: str, mapper: Sharer) -> int:
        """Come into being; its pid in the kernel. KernelError, MemoryError."""
        gate = self._gate
        proc: Proc = gate.enter(gate.kernel.attach, self.cred, comm, self.host_pid, mapper)
        self._proc = proc
        return proc.pid

    def submit(self, request: Request, reply: Callable[[Reply], None]) -> None:
        """Hand a system call to the kernel."""
        gate = self._gate
        if (gate.preempted or gate.init) and gate.keep(self.host_pid, partial(self.submit, request, reply)):
            return
        if self._proc is None:
            return
        try:
            gate.kernel.submit(self._proc, request, reply)
        except Exception as error:
            raise internal_error(error) from error

    def mapped(self, done: OnMapped, errno: int, address: int) -> None:
        """It has mapped what the kernel asked it to."""
        gate = self._gate
        gate.when_calm(lambda: gate.enter(done, errno, address))

    def execute(self, frame: Exec, files: list[int], exited: Callable[[Exit], None]) -> None:
        """Start a program as a child of it, which owns `files` from here on."""
        if self._gate.keep(self.host_pid, lambda: self.execute(frame, files, exited), files):
            return
        if self._proc is None:
            close_all(files)
            return

        def ended(how: Exit) -> None:
            self._program = None
            exited(how)

        try:
            self._program = self._gate.enter(self._spawn, self._proc, frame, files, ended)
        except (KernelError, MemoryError) as error:
            failed = answer_to(error)
            exited(Exit(0, failed.errno, failed.reason))

    def _spawn(self, proc: Proc, frame: Exec, files: list[int], ended: Callable[[Exit], None]) -> Proc:
        """The process of a program; KernelError, and then `files` are closed."""
        opened = open_host_files(files)
        cred = self.cred if frame.uid < 0 else Cred(frame.uid, frame.uid)
        what = Spawn(frame.name, bytes(frame.image), list(frame.args), list(frame.env), list(opened))
        try:
            if self.cred.uid not in (0, cred.uid):
                why = f"user {self.cred.uid} may not run programs as user {cred.uid}"
                raise KernelError(EPERM, why)
            return self.kernel.spawn(proc, cred, what, ended)
        except BaseException:
            for file in opened:
                file.dispose()
            raise

    def signal(self, number: int) -> None:
        """A signal for the program, when there is one. One that waits already is not kept again."""
        if not 0 < number < NSIG or number in self._signals:
            return
        self._signals.add(number)
        if not self._gate.keep(self.host_pid, partial(self._deliver, number)):  # as the EXEC before it
            self._deliver(number)

    def _deliver(self, number: int) -> None:
        self._signals.discard(number)
        if self._program is not None:
            self._gate.enter(self.kernel.signal, self._program, number)

    def end(self) -> None:
        """The client is gone, or goes: exit. Again, and nothing is done."""
        proc, self._proc = self._proc, None
        if proc is not None and not self.kernel.dead:
            self._gate.when_calm(lambda: self._gate.enter(self.kernel.detach, proc))

    def serves(self, proc: Proc) -> bool:
        """Is it this process of the kernel, or does the program in that run for it?"""
        mine = self._proc
        return mine is not None and (
            proc is mine or (proc.program is not None and proc.program.session == mine.pid)
        )

    def panicked(self) -> None:
        """The kernel has taken it along."""
        self._proc = self._program = None
