"""The options of a load."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lkmtools.tuples import NamedTuple


class Export(NamedTuple):
    """A global symbol of an object that comes first in a dry run: its value, and the object's path."""

    value: int
    path: str


class Options(NamedTuple):
    """What modload's options say.

    `entry` None is xxxinit or NAME_lkmentry (-e). `kernel` is an ELF file to take the kernel's symbols
    from, None the running kernel (-A). `constants` override both (-T). `symbols` is -s, `force` -f,
    `ready` the opposite of -n, `output` the file for the linked image (-o, -S). `later` are the objects that
    follow on the command line; `before`, of a dry run, what those before would offer with -s.
    """

    entry: str | None = None
    kernel: str | None = None
    constants: Mapping[str, int] = MappingProxyType({})
    symbols: bool = False
    force: bool = False
    ready: bool = True
    output: str | None = None
    later: tuple[str, ...] = ()
    before: Mapping[str, Export] = MappingProxyType({})
