"""Where code loops that does not end: what the clock has seen of a thread that is late.

A look is the stack of the thread. The function that loops is the innermost one that was on it at every look;
where it was, and which kernel functions were called meanwhile, is for the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.evidence.record import IN_LOOP
from lkmtools.machine import Fault, Thread
from lkmtools.machine.backtrace import StackFrame, backtrace
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_CALLS = 64  # of the last ones that are looked at
_NAMES = 12  # of kernel functions that are named
_RETURNS_TO = 3  # among the registers of a recorded call


class EndlessLoop(NamedTuple):
    """`text` is the place where it is now, `span` the lowest and the highest address that was seen in it."""

    text: str
    span: tuple[int, int]
    notes: tuple[str, ...]


def look(k: Kernel, thread: Thread) -> None:
    """Remember the stack of a thread that runs."""
    stopped = None if thread.levels[-1].fn else Fault(k.engine.cpu.stopped[0], None, 0, None)
    frames = backtrace(k.engine, thread, stopped, k.function_start)
    known = [frame for frame in frames if not (frame.guess or frame.note or frame.function)]
    thread.seen.append([(_start(k, frame), frame) for frame in reversed(known)])


def loop_of(k: Kernel, thread: Thread) -> EndlessLoop | None:
    """The loop in which a thread was seen; None when nothing is known."""
    looks: list[list[tuple[int | None, StackFrame]]] = list(thread.seen)
    depth = 0
    while looks and all(len(each) > depth for each in looks) and len({each[depth][0] for each in looks}) == 1:
        depth += 1
    if not depth or (start := looks[-1][depth - 1][0]) is None:
        return None
    frames = [each[depth - 1][1] for each in looks]
    since = k.engine.spent(thread) - thread.since  # blocks without a kernel call
    busy = since < k.engine.watchdog_limit * k.engine.rate
    calls = [call.registers for call in k.engine.calls.last(_CALLS)] if busy else []
    inside = [row for row in calls if k.function_start(row[_RETURNS_TO] - 1) == start]
    places = sorted({frame.pc - frame.returns for frame in frames} | {row[_RETURNS_TO] - 1 for row in inside})
    notes = [f"{IN_LOOP}{_span(k, places[0], places[-1])}"]
    functions = [k.engine.text.stopped_at(row[0]) for row in reversed(calls)]
    if names := list(dict.fromkeys(fn.name for fn in functions if fn is not None)):
        more = ", ..." if len(names) > _NAMES else ""
        notes.append(f"kernel functions called in the loop: {', '.join(names[:_NAMES])}{more}")
    text = k.symbolize(frames[-1].pc, returns=frames[-1].returns)
    return EndlessLoop(text, (places[0], places[-1]), tuple(notes))


def _start(k: Kernel, frame: StackFrame) -> int | None:
    return k.function_start(frame.pc - frame.returns)


def _span(k: Kernel, first: int, last: int) -> str:
    low, high = k.symbolize(first), k.symbolize(last)
    return low if first == last else f"{low.partition(' ')[0]} ... {high}"
