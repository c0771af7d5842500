"""<sys/ioccom.h>: how an ioctl command encodes its direction, argument size, group and number."""

from __future__ import annotations

from lkmtools.abi.datamodel import DataModel, Struct, scalar
from lkmtools.abi.vmparam import PAGE_SIZE

IOCPARM_MASK = 0x1FFF
IOCPARM_MAX = PAGE_SIZE  # the largest argument sys_ioctl copies
IOC_VOID = 0x20000000
IOC_OUT = 0x40000000
IOC_IN = 0x80000000
IOC_INOUT = IOC_IN | IOC_OUT


class Ioctl:
    """An ioctl command: its number depends on the data model, because its argument's size does."""

    def __init__(self, name: str, inout: int, group: str, number: int, arg: Struct | str | None) -> None:
        self.name = name
        self.inout = inout
        self.group = group
        self.number = number
        self.arg = arg

    def __repr__(self) -> str:
        return f"<Ioctl {self.name}>"

    def size(self, dm: DataModel) -> int:
        """The argument's size in bytes; 0 when there is none."""
        if self.arg is None:
            return 0
        if isinstance(self.arg, str):
            return scalar(self.arg, dm).size
        return self.arg.layout(dm).size

    def code(self, dm: DataModel) -> int:
        """The 32-bit command on `dm`."""
        return _IOC(self.inout, self.group, self.number, self.size(dm))


def IOCPARM_LEN(cmd: int) -> int:
    """The argument size encoded in a command, in bytes."""
    return cmd >> 16 & IOCPARM_MASK


def _IOC(inout: int, group: str, number: int, size: int) -> int:
    """A command: its direction, group, number and the size of its argument."""
    return inout | (size & IOCPARM_MASK) << 16 | ord(group) << 8 | number


def _IO(group: str, number: int) -> int:
    """A command without an argument."""
    return _IOC(IOC_VOID, group, number, 0)


def _IOR(group: str, number: int, size: int) -> int:
    """A command that copies `size` bytes out."""
    return _IOC(IOC_OUT, group, number, size)


def _IOW(group: str, number: int, size: int) -> int:
    """A command that copies `size` bytes in."""
    return _IOC(IOC_IN, group, number, size)


def _IOWR(group: str, number: int, size: int) -> int:
    """A command that copies `size` bytes in and out."""
    return _IOC(IOC_INOUT, group, number, size)
