"""Work on many files, shared among the processors that this process may use."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from lkmtools.errors import LkmtoolsError

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_WORTH_A_PROCESS = 32  # items: a pool of processes costs as much as checking some dozen objects
_AT_ONCE = 8  # items that a process fetches at a time


def each(function: Callable[[_Item], _Result], items: Sequence[_Item]) -> Iterator[_Result]:
    """function(item) of every item, in their order.

    Many items are shared among processes. These are forked: what `function` refers to is not sent to them.
    The results are pickled. An interrupt or an error ends them all at once. LkmtoolsError when one of them is
    killed.
    """
    count = min(len(os.sched_getaffinity(0)), len(items) // _WORTH_A_PROCESS)
    if count < 2:
        yield from map(function, items)
        return
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor
    from multiprocessing import active_children, get_context

    others = active_children()
    fork = get_context("fork")
    pool = ProcessPoolExecutor(count, mp_context=fork, initializer=_begin, initargs=(function,))
    try:
        parts = range(0, len(items), _AT_ONCE)
        found = deque(pool.submit(_some, items[at : at + _AT_ONCE]) for at in parts)
        while found:
            yield from found.popleft().result()
    except BrokenProcessPool:
        raise LkmtoolsError(
            f"one of the {count} processes that share the work was killed; is the host short of memory?"
        ) from None
    except BaseException:  # nobody waits for what they are about to find
        for process in active_children():
            if process not in others:
                process.kill()
        raise
    finally:
        pool.shutdown()  # its thread would fail at a cancelled future when a process is killed


_function: Callable[[Any], Any]  # of a process of the pool


def _begin(function: Callable[[Any], Any]) -> None:
    global _function
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the pool
    _function = function


def _some(items: Sequence[Any]) -> list[Any]:
    return list(map(_function, items))
