"""What all boots of a kernel share, as kern/rows.py makes it from all rows; and the row of a system call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine import Prototype, Text
    from lkmtools.machine.cproto import Binding


class Sysent(NamedTuple):
    """A row of the system-call table: where it stands, how its argument words are read, and what it does."""

    number: int
    symbol: str
    args: Prototype
    body: Callable[..., int | tuple[int, int] | None]


class KernelPlan(NamedTuple):
    """Where everything lies that the rows say: the text, each symbol by name, the pages of the variables.

    `inits` are what fills the variables that do not begin as zeros, each with its address. `syscalls` are the
    rows of sysent[], `own` the same by the addresses of their stubs, `sysent` and `syscallnames` what
    these tables contain.
    """

    text: Text
    symbols: dict[str, int]
    data: tuple[int, int]
    inits: list[tuple[Callable[[Kernel, int], None], int]]
    syscalls: dict[int, Sysent]
    own: dict[int, tuple[Callable[..., int | tuple[int, int] | None], Binding]]
    sysent: bytes
    syscallnames: bytes
