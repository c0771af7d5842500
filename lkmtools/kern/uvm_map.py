"""The address space of a process, as far as the kernel puts anything into it (uvm_map.c of NetBSD 5.2).

A client is a process of the host, so its memory is mapped there: whoever attached the process gave a
Mapper, which is asked and answers in its own time; the thread sleeps meanwhile. What the kernel offers for
mapping are sealed memory files, so a mapping is always private: writing to it changes the process's own copy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.proc import PCATCH, PVM
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp
    from lkmtools.kern.kernel import Kernel

Done = Callable[[int, int], object]  # errno (0: none) and address


class Span(NamedTuple):
    """Whole pages of a memory file: descriptor, offset and length in bytes."""

    fd: int
    offset: int
    length: int


class Mapper(Protocol):
    """The memory of a process, where it really is."""

    def map(self, span: Span, done: Done) -> None:
        """Map `span` privately, readable and writable, below 4 GiB; then, or at once, call `done`."""

    def unmap(self, addr: int, length: int) -> None:
        """Remove a mapping; nothing to do when the process is gone."""


class Vmspace:
    """The mappings of one process: address -> length."""

    def __init__(self, mapper: Mapper | None) -> None:
        self._mapper = mapper
        self.maps: dict[int, int] = {}

    def map(self, k: Kernel, lwp: Lwp, span: Span) -> int:
        """The address at which `span` now lies; sleeps until the process has mapped it.

        ENOMEM; EINTR when the process dies meanwhile.
        """
        if self._mapper is None:
            raise KernelError(ENOMEM, "this process has no address space to map into")
        answer: list[tuple[int, int]] = []

        def done(errno: int, addr: int) -> None:
            answer.append((errno, addr))
            k.sched.wakeup(lwp.addr)

        self._mapper.map(span, done)
        while not answer:
            try:
                k.sched.tsleep(lwp.addr, PVM | PCATCH, "vmmap", 0)
            except KernelError:
                if lwp.killed:
                    raise
        errno, addr = answer[0]
        if errno or not 0 < addr <= k.dm.mask:
            raise KernelError(ENOMEM, f"the process found no room for {span.length} bytes below 4 GiB")
        self.maps[addr] = span.length
        return addr

    def unmap(self, addr: int) -> None:
        """Remove the mapping at `addr`; nothing to do when it is gone."""
        length = self.maps.pop(addr, 0)
        if length and self._mapper is not None:
            self._mapper.unmap(addr, length)
