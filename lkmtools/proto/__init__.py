"""The wire between a tool and the daemon, as data: frames in, frames out, no I/O.

A frame is a 12-byte header `<IHHI` (payload length, type, 0, serial) and the payload; all integers are
little-endian. An answer carries the serial of the frame it answers. README.md has the table.

    data = encode(Syscall(20, (), ()), serial=1)
    reader = Reader()
    reader.feed(data)
    serial, frame = reader.next()       # None: more data wanted; ProtocolError: close the connection
"""

from lkmtools.proto.codec import HEADER, encode
from lkmtools.proto.frames import (
    BLANK,
    EXEC_FILES,
    MAX_ARGS,
    MAX_FRAME,
    MAX_REGIONS,
    SHARE_FILES,
    VERSION,
    Answer,
    Asleep,
    Control,
    Exec,
    Exited,
    Frame,
    Hello,
    Map,
    Mapped,
    NoMemory,
    Panic,
    ProtocolError,
    Refused,
    Region,
    Reported,
    Result,
    Share,
    Signal,
    Syscall,
    Unmap,
    Welcome,
)
from lkmtools.proto.reader import Reader
from lkmtools.proto.versions import STOP, other_daemon, other_version

__all__ = [
    "BLANK",
    "EXEC_FILES",
    "HEADER",
    "MAX_ARGS",
    "MAX_FRAME",
    "MAX_REGIONS",
    "SHARE_FILES",
    "STOP",
    "VERSION",
    "Answer",
    "Asleep",
    "Control",
    "Exec",
    "Exited",
    "Frame",
    "Hello",
    "Map",
    "Mapped",
    "NoMemory",
    "Panic",
    "ProtocolError",
    "Reader",
    "Refused",
    "Region",
    "Reported",
    "Result",
    "Share",
    "Signal",
    "Syscall",
    "Unmap",
    "Welcome",
    "encode",
    "other_daemon",
    "other_version",
]
