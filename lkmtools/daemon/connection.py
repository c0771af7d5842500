"""The daemon's end of one connection: bytes to frames, frames to the server, answers to bytes.

Nothing here blocks, and nothing a client does here reaches another client: what it sends beyond the
protocol ends its own connection, what it does not read waits in its own queue, and while that queue is long
no more is read from it.
"""

from __future__ import annotations

import errno
import json
import os
import select
import socket
import struct
from typing import TYPE_CHECKING

from lkmtools.abi.errno import ENOMEM
from lkmtools.errors import KernelError
from lkmtools.kern import Cred, Exit, Reply, Request
from lkmtools.proto import (
    EXEC_FILES,
    VERSION,
    Answer,
    Control,
    Exec,
    Exited,
    Frame,
    Hello,
    Map,
    Mapped,
    ProtocolError,
    Reader,
    Refused,
    Result,
    Share,
    Signal,
    Syscall,
    Unmap,
    encode,
)
from lkmtools.proto import Panic as PanicFrame

if TYPE_CHECKING:
    from lkmtools.daemon.server import Server
    from lkmtools.kern.kern_proc import Proc
    from lkmtools.kern.uvm_map import Done, Pages, Span

_FD = struct.Struct("=i")
_ANCILLARY = socket.CMSG_SPACE(EXEC_FILES * _FD.size)  # more descriptors than that are lost on the way
RECEIVE = 1 << 16  # bytes read at once
QUEUE = 1 << 18  # bytes unread by the client from which on we read no more from it
STREAM = 1 << 20  # ... from which on text for `dmesg -f` is dropped, and counted
PIECE = 1 << 16  # characters of that text in one answer

_IN, _OUT = select.EPOLLIN, select.EPOLLOUT


