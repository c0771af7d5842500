"""The lines of a panic or report that matter, for the terminal of the tool that caused it: at most twelve."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lkmtools.debug.report import Explained, counted, explained, is_newer, lines_up_to
from lkmtools.evidence.record import IN_LOOP, LEFT_OUT, PANIC, REPORT, CrashRecord
from lkmtools.tuples import NamedTuple

MOST = 12  # lines
_MOST_NOTES = 3
_VERBS = {PANIC: "the kernel panicked", REPORT: "the kernel goes on"}
REASON, CAUSE, CODE, FRAME, END, AROUND, CULPRIT = (
    *("reason", "cause", "code", "frame"),
    *("end", "around", "culprit"),
)  # kinds of lines


class Line(NamedTuple):
    """A line and what it is."""

    kind: str
    text: str


def brief(name: str, reason: str, report: str, record: str) -> list[Line]:
    """What tool `name` prints of a panic: why, what, where; the culprit's line of the source is the last one.

    Without the source, the last one says in which function it was. All of it is in the message buffer.
    """
    try:
        found = explained(record)
    except ValueError:
        found = None
    if found is None:
        return _of_text(name, reason, report)
    who = found.record.process or "no process"
    request = f" in {found.record.request}" if found.record.request else ""
    head = [
        Line(REASON, f"{found.record.kind}: {found.record.reason}"),
        Line(FRAME, f"machine {found.record.machine}, boot {found.record.boot}, {who}{request}"),
        *(Line(CAUSE, note) for note in islice(_notes(found), _MOST_NOTES)),
        *(Line(CAUSE, text) for text in (found.loop, found.access) if text),
        *(Line(CODE, text) for text in (found.instruction,) if text),
    ]
    end = list(_end(name, found))
    return [*head, *_frames(found, MOST - len(head) - len(end)), *end]


def _notes(found: Explained) -> Iterator[str]:
    """The notes of a record, without stacks and what is said better."""
    for note in found.record.notes:
        better = found.loop and note.startswith(IN_LOOP)
        if not (better or note.startswith((LEFT_OUT, " ")) or note.endswith(":")):
            yield note


def _end(name: str, found: Explained) -> Iterator[Line]:
    """Whose panic it was, and its line of the source after those before it."""
    culprit = found.culprit
    if culprit is None or culprit.place is None or culprit.of is None:
        yield from (Line(AROUND, why) for why in islice(found.whys(), 1))
        yield Line(END, f"{name}: {_VERBS[found.record.kind]}{_where(found.record)}")
        return
    source = lines_up_to(culprit.place)
    changed = source and is_newer(culprit.place.file, culprit.of.path)
    note = " (the file has changed since it was compiled)" if changed else ""
    yield Line(END, f"{name}: {_VERBS[found.record.kind]}: {culprit.text}{note}")
    yield from (Line(CULPRIT if text is source[-1] else AROUND, text) for text in source)


def _where(record: CrashRecord) -> str:
    """The function, or else the request; the reason where there is neither."""
    function = next((frame.text for frame in record.frames if frame.pc), "")
    if record.request and not function:
        return f" in {record.request}"
    return f": {function or record.reason}"


def _frames(found: Explained, room: int) -> list[Line]:
    """The innermost frames, as many as there is room for, and how many there are more."""
    texts = [f"    {text}{times}" for text, times in counted(found.rows)]
    if len(texts) > room:
        left = len(texts) - room + 1
        texts[room - 1 :] = [f"    ... {left} more (lkmctl crash)"]
    return [Line(FRAME, text) for text in texts]


def _of_text(name: str, reason: str, report: str) -> list[Line]:
    """The beginning of a report without a record."""
    lines = report.rstrip("\n").split("\n")
    if len(lines) >= MOST:
        lines[MOST - 2 :] = [f"    ... {len(lines) - MOST + 2} more lines (lkmctl dmesg)"]
    first, *rest = lines
    kind = REPORT if first.startswith(f"{REPORT}: ") else PANIC
    end = Line(END, f"{name}: {_VERBS[kind]}: {reason.removeprefix(f'{kind}: ')}")
    return [Line(REASON, first), *(Line(FRAME, text) for text in rest), end]
