"""<sys/ioccom.h>: how an ioctl command encodes its direction, argument size, group and number."""

from __future__ import annotations

from lkmtools.abi.datamodel import DataModel, Struct, scalar

IOCPARM_MASK = 0x1FFF
IOCPARM_MAX = 4096  # a page: the largest argument sys_ioctl copies
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
        return self.inout | (self.size(dm) & IOCPARM_MASK) << 16 | ord(self.group) << 8 | self.number


def IOCPARM_LEN(cmd: int) -> int:
    """The argument size encoded in a command, in bytes."""
    return cmd >> 16 & IOCPARM_MASK
