"""The record of a kernel process that died without words, from its memory: calls, frames, a stack, modules.

What a panic's record has besides (evidence/record.py), a dead process cannot say: its CPU is gone with it.
"""

from __future__ import annotations

import time
import zlib
from binascii import b2a_base64
from typing import TYPE_CHECKING

from lkmtools.evidence import ModuleState
from lkmtools.evidence.calls import Call
from lkmtools.evidence.record import (
    CrashRecord,
    RecordedCall,
    RecordedFrame,
    RecordedLevel,
    RecordedLwp,
    RecordedModule,
)
from lkmtools.machine import MemFault
from lkmtools.machine.calltext import called
from lkmtools.machine.port import FIRST_ARG

if TYPE_CHECKING:
    from lkmtools.daemon.scene import Scene

_MOST_MODULES = 256
_MOST_STACK = 32 << 10  # bytes


def record_of(
    scene: Scene, reason: str, boot: int, entered: int, calls: list[Call], frames: list[RecordedFrame]
) -> CrashRecord:
    """What is known: `entered` is the function of a module that the kernel had called, 0 for none.

    When there was none there are no frames: no module is to blame.
    """
    frames = _frames(scene, entered, calls, frames)
    recorded = tuple(RecordedCall(scene.words(call), call.registers[FIRST_ARG - 1]) for call in calls)
    pcs = [frame.pc - frame.returns for frame in frames if frame.pc] + [call.pc - 1 for call in recorded]
    who = scene.who()
    lwp = _lwp(scene, who, calls[0]) if entered and calls else None
    return CrashRecord(
        reason,
        scene.port.name,
        who,
        "",
        tuple(frames),
        tuple(_modules(scene, pcs)),
        boot=boot,
        time=time.time(),
        lwps=() if lwp is None else (lwp,),
        calls=recorded,
        gate=scene.text.gate,
    )


def _frames(
    scene: Scene, entered: int, calls: list[Call], frames: list[RecordedFrame]
) -> list[RecordedFrame]:
    """The frames of the last call, as far as it was the running code's, and the function that was entered.

    It was, if it has not returned, and if its frames lead to that function.
    """
    if not entered:
        return []
    text = scene.symbolize(entered)
    function = text.partition("+")[0]
    if any(frame.text.partition("+")[0] == function for frame in frames):
        return frames
    running = frames if calls and calls[0].result is None else []
    return [*running, RecordedFrame(text, entered)]


def _lwp(scene: Scene, who: str, call: Call) -> RecordedLwp | None:
    """The lwp that made the last call, if that has not returned; None otherwise."""
    proto = called(scene.text, call)
    if proto is None or call.result is not None:
        return None
    _, sp, fp, caller = call.registers[:FIRST_ARG]
    level = RecordedLevel(proto.name, {"pc": caller, "sp": sp + scene.port.return_size, "fp": fp})
    stack = b2a_base64(zlib.compress(_stack(scene, sp)), newline=False).decode()
    return RecordedLwp(who, 1, levels=(level,), sp=sp, stack=stack)


def _stack(scene: Scene, sp: int) -> bytes:
    """From `sp` to where the level returns to the kernel; nothing when that is not on the stack."""
    gate = scene.text.gate.to_bytes(scene.dm.pointer, scene.dm.byteorder)
    try:
        data = scene.mem.read(sp, min(_MOST_STACK, scene.mem.base + scene.mem.size - sp))
    except MemFault:
        return b""
    end = data.find(gate) + len(gate)
    return data[:end] if end >= len(gate) else b""


def _modules(scene: Scene, pcs: list[int]) -> list[RecordedModule]:
    """Those with code at `pcs`, then the others that were loaded."""
    held = [module for pc in pcs if (module := scene.module(pc)) is not None]
    loaded = [module for module in scene.modules if module.state != ModuleState.GONE]
    found = {module.area: module.recorded() for module in reversed([*held, *loaded])}
    return list(reversed(found.values()))[:_MOST_MODULES]
