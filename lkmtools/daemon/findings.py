"""What the memory of a dead kernel process says: who ran, what was called last, and from where.

Any of it may be wrong, so every address is checked, and every walk is bounded.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.daemon.autopsy import record_of
from lkmtools.daemon.scene import Scene
from lkmtools.errors import bug
from lkmtools.evidence import vitals
from lkmtools.evidence.record import LEFT_OUT, CrashRecord

if TYPE_CHECKING:
    from lkmtools.daemon.child import KernelProcess

MOST_CALLS = 16


def find(child: KernelProcess, cause: str) -> dict[str, str]:
    """The "reason", the "report", as "culprit" the path of the module that was running, and the "record"."""
    ram = child.evidence.ram
    for frame, fd in child.lent.items():
        ram[frame * PAGE_SIZE : (frame + 1) * PAGE_SIZE] = os.pread(fd, PAGE_SIZE, 0)
    scene = Scene(child)
    calls = child.evidence.calls.last(MOST_CALLS)
    entered = 0 if child.evidence.vitals[vitals.POLLING] else child.evidence.calls.entered[0]
    reason = cause + scene.what_ran(entered, calls)
    frames = scene.backtrace(calls[0]) if calls else []
    lines = [f"panic: {reason}", f"machine {child.machine}, boot {child.boot}, {scene.who() or 'no process'}"]
    if entered:
        lines.append(f"the kernel had called {scene.symbolize(entered)}")
    if calls:
        lines += ["backtrace of the last kernel call:", *_indented(frame.text for frame in frames)]
        lines += ["last kernel calls, newest first:", *_indented(map(scene.call, calls))]
    return {
        "reason": reason,
        "report": "\n".join(lines) + "\n",
        "culprit": scene.culprit(entered),
        "record": _record(scene, reason, child.boot, entered, calls, frames),
    }


def _record(scene: Scene, reason: str, boot: int, *found: Any) -> str:
    """The facts, as JSON; less of them, with a note, when the memory is too damaged."""
    try:
        return record_of(scene, reason, boot, *found).dumps()
    except Exception as error:
        note = f"{LEFT_OUT}{bug(error)}"
        return CrashRecord(reason, scene.port.name, boot=boot, time=time.time(), notes=(note,)).dumps()


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
