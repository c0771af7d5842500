"""Instructions that would take the machine from its kernel: the CPU stops before it executes one.

Unicorn executes lgdt or a move to a control register without a word. It has no hook for them; but a hook for
code at one address costs nothing in all other code, and is called only when an instruction begins exactly
there. So each place in executable memory where the bytes look like one of them gets such a hook: bytes in the
middle of another instruction do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from lkmtools.machine.memory import Memory
from lkmtools.machine.port import Port

_BEFORE = 14  # prefixes that an instruction may have
_LONGEST = 3  # bytes of an opcode that is looked for


class Forbidden:
    """The places in executable memory that have a hook: `add(addr)` makes one, and `remove` takes it away."""

    def __init__(
        self, port: Port, mem: Memory, add: Callable[[int], Any], remove: Callable[[Any], None]
    ) -> None:
        self._pattern, self._prefixes = port.forbidden
        self._mem = mem
        self._add, self._remove = add, remove
        self._hooks: dict[int, Any] = {}

    def scan(self, addr: int, length: int) -> None:
        """Look through code that can be executed from now on, or that was written."""
        mem = self._mem
        first = max(addr - _LONGEST, mem.base)
        code = mem.read(first, min(addr + length + _LONGEST, mem.base + mem.size) - first)
        for at in self._places(code):
            if first + at not in self._hooks:
                self._hooks[first + at] = self._add(first + at)

    def _places(self, code: bytes) -> Iterator[int]:
        """Where one may begin: at its opcode, or at a prefix."""
        for found in self._pattern.finditer(code):
            at = found.start()
            yield at
            while at and code[at - 1] in self._prefixes and found.start() - at < _BEFORE:
                at -= 1
                yield at

    def forget(self, addr: int, length: int) -> None:
        """This memory cannot be executed any longer."""
        if self._hooks:
            for at in [at for at in self._hooks if addr <= at < addr + length]:
                self._remove(self._hooks.pop(at))

    def at(self, addr: int) -> bool:
        """Is there one at this address now?"""
        mem = self._mem
        code = mem.read(addr, min(_BEFORE + _LONGEST, mem.base + mem.size - addr))
        return self._pattern.match(code.lstrip(self._prefixes)) is not None
