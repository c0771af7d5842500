"""mount and umount: file systems of modules, and directories of the host, from a shell."""

from __future__ import annotations

import os
from typing import Any

import click

from lkmtools.abi.datamodel import cstring
from lkmtools.abi.mount import MNT_FORCE, MNT_NOEXEC, MNT_NOSUID, MNT_RDONLY, MNT_UPDATE
from lkmtools.cli.lkmctl.base import about, command, process

HOSTFS = "hostfs"
_OPTIONS = {"ro": MNT_RDONLY, "rdonly": MNT_RDONLY, "rw": 0, "noexec": MNT_NOEXEC, "nosuid": MNT_NOSUID}
_SHOWN = {MNT_RDONLY: "read-only", MNT_NOEXEC: "noexec", MNT_NOSUID: "nosuid"}


@command()
@click.option(
    "-t", "kind", metavar="TYPE", help="The type of the file system: the name that its module gives it."
)
@click.option(
    "-o", "options", metavar="OPTION,...", default="", help=f"Mount options: {', '.join(_OPTIONS)}."
)
@click.option("-u", "update", is_flag=True, help="Change the options of a mounted file system.")
@click.argument("names", nargs=-1, metavar="[SOURCE] [DIR]")
def mount(
    *, kind: str | None, options: str, update: bool, names: tuple[str, ...], socket: str | None
) -> None:
    """Mount a file system on a directory, or list the mounted file systems.

    \b
        lkmctl mount -t memfs /mem
        lkmctl mount -t layerfs /mem /layer    SOURCE: what the layer shows
        lkmctl mount -t hostfs ~/work /mnt     a directory of the host, read-only; -o rw: writable
        lkmctl mount -u -o ro /mnt
        lkmctl mount
    """
    if update:
        if kind is not None or len(names) != 1:
            raise click.UsageError("-u takes options (-o) and the directory, nothing else")
        with process(socket) as p, about(names[0]):
            p.mount("", names[0], flags=_flags(options) | MNT_UPDATE)
        return
    if kind is None:
        if names or options:
            raise click.UsageError("mounting needs the type (-t)")
        with process(socket) as p:
            for entry in p.mounts():
                click.echo(_line(entry))
        return
    if not 1 <= len(names) <= 2:
        raise click.UsageError("-t TYPE takes a directory, or a source and a directory")
    flags = _flags(options)
    source = names[0] if len(names) == 2 else None
    with process(socket) as p:
        if kind == HOSTFS:
            if source is None:
                raise click.UsageError("-t hostfs takes a directory of the host, and one of the kernel")
            with about(source):
                source = p.share(os.path.abspath(source), "rw" in options.split(","))
        with about(names[-1]):
            p.mount(kind, names[-1], source, flags)


def _flags(text: str) -> int:
    flags = 0
    for option in filter(None, text.split(",")):
        if option not in _OPTIONS:
            raise click.UsageError(f"unknown mount option: {option!r}; the options are {', '.join(_OPTIONS)}")
        flags |= _OPTIONS[option]
    return flags


def _line(entry: Any) -> str:
    """As mount(8) has it: SOURCE on DIR type TYPE (flags)."""
    source, where, kind = (
        cstring(raw) for raw in (entry.f_mntfromname, entry.f_mntonname, entry.f_fstypename)
    )
    shown = [word for flag, word in _SHOWN.items() if entry.f_flag & flag]
    return f"{source or kind} on {where} type {kind}" + (f" ({', '.join(shown)})" if shown else "")


@command()
@click.option(
    "-f", "force", is_flag=True, help="Unmount even while files are in use; reading them then fails."
)
@click.argument("directories", nargs=-1, required=True)
def umount(directories: tuple[str, ...], force: bool, socket: str | None) -> None:
    """Unmount file systems.

    \b
        lkmctl umount /mnt
    """
    with process(socket) as p:
        for directory in directories:
            with about(directory):
                p.unmount(directory, MNT_FORCE if force else 0)