class Connection:
    """One client, and the Mapper of its process.

    `proc` is its process of the kernel, None before HELLO and after a panic.
    """

    def __init__(self, server: Server, sock: socket.socket, cred: Cred, host_pid: int) -> None:
        self.server = server
        self.socket = sock
        self.fd = sock.fileno()
        self.cred = cred
        self.host_pid = host_pid
        self.comm = ""
        self.proc: Proc | None = None
        self.greeted = False
        self.pending: int | None = None  # serial of the SYSCALL in flight
        self.mapping: Done | None = None  # who waits for MAPPED
        self.following: int | None = None  # serial of a CONTROL dmesg with follow
        self.lost = 0  # characters of console text dropped since the last that went out
        self.program: Proc | None = None  # what an EXEC started, until it ends
        self._files: list[int] = []  # descriptors that came, and no EXEC has taken yet
        self._closing = False
        self._reader = Reader()
        self._out = bytearray()
        # A MAP or SHARE and its descriptors, which wait until all of _out has gone.
        self._with_files: tuple[bytes, list[int]] | None = None
        self._events = _IN

    def handle(self, events: int) -> None:
        """The socket is readable, writable or broken."""
        if events & _OUT:
            self._flush()
        if events & ~_OUT and not self._closing:
            if self._events & _IN:
                self._read()
            elif events & (select.EPOLLHUP | select.EPOLLERR):
                self.server.drop(self)
        elif self._closing and events & (select.EPOLLHUP | select.EPOLLERR):
            self.server.drop(self)

    def _read(self) -> None:
        try:
            data, extra, _, _ = self.socket.recvmsg(RECEIVE, _ANCILLARY, socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return
        except OSError:
            data, extra = b"", []
        for level, kind, content in extra:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self._files += [fd for (fd,) in _FD.iter_unpack(content[: len(content) & -_FD.size])]
        if not data:
            self.pending = None  # nobody waits for it
            self.server.end_process(self)
            self.finish()
            return
        self._reader.feed(data)
        self._frames()

    def _frames(self) -> None:
        """Everything that has arrived whole, unless the client does not read its answers."""
        try:
            while not self._closing and len(self._out) < QUEUE:
                got = self._reader.next()
                if got is None:
                    if len(self._files) > EXEC_FILES:
                        raise ProtocolError(self._wrong_files())
                    return
                self._frame(*got)
        except ProtocolError as error:
            self.refuse(f"protocol error: {error}")

    def _frame(self, serial: int, frame: Frame) -> None:
        if type(frame) is Syscall and self.greeted:
            if self.pending is not None:
                raise ProtocolError("SYSCALL while another is in flight; the limit is 1")
            self.pending = serial
            self.server.submit(self, tuple.__new__(Request, frame))
        elif type(frame) is Exec and self.greeted:
            self._exec(serial, frame)
        elif type(frame) is Signal and self.greeted:
            self.server.signal(self, frame.number)
        elif type(frame) is Hello and not self.greeted:
            self._hello(serial, frame)
        elif type(frame) is Control and self.greeted:
            self.server.control(self, serial, frame.verb, frame.arguments)
        elif type(frame) is Mapped and self.mapping is not None:
            done, self.mapping = self.mapping, None
            self.server.mapped(done, frame.errno, frame.address)
        else:
            when = "after HELLO" if self.greeted else "before HELLO"
            raise ProtocolError(f"{type(frame).__name__.upper()} {when}")

    def _hello(self, serial: int, frame: Hello) -> None:
        if frame.version != VERSION:
            self.refuse(
                f"this lkmd speaks protocol {VERSION}, the tool {frame.version}: upgrade the older one, "
                "and stop this daemon with its own version of lkmctl stop",
                serial,
            )
            return
        self.comm = frame.comm
        self.host_pid = self.host_pid or frame.host_pid
        try:
            welcome = self.server.welcome(self)
        except KernelError as error:
            self.refuse(error.reason, serial)
            return
        self.greeted = True
        self.send(welcome, serial)

    def _exec(self, serial: int, frame: Exec) -> None:
        """Start a program with the descriptors that came with the frame."""
        if self.pending is not None:
            raise ProtocolError("EXEC while another request is in flight; the limit is 1")
        if len(self._files) != EXEC_FILES:
            raise ProtocolError(self._wrong_files())
        self.pending = serial
        files, self._files = self._files, []
        self.server.execute(self, frame, files)

    def _wrong_files(self) -> str:
        return f"EXEC with {len(self._files)} descriptors; it must be {EXEC_FILES}"

    def exited(self, ended: Exit) -> None:
        """The program that an EXEC started has ended, or could not be started."""
        self.program = None
        serial, self.pending = self.pending, None
        if serial is not None:
            self.send(Exited(*ended), serial)
        if self.server.init is None:
            self.server.fruitless = 0

    def release_files(self) -> None:
        """Close descriptors that nobody took."""
        while self._files:
            os.close(self._files.pop())

    def reply(self, reply: Reply) -> None:
        """The kernel's answer to the SYSCALL in flight."""
        serial = self.pending
        if serial is None:
            return  # the client has gone meanwhile
        self.pending = None
        try:
            self.send(tuple.__new__(Result, reply), serial)
        except ProtocolError as error:
            self.refuse(f"the result cannot be sent: {error}", serial)
        if self.server.init is None:
            self.server.fruitless = 0  # this boot is good for something

    def map(self, span: Span, done: Done) -> None:
        """Ask the client to map a memory file, in the middle of a SYSCALL; it answers MAPPED."""
        self._ask(Map(span.offset, span.length), [span.fd], done)

    def share(self, pages: Pages, files: list[int], done: Done) -> None:
        """Ask the client to map pages of a device, in the middle of a SYSCALL; it answers MAPPED."""
        self._ask(Share(pages.addr, pages.length, pages.prot, len(files)), files, done)

    def _ask(self, frame: Map | Share, files: list[int], done: Done) -> None:
        if self.fd < 0 or self._closing:
            return  # the client has gone; its process is told to end
        self.mapping = done
        self._with_files = encode(frame, self.pending or 0), files
        self._send_files()
        self._watch()

    def unmap(self, addr: int, length: int) -> None:
        """Tell the client that a mapping is gone."""
        if not self._closing:
            self.send(Unmap(addr, length), self.pending or 0)

    def _send_files(self) -> None:
        """Send the frame that carries descriptors, when nothing waits before it."""
        if self._with_files is None or self._out:
            return
        data, files = self._with_files
        try:
            sent = socket.send_fds(self.socket, [data], files)
        except BlockingIOError:
            return
        except OSError as error:
            sent = len(data)  # its end shows as readable, and is handled there
            if error.errno == errno.ETOOMANYREFS and self.mapping is not None:
                done, self.mapping = self.mapping, None  # others do not take theirs: none are left for it
                self.server.mapped(done, ENOMEM, 0)
        self._with_files = None
        self._out += data[sent:]

    def answer(self, serial: int, ok: bool, text: str) -> None:
        """The answer to a CONTROL: JSON text, or why not."""
        self.send(Answer(ok, text), serial)

    def console(self, text: str) -> None:
        """More of the message buffer, for a follower; dropped, and counted, while much waits to be read."""
        for at in range(0, len(text), PIECE):
            if self.following is None:
                return
            if len(self._out) > STREAM:
                self.lost += len(text) - at
                return
            lost, self.lost = self.lost, 0
            more = {"version": 1, "text": text[at : at + PIECE], "lost": lost}
            self.answer(self.following, True, json.dumps(more))

    def panic(self, reason: str, report: str) -> None:
        """The process died with the kernel: say so, then close."""
        self.proc = self.program = None
        serial, self.pending = self.pending or 0, None
        self.send(PanicFrame(reason, report), serial)
        self.finish()

    def refuse(self, why: str, serial: int = 0) -> None:
        """Say why, then close this connection and nothing else."""
        self.server.end_process(self)
        self.send(Refused(why), serial)
        self.finish()

    def finish(self) -> None:
        """Close as soon as all that is queued has gone out."""
        self._closing = True
        self._with_files = self.mapping = None
        self.following = None
        if self._out:
            self._watch()
        else:
            self.server.drop(self)

    def send(self, frame: Frame, serial: int) -> None:
        """Send now what the socket takes, and queue the rest."""
        data = encode(frame, serial)
        if self.fd < 0:
            return
        if self._out:
            self._out += data
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return  # its end shows as readable, and is handled there
        if sent < len(data):
            self._out += memoryview(data)[sent:]
            self._watch()

    def drain(self, seconds: float) -> None:
        """Send what is queued, waiting for the client at most this long. For the daemon's last words only."""
        self.socket.settimeout(seconds)
        try:
            self.socket.sendall(self._out)
        except OSError:
            self._out.clear()  # it does not read, or is gone

    def _flush(self) -> None:
        out = self._out
        try:
            while out:
                del out[: self.socket.send(memoryview(out)[: 1 << 18])]
        except OSError as error:
            if not isinstance(error, BlockingIOError):  # else the rest goes when there is room again
                out.clear()
        if self._closing and not out:
            self.server.drop(self)
            return
        self._send_files()
        self._watch()
        if len(out) < QUEUE and not self._closing:
            self._frames()  # what waited until the client would read

    def _watch(self) -> None:
        """Tell the poller what we wait for."""
        events = _OUT if self._out or self._with_files else 0
        if not self._closing and len(self._out) < QUEUE:
            events |= _IN
        if events != self._events and self.fd >= 0:
            self._events = events
            self.server.poller.watch(self.fd, events)
