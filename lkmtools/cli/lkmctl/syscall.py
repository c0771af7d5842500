"""syscall: any system call, from a shell."""

from __future__ import annotations

import sys

import click

from lkmtools.abi.errno import errno_name
from lkmtools.cli.common import Whole, err, tell
from lkmtools.cli.lkmctl.base import NAME, command, number, process
from lkmtools.cli.numbers import c_integer
from lkmtools.client import Buffer
from lkmtools.errors import KernelError


@command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--out", "sizes", type=Whole(1, 1 << 24), multiple=True, metavar="SIZE",
    help="A buffer of SIZE bytes in place of an argument '@'; printed after the call.",
)  # fmt: skip
@click.option("--hex", "as_hex", is_flag=True, help="Print the buffers in hexadecimal.")
@click.argument("number", metavar="N|NAME")
@click.argument("args", nargs=-1, metavar="[ARG...]")
def syscall(
    number: str, args: tuple[str, ...], sizes: tuple[int, ...], as_hex: bool, socket: str | None
) -> None:
    """Make a system call and print what it returns.

    \b
        lkmctl syscall 210 5 0x10 hello      two integers and a string
        lkmctl syscall getpid
        lkmctl syscall --out 16 read 0 @ 16

    The second return register is printed unless it is 0. An error prints its name and reason; status 1.
    ARG is an integer in C notation, or a string, which is passed by address; "5" (with the quotes) is a
    string. A 64-bit argument of an i386 kernel is two words, low first.
    """
    call = _number(number)
    with process(socket) as p:
        buffers = [p.buffer(size) for size in sizes]
        spare = iter(buffers)
        words = [_argument(arg, spare, 8 * p.dm.pointer) for arg in args]
        words += spare  # those that no "@" named come last
        try:
            first, second = p.syscall(call, *words)
        except KernelError as error:
            err(NAME, 1, f"{number}: {errno_name(error.errno)}", error)
    tell(NAME, str(first) if second == 0 else f"{first} {second}")
    for buffer in buffers:
        if as_hex:
            click.echo(buffer.data.hex(" "))
        else:
            sys.stdout.flush()
            sys.stdout.buffer.write(bytes(buffer.data).rstrip(b"\0"))
            click.echo()


def _number(text: str) -> int:
    from lkmtools.abi.syscalls_master import names

    if c_integer(text) is not None:
        return number(text, "system call", 31)
    known = {name: number for number, name in names().items()}
    by_name = {name.lstrip("_"): number for name, number in known.items()} | known
    if text in by_name:
        return by_name[text]
    from difflib import get_close_matches

    near = get_close_matches(text, by_name, 1)
    raise click.UsageError(
        f"no system call is called {text!r}"
        + (f"; did you mean {near[0]!r}?" if near else f" ({NAME} has numbers)")
    )


def _argument(text: str, spare: object, bits: int) -> int | str | Buffer:
    if text == "@":
        buffer = next(spare, None)  # type: ignore[call-overload]
        if buffer is None:
            raise click.UsageError("there are more '@' than --out options")
        assert isinstance(buffer, Buffer)
        return buffer
    if c_integer(text) is not None:
        return number(text, "argument", bits)
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
