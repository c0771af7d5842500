"""The frames of protocol version 4 and their limits. README.md says what each one means.

Text of JSON stays text here: a tool that sends no CONTROL never imports a JSON parser.
"""

from __future__ import annotations

from lkmtools.errors import LkmtoolsError
from lkmtools.tuples import NamedTuple

VERSION = 4
MAGIC = int.from_bytes(b"LKM1", "little")

MAX_FRAME = 64 << 20  # bytes of payload; also of all regions of one request, blank ones included
MAX_ARGS = 8
MAX_REGIONS = 1024
MAX_STRINGS = 65536  # arguments, and environment strings, of an EXEC
EXEC_FILES = 3  # descriptors that an EXEC brings
SHARE_FILES = 253  # descriptors that a SHARE may bring: what a host passes with one message

BLANK = 1  # region flag: all bytes are zero and none is sent


class ProtocolError(LkmtoolsError):
    """This is not a frame of the protocol, received or to be sent; the text has place, value and limit."""


class NoMemory(LkmtoolsError):
    """A frame has come whole, and there is no memory for what it says; `length` is that of its payload."""

    def __init__(self, name: str, serial: int, length: int) -> None:
        super().__init__(f"{name}: the host has no memory left for its {length} bytes")
        self.name = name
        self.serial = serial
        self.length = length


class Hello(NamedTuple):
    """The first frame of a connection. Of another version, only `version` is known."""

    version: int
    host_pid: int
    comm: str


class Welcome(NamedTuple):
    """The kernel at the other end and the process this connection now is. Sizes in bytes."""

    version: int
    pointer: int
    align64: int
    byteorder: int
    pid: int
    release: int
    boot: int
    host_pid: int
    machine: str
    text: str


class Refused(NamedTuple):
    """The daemon closes the connection after this."""

    why: str


class Region(NamedTuple):
    """Memory of the process that a request carries: `data` at `address` of its own numbering."""

    address: int
    data: bytearray


class Syscall(NamedTuple):
    """A request: arguments are register words."""

    number: int
    args: tuple[int, ...]
    regions: tuple[Region, ...]


class Result(NamedTuple):
    """The end of a request: BSD errno (0: none), two return registers, (region, offset, bytes) changed."""

    errno: int
    retval: tuple[int, int]
    changed: tuple[tuple[int, int, bytes | bytearray], ...]
    reason: str
    tty: str


class Control(NamedTuple):
    """A request to the daemon itself; `arguments` is the text of a JSON object."""

    verb: str
    arguments: str


class Exec(NamedTuple):
    """Run a program as `uid` (-1: as the client). Its descriptors 0, 1 and 2 come with this frame's bytes."""

    uid: int
    name: str
    args: tuple[bytes, ...]
    env: tuple[bytes, ...]
    image: bytes | bytearray


class Exited(NamedTuple):
    """The program's end: its wait(2) status and why; or the errno it could not be started for."""

    status: int
    errno: int
    reason: str


class Signal(NamedTuple):
    """A signal for the program that runs; has no answer."""

    number: int


class Answer(NamedTuple):
    """The answer to a Control: JSON text, or why not."""

    ok: bool
    text: str


class Map(NamedTuple):
    """Map part of the memory file that comes with this frame; part of a SYSCALL, before its Result."""

    offset: int
    length: int


class Mapped(NamedTuple):
    """The answer to a Map: an address, or a BSD errno."""

    errno: int
    address: int


class Share(NamedTuple):
    """Map the memory files that come with this frame, a page each, shared, in a row; answered as a Map is.

    `address` 0: the first of them, anywhere, with room for `length` bytes in all.
    """

    address: int
    length: int
    prot: int
    files: int


class Unmap(NamedTuple):
    """A mapping is gone. Nothing answers it."""

    address: int
    length: int


class Asleep(NamedTuple):
    """Nothing in this kernel will ever end the request in flight. Only kernels that have one user say so."""


class Panic(NamedTuple):
    """The kernel panicked and this process has ended. `record` is a CrashRecord as JSON, or ""."""

    reason: str
    report: str
    record: str = ""


class Reported(NamedTuple):
    """The kernel has found something wrong with the request in flight, which goes on.

    `text` is what is on the console, `record` a CrashRecord as JSON.
    """

    text: str
    record: str


Frame = (
    Hello
    | Welcome
    | Refused
    | Syscall
    | Result
    | Control
    | Answer
    | Panic
    | Map
    | Mapped
    | Unmap
    | Exec
    | Exited
    | Signal
    | Share
    | Asleep
    | Reported
)
