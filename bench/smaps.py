"""What the memory of a process consists of, by /proc/PID/smaps: which mappings, and how much of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HEAD = re.compile(r"[0-9a-f]+-[0-9a-f]+ (\S{4}) \S+ \S+ (\d+) *(.*)")
_FIELD = re.compile(r"(\w+): +(\d+) kB")
_RAM = 32 << 10  # KiB: a shared mapping that is larger is the kernel's RAM
_KINDS = (  # what a name contains, and what such a mapping is
    ("[heap]", "heap of C"),
    ("[stack]", "stack"),
    ("libunicorn", "libunicorn"),
    ("libpython", "libpython"),
    ("bin/python", "libpython"),
    (".so", "other shared libraries"),
    ("[v", "other"),
)


class Part(NamedTuple):
    """Kilobytes of a kind of mapping: the proportional set size, and the pages of one process and of more."""

    pss: int = 0
    private: int = 0
    shared: int = 0

    def plus(self, other: Part) -> Part:
        """Both."""
        return Part(*(mine + its for mine, its in zip(self, other, strict=True)))


def parts(text: str) -> dict[str, Part]:
    """What a file smaps says, by kind, the largest first."""
    found: dict[str, Part] = {}
    for kind, part in _mappings(text):
        found[kind] = found.get(kind, Part()).plus(part)
    return dict(sorted(found.items(), key=lambda item: -item[1].pss))


def _mappings(text: str) -> Iterator[tuple[str, Part]]:
    heads = list(_HEAD.finditer(text))
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        fields = {
            name: int(size) for name, size in _FIELD.findall(text[head.end() : after and after.start()])
        }
        private = fields["Private_Clean"] + fields["Private_Dirty"]
        shared = fields["Shared_Clean"] + fields["Shared_Dirty"]
        yield _kind(head, fields["Size"]), Part(fields["Pss"], private, shared)


def _kind(head: re.Match[str], size: int) -> str:
    flags, _, name = head.groups()
    if flags[3] == "s" and size >= _RAM:
        return "RAM of the kernel"
    if flags[3] == "s":
        return "other memory that is shared"
    known = next((kind for part, kind in _KINDS if part in name), None)
    if known is not None:
        return known
    if name:
        return "other"
    return "translated code" if "x" in flags else "memory without a file: Python's objects, buffers"
