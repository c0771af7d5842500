"""One client of the kernel: frames to system calls, answers to frames.

Nothing that a client does affects another client: see wire/stream.py.
"""

from __future__ import annotations

import _socket
import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from lkmtools import proto
from lkmtools.abi.errno import ENOMEM
from lkmtools.errors import NO_MEMORY, KernelError, answer_to, memory_limits
from lkmtools.kern import Exit, Reply, Request, UserRegion
from lkmtools.kernproc import control
from lkmtools.kernproc.process import ClientProcess
from lkmtools.proto import ProtocolError
from lkmtools.wire.poller import Poller
from lkmtools.wire.scm_rights import received, room, send_files
from lkmtools.wire.stream import RECEIVE, Stream

if TYPE_CHECKING:
    from lkmtools.kern.uvm.uvm_map import OnMapped, Pages, Span

_ANCILLARY = room(proto.EXEC_FILES)
LARGE = 1 << 14  # bytes kept for a connection from which on the client's others are looked at as well
# Bytes of requests and answers of one process of the host, on all its connections.
MOST_KEPT = 2 * proto.MAX_FRAME


class Clients(Protocol):
    """The owner of all connections, as one of them sees it."""

    def served(self) -> None:
        """A client was answered."""

    def kept_for(self, process: ClientProcess) -> int:
        """Bytes kept for the process of the host behind `process`, on all its connections."""

    def forget(self, conn: Connection) -> None:
        """A connection is closed."""


