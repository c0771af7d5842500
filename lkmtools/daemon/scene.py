"""The memory of a kernel, as its supervisor sees it: who runs, which calls were made, and from where.

Any of it may be wrong, so every address is checked, and every walk is bounded.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.proc import lwp as lwp_struct
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.evidence import ModuleRecord, ModuleState, vitals
from lkmtools.evidence.calls import Call
from lkmtools.evidence.record import RecordedFrame
from lkmtools.kern.rows import plan
from lkmtools.machine import SLOT, MemFault, Memory, port
from lkmtools.machine.calltext import call_in_words, called
from lkmtools.machine.port import FIRST_ARG

if TYPE_CHECKING:
    from lkmtools.daemon.child import KernelProcess

MOST_FRAMES = 64


class Scene:
    """The memory of a kernel that is dead, or that goes on meanwhile."""

    def __init__(self, child: KernelProcess) -> None:
        self.evidence = child.evidence
        self.port = port(child.machine)
        self.dm = self.port.dm
        ram = child.evidence.ram
        self.mem = Memory(self.port.kernbase, len(ram), self.dm, ram)
        self.modules = list(child.evidence.modules.records())
        self.text = plan(self.port, True).text

    def module(self, addr: int) -> ModuleRecord | None:
        """The module that holds an address: a loaded one, otherwise the last that was."""
        held = [module for module in self.modules if module.holds(addr)]
        there = [module for module in held if module.state != ModuleState.GONE]
        return there[-1] if there else held[-1] if held else None

    def symbolize(self, addr: int) -> str:
        """An address as function+offset [module]."""
        if (module := self.module(addr)) is not None:
            return module.locate(addr)
        if (function := self.text.function_at(addr)) is not None:
            return f"{function.name}+{(addr - self.text.start) % SLOT:#x} [kernel]"
        return f"{addr:#x}"

    def word(self, addr: int) -> int:
        """A pointer in RAM; 0 where is none."""
        try:
            return self.mem.ptr(addr)
        except MemFault:
            return 0

    def what_ran(self, entered: int, calls: list[Call]) -> str:
        """For the reason: the code that ran, as near as can be said."""
        if entered and calls:
            return f"; last kernel call {self.call(calls[0])}"
        if entered:
            return f"; in {self.symbolize(entered)} or a function that it called, with no kernel call"
        who = self.who()
        return f" while {who} ran and no module did" if who else " while no module and no program ran"

    def who(self) -> str:
        """The process that ran; "" for none of a user's."""
        if self.evidence.vitals[vitals.PID] <= 1 or self.evidence.vitals[vitals.POLLING]:
            return ""
        pid, name = self.process()
        return f"pid {pid} ({name})" if name else ""

    def process(self) -> tuple[int, str]:
        """Number and name of curlwp's process; 0 and "" when they cannot be read."""
        lwp = self.word(self.evidence.vitals[vitals.CURLWP] & self.dm.mask)
        proc = self.word(lwp + lwp_struct.layout(self.dm).offsetof("l_proc")) if lwp else 0
        with suppress(MemFault):
            view = self.mem.view(proc_struct.layout(self.dm), proc)
            return view.p_pid, bytes(view.p_comm).partition(b"\0")[0].decode(*C_TEXT)
        return 0, ""

    def place(self, pc: int, caller: int) -> str:
        """Where machine code is: an address of it; of a kernel function also who called it."""
        function = self.text.function_at(pc)
        if function is None:
            return self.symbolize(pc)
        return f"{function.name}(), called from {self.symbolize(caller - 1)}"

    def words(self, call: Call) -> str:
        """A kernel call with its arguments and its result."""
        proto = called(self.text, call)
        return f"{call.registers[0]:#x}" if proto is None else call_in_words(self.port, self.mem, proto, call)

    def call(self, call: Call) -> str:
        """A kernel call, and who made it."""
        caller = call.registers[FIRST_ARG - 1]
        return f"{self.words(call)} from {self.symbolize(caller - 1) if caller else 'nowhere'}"

    def backtrace(self, call: Call) -> list[RecordedFrame]:
        """Who called whom, by frame pointers, as long as they lead up the stack."""
        pc, sp, fp, at = call.registers[:FIRST_ARG]
        step = self.dm.pointer
        function = self.text.function_at(pc)
        frames = [RecordedFrame(f"{function.name}() [kernel]" if function else f"{pc:#x}")]
        while at and len(frames) < MOST_FRAMES:
            if self.module(at) is None and self.text.function_at(at) is None:
                break
            frames.append(RecordedFrame(self.symbolize(at - 1), at, returns=True))
            if not sp < fp:
                break
            sp, at, fp = fp, self.word(fp + step), self.word(fp)
        return frames

    def culprit(self, entered: int) -> str:
        """The path of the module whose code ran, or of the one that was being loaded."""
        module = self.module(entered) if entered else None
        loading = [module for module in self.modules if module.state == ModuleState.LOADING]
        found = module or (loading[-1] if loading else None)
        return found.path if found is not None else ""
