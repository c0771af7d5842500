"""atomic_ops(3) and membar_ops(3) as functions (atomic.S, libc's atomic).

Our headers have the operations in place; an object that was compiled with NetBSD's own headers calls these.
Kernel functions are not interrupted, and there is one CPU, so plain reads and writes are atomic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from lkmtools.kern.base.export import Function, constant
from lkmtools.machine import Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_HEADER = "sys/atomic.h"
# Name of a type, what it is in C, its signed counterpart, and how it is read and written.
_TYPES = {
    "32": ("uint32_t", "int32_t", "u32", "set_u32"),
    "uint": ("u_int", "int", "u32", "set_u32"),
    "ulong": ("u_long", "long", "ptr", "set_ptr"),
    "64": ("uint64_t", "int64_t", "u64", "set_u64"),
    "ptr": ("void *", "ssize_t", "ptr", "set_ptr"),
}
_SIGNED_NAMES = {"uint": "int", "ulong": "long"}  # of atomic_add
_Apply = Callable[..., int]
_Result = Literal["old", "new", "none"]


def _operation(what: str, kind: str, params: str, apply: _Apply, result: _Result, doc: str) -> Function:
    """The row of `what`, which stores apply(old value, *the other arguments)."""
    ctype, signed, load, store = _TYPES[kind]
    place = "volatile void *p" if kind == "ptr" else f"volatile {ctype} *p"
    rest = params.format(type=ctype, signed=signed)
    returns = "void" if result == "none" else ctype

    def body(k: Kernel, p: int, *args: int) -> int | None:
        old: int = getattr(k.umem, load)(p)
        new = apply(old, *args)
        if result != "old" or new != old:
            getattr(k.umem, store)(p, new)
        if result == "none":
            return None
        return old if result == "old" else int(getattr(k.umem, load)(p))

    body.__doc__ = doc
    header = "" if kind == "64" else _HEADER  # which has those of 64 bits for amd64 only, as 5.2's
    return Function(Prototype(f"{returns} {what}({place}{rest})"), header, body)


def _counting(kind: str) -> Iterator[Function]:
    """atomic_add, atomic_inc and atomic_dec, and the forms that return the new value."""
    operations = (
        ("add", _SIGNED_NAMES.get(kind, kind), ", {signed} n", lambda old, n: old + n, "Add to *p"),
        ("inc", kind, "", lambda old: old + 1, "Add 1 to *p"),
        ("dec", kind, "", lambda old: old - 1, "Subtract 1 from *p"),
    )
    for verb, name, params, apply, doc in operations:
        yield _operation(f"atomic_{verb}_{name}", kind, params, apply, "none", f"{doc}.")
        yield _operation(
            f"atomic_{verb}_{name}_nv", kind, params, apply, "new", f"{doc}; returns the new value."
        )


def _bits(kind: str) -> Iterator[Function]:
    """atomic_and and atomic_or."""
    for verb, apply in (("and", int.__and__), ("or", int.__or__)):
        doc = f"*p becomes the bitwise {verb} of both"
        yield _operation(f"atomic_{verb}_{kind}", kind, ", {type} bits", apply, "none", f"{doc}.")
        yield _operation(
            f"atomic_{verb}_{kind}_nv", kind, ", {type} bits", apply, "new", f"{doc}; returns it."
        )


def _exchange(kind: str) -> Iterator[Function]:
    """atomic_cas and atomic_swap."""

    def cas(found: int, old: int, new: int) -> int:
        return new if found == old else found

    params = ", {type} old, {type} new"
    for suffix in ("", "_ni"):
        yield _operation(
            f"atomic_cas_{kind}{suffix}", kind, params, cas, "old",
            "Store `new` if *p is `old`; returns what it was.",
        )  # fmt: skip
    yield _operation(
        f"atomic_swap_{kind}", kind, ", {type} new", lambda old, new: new, "old",
        "Store `new`; returns what *p was.",
    )  # fmt: skip


_BARRIERS = ("enter", "exit", "producer", "consumer", "sync")
FUNCTIONS = (
    *(row for kind in _TYPES for row in _counting(kind)),
    *(row for kind in _TYPES if kind != "ptr" for row in _bits(kind)),
    *(row for kind in _TYPES for row in _exchange(kind)),
    *(constant(f"void membar_{name}(void)", 0, _HEADER) for name in _BARRIERS),
    *(constant(f"void x86_{name}(void)", 0, "machine/cpufunc.h") for name in ("lfence", "sfence", "mfence")),
)
