"""percpu(9): memory of which every processor has its own (subr_percpu.c of NetBSD 5.2): there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import export
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/percpu.h"
_CALLBACK = Prototype("void callback(void *mine, void *arg, struct cpu_info *ci)")


def _block(k: Kernel, pc: int, function: str) -> int:
    """The size of what percpu_alloc() returned; anything else is a panic."""
    block = k.heap.blocks.get(pc)
    if block is None:
        k.panic(f"{function}: {pc:#x} is not what percpu_alloc() returned")
    return block.size


@export("percpu_t *percpu_alloc(size_t size)", _HEADER, bound=MEMORY)
def percpu_alloc(k: Kernel, size: int) -> int:
    """`size` bytes of zeros; no memory for them is a panic."""
    addr: int = k.heap.alloc(size)
    if not addr:
        k.panic(f"percpu_alloc: out of space in kernel map: {size} bytes asked for")
    return addr


@export("void percpu_free(percpu_t *pc, size_t size)", _HEADER, bound=MEMORY)
def percpu_free(k: Kernel, pc: int, size: int) -> None:
    """Give them back; another size is a panic."""
    had = _block(k, pc, "percpu_free")
    if had != size:
        k.panic(f"percpu_free: {pc:#x} has {had} bytes, freed as {size}")
    k.heap.free(pc)


@export("void *percpu_getref(percpu_t *pc)", _HEADER)
def percpu_getref(k: Kernel, pc: int) -> int:
    """The bytes of this processor, until percpu_putref()."""
    _block(k, pc, "percpu_getref")
    return pc


@export("void percpu_putref(percpu_t *pc)", _HEADER)
def percpu_putref(k: Kernel, pc: int) -> None:
    """Nothing: kernel mode is not preempted."""
    _block(k, pc, "percpu_putref")


@export("void percpu_foreach(percpu_t *pc, percpu_callback_t cb, void *arg)", _HEADER)
def percpu_foreach(k: Kernel, pc: int, cb: int, arg: int) -> None:
    """Call cb(bytes, arg, processor) for each processor: once."""
    _block(k, pc, "percpu_foreach")
    k.engine.call(_CALLBACK, cb, pc, arg, k.symbol("cpu_info_primary"))
