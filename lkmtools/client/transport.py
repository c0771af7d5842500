"""One connection to the daemon: a request goes out, its answer comes back.

Blocking on purpose: one process has one request in flight. The C socket type is used directly; the socket
module would cost a tool more start-up time than all of this package.
"""

from __future__ import annotations

import _socket
import errno
import os
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools import proto
from lkmtools.abi.errno import ENOMEM
from lkmtools.errors import DaemonError, LkmtoolsError, PanicError
from lkmtools.proto import ProtocolError

if TYPE_CHECKING:
    from lkmtools.client.memory import ProcessMemory

RECEIVE = 1 << 16  # bytes asked for at once
PATIENCE = 1  # seconds without an answer until on_wait is called
_RIGHTS = _socket.CMSG_SPACE(4 * proto.SHARE_FILES)  # room for all descriptors of a frame


class ConnectionEnded(DaemonError):
    """The other side has closed the connection, for an unknown reason."""


class NoAnswer(DaemonError):
    """Nothing came in the time that was given."""


class Sleeping(DaemonError):
    """The request will never end."""


class Transport:
    """A connected socket that speaks frames. PanicError and DaemonError close it.

    `lost`, if set, is asked what the error is when the other side ends the connection without a word.
    """

    __slots__ = ("_fds", "_memory", "_reader", "_serial", "_socket", "lost", "on_report", "on_wait")

    def __init__(self, sock: _socket.socket) -> None:
        # A receive timeout of the socket, not of Python: no further system call for each recv.
        sock.setsockopt(_socket.SOL_SOCKET, _socket.SO_RCVTIMEO, struct.pack("ll", PATIENCE, 0))
        self._socket = sock
        self._reader = proto.Reader()
        self._serial = 0
        self._fds: list[int] = []  # descriptors whose MAP or SHARE has not been read yet
        self._memory: ProcessMemory | None = None
        self.on_wait: Callable[[], object] | None = None
        self.on_report: Callable[[str, str], object] | None = None
        self.lost: Callable[[], LkmtoolsError] | None = None

    def close(self) -> None:
        """End the connection, and with it the process and its mappings."""
        self._socket.close()
        while self._fds:
            os.close(self._fds.pop())
        if self._memory is not None:
            self._memory.clear()

    @property
    def memory(self) -> ProcessMemory:
        """What the kernel has mapped for this process."""
        if self._memory is None:
            from lkmtools.client.memory import ProcessMemory

            self._memory = ProcessMemory()
        return self._memory

    def fileno(self) -> int:
        """The socket's descriptor; -1 after close()."""
        return self._socket.fileno()

    def request(
        self,
        frame: proto.Hello | proto.Syscall | proto.Control,
        give_up: int | None = None,
        before: proto.Hello | None = None,
    ) -> proto.Frame:
        """Send `frame` and wait for its answer, for ever or for `give_up` seconds (DaemonError then).

        `before` is sent with it, in one piece, and has no answer of its own.
        PanicError if the kernel panics meanwhile, DaemonError if the daemon goes away or refuses. Whatever
        interrupts the wait (KeyboardInterrupt too) closes the connection: the request dies with its process.
        """
        self._serial = serial = self._serial + 1 & 0xFFFFFFFF
        data = proto.encode(frame, serial)
        if before is not None:
            data = proto.encode(before, 0) + data
        try:
            try:
                self._socket.sendall(data)
            except OSError:
                if self._socket.fileno() < 0:
                    raise DaemonError("the connection to the daemon is closed") from None
                return self.wait(-1)  # what the daemon said before it closed
            return self.wait(serial, give_up)
        except BaseException:
            self.close()
            raise

    def execute(
        self, frame: proto.Exec, files: tuple[int, ...], started: Callable[[], object]
    ) -> proto.Frame:
        """Send an EXEC with its descriptors, call `started`, wait for EXITED. As request() otherwise."""
        self._serial = serial = self._serial + 1 & 0xFFFFFFFF
        data = proto.encode(frame, serial)
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"={len(files)}i", *files))
        try:
            try:
                sent = self._socket.sendmsg([data[:RECEIVE]], [rights])
                self._socket.sendall(memoryview(data)[sent:])
            except OSError:
                return self.wait(-1)  # what the daemon said before it closed
            started()
            return self.wait(serial)
        except BaseException:
            self.close()
            raise

    def signal(self, number: int) -> None:
        """A signal for the program that execute() waits for; safe in a signal handler meanwhile."""
        self._socket.sendall(proto.encode(proto.Signal(number), 0))

    def wait(self, serial: int | None = None, give_up: int | None = None) -> proto.Frame:
        """The next frame for the last request (or for `serial`)."""
        wanted = self._serial if serial is None else serial
        reader = self._reader
        waited = 0
        while True:
            try:
                got = reader.next()
            except ProtocolError as error:
                raise DaemonError(f"the daemon does not speak our protocol: {error}") from None
            if got is None:
                data = self._receive()
                if data is not None:
                    reader.feed(data)
                else:
                    waited += PATIENCE
                    self._waited(waited, give_up)
                continue
            answered, frame = got
            if type(frame) is proto.Result and answered == wanted:
                return frame
            if isinstance(frame, proto.Map | proto.Share):
                self._remap(answered, frame)
                continue
            if type(frame) is proto.Unmap:
                self.memory.unmap(frame.address, frame.length)
                continue
            if type(frame) is proto.Panic:
                raise PanicError(frame.reason, frame.report, frame.record)
            if type(frame) is proto.Reported:
                if self.on_report is not None:
                    self.on_report(frame.text, frame.record)
                continue
            if type(frame) is proto.Asleep:
                raise Sleeping("the request sleeps, and nothing in this kernel will wake it")
            if type(frame) is proto.Refused:
                raise DaemonError(frame.why)
            if answered == wanted:
                return frame  # else the rest of a stream nobody reads any more

    def _remap(self, serial: int, frame: proto.Map | proto.Share) -> None:
        """The kernel gives this process memory: map it, and say where it lies."""
        count = frame.files if isinstance(frame, proto.Share) else 1
        files, self._fds = self._fds[:count], self._fds[count:]
        if not files:
            raise DaemonError(
                "MAP arrived without a descriptor: something between this process and the daemon lost it"
            )
        error, address = 0, 0
        try:
            if len(files) < count:
                raise OSError(errno.EMFILE, "this process had no room for all the descriptors")
            if isinstance(frame, proto.Share):
                address = self.memory.share(files, frame.address, frame.length, frame.prot)
            else:
                address = self.memory.map(files[0], frame.offset, frame.length)
        except OSError:
            error = ENOMEM
        finally:
            for fd in files:
                os.close(fd)
        with suppress(OSError):  # the other side is gone: the next that is read says why
            self._socket.sendall(proto.encode(proto.Mapped(error, address), serial))

    def _waited(self, seconds: int, give_up: int | None) -> None:
        if seconds == PATIENCE and self.on_wait:
            self.on_wait()
        if give_up is not None and seconds >= give_up:
            raise NoAnswer(f"no answer in {seconds} seconds")

    def _receive(self) -> bytes | None:
        """Bytes that came; None after PATIENCE seconds without any. DaemonError at the end."""
        try:
            data, rights, _, _ = self._socket.recvmsg(RECEIVE, _RIGHTS, _socket.MSG_CMSG_CLOEXEC)
        except BlockingIOError:
            return None
        except OSError as error:
            raise self._ended(f"the connection to the daemon is lost: {error.strerror}") from None
        if not data:
            raise self._ended("the daemon closed the connection (it was stopped, or it died)")
        for _, _, raw in rights:
            self._fds += struct.unpack(f"{len(raw) // 4}i", raw)
        return data

    def _ended(self, how: str) -> LkmtoolsError:
        """The error of a connection that ended without a word."""
        return self.lost() if self.lost is not None else ConnectionEnded(how)

    def wait_end(self) -> None:
        """Wait until the daemon has closed its end; what it still sends is dropped."""
        while True:
            try:
                if self._socket.recv(RECEIVE) == b"":
                    return
            except BlockingIOError:
                continue
            except OSError:
                return
