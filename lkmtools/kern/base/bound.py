"""How much one call of a kernel function may do.

The work of a call is the bytes that it handles, and the steps of loops over other things; Checked.work counts
both. A function's row says how much that can be, when it is not CALL. A request beyond it is a panic that
names function, argument, value and limit: no module can keep the kernel in one call for long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


class Bound(NamedTuple):
    """At most `fixed` bytes or steps, and `ram` times the size of RAM."""

    fixed: int
    ram: int = 0

    def of(self, ram: int) -> int:
        """The limit in a kernel with `ram` bytes of RAM."""
        return self.fixed + self.ram * ram

    def __str__(self) -> str:
        return f"{self.ram} times the size of RAM" if self.ram else f"{self.fixed:,} bytes"


CALL = Bound(1 << 18)
MEMORY = Bound(1 << 18, 4)  # what takes memory of any length, or a string that ends where memory does
MESSAGE = Bound(4 << 20)
STEP = 16  # what an element of a list or table counts
LIST_MAX = 8192  # elements of one
NAME_LONGEST = 65536  # bytes of a string that is shown as it is
CONVERSION = 32  # what a conversion of a format counts


def running(k: Kernel) -> str:
    """The kernel function that machine code called, and that has not returned; "the kernel" when none was."""
    levels = k.engine.current.levels
    fn = levels[-1].fn if levels else None
    return fn.name if fn is not None else "the kernel"


def too_much(k: Kernel, what: str, value: int | str, limit: int | str) -> NoReturn:
    """The panic of a request beyond a bound."""
    k.panic(f"{running(k)}: {what} is {value}; the limit is {limit}")


class Steps:
    """Counts the elements of a list or table that `what` leads to; more than `limit` are a panic."""

    __slots__ = ("_k", "_left", "_limit", "_what")

    def __init__(self, k: Kernel, what: str, limit: int = LIST_MAX) -> None:
        self._k, self._what, self._limit = k, what, limit
        self._left = limit

    def step(self) -> None:
        """One more."""
        self._k.umem.work += STEP
        self._left -= 1
        if self._left < 0:
            self._k.panic(
                f"{running(self._k)}: {self._what} has no end: it has more than {self._limit} elements"
            )


def name_at(k: Kernel, what: str, addr: int) -> str:
    """The string that argument `what` points to, to be shown; one of more than NAME_LONGEST is a panic."""
    text = k.umem.cstr(addr, NAME_LONGEST + 1)
    if len(text) > NAME_LONGEST:
        too_much(k, f"the length of {what} {addr:#x}", f"more than {NAME_LONGEST}", NAME_LONGEST)
    return text.decode(*C_TEXT)
