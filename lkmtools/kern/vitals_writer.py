"""What a kernel reports of itself in shared memory, so that `lkmctl status` needs no call into it.

Each counter has a fixed place. What changes rarely (the holder of /dev/lkm, unimplemented system calls,
waiting processes) is one text, which is rewritten when it has changed: before the answer of the request that
changed it, and before the kernel goes idle. Loaded modules have a table (evidence/modules.py); which system
calls they have replaced is read from RAM.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.evidence import ModuleRecord, ModuleState, vitals
from lkmtools.kern.proc.kern_synch import curlwp

if TYPE_CHECKING:
    from lkmtools.kern.base.lkm_record import LoadableModule
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Proc

_FIRST, _LAST = vitals.PROCESSES, vitals.FRAMES_FREE
_COUNTERS = struct.Struct(f"={_LAST - _FIRST + 1}q")


class Vitals:
    """The signs of life of a kernel. `changed` is set by whatever changes the text."""

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self._place = k.evidence.vitals
        self._counters = self._place[_FIRST : _LAST + 1].cast("B")
        self.changed = True
        self._place[vitals.BOOTED_AT] = time.monotonic_ns()
        self._securelevel: Callable[[], tuple[int]] = lambda: (0,)

    def variables(self) -> None:
        """Store what is known once the kernel's variables are laid out."""
        k = self._k
        word = curlwp(k)
        self._place[vitals.RATE] = k.engine.rate
        self._place[vitals.MEMORY_TOTAL] = k.mem.size
        self._place[vitals.FRAMES_TOTAL] = k.frames.total * PAGE_SIZE
        self._place[vitals.CURLWP] = word - (word >> 63 << 64)  # the word is signed
        self._securelevel = k.mem.reader(struct.Struct(k.dm.order + "i"), k.symbol("securelevel"))

    def turn(self) -> None:
        """Count a turn of the loop that drives the kernel."""
        self._place[vitals.TURNS] += 1

    def tick(self) -> None:
        """Count a tick of the clock."""
        self._place[vitals.TICKS] += 1

    def running(self, proc: Proc) -> None:
        """This process runs from now on."""
        self._place[vitals.PID] = proc.pid
        self._place[vitals.HOST_PID] = proc.host_pid

    def update(self) -> None:
        """Bring counters and text up to date; cheap when the text has not changed."""
        k = self._k
        _COUNTERS.pack_into(
            self._counters, 0, len(k.procs), k.calls, self._securelevel()[0], k.kmap.used, k.heap.used,
            k.programs, k.lkm.reserved, len(k.frames.unused) * PAGE_SIZE,
        )  # fmt: skip
        if self.changed:
            self.changed = False
            k.evidence.publish(self.text())

    def text(self) -> dict[str, Any]:
        """What changes rarely."""
        k = self._k
        return {
            "version": k.version,
            "holder": k.lkm.holder(),
            "in_vain": k.system_calls.unimplemented.counts(),
            "waiting": k.sched.waits(),
        }

    # -- modules ----------------------------------------------------------------------------------------

    def loading(self, module: LoadableModule) -> None:
        """A module is about to run for the first time."""
        symbols = module.info.symbols
        record = ModuleRecord(
            ModuleState.LOADING, module.id, module.area, module.size, module.title,
            module.info.path or module.path, (), module.info.checksum, module.info.code_size,
        )  # fmt: skip
        names = [symbol.name for symbol in symbols]
        self._k.evidence.modules.add(record, module.info.addresses.tobytes(), names)

    def loaded(self, module: LoadableModule) -> None:
        """It is loaded."""
        self._k.evidence.modules.mark(module.id, ModuleState.LOADED, module.title)

    def gone(self, module: LoadableModule) -> None:
        """It is unloaded, or could not be loaded."""
        self._k.evidence.modules.mark(module.id, ModuleState.GONE)
