"""The rows that define everything about an exported symbol.

A function that modules may call is a Python function under @export with its C prototype and header. Functions
whose whole work is to return a number are `constant` rows and become machine code. A function that is known
but not implemented is an `unwritten` row: modules that name it link, and a call panics with its name.
Variables are `data` rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from lkmtools.abi.proc import cpu_info
from lkmtools.kern.base.bound import CALL, Bound
from lkmtools.machine import Prototype, Shortcut
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from types import ModuleType

    from lkmtools.abi.datamodel import DataModel
    from lkmtools.kern.kernel import Kernel

_F = TypeVar("_F", bound=Callable[..., Any])


class Function(NamedTuple):
    """An exported function. `constant` is what it returns when that is all it does; `bound` its most work.

    `percpu` is the offset in struct cpu_info of the word that it returns, when that is all it does.
    """

    proto: Prototype
    header: str
    body: Callable[..., Any]
    constant: int | None = None
    written: bool = True
    shortcut: Shortcut | None = None
    bound: Bound = CALL
    percpu: Callable[[DataModel], int] | None = None


class Data(NamedTuple):
    """An exported variable: its C declaration, size in bytes on a data model, and first content.

    `init(kernel, addr)` fills it at boot, when all symbols have addresses; None leaves zeros.
    """

    name: str
    text: str
    size: Callable[[DataModel], int]
    init: Callable[[Kernel, int], None] | None = None
    header: str = ""


def export(
    prototype: str, header: str = "", shortcut: Shortcut | None = None, bound: Bound = CALL
) -> Callable[[_F], _F]:
    """Export the decorated function under the name in `prototype`."""
    proto = Prototype(prototype)

    def mark(body: _F) -> _F:
        rows: list[Function] = body.__dict__.setdefault("exports", [])
        rows.append(Function(proto, header, body, shortcut=shortcut, bound=bound))
        return body

    return mark


def constant(prototype: str, value: int, header: str = "") -> Function:
    """A function that returns `value`, whatever it is called with."""
    return Function(Prototype(prototype), header, lambda k, *args: value, value)


def percpu(prototype: str, member: str, header: str, doc: str) -> Function:
    """A function that returns this member, a word, of the CPU's struct cpu_info; `doc` is its line."""

    def offset(dm: DataModel) -> int:
        return cpu_info.layout(dm).offsetof(member)

    def body(k: Kernel) -> int:
        return k.mem.ptr(k.symbol("cpu_info_primary") + offset(k.dm))

    body.__doc__ = doc
    return Function(Prototype(prototype), header, body, percpu=offset)


def unwritten(prototype: str, header: str = "") -> Function:
    """A function that modules may name but not call: a call panics and says so."""
    proto = Prototype(prototype)
    return Function(proto, header, _Unwritten(proto), None, False)


class _Unwritten:
    """The body of one: a kernel has hundreds, and a closure would take seven times the memory."""

    __slots__ = ("_proto",)

    def __init__(self, proto: Prototype) -> None:
        self._proto = proto

    def __call__(self, k: Kernel, *_args: int) -> NoReturn:
        k.panic(f"{self._proto.name}() is not implemented in this kernel")


def marked(module: ModuleType, mark: str) -> Iterator[Any]:
    """The rows that a decorator has left under the name `mark` at functions which a module defines."""
    for value in vars(module).values():
        if type(value) is FunctionType and value.__module__ == module.__name__:
            yield from getattr(value, mark, ())


def collect(modules: tuple[ModuleType, ...]) -> tuple[list[Function], list[Data]]:
    """The rows of these Python modules: @export functions, and their FUNCTIONS and DATA tuples.

    ValueError for a name that two rows define.
    """
    functions: list[Function] = []
    data: list[Data] = []
    for module in modules:
        functions += marked(module, "exports")
        functions += getattr(module, "FUNCTIONS", ())
        data += getattr(module, "DATA", ())
    seen: set[str] = set()
    for name in [row.proto.name for row in functions] + [row.name for row in data]:
        if name in seen:
            raise ValueError(f"two rows export {name}")
        seen.add(name)
    return functions, data
