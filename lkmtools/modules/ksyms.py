"""The values of the running kernel's symbols: one KIOCGVALUE_60 of /dev/ksyms for each."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from lkmtools.abi.errno import ENAMETOOLONG, ENOENT, ENOTTY
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.ksyms import FREEBSD_KIOCGADDR, FREEBSD_KIOCGSIZE, KIOCGVALUE_60, ksyms_gvalue
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from lkmtools.client import Process

DEV_KSYMS = "/dev/ksyms"


def kernel_values(p: Process, names: Iterable[str]) -> dict[str, int]:
    """The values of those global symbols among `names` that the kernel has (ksyms(4)).

    One ioctl a name is cheaper than reading an image with many symbols. The device is open only meanwhile:
    a process has it open once. KernelError from open(2), EBUSY when `p` has it open itself.
    """
    fd = p.open(DEV_KSYMS, O_RDONLY)
    try:
        values = {name: _value(p, fd, name) for name in names}
    except KernelError:
        p.close(fd)
        raise
    p.close(fd)
    return {name: value for name, value in values.items() if value is not None}


def kernel_image(p: Process) -> bytes:
    """The image of /dev/ksyms, an ELF file, taken from where it lies in this process's memory.

    KernelError from open(2), EBUSY when `p` has the device open itself.
    """
    fd = p.open(DEV_KSYMS, O_RDONLY)
    size, address = p.buffer(p.dm.pointer), p.buffer(p.dm.pointer)
    p.ioctl(fd, FREEBSD_KIOCGSIZE.code(p.dm), size)
    p.ioctl(fd, FREEBSD_KIOCGADDR.code(p.dm), address)
    at, count = (int.from_bytes(word.data, p.dm.byteorder) for word in (address, size))
    if not at or not count:
        raise KernelError(ENOTTY, "KIOCGADDR answered nothing: has a module replaced ioctl(2)?")
    image = bytes(p.memory(at, count))
    p.close(fd)
    return image


def _value(p: Process, fd: int, name: str) -> int | None:
    """One symbol; None if the kernel has none of that name, or none so long."""
    layout = ksyms_gvalue.layout(p.dm)
    text = p.buffer(os.fsencode(name) + b"\0")
    request = p.buffer(layout.pack(kv_name=text.addr))
    try:
        p.ioctl(fd, KIOCGVALUE_60.code(p.dm), request, text)
    except KernelError as error:
        if error.errno in (ENOENT, ENAMETOOLONG):
            return None
        raise
    value: int = layout.get(request.data, 0, "kv_value")
    return value