class Connection(Stream):
    """One client, and the Mapper of its `process`."""

    def __init__(
        self,
        clients: Clients,
        sock: _socket.socket,
        poller: Poller,
        process: ClientProcess,
        welcome: proto.Welcome,
    ) -> None:
        """`welcome` answers HELLO, with the pid that the process gets."""
        self.process = process
        self.greeted = False
        self._clients = clients
        self._welcome = welcome
        self.pending: int | None = None  # serial of the SYSCALL in flight
        self.asked = 0  # bytes of it, with the memory that it only names
        self.mapping: OnMapped | None = None  # what is called when MAPPED arrives
        self._files: list[int] = []  # descriptors that came, and no EXEC has taken yet
        # A MAP or SHARE and its descriptors, which wait until all that is queued has gone.
        self._with_files: tuple[bytes, list[int]] | None = None
        super().__init__(sock, poller)

    # -- what comes -------------------------------------------------------------------------------------

    def receive(self) -> bytes:
        """What has come; its descriptors wait for an EXEC."""
        data, extra, _, _ = self.socket.recvmsg(RECEIVE, _ANCILLARY, _socket.MSG_CMSG_CLOEXEC)
        if extra:
            self._files += received(extra)
        return data

    def on_batch(self) -> None:
        """Descriptors that nobody wants are not kept, nor what is beyond the bound of one client."""
        if len(self._files) > proto.EXEC_FILES:
            raise ProtocolError(self._wrong_files())
        self._bounded()

    def _bounded(self) -> None:
        """ProtocolError when this client has the kernel keep more than MOST_KEPT bytes."""
        if self.kept > LARGE and (total := self._clients.kept_for(self.process)) > MOST_KEPT:
            raise ProtocolError(
                f"unserved requests and unread answers of process {self.process.host_pid} of the host have "
                f"{total} bytes; the limit is {MOST_KEPT}; wait for answers before sending more"
            )

    @property
    def kept(self) -> int:
        """Bytes of requests that have not come whole or are not served yet, and of answers nobody has read.

        A program that runs is served.
        """
        served = self.pending is None or self.process.runs_program
        return self.reader.kept + (0 if served else self.asked) + len(self.out)

    def on_end(self) -> None:
        """The client is gone, or goes: its process exits."""
        self.pending = self.mapping = self._with_files = None
        self.process.end()

    def on_close(self) -> None:
        """Nobody takes the descriptors any more."""
        self._close_files()
        self._clients.forget(self)

    def _close_files(self) -> None:
        while self._files:
            os.close(self._files.pop())

    def on_frame(self, serial: int, frame: proto.Frame) -> None:
        """Serve a frame."""
        if type(frame) is proto.Syscall and self.greeted:
            if self.pending is not None:
                raise ProtocolError("SYSCALL while another is in flight; the limit is 1")
            self.pending, self.asked = serial, sum([len(region.data) for region in frame.regions])
            self._bounded()
            regions = tuple([UserRegion(region.address, region.data) for region in frame.regions])
            self.process.submit(Request(frame.number, frame.args, regions), self.reply)
        elif type(frame) is proto.Exec and self.greeted:
            self._exec(serial, frame)
        elif type(frame) is proto.Signal and self.greeted:
            self.process.signal(frame.number)
        elif type(frame) is proto.Hello and not self.greeted:
            self._hello(serial, frame)
        elif type(frame) is proto.Control and self.greeted:
            owner = self.process.cred.uid == 0
            ok, text = control.perform(self.process.kernel, owner, frame.verb, frame.arguments)
            self.send(proto.Answer(ok, text), serial)
        elif type(frame) is proto.Mapped and self.mapping is not None:
            done, self.mapping = self.mapping, None
            self.process.mapped(done, frame.errno, frame.address)
        else:
            when = "after HELLO" if self.greeted else "before HELLO"
            raise ProtocolError(f"{type(frame).__name__.upper()} {when}")

    def _hello(self, serial: int, frame: proto.Hello) -> None:
        if frame.version != proto.VERSION:
            self.refuse(proto.other_version(frame.version, self._welcome.host_pid), serial)
            return
        self.process.host_pid = self.process.host_pid or frame.host_pid
        try:
            pid = self.process.begin(frame.comm, self)
        except (KernelError, MemoryError) as error:
            self.refuse(answer_to(error).reason, serial)
            return
        self.greeted = True
        self.greet()
        self.send(self._welcome._replace(pid=pid), serial)

    def _exec(self, serial: int, frame: proto.Exec) -> None:
        """Start a program with the descriptors that came with the frame."""
        if self.pending is not None:
            raise ProtocolError("EXEC while another request is in flight; the limit is 1")
        if len(self._files) != proto.EXEC_FILES:
            raise ProtocolError(self._wrong_files())
        self.pending, self.asked = serial, self.reader.last
        files, self._files = self._files, []
        self.process.execute(frame, files, self.exited)

    def _wrong_files(self) -> str:
        return f"EXEC with {len(self._files)} descriptors; it must be {proto.EXEC_FILES}"

    # -- what goes --------------------------------------------------------------------------------------

    def reply(self, reply: Reply) -> None:
        """The kernel's answer to the SYSCALL in flight."""
        serial = self.pending
        if serial is None:
            return  # the client has gone meanwhile
        self.pending = None
        self._clients.served()  # before the client can see it: we may die at any moment
        try:
            self.send(proto.Result(reply.errno, reply.retval, reply.changed, reply.reason, reply.tty), serial)
        except ProtocolError as error:
            self.refuse(f"the result cannot be sent: {error}", serial)
        except MemoryError:
            self._no_memory(serial, "for the result")

    def on_no_memory(self, lost: proto.NoMemory) -> None:
        """A system call or EXEC fails for want of memory; any other frame ends the connection."""
        answer = {"SYSCALL": self._no_memory, "EXEC": self._no_program}.get(lost.name)
        if answer is None or not self.greeted or self.pending is not None:
            super().on_no_memory(lost)
        else:
            answer(lost.serial, f"for a request of {lost.length} bytes")

    def _no_memory(self, serial: int, what: str) -> None:
        """Answer a system call with ENOMEM."""
        self.send(proto.Result(ENOMEM, (0, 0), (), f"{NO_MEMORY} {what}{memory_limits()}", ""), serial)

    def _no_program(self, serial: int, what: str) -> None:
        """Answer an EXEC with ENOMEM; nobody takes its descriptors."""
        self._close_files()
        self.send(proto.Exited(0, ENOMEM, f"{NO_MEMORY} {what}{memory_limits()}"), serial)

    def exited(self, ended: Exit) -> None:
        """The program that an EXEC started has ended, or could not be started."""
        serial, self.pending = self.pending, None
        self._clients.served()
        if serial is not None:
            self.send(proto.Exited(ended.status, ended.errno, ended.reason), serial)

    def asleep(self) -> None:
        """Nothing in this kernel will ever end the request in flight."""
        if self.pending is not None:
            self.send(proto.Asleep(), self.pending)

    def report(self, text: str, record: str) -> None:
        """Something is wrong with the request in flight, which goes on."""
        with suppress(MemoryError):  # it is on the console
            self.send(proto.Reported(text, record), self.pending or 0)

    def panic(self, reason: str, report: str, record: str) -> None:
        """The process died with the kernel: say so, then close."""
        self.process.panicked()
        serial, self.pending = self.pending or 0, None
        self.send(proto.Panic(reason, report, record), serial)
        self.finish()

    # -- mappings ---------------------------------------------------------------------------------------

    def map(self, span: Span, done: OnMapped) -> None:
        """Ask the client to map a memory file, in the middle of a SYSCALL; it answers MAPPED."""
        self._ask(proto.Map(span.offset, span.length), [span.fd], done)

    def share(self, pages: Pages, files: list[int], done: OnMapped) -> None:
        """Ask the client to map pages of a device, in the middle of a SYSCALL; it answers MAPPED."""
        self._ask(proto.Share(pages.addr, pages.length, pages.prot, len(files)), files, done)

    def _ask(self, frame: proto.Map | proto.Share, files: list[int], done: OnMapped) -> None:
        if self.fd < 0 or self.closing:
            return  # the client has gone; its process will end
        self.mapping = done
        self._with_files = proto.encode(frame, self.pending or 0), files
        self.on_flushed()
        self.watch()

    def unmap(self, addr: int, length: int) -> None:
        """Tell the client that a mapping is gone."""
        if not self.closing:
            self.send(proto.Unmap(addr, length), self.pending or 0)

    def wants_out(self) -> bool:
        """Is there something to send?"""
        return bool(self.out or self._with_files)

    def on_flushed(self) -> None:
        """Send the frame that carries descriptors, when nothing waits before it."""
        if self._with_files is None or self.out:
            return
        data, files = self._with_files
        try:
            sent = send_files(self.socket, data, files)
        except BlockingIOError:
            return
        except OSError as error:
            sent = len(data)
            if error.errno == errno.ETOOMANYREFS and self.mapping is not None:
                done, self.mapping = self.mapping, None  # others do not take theirs: none are left for it
                self.process.mapped(done, ENOMEM, 0)
            else:
                self.failed(error)
        self._with_files = None
        self.out += data[sent:]
