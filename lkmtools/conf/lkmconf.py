"""lkm.conf(5): the modules of a boot, one per line in six fields (rc.lkm and lkm.conf of NetBSD 1.3 to 5.2).

The original read a line with the shell's `read path options entry postinstall output when`, and so do we:
blanks separate, a backslash makes the next character literal and joins lines, the last field is the rest of
the line, "-" is an empty field. In addition, a field may be quoted, which count only where a field begins
with one, and a comment may follow the last field.

A byte order mark at the beginning, and carriage returns at the ends of lines, are what editors of other
systems leave: they count for nothing. Nothing else is skipped silently: what cannot be used is a Mistake with
file, line and field.
"""

from __future__ import annotations

import os
from difflib import get_close_matches

from lkmtools.tuples import NamedTuple

FIELDS = ("path", "options", "entry", "postinstall", "output", "when")
STAGES = ("BEFORENET", "BEFOREMOUNT", "AFTERMOUNT")
_BLANKS = " \t"


class Entry(NamedTuple):
    """A line of lkm.conf; None where a field is "-". `options` are words, `when` is one of STAGES."""

    file: str
    line: int
    path: str
    options: tuple[str, ...]
    entry: str | None
    postinstall: str | None
    output: str | None
    when: str

    @property
    def name(self) -> str:
        """The last part of the path, as the messages have it."""
        return os.path.basename(self.path)

    @property
    def place(self) -> str:
        """FILE:LINE."""
        return f"{self.file}:{self.line}"


class Mistake(NamedTuple):
    """Why a line cannot be used: `field` is one of FIELDS, or "" when it is the line."""

    file: str
    line: int
    field: str
    text: str

    @property
    def what(self) -> str:
        """Field and reason."""
        return f"{self.field}: {self.text}" if self.field else self.text

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}"


class Conf(NamedTuple):
    """A whole lkm.conf: what it asks for, in the file's order, and what is wrong with it."""

    entries: tuple[Entry, ...]
    mistakes: tuple[Mistake, ...]


class _Bad(Exception):
    """A field that cannot be read."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field, self.text = field, text


def read(path: str) -> Conf:
    """The lkm.conf at `path`. OSError when it cannot be read."""
    with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        return parse(file.read(), path)


def parse(text: str, file: str) -> Conf:
    """lkm.conf from its text; `file` is for messages."""
    entries: list[Entry] = []
    mistakes: list[Mistake] = []
    for line, content in _lines(text):
        try:
            fields = _fields(content)
            if fields:
                entries.append(_entry(file, line, fields))
        except _Bad as bad:
            mistakes.append(Mistake(file, line, bad.field, bad.text))
    return Conf(tuple(entries), tuple(mistakes))


def _lines(text: str) -> list[tuple[int, str]]:
    """Lines with their numbers; one that ends in a backslash goes on, comments too, as for the shell."""
    out: list[tuple[int, str]] = []
    begun, first = "", 1
    for number, line in enumerate(text.split("\n"), 1):
        first = first if begun else number
        begun += line.removesuffix("\r")
        if (len(begun) - len(begun.rstrip("\\"))) % 2:
            begun = begun[:-1]
        else:
            out.append((first, begun))
            begun = ""
    return [*out, (first, begun)]


def _fields(line: str) -> list[tuple[str, bool]]:
    """(text, quoted) of the fields of a line; none for an empty one."""
    out: list[tuple[str, bool]] = []
    at = 0
    while True:
        while line[at : at + 1] and line[at] in _BLANKS:
            at += 1
        if at == len(line) or (len(out) in (0, len(FIELDS)) and line[at] == "#"):
            return out
        field = FIELDS[min(len(out), len(FIELDS) - 1)]
        quote = line[at] if line[at] in "'\"" else ""
        text, at = _quoted(line, at + 1, quote, field) if quote else _word(line, at)
        if "\0" in text:
            raise _Bad(field, "a NUL byte")
        out.append((text, bool(quote)))


def _word(line: str, at: int) -> tuple[str, int]:
    """A field without quotes, and where it ends."""
    text = ""
    while at < len(line) and line[at] not in _BLANKS:
        at += line[at] == "\\"
        text += line[at : at + 1]
        at += 1
    return text, at


def _quoted(line: str, at: int, quote: str, field: str) -> tuple[str, int]:
    """A field in quotes, and where it ends; between double quotes a backslash takes the next character."""
    text = ""
    while at < len(line) and line[at] != quote:
        at += quote == '"' and line[at] == "\\"
        text += line[at : at + 1]
        at += 1
    if at >= len(line):
        raise _Bad(field, f"the quote {quote} is not closed")
    if line[at + 1 : at + 2] not in ("", *_BLANKS):
        raise _Bad(field, f"after the closing {quote} comes {line[at + 1]!r}; it must be a blank")
    return text, at + 1


def _entry(file: str, line: int, fields: list[tuple[str, bool]]) -> Entry:
    """The row; _Bad names the first field that is wrong."""
    if len(fields) < len(FIELDS):
        missing = FIELDS[len(fields)]
        raise _Bad(missing, f'is missing: a line has {len(FIELDS)} fields, this one {len(fields)}; write "-"')
    if len(fields) > len(FIELDS):
        extra = " ".join(text for text, _ in fields[len(FIELDS) :])
        raise _Bad("when", f"{extra!r} follows: a line has {len(FIELDS)} fields; quote what has blanks in it")
    path, options, entry, postinstall, output, when = (
        None if (text, quoted) == ("-", False) or not text else text for text, quoted in fields
    )
    if path is None:
        raise _Bad("path", "is empty, and it is the only field that must not be")
    return Entry(file, line, path, tuple((options or "").split()), entry, postinstall, output, _stage(when))


def _stage(when: str | None) -> str:
    """The stage of the last field: "-" is the first."""
    if when is None:
        return STAGES[0]
    if when in STAGES:
        return when
    near = get_close_matches(when.upper(), STAGES, 1)
    meant = f"; did you mean {near[0]}?" if near else ""
    raise _Bad("when", f"{when!r} is not a stage of the boot ({', '.join(STAGES)}){meant}")
