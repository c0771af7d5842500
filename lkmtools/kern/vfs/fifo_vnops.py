"""FIFOs: pipes that have a name (fifo_vnops.c of NetBSD 5.2).

A FIFO has a pipe while its vnode is open. Opening one end waits for the other end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.abi.errno import ENXIO
from lkmtools.abi.fcntl import FNONBLOCK, FREAD, FWRITE
from lkmtools.abi.proc import PCATCH, PSOCK
from lkmtools.errors import KernelError
from lkmtools.kern.proc.sys_pipe import Pipe, PipeEnd
from lkmtools.kern.vfs.ramfs import Node, OfNode

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp


class Fifo(Pipe):
    """The pipe of an open FIFO. `opened`: how often for FREAD and for FWRITE."""

    def __init__(self) -> None:
        super().__init__()
        self.readers = self.writers = 0
        self.opened = {FREAD: 0, FWRITE: 0}

    def count(self, flag: int, by: int) -> None:
        """So many readers and writers more."""
        self.readers += by if flag & FREAD else 0
        self.writers += by if flag & FWRITE else 0

    def has(self, way: int) -> bool:
        """Is it open for reading (FREAD), or writing?"""
        return (self.readers if way == FREAD else self.writers) > 0


class FifoEnd(OfNode, PipeEnd):
    """An open FIFO, for reading, writing or both."""

    def __init__(self, fifo: Fifo, flag: int, node: Node, done: Callable[[Lwp], int]) -> None:
        super().__init__(fifo, flag)
        self.fifo = fifo
        self.node = node
        self._done = done

    def begin(self, k: Kernel) -> None:
        """Wait until the other end is opened. ENXIO for a writer that does not wait, EINTR."""
        fifo, flag = self.fifo, self.flag
        fifo.count(flag, 1)
        for way in (FREAD, FWRITE):
            fifo.opened[way] += 1 if flag & way else 0
        self._changed(k)
        other = {FREAD: FWRITE, FWRITE: FREAD}.get(flag & (FREAD | FWRITE))
        if other is None or fifo.has(other):
            return
        if flag & FNONBLOCK:
            if other == FREAD:
                raise KernelError(ENXIO, "the FIFO has no reader")
            return
        before = fifo.opened[other]
        while fifo.opened[other] == before:
            k.sched.tsleep(fifo.ident, PSOCK | PCATCH, "fifor" if other == FWRITE else "fifow", 0)

    def close(self, k: Kernel, lwp: Lwp) -> int:
        """The others see the end, or that nobody reads; the vnode is let go."""
        self.fifo.count(self.flag, -1)
        self._changed(k)
        return self._done(lwp)


def open_fifo(k: Kernel, lwp: Lwp, vp: int, end: tuple[Node, int], done: Callable[[Lwp], int]) -> FifoEnd:
    """Open the FIFO of an unlocked vnode: (its node, how). `done` lets the vnode go at the close."""
    node, flag = end
    fifo = k.vfs.fifos.setdefault(vp, Fifo())

    def last(lwp: Lwp) -> int:
        if not fifo.readers + fifo.writers:
            del k.vfs.fifos[vp]
        return done(lwp)

    file = FifoEnd(fifo, flag, node, last)
    opened = False
    try:
        file.begin(k)
        opened = True
    finally:
        if not opened and not k.dead:
            file.close(k, lwp)
    return file
