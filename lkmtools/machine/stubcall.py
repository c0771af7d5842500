"""A kernel function in a table with another prototype, called by the kernel.

C passes the arguments of the table's prototype, and the function reads those of its own from registers and
stack: an argument that was not passed has an arbitrary value. In this file that is JUNK, so that every run is
the same. The result is converted to the result type of the table's prototype.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from lkmtools.machine.cproto import Binding, Prototype, VaList
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.machine.memory import Memory
    from lkmtools.machine.port import NextWord, Port
    from lkmtools.machine.text import KernelFunction

JUNK = 0xA5A5A5A5A5A5A5A5  # of which a word of the machine takes the lower end


class Passing(NamedTuple):
    """How a table calls a function: what makes the function's arguments of the table's (None: they are the
    same), and the least and the greatest result that need no conversion.
    """

    convert: Callable[[tuple[int, ...]], tuple[Any, ...]] | None
    least: int
    most: int


def pass_arguments(port: Port, mem: Memory, proto: Prototype, fn: KernelFunction) -> Passing:
    """How a table of `proto` calls `fn`."""
    table = proto.bind(port)
    return Passing(_arguments(mem, table, fn.binding), *table.limits)


def _arguments(
    mem: Memory, table: Binding, own: Binding
) -> Callable[[tuple[int, ...]], tuple[Any, ...]] | None:
    """What makes the arguments of `own` of those of `table`; None when they are the same."""
    count = own.begins(table)
    if count is not None:
        return None if table.begins(own) == count else lambda args: args[:count]
    junk = JUNK & own.port.dm.mask
    missing = (junk,) * max(own.words - table.words, 0)
    encode, decode = table.encode, own.decode_words

    def convert(args: tuple[int, ...]) -> tuple[Any, ...]:
        words = encode(args) + missing
        taken: tuple[Any, ...] = decode(words)
        return _with_list(mem, own, taken, words, junk) if own.takes_list else taken

    return convert


def _with_list(
    mem: Memory, own: Binding, args: tuple[Any, ...], words: tuple[int, ...], junk: int
) -> tuple[Any, ...]:
    """Arguments of which one is a variable list: the words behind the named ones, or a va_list."""
    at, port = own.va_param, own.port
    if at is None:
        rest: Iterator[int] = chain(words[own.words :], repeat(junk))
        return (*args, VaList(port.dm, rest.__next__))
    passed: NextWord = port.va_list(mem, args[at])
    return (*args[:at], VaList(port.dm, passed), *args[at + 1 :])


def narrow(table: Binding, value: int) -> int:
    """C's conversion of a result to the type that the caller's prototype has; 0 of void."""
    least, most = table.limits
    return (value - least) % (most - least + 1) + least
