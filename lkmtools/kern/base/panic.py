"""A panic: why the simulated kernel stopped, and where (subr_prf.c panic(), ddb's trace).

The report is what a person reads: reason, process, registers, then a backtrace in which every frame is
function+offset [module], through callbacks and kernel functions too.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from lkmtools.abi.errno import returned
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.evidence.record import REPORT, CrashRecord, RecordedFrame
from lkmtools.kern.base.freed import READ_FROM_FREED, is_from_freed
from lkmtools.kern.base.recorder import RequestOf, record_of
from lkmtools.machine import EXEC, Fault, MemFault, Prototype, Thread
from lkmtools.machine.backtrace import StackFrame, backtrace
from lkmtools.machine.memory import READ, WRITE
from lkmtools.machine.text import KernelFunction
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel

_LONGEST_INSTRUCTION = 15
_ACCESS = {READ: "read", WRITE: "write", EXEC: "instruction fetch"}


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


def explain(k: Kernel, thread: Thread, fault: Fault | MemFault, fn: KernelFunction | None) -> str:
    """The reason line for a fault in machine code, or in kernel function `fn` called from it."""
    if isinstance(fault, MemFault):
        addr = fault.addr & k.dm.mask  # Python's sums do not wrap
        what = f"page fault: {_ACCESS[fault.access]} at {addr:#x}"
        where = f" in {fn.name}(){called_from(k, thread)}" if fn else ""
        return f"{what}{_nature(k, addr, fault.access, thread)}{where}"
    what = fault.describe(k.port, _instruction(k, fault.pc))
    if fault.addr is None:
        return f"{what} in {k.symbolize(fault.pc)}"
    nature = _nature(k, fault.addr, fault.access, thread)
    if fault.access == EXEC and fault.pc == fault.addr:
        caller = _on_top(k, k.engine.cpu.read(k.port.sp))
        known = k.mem.protection(caller) & EXEC
        by = f"called from {k.symbolize(caller, returns=True)}" if known else "a jump"
        return f"{what}{nature}, {by}"
    return f"{what}{nature} in {k.symbolize(fault.pc)}"


def _instruction(k: Kernel, pc: int) -> bytes:
    """The bytes at `pc`, as many as an instruction may have; fewer where memory ends."""
    most = min(_LONGEST_INSTRUCTION, PAGE_SIZE - pc % PAGE_SIZE)
    try:
        return k.mem.read(pc, most)
    except MemFault:
        return b""


def caller_pc(k: Kernel, thread: Thread) -> int:
    """The return address of the machine code that called the running kernel function; 0 when none did."""
    return _on_top(k, thread.levels[-1].sp) if thread.levels else 0


def calling_module(k: Kernel) -> LoadableModule | None:
    """The module whose code called the running kernel function; None for the kernel itself."""
    thread = k.engine.current
    if not thread.levels:
        return None
    pc = caller_pc(k, thread)  # a jump at the end of what the kernel called leaves the gate's there
    return k.modules.at(thread.levels[-1].addr if pc == k.engine.text.gate else pc - 1)


def called_from(k: Kernel, thread: Thread) -> str:
    """The words " called from f+0x10 [module]"; "" when no machine code called the running function."""
    caller = caller_pc(k, thread)
    return f" called from {k.symbolize(caller, returns=True)}" if caller else ""


def _on_top(k: Kernel, sp: int) -> int:
    """The word on top of a stack, where a call leaves its return address; 0 when it cannot be read."""
    try:
        return k.mem.checked.ptr(sp)
    except MemFault:
        return 0


def _nature(k: Kernel, addr: int, access: int, thread: Thread) -> str:
    """What is special about an address that may not be accessed."""
    if addr < PAGE_SIZE:
        return " (NULL pointer)"
    if is_from_freed(k, addr):
        return f" ({READ_FROM_FREED})"
    if addr < k.mem.base:
        if k.config.user_memory == "direct":
            return " (a user address that is not in the memory of the process)"
        return " (not a kernel address; copyin and copyout reach user memory, or lkmd --user-memory=direct)"
    if thread.stack_base - PAGE_SIZE <= addr < thread.stack_base:
        return " (kernel stack overflow)"
    module = k.modules.at(addr)
    if module is not None and k.mem.protection(addr):
        kind = "read-only" if access == WRITE else "not executable" if access == EXEC else "unreadable"
        return f" ({kind} memory of module {module.title})"
    gone = k.modules.unloaded_at(addr)
    if gone is not None:
        return f" (memory of module {gone.title}, which was unloaded)"
    if k.mem.protection(addr):
        return " (read-only memory)" if access == WRITE else " (memory that is not executable)"
    return ""


class Subject(NamedTuple):
    """What a panic or a report is about: a thread, and the lwp whose it is.

    `notes` are further lines of the text. `loop` is as in the record.
    """

    thread: Thread
    lwp: Any = None
    notes: tuple[str, ...] = ()
    loop: tuple[int, ...] = ()


def panicked(
    k: Kernel, reason: str, subject: Subject, fault: Fault | None, request_of: RequestOf
) -> KernelPanic:
    """The panic of a thread, with its console text, its culprit and its record.

    `request_of(lwp)` is the system call that an lwp is in, "" for none.
    """
    frames = backtrace(k.engine, subject.thread, fault, k.function_start)
    record = _record(k, reason, subject, fault, frames, request_of)
    text = _report(k, record, fault)
    return KernelPanic(reason, text, _culprit(k, frames), record.dumps())


def reported(k: Kernel, reason: str, subject: Subject, request_of: RequestOf) -> tuple[str, str]:
    """The console text and the record, as JSON, of something after which the kernel goes on."""
    frames = backtrace(k.engine, subject.thread, None, k.function_start)
    record = _record(k, reason, subject, None, frames, request_of)._replace(kind=REPORT)
    return _report(k, record, None), record.dumps()


def _record(
    k: Kernel, reason: str, subject: Subject, fault: Fault | None, frames: list[StackFrame],
    request_of: RequestOf,
) -> CrashRecord:  # fmt: skip
    """The facts of a report."""
    rows = tuple(_recorded(k, frame) for frame in frames)
    record = record_of(k, reason, subject.thread, subject.lwp, fault, rows, request_of)
    return record._replace(notes=subject.notes + record.notes, loop=subject.loop)


def _recorded(k: Kernel, frame: StackFrame) -> RecordedFrame:
    pc = 0 if frame.note or frame.function else frame.pc
    return RecordedFrame(_frame(k, frame), pc, frame.returns, frame.guess)


def _report(k: Kernel, record: CrashRecord, fault: Fault | None) -> str:
    """The whole console text of a panic or a report."""
    who = (record.process or "no process") + (f" in {record.request}" if record.request else "")
    lines = [f"{record.kind}: {record.reason}", f"machine {k.port.name}, boot {k.bootno}, {who}"]
    lines += record.notes
    if fault is not None:
        lines += _registers(k.engine.cpu.dump())
    if record.calls:
        lines.append("last kernel calls, newest first:")
        lines += [f"    {call.text} from {k.symbolize(call.pc, returns=True)}" for call in record.calls]
    if record.frames:
        lines.append("backtrace:")
        for text, same in groupby(frame.text for frame in record.frames):
            times = len(list(same))
            lines.append(f"    {text}" if times == 1 else f"    {text} ({times} times)")
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
