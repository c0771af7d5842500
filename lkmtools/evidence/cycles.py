"""Recursion in a backtrace: the cycle of frames once, and how often it is there."""

from __future__ import annotations

from collections.abc import Sequence

from lkmtools.evidence.record import RecordedFrame

_LONGEST = 16  # frames of a cycle
_FEWEST = 3  # times that make a cycle of more than one frame


def once_each(frames: Sequence[RecordedFrame]) -> list[RecordedFrame]:
    """The frames, with each cycle of them once."""
    texts = [frame.text for frame in frames]
    out: list[RecordedFrame] = []
    at = 0
    while at < len(frames):
        length, times = _cycle(texts, at)
        out += [frame._replace(times=frame.times * times) for frame in frames[at : at + length]]
        at += length * times
    return out


def cycle_text(names: list[str]) -> str:
    """The cycle near the beginning of these functions, which are innermost first, as calls; "" for none."""
    for at in range(min(_LONGEST, len(names))):
        length, times = _cycle(names, at)
        if times >= _FEWEST:
            cycle = names[at : at + length][::-1]
            return f"{' -> '.join([*cycle, cycle[0]])}, {times} times"
    return ""


def _cycle(texts: list[str], at: int) -> tuple[int, int]:
    """The length of the shortest cycle that begins at a frame, and how often it is there."""
    for length in range(1, min(_LONGEST, (len(texts) - at) // 2) + 1):
        found, times = texts[at : at + length], 1
        while texts[at + length * times : at + length * (times + 1)] == found:
            times += 1
        if times >= (2 if length == 1 else _FEWEST):
            return length, times
    return 1, 1
