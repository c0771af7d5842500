"""ksyms, nm, addr2sym: the symbols of the running kernel, from a shell."""

from __future__ import annotations

import sys

import click

from lkmtools.cli.common import errx
from lkmtools.cli.lkmctl.base import NAME, about, ask_kernel, command, need, number, process
from lkmtools.errors import KernelError
from lkmtools.modules.ksyms import DEV_KSYMS, kernel_image


@command()
@click.option("-o", "output", metavar="FILE", help="Write to this file instead of standard output.")
@click.option("--detach", "event", flag_value="unload", help="Remove the driver of /dev/ksyms and its node.")
@click.option("--attach", "event", flag_value="load", help="Restore the driver of /dev/ksyms and its node.")
def ksyms(output: str | None, event: str | None, socket: str | None) -> None:
    """Write the kernel's symbols as an ELF file.

    \b
        lkmctl ksyms -o k && nm -n k
        lkmctl ksyms | my-elf-reader

    The file holds the symbols of the kernel and of the modules loaded with modload -s.
    """
    if event is not None:
        with about(DEV_KSYMS):
            answer = need(ask_kernel(socket, "ksyms", autostart=True, event=event))
            if answer["errno"]:
                raise KernelError(answer["errno"], answer["reason"])
        return
    with process(socket) as p, about(DEV_KSYMS):
        image = kernel_image(p)
    if output is not None:
        try:
            with open(output, "wb") as file:
                file.write(image)
        except OSError as error:
            errx(NAME, 1, f"{output}: {error.strerror}")
    elif sys.stdout.isatty():
        errx(NAME, 1, "the output is an ELF file, not text: use -o FILE, or lkmctl nm")
    else:
        sys.stdout.buffer.write(image)


@command()
@click.option("-n", "numeric", is_flag=True, help="Sort by address, not by name.")
@click.argument("pattern", required=False)
def nm(numeric: bool, pattern: str | None, socket: str | None) -> None:
    """List the kernel's symbols as nm(1) does.

    \b
        lkmctl nm -n
        lkmctl nm 'copy*'                 shell patterns
    """
    from fnmatch import fnmatchcase

    from lkmtools.elf import list_symbols

    with process(socket) as p, about(DEV_KSYMS):
        symbols = list_symbols(kernel_image(p), DEV_KSYMS)
        width = 2 * p.dm.pointer
    found = [symbol for symbol in symbols if pattern is None or fnmatchcase(symbol.name, pattern)]
    if not found:
        errx(NAME, 1, f"no symbol matches {pattern!r}")
    for symbol in sorted(found, key=lambda s: (s.value, s.name) if numeric else (s.name, s.value)):
        click.echo(f"{symbol.value:0{width}x} {symbol.letter} {symbol.name}")


@command()
@click.argument("address", metavar="ADDR")
def addr2sym(address: str, socket: str | None) -> None:
    """Name an address of the kernel or of a module.

    \b
        lkmctl addr2sym 0xffffffff80100018

    Functions of modules are named whether or not they were loaded with modload -s.
    """
    wanted = number(address, "address")
    answer = need(ask_kernel(socket, "addr2sym", autostart=True, address=wanted))
    if answer["text"] is None:
        errx(NAME, 1, f"{wanted:#x} is not inside any symbol of the kernel or of a module")
    click.echo(answer["text"])
