"""ls, cat, tee, mknod, rm, chmod, mkdir, rmdir, mv: the kernel's files and devices, from a shell."""

from __future__ import annotations

import re
import sys
from typing import Any

import click

from lkmtools.abi import stat as st
from lkmtools.abi.conf import major, minor
from lkmtools.abi.fcntl import O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY
from lkmtools.cli.common import Whole, warn
from lkmtools.cli.lkmctl.base import NAME, about, command, process
from lkmtools.cli.numbers import device_number
from lkmtools.cli.streams import read_input
from lkmtools.client import Process
from lkmtools.errors import KernelError

CHUNK = 65536  # bytes read or written at once
_LETTERS = {
    st.S_IFCHR: "c",
    st.S_IFBLK: "b",
    st.S_IFDIR: "d",
    st.S_IFREG: "-",
    st.S_IFIFO: "p",
    st.S_IFLNK: "l",
}


@command()
@click.argument("path", default="/dev")
def ls(path: str, socket: str | None) -> None:
    """List a directory, by default /dev, or one file.

    \b
        lkmctl ls /dev
    """
    with process(socket) as p, about(path):
        top = p.stat(path)
        if top.st_mode & st.S_IFMT != st.S_IFDIR:
            click.echo(_line(path, top))
            return
        for name in sorted(p.listdir(path)):
            click.echo(_line(name, p.lstat(f"{path.rstrip('/')}/{name}")))


def _line(name: str, status: Any) -> str:
    """A line of ls -l, without the time; a device has its majors where others have their size."""
    kind = status.st_mode & st.S_IFMT
    bits = "".join(letter if status.st_mode & 0o400 >> i else "-" for i, letter in enumerate("rwxrwxrwx"))
    if kind in (st.S_IFCHR, st.S_IFBLK):
        size = f"{major(status.st_rdev)}, {minor(status.st_rdev)}"
    else:
        size = str(status.st_size)
    return f"{_LETTERS.get(kind, '?')}{bits} {status.st_uid:>5} {status.st_gid:>5} {size:>10} {name}"


@command()
@click.option("-n", "count", type=Whole(0), metavar="BYTES", help="Stop after this many bytes.")
@click.argument("file")
def cat(file: str, count: int | None, socket: str | None) -> None:
    """Print a file, or what a device returns, to its end.

    \b
        lkmctl cat -n 16 /dev/foo
    """
    out = sys.stdout.buffer
    with process(socket) as p, about(file):
        fd = p.open(file, O_RDONLY)
        left = count
        while left is None or left > 0:
            data = p.read(fd, CHUNK if left is None else min(CHUNK, left))
            if not data:
                break
            out.write(data)
            out.flush()
            left = None if left is None else left - len(data)
        p.close(fd)


@command()
@click.argument("file")
def tee(file: str, socket: str | None) -> None:
    """Write standard input to a device, and to standard output.

    \b
        echo hello | lkmctl tee /dev/foo
    """
    out = sys.stdout.buffer
    with process(socket) as p, about(file):
        fd = _open_for_writing(p, file)
        while data := read_input(CHUNK):
            out.write(data)
            out.flush()
            done = 0
            while done < len(data):
                wrote = p.write(fd, data[done:])
                if wrote == 0:
                    raise click.ClickException(f"{file}: took only {done} of {len(data)} bytes")
                done += wrote
        p.close(fd)


def _open_for_writing(p: Process, file: str) -> int:
    """A device is opened as it is; a file is made or cut to nothing."""
    try:
        kind = p.stat(file).st_mode & st.S_IFMT
    except KernelError:
        kind = st.S_IFREG
    flags = O_WRONLY | (O_CREAT | O_TRUNC if kind == st.S_IFREG else 0)
    return p.open(file, flags, st.DEFFILEMODE)


@command()
@click.option(
    "-m",
    "--mode",
    default="0666",
    show_default=True,
    metavar="OCTAL",
    help="Permissions of the node, less the umask of 022.",
)
@click.argument("name")
@click.argument("kind", type=click.Choice(["c", "b"]), metavar="c|b")
@click.argument("major_number", metavar="MAJOR")
@click.argument("minor_number", metavar="MINOR")
def mknod(
    *, name: str, kind: str, major_number: str, minor_number: str, mode: str, socket: str | None
) -> None:
    """Make a device node.

    \b
        lkmctl mknod /dev/foo c 29 0
        lkmctl mknod /dev/foo c echo 0

    MAJOR may be the name of a driver. modload gives the majors to the postinstall program (-p), and modstat
    prints them.
    """
    file_type = st.S_IFCHR if kind == "c" else st.S_IFBLK
    allowed = permissions(mode)
    with process(socket) as p, about(name):
        try:
            device = device_number(p, file_type, major_number, minor_number)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        p.mknod(name, file_type | allowed, device)


@command()
@click.argument("files", nargs=-1, required=True)
def rm(files: tuple[str, ...], socket: str | None) -> None:
    """Remove files and device nodes.

    \b
        lkmctl rm /dev/foo
    """
    failed = False
    with process(socket) as p:
        for file in files:
            try:
                p.unlink(file)
            except KernelError as error:  # the others go all the same, as with rm(1)
                warn(NAME, file, error)
                failed = True
    sys.exit(failed)


@command()
@click.argument("mode", metavar="OCTAL")
@click.argument("files", nargs=-1, required=True)
def chmod(mode: str, files: tuple[str, ...], socket: str | None) -> None:
    """Change permissions.

    \b
        lkmctl chmod 666 /dev/foo
    """
    with process(socket) as p:
        for file in files:
            with about(file):
                p.chmod(file, permissions(mode))


@command()
@click.option(
    "-m",
    "--mode",
    default="0777",
    show_default=True,
    metavar="OCTAL",
    help="Permissions of the directories, less the umask of 022.",
)
@click.argument("directories", nargs=-1, required=True)
def mkdir(directories: tuple[str, ...], mode: str, socket: str | None) -> None:
    """Make directories.

    \b
        lkmctl mkdir /upper
    """
    perms = permissions(mode)
    with process(socket) as p:
        for directory in directories:
            with about(directory):
                p.mkdir(directory, perms)


@command()
@click.argument("directories", nargs=-1, required=True)
def rmdir(directories: tuple[str, ...], socket: str | None) -> None:
    """Remove empty directories.

    \b
        lkmctl rmdir /upper
    """
    with process(socket) as p:
        for directory in directories:
            with about(directory):
                p.rmdir(directory)


@command()
@click.argument("source")
@click.argument("target")
def mv(source: str, target: str, socket: str | None) -> None:
    """Rename a file within one file system.

    \b
        lkmctl mv /mnt/a /mnt/dir/b
    """
    with process(socket) as p, about(source):
        p.rename(source, target)


def permissions(text: str) -> int:
    """An octal mode. click.UsageError."""
    if re.fullmatch("[0-7]+", text) is None:
        raise click.UsageError(f"{text!r} is not an octal mode")
    value = int(text, 8)
    if not 0 <= value <= st.ALLPERMS:
        raise click.UsageError(f"mode {text} is not between 0 and {st.ALLPERMS:o}")
    return value
