"""Rows by the ten thousand, made without a call of Python for each and out of the collector's sight."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import repeat
from typing import Any, ParamSpec, TypeVar, cast

_Row = TypeVar("_Row", bound=tuple[Any, ...])
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
