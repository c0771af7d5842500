"""The console (cons.c): what is written goes to the message buffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.uio import uio
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import uio_write

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


@export("int cnwrite(dev_t dev, struct uio *uio, int flag)", bound=MEMORY)
def cnwrite(k: Kernel, dev: int, uio_addr: int, flag: int) -> int:
    """What is written to the console goes to the message buffer."""
    count = k.umem.view(uio.layout(k.dm), uio_addr).uio_resid
    k.console.write(uio_write(k, count, uio_addr).decode(*C_TEXT))
    return 0


@export("int cnread(dev_t dev, struct uio *uio, int flag)")
def cnread(k: Kernel, dev: int, uio_addr: int, flag: int) -> int:
    """Nobody types at the console: always end of file."""
    return 0
