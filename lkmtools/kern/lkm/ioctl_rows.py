"""Rows of ioctls: a decorated function is a command of /dev/lkm or /dev/ksyms. docs/ioctls.md shows them."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from lkmtools.abi.datamodel import ILP32_I386, LP64, DataModel, Struct
from lkmtools.abi.errno import ENOTTY
from lkmtools.abi.ioccom import Ioctl
from lkmtools.errors import KernelError
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

Run = Callable[["Kernel", Any, Any], None]
_Rule = TypeVar("_Rule")


class Row(NamedTuple, Generic[_Rule]):
    """A command. run() gets the kernel, what is open, and the argument.

    The argument is a view of `arg` where that is a struct, otherwise its address in kernel memory. `models`
    are the machines that have the command, `rule` is what its device wants to know of it.
    """

    ioctl: Ioctl
    run: Run
    arg: Struct | None
    models: tuple[DataModel, ...]
    rule: _Rule


class Commands(Generic[_Rule]):
    """The ioctls of one device, in the order of their functions."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.rows: list[Row[_Rule]] = []
        self._by_code: dict[DataModel, dict[int, Row[_Rule]]] = {LP64: {}, ILP32_I386: {}}

    def row(
        self,
        ioctl: Ioctl,
        rule: _Rule,
        in_place: bool = False,
        models: tuple[DataModel, ...] = (LP64, ILP32_I386),
    ) -> Callable[[Run], Run]:
        """Make the decorated function the row of `ioctl`; `in_place`: it gets a struct's address, too."""

        def mark(run: Run) -> Run:
            arg = ioctl.arg if isinstance(ioctl.arg, Struct) and not in_place else None
            row = Row(ioctl, run, arg, models, rule)
            for dm in models:
                if self._by_code[dm].setdefault(ioctl.code(dm), row) is not row:
                    raise ValueError(f"two rows for ioctl {ioctl.code(dm):#x} of {self.device}")
            self.rows.append(row)
            return run

        return mark

    def find(self, dm: DataModel, com: int) -> Row[_Rule]:
        """The row of a command, by its whole number; ENOTTY."""
        row = self._by_code[dm].get(com)
        if row is None:
            raise KernelError(ENOTTY, f"{self.device} does not support ioctl {com:#x}")
        return row


def serve(k: Kernel, row: Row[Any], opened: object, data: int) -> None:
    """Run a command with its argument at kernel address `data`."""
    row.run(k, opened, data if row.arg is None else k.mem.view(row.arg.layout(k.dm), data))


# -- /dev/lkm -----------------------------------------------------------------------------------------------


class State(enum.IntEnum):
    """What the open device is in the middle of (the original's lkm_state)."""

    IDLE = 0x00
    RESERVED = 0x01
    LOADING = 0x02

    def __str__(self) -> str:
        return self.name.lower()


class Rule(NamedTuple):
    """Who may call a command of /dev/lkm, and when.

    `changes`: it needs securelevel 0 or less and FWRITE. Out of its states the errno is `wrong`.
    """

    changes: bool
    states: frozenset[State]
    wrong: int


LKM: Commands[Rule] = Commands("/dev/lkm")
ANY_STATE = frozenset(State)


def lkm_ioctl(
    ioctl: Ioctl,
    changes: bool = True,
    states: frozenset[State] = ANY_STATE,
    wrong: int = 0,
    in_place: bool = False,
) -> Callable[[Run], Run]:
    """Make the decorated function a command of /dev/lkm; it gets the Open."""
    return LKM.row(ioctl, Rule(changes, states, wrong), in_place)


# -- /dev/ksyms ---------------------------------------------------------------------------------------------


class Origin(enum.Enum):
    """Whose a command of /dev/ksyms is."""

    NETBSD = "NetBSD 2.0 to 5.x"
    NETBSD_6 = "NetBSD 6 and later"
    FREEBSD = "FreeBSD"
    OURS = "ours"


KSYMS: Commands[Origin] = Commands("/dev/ksyms")


def ksyms_ioctl(
    ioctl: Ioctl, origin: Origin, models: tuple[DataModel, ...] = (LP64, ILP32_I386)
) -> Callable[[Run], Run]:
    """Make the decorated function a command of /dev/ksyms; it gets the KsymsFile."""
    return KSYMS.row(ioctl, origin, models=models)
