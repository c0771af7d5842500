"""The values of the running kernel's symbols: one KIOCGVALUES of /dev/ksyms for all names."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from lkmtools.abi.datamodel import cstring
from lkmtools.abi.errno import ENOTTY
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.ksyms import (
    FREEBSD_KIOCGADDR,
    FREEBSD_KIOCGSIZE,
    KIOCGVALUES,
    KSYMS_GLOBAL,
    KSYMS_KEPT,
    ksyms_found,
    ksyms_gvalues,
)
from lkmtools.errors import KernelError
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.client import Process

DEV_KSYMS = "/dev/ksyms"


class Known(NamedTuple):
    """What the kernel knows of names: values of global symbols; modules that keep one to themselves.

    Such a module was loaded without -s, so nobody may link to what it defines.
    """

    values: dict[str, int]
    keepers: dict[str, str]


def known(p: Process, names: Collection[str]) -> Known:
    """What the kernel knows of `names`: one KIOCGVALUES of ksyms(4), however many there are.

    The device is open only meanwhile: a process has it open once. KernelError from open(2), EBUSY when `p`
    has it open itself.
    """
    fd = p.open(DEV_KSYMS, O_RDONLY)
    try:
        rows = _ask(p, fd, names)
    except KernelError:
        p.close(fd)
        raise
    p.close(fd)
    pairs = [(name, row) for name, row in zip(names, rows, strict=True) if row.kf_flags]
    return Known(
        {name: row.kf_value for name, row in pairs if row.kf_flags & KSYMS_GLOBAL},
        {name: cstring(row.kf_module) for name, row in pairs if row.kf_flags & KSYMS_KEPT},
    )


def _ask(p: Process, fd: int, names: Collection[str]) -> list[Any]:
    """The struct ksyms_found of each name."""
    head, row = ksyms_gvalues.layout(p.dm), ksyms_found.layout(p.dm)
    text = p.buffer(b"".join(os.fsencode(name) + b"\0" for name in names))
    found = p.buffer(len(names) * row.size)
    request = p.buffer(
        head.pack(kvs_names=text.addr, kvs_size=len(text.data), kvs_found=found.addr, kvs_count=len(names))
    )
    p.ioctl(fd, KIOCGVALUES.code(p.dm), request, text, found)
    if (answered := head.get(request.data, 0, "kvs_answered")) != len(names):
        raise KernelError(
            ENOTTY,
            f"KIOCGVALUES answered {answered} of {len(names)} names: has a module replaced ioctl(2)?",
        )
    return [row.unpack(found.data, at) for at in range(0, len(found.data), row.size)]


def kernel_values(p: Process, names: Collection[str]) -> dict[str, int]:
    """The values of those global symbols among `names` that the kernel has. KernelError as known()."""
    return known(p, names).values


def kernel_image(p: Process) -> bytes:
    """The image of /dev/ksyms, an ELF file, copied from this process's memory.

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
