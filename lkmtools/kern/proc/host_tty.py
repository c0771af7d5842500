"""ioctls of the host's descriptors: how much can be read, and terminals (tty.c's TIOC commands).

The host's terminal settings and ours have the same names for most bits, places and speeds; settings that only
one of the two has are left unchanged.
"""

from __future__ import annotations

import fcntl
import struct
import termios
from collections.abc import Mapping
from typing import TYPE_CHECKING

from lkmtools.abi import ttycom
from lkmtools.abi.errno import EPASSTHROUGH
from lkmtools.abi.filio import FIONREAD

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_WHEN = {
    ttycom.TIOCSETA: termios.TCSANOW,
    ttycom.TIOCSETAW: termios.TCSADRAIN,
    ttycom.TIOCSETAF: termios.TCSAFLUSH,
}
_FLAGS = (ttycom.IFLAGS, ttycom.OFLAGS, ttycom.CFLAGS, ttycom.LFLAGS)
_FORM = f"%s4I{ttycom.NCCS}s2i"  # struct termios
_SPEEDS = {
    getattr(termios, f"B{speed}"): speed
    for speed in (0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400, 57600,
                  115200, 230400)
    if hasattr(termios, f"B{speed}")
}  # fmt: skip


def host_ioctl(k: Kernel, fd: int, com: int, data: int) -> int:
    """Serve command `com` with its argument at kernel address `data`; EPASSTHROUGH for others. OSError."""
    try:
        return _serve(k, fd, com, data)
    except termios.error as error:
        raise OSError(*error.args) from None


def _serve(k: Kernel, fd: int, com: int, data: int) -> int:
    if com == FIONREAD:
        k.mem.write(data, fcntl.ioctl(fd, termios.FIONREAD, bytes(4)))
    elif com == ttycom.TIOCGWINSZ:
        k.mem.write(data, fcntl.ioctl(fd, termios.TIOCGWINSZ, bytes(8)))
    elif com == ttycom.TIOCGETA:
        k.mem.write(data, _settings(k, fd))
    elif com in _WHEN:
        layout = ttycom.termios.layout(k.dm)
        _change(k, fd, _WHEN[com], k.mem.read(data, layout.size))
    else:
        return EPASSTHROUGH
    return 0


def _translated(bits: int, names: Mapping[str, int], ours: bool) -> int:
    """Our bits as the host's, or the host's as ours. CS8 is CS6 and CS7 in both."""
    out = 0
    for name, value in names.items():
        host = getattr(termios, name, 0)
        source, target = (value, host) if ours else (host, value)
        if source and bits & source == source:
            out |= target
    return out


def _settings(k: Kernel, fd: int) -> bytes:
    """The terminal's settings as a struct termios of ours."""
    found = termios.tcgetattr(fd)
    flags = [_translated(bits, names, False) for bits, names in zip(found[:4], _FLAGS, strict=True)]
    characters = bytearray(ttycom.NCCS)
    for name, place in ttycom.CHARACTERS.items():
        value = found[6][getattr(termios, name)]
        characters[place] = value if isinstance(value, int) else value[0]
    return struct.pack(
        _FORM % k.dm.order,
        *flags,
        characters,
        *(_SPEEDS.get(speed, 0) for speed in found[4:6]),
    )


def _change(k: Kernel, fd: int, when: int, data: bytes) -> None:
    """Give the terminal settings of ours; what it alone knows stays."""
    fields = struct.unpack(_FORM % k.dm.order, data)
    found = termios.tcgetattr(fd)
    for index, names in enumerate(_FLAGS):
        known = sum({getattr(termios, name, 0) for name in names})
        found[index] = found[index] & ~known | _translated(fields[index], names, True)
    for name, place in ttycom.CHARACTERS.items():
        found[6][getattr(termios, name)] = bytes((fields[4][place],))
    termios.tcsetattr(fd, when, found)
