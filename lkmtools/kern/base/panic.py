"""A panic: why the simulated kernel stopped, and where (subr_prf.c panic(), ddb's trace).

The report is what a person reads: reason, process, registers, then a backtrace in which every frame is
function+offset [module], through callbacks and kernel functions too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lkmtools.abi.errno import returned
from lkmtools.evidence.cycles import once_each
from lkmtools.evidence.record import REPORT, CrashRecord, RecordedFrame
from lkmtools.kern.base.cause import recorded_access
from lkmtools.kern.base.recorder import RequestOf, record_of
from lkmtools.machine import Fault, MemFault, Prototype, Thread
from lkmtools.machine.backtrace import StackFrame, backtrace
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_MOST_LINES = 512  # of a backtrace


class KernelPanic(BaseException):
    """The simulated kernel cannot go on. `reason` is one line, `report` everything that is known.

    `culprit` is the path of the object whose module was running, "" when none was; `record` has the facts of
    the report, as JSON (evidence/record.py).
    """

    def __init__(self, reason: str, report: str, culprit: str = "", record: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.report = report
        self.culprit = culprit
        self.record = record


def failure(k: Kernel, function: int, errno: int) -> str:
    """The reason for an errno that the function at this address returned without one."""
    name, start, module = k.symbolize(function).partition("+0x0 ")
    return f"{name}() {module} returned {returned(errno)}" if start else f"{name} returned {returned(errno)}"


class Subject(NamedTuple):
    """What a panic or a report is about: a thread and its lwp.

    `notes` are further lines of the text. `loop` is as in the record. `argument` is that of the kernel
    function which met a fault (cause.py argument_to()). `place` is an address of a module, not on the stack,
    that it is about; 0 for none.
    """

    thread: Thread
    lwp: Any = None
    notes: tuple[str, ...] = ()
    loop: tuple[int, ...] = ()
    argument: tuple[int, int] = (0, 0)
    place: int = 0


def panicked(
    k: Kernel, reason: str, subject: Subject, fault: Fault | MemFault | None, request_of: RequestOf
) -> KernelPanic:
    """The panic of a thread, with its console text, its culprit and its record.

    `fault` is a Fault of machine code, which has left the registers as they were, or a MemFault of a kernel
    function. `request_of(lwp)` is the system call that an lwp is in, "" for none.
    """
    stopped = fault if isinstance(fault, Fault) else None
    frames = backtrace(k.engine, subject.thread, stopped, k.function_start)
    if subject.place:
        frames.insert(0, StackFrame(subject.place, None, returns=False))
    record = _record(k, reason, subject, stopped, frames, request_of)
    registers = k.engine.cpu.dump() if stopped is not None else {}
    record = record._replace(access=recorded_access(k, fault, subject.argument), registers=registers)
    return KernelPanic(reason, _report(k, record), _culprit(k, frames), record.dumps())


def reported(k: Kernel, reason: str, subject: Subject, request_of: RequestOf) -> tuple[str, str]:
    """The console text and the record, as JSON, of something after which the kernel goes on."""
    frames = backtrace(k.engine, subject.thread, None, k.function_start)
    record = _record(k, reason, subject, None, frames, request_of)._replace(kind=REPORT)
    return _report(k, record), record.dumps()


def _record(
    k: Kernel, reason: str, subject: Subject, fault: Fault | None, frames: list[StackFrame],
    request_of: RequestOf,
) -> CrashRecord:  # fmt: skip
    """The facts of a report."""
    rows = tuple(once_each([_recorded(k, frame) for frame in frames])[:_MOST_LINES])
    record = record_of(k, reason, subject.thread, subject.lwp, fault, rows, request_of)
    return record._replace(notes=subject.notes + record.notes, loop=subject.loop)


def _recorded(k: Kernel, frame: StackFrame) -> RecordedFrame:
    pc = 0 if frame.note or frame.function else frame.pc
    return RecordedFrame(_frame(k, frame), pc, frame.returns, frame.guess)


def _report(k: Kernel, record: CrashRecord) -> str:
    """The whole console text of a panic or a report."""
    who = (record.process or "no process") + (f" in {record.request}" if record.request else "")
    lines = [f"{record.kind}: {record.reason}", f"machine {k.port.name}, boot {k.bootno}, {who}"]
    lines += record.notes
    lines += _registers(record.registers)
    if record.calls:
        lines.append("last kernel calls, newest first:")
        lines += [f"    {call.text} from {k.symbolize(call.pc, returns=True)}" for call in record.calls]
    if record.frames:
        lines.append("backtrace:")
        for frame in record.frames:
            times = f" ({frame.times} times)" if frame.times > 1 else ""
            lines.append(f"    {frame.text}{times}")
    return "\n".join(lines) + "\n"


def _culprit(k: Kernel, frames: list[StackFrame]) -> str:
    """The path of the innermost module on the stack, or of the one being loaded; "" when there is none."""
    pcs = [frame.pc for frame in frames if not (frame.guess or frame.note)]
    modules = [module for pc in pcs if (module := k.modules.at(pc)) is not None]
    module = modules[0] if modules else k.modules.loading()
    return "" if module is None else module.info.path or module.path


def _registers(dump: dict[str, int]) -> list[str]:
    width = 16 if any(value >> 32 for value in dump.values()) or len(dump) > 12 else 8
    cells = [f"{name:>6} {value:0{width}x}" for name, value in dump.items()]
    per_line = 4 if width == 8 else 3
    return ["  ".join(cells[i : i + per_line]).rstrip() for i in range(0, len(cells), per_line)]


def _frame(k: Kernel, frame: StackFrame) -> str:
    if frame.note:
        return f"({frame.note})"
    if frame.function is not None:
        return f"{frame.function}() [kernel]"
    mark = " ?" if frame.guess else ""
    return k.symbolize(frame.pc, returns=frame.returns) + mark


def stack_text(k: Kernel, thread: Thread) -> list[str]:
    """A line for each frame of a thread that does not run."""
    return [f"    {_frame(k, frame)}" for frame in backtrace(k.engine, thread, None, k.function_start)]


def call_text(proto: Prototype, args: tuple[Any, ...]) -> str:
    """A call with the arguments it was made with: pointers in hex, numbers in decimal, lists as "..."."""
    parts = []
    for i, value in enumerate(args):
        param = proto.params[i] if i < len(proto.params) else None
        name = param.name if param and param.name else f"argument {i + 1}"
        if not isinstance(value, int):
            parts.append("...")
        elif param is None or param.type.name == "pointer":
            parts.append(f"{name} {value:#x}")
        else:
            parts.append(f"{name} {value}")
    return f"{proto.name}({', '.join(parts)})"
