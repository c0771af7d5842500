"""One end of a connection: frames out, frames in, and nothing here blocks.

Data that the other side does not read waits in a queue, and while that queue is long nothing is read from the
other side. A violation of the protocol ends this connection and no other, and so does a frame for which the
host has no memory.
"""

from __future__ import annotations

import _socket
import select
from contextlib import suppress
from errno import EBADF, ECONNRESET, ENOTCONN, EPIPE

from lkmtools.errors import NO_MEMORY, memory_limits
from lkmtools.proto import MAX_FRAME, Frame, NoMemory, ProtocolError, Reader, Refused, encode
from lkmtools.wire.poller import Poller

GONE = (EPIPE, ECONNRESET, ENOTCONN, EBADF)  # errors of sending to a side that is gone
RECEIVE = 1 << 16  # bytes read at once
UNGREETED = 1 << 12  # bytes of a payload before greet(): a silent peer costs no memory
QUEUE = 1 << 18  # bytes unread by the other side from which on we read no more from it

IN, OUT = select.EPOLLIN, select.EPOLLOUT


class Stream:
    """A connected socket in a poller. `fd` is -1 once it is closed."""

    def __init__(self, sock: _socket.socket, poller: Poller) -> None:
        self.socket = sock
        self.poller = poller
        self.fd = sock.fileno()
        self.closing = False
        self.out = bytearray()
        self.reader = Reader(UNGREETED)
        self._events = IN
        poller.add(self.fd, self.handle)

    # -- what a subclass says ---------------------------------------------------------------------------

    def on_frame(self, serial: int, frame: Frame) -> None:
        """A frame has come. ProtocolError refuses the connection."""
        raise NotImplementedError

    def on_batch(self) -> None:
        """All frames that had come whole were served. ProtocolError refuses the connection."""

    def on_no_memory(self, lost: NoMemory) -> None:
        """A frame has come that there is no memory for. The connection is refused."""
        self.refuse(f"{lost}{memory_limits()}", lost.serial)

    def on_end(self) -> None:
        """The other side is gone, or is refused: nobody waits for an answer any more."""

    def on_close(self) -> None:
        """The connection is closed; called once."""

    def on_flushed(self) -> None:
        """The queue was sent, perhaps not all of it."""

    def receive(self) -> bytes:
        """What has come; b"" at the end. BlockingIOError, OSError."""
        return self.socket.recv(RECEIVE)

    def greet(self, limit: int = MAX_FRAME) -> None:
        """The other side has sent HELLO: a payload may have `limit` bytes."""
        self.reader.limit = limit

    # -- events -----------------------------------------------------------------------------------------

    def handle(self, events: int) -> None:
        """The socket is readable, writable or broken."""
        if events & OUT:
            self._flush()
        if events & ~OUT and not self.closing:
            if self._events & IN:
                self._read()
            elif events & (select.EPOLLHUP | select.EPOLLERR):
                self.close()
        elif self.closing and events & (select.EPOLLHUP | select.EPOLLERR):
            self.close()

    def _read(self) -> None:
        try:
            data = self.receive()
            self.reader.feed(data)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        except MemoryError:
            size, self.reader = self.reader.kept, Reader(0)  # now there is memory to say so
            self.refuse(f"{NO_MEMORY} for a request of which {size} bytes had arrived{memory_limits()}")
            return
        if not data:
            self.on_end()
            self.finish()
            return
        self._frames()

    def _frames(self) -> None:
        """Everything that has arrived whole, unless the other side does not read its answers."""
        try:
            while not self.closing and len(self.out) < QUEUE:
                try:
                    got = self.reader.next()
                except NoMemory as lost:
                    self.on_no_memory(lost)
                    continue
                if got is None:
                    self.on_batch()
                    return
                self.on_frame(*got)
        except ProtocolError as error:
            self.refuse(f"protocol error: {error}")

    # -- sending ----------------------------------------------------------------------------------------

    def send(self, frame: Frame, serial: int) -> None:
        """Send now what the socket takes, and queue the rest. MemoryError, and then nothing was sent."""
        data = encode(frame, serial)
        if self.fd < 0:
            return
        if self.out or len(data) > QUEUE:  # a long one is not taken at once: rather no memory for all of it
            self.out += data
            self.watch()  # no more is read once the queue is long
            return
        try:
            sent = self.socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self.failed(error)
            return
        if sent < len(data):
            self.out += memoryview(data)[sent:]
            self.watch()

    def failed(self, error: OSError) -> None:
        """Something cannot be sent. That a side is gone shows as readable, and is handled there."""
        if error.errno not in GONE:  # the host has no memory for it: the other side must not wait for it
            self.closing = True
            self.close()

    def refuse(self, why: str, serial: int = 0) -> None:
        """Say why, then close this connection and nothing else."""
        self.on_end()
        self.send(Refused(why), serial)
        self.finish()

    def finish(self) -> None:
        """Close as soon as all that is queued has gone out; what has come is not looked at any more."""
        self.closing = True
        self.reader = Reader(0)
        if self.out:
            self.watch()
        else:
            self.close()

    def close(self) -> None:
        """Close at once; what is queued is lost."""
        if self.fd < 0:
            return
        self.on_end()
        self.reader = Reader(0)  # a reference to us that is left keeps none of the received bytes
        self.poller.forget(self.fd)
        self.fd = -1
        self.socket.close()
        self.on_close()

    def drain(self, seconds: float) -> None:
        """Send what is queued, waiting for the other side at most this long. For last words only."""
        if self.fd < 0:
            return
        self.socket.settimeout(seconds)
        try:
            self.socket.sendall(self.out)
        except OSError:
            self.out.clear()  # it does not read, or is gone
        self.out.clear()

    def _flush(self) -> None:
        out = self.out
        try:
            with suppress(BlockingIOError):  # the rest goes when there is room again
                while out:
                    del out[: self.socket.send(memoryview(out)[: 1 << 18])]
        except OSError as error:
            out.clear()
            self.failed(error)
        if self.fd < 0:
            return
        if self.closing and not out:
            self.close()
            return
        self.on_flushed()
        self.watch()
        if len(out) < QUEUE and not self.closing:
            self._frames()  # what waited until the other side would read

    def wants_out(self) -> bool:
        """Is there something to send?"""
        return bool(self.out)

    def watch(self) -> None:
        """Tell the poller what we wait for."""
        events = OUT if self.wants_out() else 0
        if not self.closing and len(self.out) < QUEUE:
            events |= IN
        if events != self._events and self.fd >= 0:
            self._events = events
            self.poller.watch(self.fd, events)
