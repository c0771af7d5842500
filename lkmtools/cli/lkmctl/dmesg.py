"""dmesg: the message buffer, of one boot or of all, with or without times."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import click

from lkmtools.cli.common import warnx
from lkmtools.cli.lkmctl.base import NAME, command, debug_path_option, need, show_json, supervisor, when
from lkmtools.cli.lkmctl.daemon import json_option
from lkmtools.errors import DaemonError, LkmtoolsError
from lkmtools.tuples import NamedTuple

_TEXT, _BOOT = "text", "boot"  # kinds of pieces; others are ends of a boot
_DEATHS = ("panicked", "died")


class DmesgPiece(NamedTuple):
    """What dmesg gets (evidence/marks.py), or a line of it. `boot` 0 and `time` None are unknown."""

    kind: str
    boot: int
    time: float | None
    text: str

    def mark(self) -> str:
        """The line that stands for the beginning or an end of a boot."""
        what = "" if self.kind == _BOOT else f" {self.kind}"
        return f"--- boot {self.boot}{what}, {when(self.time)} ---"

    def stamp(self) -> str:
        """When it was printed, for the beginning of a line."""
        if self.time is None:
            return f"[{'unknown':>23}] "
        millis = int(self.time * 1000) % 1000
        return f"[{when(self.time)}.{millis:03}] "


class Lines:
    """Pieces as lines: what was printed in several pieces is one, of the time when it began."""

    def __init__(self) -> None:
        self._begun: list[DmesgPiece] = []  # the parts of a line that has no end yet

    def feed(self, pieces: Iterable[DmesgPiece]) -> Iterator[DmesgPiece]:
        """The lines that are whole, without their newlines; marks among them."""
        for piece in pieces:
            if piece.kind != _TEXT:
                yield from self.rest()
                yield piece
                continue
            for part in piece.text.splitlines(keepends=True):
                self._begun.append(piece._replace(text=part))
                if part.endswith("\n"):
                    yield from self.rest()

    def rest(self) -> Iterator[DmesgPiece]:
        """The line that has begun, as far as it goes; then none has."""
        if self._begun:
            text = "".join(piece.text for piece in self._begun)
            yield self._begun[0]._replace(text=text.rstrip("\n"))
        self._begun = []


class Printer:
    """Prints pieces for people, as they come; `source` gives the lines for the panic that ended a boot."""

    def __init__(self, stamps: bool, source: Callable[[int], list[str]] | None = None) -> None:
        self._stamps = stamps
        self._source = source
        self._within = False  # a line

    def show(self, pieces: Iterable[DmesgPiece]) -> None:
        """Text as it is, and a line for each beginning and end of a boot."""
        for piece in pieces:
            if piece.kind != _TEXT:
                self._mark(piece)
                continue
            for line in piece.text.splitlines(keepends=True):
                stamp = piece.stamp() if self._stamps and not self._within else ""
                click.echo(stamp + line, nl=False)
                self._within = not line.endswith("\n")

    def _mark(self, piece: DmesgPiece) -> None:
        if self._within:
            click.echo()
        self._within = False
        if self._source is not None and piece.kind in _DEATHS:
            stamp = piece.stamp() if self._stamps else ""
            for line in self._source(piece.boot):
                click.echo(stamp + line)
        click.echo(piece.mark())


def boots(pieces: Sequence[DmesgPiece]) -> list[int]:
    """The numbers of the boots that are in the buffer, in order."""
    return list(dict.fromkeys(piece.boot for piece in pieces if piece.boot))


def chosen(number: int, there: list[int]) -> int:
    """The boot that -b means: 0 the last, -1 the one before it, 3 that with this number. LkmtoolsError."""
    boot = number if number > 0 else there[-1] + number if there else 0
    if boot in there:
        return boot
    known = "no boot"
    if there:
        known = f"boot {there[0]}" if len(there) == 1 else f"boots {there[0]} to {there[-1]}"
    raise LkmtoolsError(f"boot {number} is not in the message buffer, which has {known}")


def recent(pieces: list[DmesgPiece], boot: int, panic: dict[str, Any] | None) -> list[DmesgPiece]:
    """A boot, after the report of the panic that ended the one before.

    What had to be looked into was printed when the next boot was there already.
    """
    this = [piece for piece in pieces if piece.boot == boot]
    if panic is None or panic["boot"] != boot - 1:
        return this
    report = DmesgPiece(_TEXT, boot - 1, panic["time"], panic["report"])
    end = [piece for piece in pieces if piece.boot == boot - 1 and piece.kind not in (_TEXT, _BOOT)]
    return [report, *end, *_without(panic["report"], this)]


def _without(text: str, pieces: list[DmesgPiece]) -> Iterator[DmesgPiece]:
    """The pieces without a text that may be in them."""
    begin = "".join(piece.text for piece in pieces).find(text)
    end = begin + len(text) if begin >= 0 else -1
    at = 0
    for piece in pieces:
        first, last = (min(max(place - at, 0), len(piece.text)) for place in (begin, end))
        at += len(piece.text)
        left = piece.text[:first] + piece.text[last:]
        if left or not piece.text:
            yield piece._replace(text=left)


@command()
@click.option("-a", "--all", "everything", is_flag=True, help="Print all boots, on a terminal too.")
@click.option(
    "-b", "--boot", type=int, metavar="N", help="Print boot N; 0 is the last one, -1 the one before it."
)
@click.option("-T", "--time", "stamps", is_flag=True, help="Begin each line with its time.")
@click.option(
    "-f",
    "--follow",
    is_flag=True,
    help="Keep printing new messages until interrupted; with --json, one line each.",
)
@click.option(
    "--source/--no-source",
    "sources",
    default=True,
    help="Show the source of panics, or leave it out.",
)
@debug_path_option
@json_option
def dmesg(
    everything: bool,
    boot: int | None,
    stamps: bool,
    follow: bool,
    sources: bool,
    directories: tuple[str, ...],
    as_json: bool,
    socket: str | None,
) -> None:
    """Print the kernel's message buffer. The buffer survives panics and reboots.

    \b
        lkmctl dmesg -b -1 -T       the boot before this one, with times

    On a terminal: this boot, after the report of the panic that ended the last one. Into a pipe: all of it.
    The report of a panic is followed by its source, where the objects of the modules have debug information.
    """
    if everything and boot is not None:
        raise click.UsageError("-a and -b exclude each other: -a prints all boots, -b prints one")
    short = not (everything or as_json or boot is not None) and sys.stdout.isatty()
    with supervisor(socket) as sup:
        last_panic = need(sup.ask("status"))["last_panic"] if short else None
        answers = sup.stream("dmesg", follow=follow, pieces=True)
        pieces = _pieces(need(next(answers)))
        if short and (there := boots(pieces)):
            pieces = recent(pieces, there[-1], last_panic)
        elif boot is not None:
            first = chosen(boot, boots(pieces))
            pieces = [piece for piece in pieces if piece.boot == first or (follow and piece.boot > first)]
        printer = Printer(stamps, _source(socket, directories) if sources else None)
        if not follow:
            _show(pieces, printer, as_json)
            return
        show = _json_lines() if as_json else printer.show
        _follow(pieces, answers, show)


def _source(socket: str | None, directories: tuple[str, ...]) -> Callable[[int], list[str]]:
    """What gives the lines about the source of the panic that ended a boot, if the daemon remembers it."""

    def lines(boot: int) -> list[str]:
        with supervisor(socket) as sup:
            record = sup.ask("fate", boot=boot).get("record", "")
        if not record:
            return []
        from lkmtools.debug import source_of  # it reads the objects of the modules on the stack

        return source_of(record, directories or None)

    return lines


def _pieces(answer: dict[str, Any]) -> list[DmesgPiece]:
    """DaemonError when the daemon gives none."""
    if "pieces" not in answer:
        raise DaemonError(
            "the running lkmd is older than lkmctl, and does not record boots and times; "
            "end it with lkmctl stop"
        )
    return [DmesgPiece(*piece) for piece in answer["pieces"]]


def _show(pieces: list[DmesgPiece], printer: Printer, as_json: bool) -> None:
    if not as_json:
        printer.show(pieces)
        return
    lines = Lines()
    entries = [*lines.feed(pieces), *lines.rest()]
    show_json(
        {
            "version": 1,
            "lines": [entry.text for entry in entries if entry.kind == _TEXT],
            "entries": [entry._asdict() for entry in entries],
        }
    )


def _json_lines() -> Callable[[Iterable[DmesgPiece]], None]:
    """What prints an object for each line that is whole."""
    import json

    lines = Lines()

    def show(pieces: Iterable[DmesgPiece]) -> None:
        for entry in lines.feed(pieces):
            click.echo(json.dumps({"version": 1, **entry._asdict()}))

    return show


def _follow(
    pieces: list[DmesgPiece], answers: Iterator[dict[str, Any]], show: Callable[[Iterable[DmesgPiece]], None]
) -> None:
    """Print what there is, and then what comes."""
    while True:
        show(pieces)
        sys.stdout.flush()
        answer = need(next(answers))
        if answer["lost"]:
            warnx(
                NAME, f"{answer['lost']} bytes of the message buffer were overwritten before lkmctl read them"
            )
        pieces = _pieces(answer)
