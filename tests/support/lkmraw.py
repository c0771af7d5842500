"""A client of /dev/lkm that knows <sys/lkm.h> only: numbers and layouts are typed here, not imported.

Left of each pair is what an ILP32 program passes, right what an LP64 program does.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from lkmtools.client import Buffer, Process
from lkmtools.link import Image, link, load_object, prelink
from support.lab import Lab

O_RDONLY, O_RDWR, O_NONBLOCK = 0, 2, 4
EPERM, ENOENT, EINTR, EBADF, ENXIO, ENOMEM, EFAULT, EBUSY, EEXIST, ENODEV, EINVAL, ENFILE, ENOTTY = (
    1, 2, 4, 9, 6, 12, 14, 16, 17, 19, 22, 23, 25,
)  # fmt: skip
ENAMETOOLONG, EPROGMISMATCH, ENOSYS = 63, 75, 78

# From the description of the LKM interface, NetBSD 5.2 (and 1.4 for LMRESERV_O); the last four are ours.
NUMBERS = {
    "LMRESERV_O": (0xC0104B00, 0xC0204B00),
    "LMLOADBUF": (0x80084B01, 0x80104B01),
    "LMUNRESRV": (0x20004B02, 0x20004B02),
    "LMREADY": (0x80044B03, 0x80084B03),
    "LMRESERV": (0xC0244B04, 0xC0484B04),
    "LMLOAD": (0x800C4B09, 0x80104B09),
    "LMUNLOAD": (0xC00C4B0A, 0xC0184B0A),
    "LMSTAT": (0xC03C4B0B, 0xC0584B0B),
    "LMLOADSYMS": (0x80084B0C, 0x80104B0C),
    "LMFORCE": (0x80044B0D, 0x80084B0D),
    "LMINFO": (0x80544B20, 0x80684B20),
    "LMREFS": (0xC0204B21, 0xC0304B21),
    "LMWHOHAS": (0xC0284B22, 0xC0304B22),
    "LMSTATS": (0xC00C4B23, 0xC0104B23),
}
FORMATS = {
    "lmc_oresrv": ("<IIiI", "<QQi4xQ"),
    "lmc_resrv": ("<IIiIIIIII", "<QQi4xQQQQQQ"),
    "lmc_loadbuf": ("<iI", "<i4xQ"),
    "lmc_unload": ("<iIi", "<i4xQi4x"),
    "lmc_stat": ("<i32sIiIIIi", "<i32s4xQi4xQQQi4x"),
    "u_long": ("<I", "<Q"),
    "lmi_segment": ("<IIII", "<QQII"),
    "lmi_symbol": ("<IIII", "<QQII"),
    "lmi_import": ("<III", "<QII"),
    # version, nsegments, segments, nsymbols, nimports, symbols, imports, strings, strsize, path,
    # buildid_len, buildid
    "lmc_info": ("<IIIIIIIIIII32sII", "<IIQIIQQQQII32sII"),
    # version, id, refs, nrefs, reserved, path, pathlen, size
    "lmc_refs": ("<IiIIIIII", "<IiQIIQQQ"),
    # kind, id, count, reserved, name
    "lmr_ref": ("<IiII32s", "<IiII32s"),
    # id, nstats, stats
    "lmc_stats": ("<iII", "<iIQ"),
    # symbol, id, name
    "lmc_whohas": ("<Ii32s", "<Qi32s4x"),
}


class Stat(NamedTuple):
    """struct lmc_stat."""

    id: int
    name: bytes
    offset: int
    type: int
    area: int
    size: int
    private: int
    ver: int


class Lkm:
    """An open /dev/lkm of process `p`. Every method is one ioctl; KernelError when it fails."""

    def __init__(self, p: Process, flags: int = O_RDWR) -> None:
        self.p = p
        self.wide = p.dm.pointer == 8
        self.fd = p.open("/dev/lkm", flags)

    def close(self) -> None:
        self.p.close(self.fd)

    def pack(self, name: str, *values: Any) -> bytes:
        return struct.pack(FORMATS[name][self.wide], *values)

    def unpack(self, name: str, data: bytes | bytearray) -> tuple[Any, ...]:
        return struct.unpack(FORMATS[name][self.wide], data)

    def ioctl(self, name: str, data: bytes = b"", *also: Buffer) -> bytearray:
        """The command with `data` copied in; what was copied out."""
        buf = self.p.buffer(data)
        self.p.ioctl(self.fd, NUMBERS[name][self.wide], buf if data else 0, *also)
        return buf.data

    def reserve(
        self, size: int, name: str | None = "probe", sym_size: int = 0, sym_symsize: int = 0
    ) -> tuple[int, int, int]:
        """LMRESERV: slot, addr, sym_addr."""
        text = self.p.buffer(b"" if name is None else name.encode() + b"\0")
        request = self.pack("lmc_resrv", size, text.addr, -1, 0, 0, sym_size, 0, sym_symsize, 0)
        reply = self.unpack("lmc_resrv", self.ioctl("LMRESERV", request, text))
        return reply[2], reply[3], reply[8]

    def loadbuf(
        self, data: bytes, count: int | None = None, addr: int | None = None, name: str = "LMLOADBUF"
    ) -> None:
        """LMLOADBUF of `data`, or with another count or address than it has."""
        buf = self.p.buffer(data)
        cnt = len(data) if count is None else count
        self.ioctl(name, self.pack("lmc_loadbuf", cnt, buf.addr if addr is None else addr), buf)

    def loadsyms(self, data: bytes, count: int | None = None) -> None:
        self.loadbuf(data, count, name="LMLOADSYMS")

    def word(self, name: str, value: int) -> None:
        """LMREADY or LMFORCE."""
        self.ioctl(name, self.pack("u_long", value))

    def ready(self, entry: int) -> None:
        self.word("LMREADY", entry)

    def unreserve(self) -> None:
        self.ioctl("LMUNRESRV")

    def stat(self, ident: int, name: bytes = b"") -> Stat:
        request = self.pack("lmc_stat", ident, name, 0, 0, 0, 0, 0, 0)
        values = self.unpack("lmc_stat", self.ioctl("LMSTAT", request))
        return Stat(values[0], values[1].split(b"\0")[0], *values[2:])

    def unload(self, ident: int, name: bytes | None = None, addr: int | None = None) -> None:
        text = self.p.buffer(b"" if name is None else name)
        where = text.addr if addr is None else addr
        self.ioctl("LMUNLOAD", self.pack("lmc_unload", ident, where, 0), text)

    def send(self, data: bytes, step: int = 512) -> None:
        """An image in pieces, as the original modload sends it."""
        for at in range(0, len(data), step):
            self.loadbuf(data[at : at + step])


def place(lab: Lab, lkm: Lkm, source: str, name: str = "probe", **reserve: Any) -> tuple[int, Image]:
    """Compile and link `source` at what LMRESERV gives: slot and image. Nothing has been sent yet."""
    obj = load_object(lab.cc(source, machine=lab.machine, name=name).read_bytes(), f"{name}.o")
    pre = prelink(obj, machine=lab.machine, entry_names=(f"{name}_lkmentry",))
    slot, addr, _ = lkm.reserve(pre.size, **reserve)
    return slot, link(pre, addr, lab.k.ksyms.value)


def entry(image: Image, name: str = "probe_lkmentry") -> int:
    """The address of the entry point."""
    symbol = image.symbol(name)
    assert symbol is not None
    return symbol.value
