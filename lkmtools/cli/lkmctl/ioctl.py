"""ioctl: a device's commands, from a shell."""

from __future__ import annotations

import os

import click

from lkmtools.abi.fcntl import O_RDONLY, O_RDWR
from lkmtools.abi.ioccom import IOC_IN, IOC_OUT, IOC_VOID, IOCPARM_LEN
from lkmtools.cli.lkmctl.base import about, command, number, process
from lkmtools.cli.numbers import c_integer


@command(context_settings={"ignore_unknown_options": True})
@click.option("-r", "--readonly", is_flag=True, help="Open the device for reading only.")
@click.argument("file")
@click.argument("cmd")
@click.argument("arg", required=False)
def ioctl(file: str, cmd: str, arg: str | None, readonly: bool, socket: str | None) -> None:
    """Issue an ioctl command on a device.

    \b
        lkmctl ioctl /dev/foo 0x20006601             _IO('f', 1)
        lkmctl ioctl /dev/foo 0xc0046602 5           _IOWR('f', 2, int): an integer in and out

    Prints what the command returns, then its output argument. CMD contains the direction and size of
    its argument, as <sys/ioccom.h> packs them. ARG is an integer of that size, or a string.
    """
    if file.startswith("-"):
        raise click.NoSuchOption(file, possibilities=["--readonly", "--help"])
    com = number(cmd, "command", 32)
    size = IOCPARM_LEN(com)
    with process(socket) as p, about(file):
        fd = p.open(file, O_RDONLY if readonly else O_RDWR)
        if com & (IOC_IN | IOC_OUT):
            buffer = p.buffer(_argument(arg, size))
            value = p.ioctl(fd, com, buffer)
        else:
            value = p.ioctl(fd, com, number(arg or "0") if com & IOC_VOID else 0)
        p.close(fd)
    click.echo(str(value))
    if com & IOC_OUT:
        click.echo(_shown(bytes(buffer.data)))


def _argument(text: str | None, size: int) -> bytes:
    """The argument's bytes: an integer of its size, or a string with its NUL."""
    if text is None:
        return bytes(size)
    value = c_integer(text)
    if value is None:
        raw = os.fsencode(text) + b"\0"
        if len(raw) > size:
            raise click.UsageError(f"the string has {len(raw)} bytes with its NUL; the command takes {size}")
        return raw.ljust(size, b"\0")
    if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
        raise click.UsageError(f"{text} does not fit the {size} bytes the command takes")
    return (value % (1 << 8 * size)).to_bytes(size, "little")


def _shown(data: bytes) -> str:
    """An integer if it has an integer's size, otherwise hexadecimal."""
    if len(data) in (1, 2, 4, 8):
        return str(int.from_bytes(data, "little", signed=True))
    return data.hex(" ")
