"""Work on many files, shared among the processors that this process may use."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_WORTH_A_PROCESS = 32  # items: a pool of processes costs as much as checking some dozen objects
_AT_ONCE = 8  # items that a process fetches at a time


def each(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """function(item) of every item, in their order.

    Many items are shared among processes. These are forked: what `function` refers to is not sent to them.
    The results are pickled. An interrupt ends them all.
    """
    count = min(len(os.sched_getaffinity(0)), len(items) // _WORTH_A_PROCESS)
    if count < 2:
        yield from map(function, items)
        return
    from multiprocessing import get_context

    with get_context("fork").Pool(count, _begin, (function,)) as pool:
        yield from pool.imap(_one, items, _AT_ONCE)


_function: Callable[[object], object]  # of a process of the pool


def _begin(function: Callable[[object], object]) -> None:
    global _function
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    _function = function


def _one(item: object) -> object:
    return _function(item)
