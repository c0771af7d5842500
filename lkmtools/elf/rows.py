"""Rows by the ten thousand, made without a call of Python for each and out of the collector's sight."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from itertools import repeat
from typing import Any, ParamSpec, TypeVar, cast, overload

_Row = TypeVar("_Row", bound=tuple[Any, ...])
_Item = TypeVar("_Item")
_Args = ParamSpec("_Args")
_Result = TypeVar("_Result")


def rows(kind: type[_Row], fields: Iterable[Iterable[object]]) -> Iterator[_Row]:
    """A row of `kind`, a NamedTuple, for each tuple of fields; they must be as many as it has."""
    return cast("Iterator[_Row]", map(tuple.__new__, repeat(kind), fields))


def uncollected(function: Callable[_Args, _Result]) -> Callable[_Args, _Result]:
    """`function` without the cyclic garbage collector: rows form no cycles, and it visits them all."""

    @wraps(function)
    def run(*args: _Args.args, **kwargs: _Args.kwargs) -> _Result:
        enabled = gc.isenabled()
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            if enabled:
                gc.enable()

    return run


class Deferred(Sequence[_Item]):
    """A sequence that `make` makes when somebody looks at it."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Sequence[_Item]]) -> None:
        self._make: Callable[[], Sequence[_Item]] | None = make
        self._made: Sequence[_Item] = ()

    def _all(self) -> Sequence[_Item]:
        if self._make is not None:
            self._made, self._make = self._make(), None
        return self._made

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[_Item]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> _Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Item]: ...
    def __getitem__(self, index: int | slice) -> _Item | Sequence[_Item]:
        return self._all()[index]
