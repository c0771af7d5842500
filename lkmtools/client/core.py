"""A process of the simulated kernel, without named calls: its memory, and system calls by number.

A buffer gets an address of the process's own numbering when it is made; its bytes travel with the requests
that name it and with no others, so a pointer to memory that was not sent is EFAULT.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from lkmtools.abi.datamodel import ILP32_I386, LP64, DataModel
from lkmtools.abi.vmparam import round_page
from lkmtools.client.transport import Transport
from lkmtools.errors import DaemonError, KernelError, LkmtoolsError
from lkmtools.proto import Control, Exec, Exited, ProtocolError, Region, Result, Syscall, Welcome

if TYPE_CHECKING:
    from lkmtools.client.supervisor import SupervisorConnection

MIN_ADDRESS = 0x10000  # nothing lies below, so that a null pointer and its members fault
MAX_ADDRESS = 0xB000_0000  # buffers are numbered anew from here: below the kernel on every machine
DATA_MODELS = (LP64, ILP32_I386)


class Buffer(Region):
    """Memory of the process: `data` at address `addr`. The kernel's changes appear in `data`."""

    __slots__ = ()

    addr = Region.address

    def __repr__(self) -> str:
        return f"<Buffer {len(self.data)} bytes at {self.address:#x}>"


class Core:
    """The base of Process: one connection to the daemon.

    `machine` is the kernel's ("amd64"), `dm` its data model, `release` its __NetBSD_Version__, `version` its
    version text, `boot` counts its boots from 1, `pid` is this process inside, `daemon_pid` the daemon's
    process on the host. `tty` is where uprintf(9) of a module prints (None: nowhere); `on_wait` is called
    once for each request that has no answer after a second, `on_report` with what the kernel reports about
    one. `at_start` has a line for each thing that went wrong at the boot of the daemon, when connect() had to
    start it.
    """

    def __init__(self, transport: Transport, welcome: Welcome, path: str) -> None:
        self._transport = transport
        self._next = MIN_ADDRESS
        self.path = path
        self.machine = welcome.machine
        self.dm = data_model(welcome)
        self.pid = welcome.pid
        self.release = welcome.release
        self.boot = welcome.boot
        self.version = welcome.text
        self.daemon_pid = welcome.host_pid
        self.tty: TextIO | None = sys.stderr
        self.at_start: tuple[str, ...] = ()
        self._mask = self.dm.mask
        self._supervisor: SupervisorConnection | None = None
        boot, daemon = self.boot, self.daemon_pid
        transport.lost = lambda: _lost(path, boot, daemon)  # without self: see __del__
        self._sign = 1 << 8 * self.dm.pointer - 1

    def __repr__(self) -> str:
        return f"<Process {self.pid} of {self.machine} at {self.path}>"

    def exit(self) -> None:
        """void exit(int rval): end the process by ending the connection. Further calls are a DaemonError."""
        self._transport.close()
        if self._supervisor is not None:
            self._supervisor.close()
            self._supervisor = None

    @property
    def on_wait(self) -> Any:
        """Called with no arguments, once a request, when its answer has not come after one second.

        waits_for() then says why.
        """
        return self._transport.on_wait

    @on_wait.setter
    def on_wait(self, callback: Any) -> None:
        self._transport.on_wait = callback

    @property
    def on_report(self) -> Any:
        """Called with text and record (JSON), when the kernel reports something about the request in flight.

        The request goes on. What the callback raises ends the process.
        """
        return self._transport.on_report

    @on_report.setter
    def on_report(self, callback: Any) -> None:
        self._transport.on_report = callback

    def waits_for(self) -> str:
        """Why the request in flight has no answer yet, in words, for `on_wait`; "" when nobody can tell."""
        from lkmtools.client.supervisor import waits_for

        return waits_for(self.path, pid=self.pid, boot=self.boot)

    def buffer(self, content: bytes | bytearray | int) -> Buffer:
        """Memory with this content, or of this many zero bytes, at a page-aligned address of its own."""
        data = bytearray(content)
        size = round_page(len(data) + 1)
        if self._next + size > MAX_ADDRESS:
            self._next = MIN_ADDRESS
        buffer = Buffer(self._next, data)
        self._next += size
        return buffer

    def memory(self, address: int, length: int) -> memoryview:
        """The bytes of a mapping, in place; ValueError where is none, or nothing may be read.

        Writing changes this process's copy of a file, but a device itself. Pages whose mapping has gone
        (munmap, close, exit) stay as long as a view of them is held; a device no longer shares them then.
        """
        return self._transport.memory.view(address, length)

    def syscall(
        self, number: int, *args: int | str | bytes | Buffer, also: Sequence[Buffer] = ()
    ) -> tuple[int, int]:
        """System call `number`; the two return registers, as signed register_t.

        An argument is a register word (a 64-bit one is two of them on an ILP32 kernel: see quad()), a Buffer,
        or a str (NUL added) or bytes, passed by address. `also` names the buffers that others point to.
        KernelError with errno and reason; PanicError and DaemonError end the process.
        """
        words: list[int] = []
        regions: list[Region] = []
        scratch = self._next
        for arg in args:
            if isinstance(arg, int):
                words.append(arg & self._mask)
                continue
            if isinstance(arg, Buffer):
                region: Region = arg
            else:
                data = bytearray(os.fsencode(arg) + b"\0" if isinstance(arg, str) else arg)
                region = Region(scratch, data)
                scratch += round_page(len(data) + 1)
            words.append(region.address)
            regions.append(region)
        if also:
            regions += also
        try:
            result = self._transport.request(Syscall(number, tuple(words), tuple(regions)))
        except ProtocolError as error:  # ours: too many arguments, too much memory
            raise DaemonError(f"this request cannot be sent: {error}") from None
        if type(result) is not Result:
            self._transport.close()
            raise DaemonError(f"the daemon answered SYSCALL with {type(result).__name__.upper()}")
        return self._finish(result, regions)

    def _finish(self, result: Result, regions: list[Region]) -> tuple[int, int]:
        """Changes into buffers, text to the terminal, errno to an exception."""
        for index, offset, data in result.changed:
            if index >= len(regions):
                raise DaemonError(f"RESULT: region is {index}; the limit is {len(regions) - 1}")
            target = regions[index].data
            end = offset + len(data)
            if end > len(target):
                raise DaemonError(f"RESULT: end of change is {end}; the limit is {len(target)}")
            target[offset:end] = data
        if result.tty and self.tty is not None:
            self.tty.write(result.tty)
            self.tty.flush()
        if result.errno:
            raise KernelError(result.errno, result.reason)
        first, second = result.retval
        mask, sign = self._mask, self._sign
        return ((first & mask) ^ sign) - sign, ((second & mask) ^ sign) - sign

    def execute(
        self,
        image: bytes,
        args: Sequence[bytes],
        env: Sequence[bytes] = (),
        *,
        uid: int = -1,
        name: str = "",
        files: tuple[int, int, int] = (0, 1, 2),
        started: Callable[[], object] = lambda: None,
    ) -> tuple[int, str]:
        """Run a static user program inside, to its end: its wait(2) status, and why a signal ended it.

        `args` begin with the program's own name; `files` are descriptors of this process. `started` is
        called when the request has been sent: signal() works from then on. KernelError when it could not be
        started.
        """
        title = name or args[0].decode("utf-8", "replace")
        frame = Exec(uid, title, tuple(args), tuple(env), image)
        try:
            result = self._transport.execute(frame, files, started)
        except ProtocolError as error:
            raise DaemonError(f"this program cannot be sent: {error}") from None
        if type(result) is not Exited:
            self._transport.close()
            raise DaemonError(f"the daemon answered EXEC with {type(result).__name__.upper()}")
        if result.errno:
            raise KernelError(result.errno, result.reason)
        return result.status, result.reason

    def signal(self, number: int) -> None:
        """Signal the program that execute() runs; for signal handlers."""
        self._transport.signal(number)

    def control(self, verb: str, *, give_up: int | None = None, **arguments: Any) -> dict[str, Any]:
        """Ask the daemon.

        "status", "dmesg", "reboot", "stop", "share", "fate" and "waits" are answered by its supervisor,
        whatever the kernel does; "ps", "ksyms" and "addr2sym" by the kernel, even while a module loops.
        DaemonError if it will not, NoAnswer if the kernel does not answer within `give_up` seconds. See
        wait_end() after "reboot" and "stop".
        """
        import json

        from lkmtools.client.supervisor import answer_of
        from lkmtools.proto.verbs import SUPERVISOR

        if verb in SUPERVISOR:
            return self.supervisor.ask(verb, **arguments)
        return answer_of(self._transport.request(Control(verb, json.dumps(arguments)), give_up))

    def stream(self, verb: str, **arguments: Any) -> Iterator[dict[str, Any]]:
        """control(), and then without end every further answer ("dmesg" with follow=True)."""
        return self.supervisor.stream(verb, **arguments)

    def wait_end(self) -> None:
        """Wait until the supervisor has done what "stop" or "reboot" asked for."""
        self.supervisor.wait_end()

    @property
    def supervisor(self) -> SupervisorConnection:
        """A connection to the daemon's supervisor, made when it is first wanted."""
        if self._supervisor is None:
            from lkmtools.client.supervisor import SupervisorConnection

            self._supervisor = SupervisorConnection(self.path)
        return self._supervisor


def _lost(path: str, boot: int, daemon: int) -> LkmtoolsError:
    """A connection ended without a word: the supervisor knows why."""
    from lkmtools.client.supervisor import what_became_of

    return what_became_of(path, boot, daemon)


def data_model(welcome: Welcome) -> DataModel:
    """The data model a WELCOME describes. DaemonError if we have no such one."""
    order = "big" if welcome.byteorder else "little"
    for dm in DATA_MODELS:
        if (dm.pointer, dm.align64, dm.byteorder) == (welcome.pointer, welcome.align64, order):
            return dm
    raise DaemonError(
        f"{welcome.machine}: unknown data model: {welcome.pointer}-byte pointers, "
        f"64-bit integers aligned to {welcome.align64}, {order}-endian"
    )
