"""The making of a panic's or report's record (evidence/record.py): lwps with their stacks, modules.

A module can leave anything in its stack and registers. Whatever cannot be read is left out, and what was left
out is a note: making the record never fails.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from lkmtools.errors import bug
from lkmtools.evidence.calls import SLOTS
from lkmtools.evidence.record import (
    LEFT_OUT,
    CrashRecord,
    RecordedCall,
    RecordedFrame,
    RecordedLevel,
    RecordedLwp,
    RecordedModule,
)
from lkmtools.machine import Fault, MemFault, Thread
from lkmtools.machine.calltext import call_in_words, called
from lkmtools.machine.port import FIRST_ARG

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel

_MOST_LWPS = 64
_MOST_LEVELS = 64  # of one lwp
_MOST_STACKS = 512 << 10  # bytes of all stacks, compressed
_MOST_CALLS = 16
_MOST_MODULES = 256
_MOST_POINTERS = 64  # into one unloaded module that are looked at
RequestOf = Callable[[Any], str]  # the system call that an lwp is in, "" for none
_T = TypeVar("_T")


def record_of(
    k: Kernel,
    reason: str,
    thread: Thread,
    current: Any,
    fault: Fault | None,
    frames: tuple[RecordedFrame, ...],
    request_of: RequestOf,
) -> CrashRecord:
    """The facts about `thread`, in which machine code met `fault` or a kernel function gave up.

    `current` is its lwp, or None.
    """
    made = _Recorder(k, thread, fault, request_of)
    lwps = tuple(made.lwps())
    codes = [frame.pc - frame.returns for frame in frames if frame.pc]
    none: tuple[RecordedModule, ...] = ()
    nothing: tuple[RecordedCall, ...] = ()
    calls = made.tried("calls", lambda: tuple(made.calls()), nothing)
    modules = made.tried("modules", lambda: made.modules(codes), none)
    return CrashRecord(
        reason,
        k.port.name,
        process_text(current),
        made.request(current),
        frames,
        modules,
        boot=k.bootno,
        time=time.time(),
        notes=tuple(made.notes),
        lwps=lwps,
        calls=calls,
        gate=k.engine.text.gate,
    )


def process_text(lwp: Any) -> str:
    """The process of an lwp; "" for no lwp."""
    return "" if lwp is None else f"pid {lwp.proc.pid} ({lwp.proc.comm})"


class _Recorder:
    """One record: of whom it is, what it refers to, and what it has no room for."""

    def __init__(self, k: Kernel, thread: Thread, fault: Fault | None, request_of: RequestOf) -> None:
        self.k = k
        self.thread = thread
        self.fault = fault
        self.request_of = request_of
        self.notes: list[str] = []
        self._words: set[int] = set()  # on the stacks and in registers
        self._room = _MOST_STACKS
        self._without = 0  # stacks

    def tried(self, what: str, make: Callable[[], _T], otherwise: _T) -> _T:
        """What `make` makes; when it fails a note, and something else."""
        try:
            return make()
        except Exception as error:
            self.notes.append(f"{LEFT_OUT}{what}: {bug(error, place=False)}")
            return otherwise

    def request(self, lwp: Any) -> str:
        """The system call that an lwp is in."""
        return "" if lwp is None else self.tried("a request", lambda: self.request_of(lwp), "")

    # -- lwps -------------------------------------------------------------------------------------------

    def lwps(self) -> Iterator[RecordedLwp]:
        """The lwp that the record is about, then the others in whose machine code something waits."""
        first, others = None, []
        for lwp in list(self.k.lwps.values()):
            if lwp.thread is self.thread:
                first = lwp
            elif lwp.thread.levels:
                others.append(lwp)
        yield self._lwp(first, self.thread)
        for lwp in others[: _MOST_LWPS - 1]:
            yield self._lwp(lwp, lwp.thread)
        if (left := len(others) - _MOST_LWPS + 1) > 0:
            self.notes.append(f"{LEFT_OUT}{left} more lwp{'s' * (left != 1)} with machine code")
        if self._without:
            self.notes.append(f"{LEFT_OUT}the stacks of {self._without} of its lwps")

    def _lwp(self, lwp: Any, thread: Thread) -> RecordedLwp:
        who = process_text(lwp)
        none: tuple[RecordedLevel, ...] = ()
        levels = self.tried(f"the levels of {who}", lambda: tuple(self._levels(thread)), none)
        sp, stack = self.tried(f"the stack of {who}", lambda: self._stack(thread, levels), (0, ""))
        if lwp is None:
            return RecordedLwp("", 0, levels=levels, sp=sp, stack=stack)
        wait = lwp.wmesg if lwp.wchan is not None else ""
        return RecordedLwp(who, 1, wait, self.request(lwp), levels, sp, stack)  # a process has one lwp

    def _levels(self, thread: Thread) -> Iterator[RecordedLevel]:
        """The levels of a thread, innermost first."""
        for depth, level in enumerate(reversed(thread.levels[-_MOST_LEVELS:])):
            if level.fn is None:
                if depth == 0:
                    yield RecordedLevel("", self._running(thread))
                continue
            registers = self.k.engine.registers(thread) if depth == 0 else {}
            kept = {name: registers[name] for name in self.k.port.kept if name in registers}
            pc, sp = self._word(level.sp), level.sp + self.k.port.return_size
            self._words.add(pc)
            yield RecordedLevel(level.fn.name, {"pc": pc, "sp": sp, "fp": level.fp, **kept})

    def _running(self, thread: Thread) -> dict[str, int]:
        """The registers of machine code that has been stopped."""
        port, registers = self.k.port, self.k.engine.registers(thread)
        numbers = dict(port.registers)
        if thread is self.thread and self.fault is not None:
            registers |= {name: self.fault.pc for name in registers if numbers[name] == port.pc}
        places = {"pc": port.pc, "sp": port.sp, "fp": port.fp}
        own = {
            key: value
            for key, number in places.items()
            for name, value in registers.items()
            if numbers[name] == number
        }
        self._words.update(registers.values())
        return {**own, **registers}

    def _word(self, addr: int) -> int:
        try:
            return self.k.mem.checked.ptr(addr)
        except MemFault:
            return 0

    # -- stacks -----------------------------------------------------------------------------------------

    def _stack(self, thread: Thread, levels: tuple[RecordedLevel, ...]) -> tuple[int, str]:
        """Where the live part of a stack begins, and that part."""
        if not thread.stack_top or not levels:
            return thread.sp, ""
        sp = self._live(thread, levels[0])
        data = self.k.mem.read(sp, thread.stack_top - sp)
        self._refer(data)
        import zlib  # which only a kernel that panics needs
        from binascii import b2a_base64

        packed = zlib.compress(data, 1)
        if len(packed) > self._room:
            self._without += 1
            return sp, ""
        self._room -= len(packed)
        return sp, b2a_base64(packed, newline=False).decode()

    def _live(self, thread: Thread, level: RecordedLevel) -> int:
        """The lowest address of the stack that the innermost level uses, as far as it can be known."""
        base, top, registers = thread.stack_base, thread.stack_top, level.registers
        sp = registers.get("sp", 0) - (self.k.port.return_size if level.function else 0)
        return next((at for at in (sp, registers.get("fp", 0)) if base <= at < top), base)

    def _refer(self, data: bytes) -> None:
        """Remember the words of a stack that may point into a module."""
        size, order = self.k.dm.pointer, self.k.dm.byteorder
        whole = data[len(data) % size :]  # the top is aligned
        if order == "little":
            words: Iterable[int] = memoryview(whole).cast("Q" if size == 8 else "I")
        else:
            words = (int.from_bytes(whole[at : at + size], order) for at in range(0, len(whole), size))
        low, high = self.k.mem.base, self.k.mem.base + self.k.mem.size
        self._words.update([word for word in words if low <= word < high])

    # -- calls ------------------------------------------------------------------------------------------

    def calls(self) -> Iterator[RecordedCall]:
        """The last kernel calls that the lwp has made on its stack, newest first."""
        k, thread, left = self.k, self.thread, _MOST_CALLS
        for call in k.engine.calls.last(SLOTS):
            _, sp, _, caller = call.registers[:FIRST_ARG]
            proto = called(k.engine.text, call)
            own = thread.stack_base <= sp < thread.stack_top and call.blocks > thread.born
            if own and left and proto is not None:
                left -= 1
                self._words.add(caller - 1)
                yield RecordedCall(call_in_words(k.port, k.mem, proto, call), caller)

    # -- modules ----------------------------------------------------------------------------------------

    def modules(self, codes: Iterable[int]) -> tuple[RecordedModule, ...]:
        """Those loaded, and those unloaded that something refers to; first those with the `codes`."""
        modules = self.k.modules
        words = sorted(self._words.union(codes))
        found = {
            module.area: (module, there is None)
            for each in codes
            if (module := (there := modules.at(each)) or modules.unloaded_at(each)) is not None
        }
        loaded = sorted(modules.by_id.values(), key=lambda module: not any(_within(module, words, 1)))
        for module in loaded:
            found.setdefault(module.area, (module, False))
        for module in modules.left():
            if any(
                modules.at(word) is None and modules.unloaded_at(word) is module
                for word in _within(module, words, _MOST_POINTERS)
            ):
                found.setdefault(module.area, (module, True))
        if (left := len(found) - _MOST_MODULES) > 0:
            self.notes.append(f"{LEFT_OUT}{left} more module{'s' * (left != 1)}")
        return tuple(_module(*each) for each in list(found.values())[:_MOST_MODULES])


def _within(module: LoadableModule, words: list[int], most: int) -> list[int]:
    """The first of the sorted `words` that are in a module."""
    first = bisect_left(words, module.area)
    return words[first : min(bisect_left(words, module.area + module.size, first), first + most)]


def _module(module: LoadableModule, unloaded: bool) -> RecordedModule:
    info = module.info
    return RecordedModule(module.title, info.path, module.area, module.size, info.checksum, unloaded)
