"""The kernel's own text: a stub for each function that machine code can call, the way in and the way out.

It is the same at every boot of a machine, so it is made once and copied into each kernel's RAM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lkmtools.abi.datamodel import DataModel
from lkmtools.abi.vmparam import PAGE_SIZE, round_page
from lkmtools.machine.cproto import Binding, Prototype
from lkmtools.machine.port import Port
from lkmtools.tuples import NamedTuple

SLOT = 16  # bytes of a stub slot
_ROOM = 2  # slots of the gate, and of the way in


class Shortcut(NamedTuple):
    """When parameter `param`, an int, is `number` (0 to 127), a function only returns `value`."""

    param: int
    number: int
    value: int


class KernelFunction:
    """A function that machine code can call: its prototype and its Python body.

    `constant`, when not None, is all the function does: it is then machine code itself, and costs no stop.
    So is its `shortcut`, and a function that returns the word at offset `percpu` of the CPU's own segment.
    The Text it is in gives it its address, and the port of its `binding`, which is made when it is first
    wanted: a kernel has hundreds of functions, and few are called.
    """

    __slots__ = ("addr", "binding", "body", "constant", "name", "percpu", "port", "proto", "shortcut")

    def __init__(
        self,
        proto: Prototype,
        body: Callable[..., Any],
        constant: int | None = None,
        shortcut: Shortcut | None = None,
        percpu: Callable[[DataModel], int] | None = None,
    ) -> None:
        self.name = proto.name
        self.proto = proto
        self.body = body
        self.constant = constant
        self.shortcut = shortcut
        self.percpu = percpu
        self.addr = 0
        self.port: Port
        self.binding: Binding

    def __getattr__(self, name: str) -> Binding:
        """What is not there yet: only `binding` may be asked for."""
        if name != "binding":
            raise AttributeError(name)
        self.binding = self.proto.bind(self.port)
        return self.binding

    def __repr__(self) -> str:
        return f"<KernelFunction {self.name} at {self.addr:#x}>"


class Text:
    """The text of a kernel that has these functions: their stub slots from `start` on, and what follows.

    That is the return pad, the gate, the way into a function, and `never`, what no run reaches. The page
    from `words` on has the words of entry, gate and return pad, and nothing else. `stubs` are the functions
    by the addresses of their slots.
    """

    def __init__(self, port: Port, functions: Sequence[KernelFunction]) -> None:
        self.port = port
        self.functions = functions
        # What is in each slot: a function that has a shortcut has the slot before its own, too.
        self.slots = [fn for fn in functions for _ in range(2 if fn.shortcut else 1)]
        self.start = port.kernbase + port.kerntext
        self.return_pad = self.start + len(self.slots) * SLOT
        self.gate = self.return_pad + SLOT
        self.entry = self.gate + _ROOM * SLOT
        self.never = self.entry + _ROOM * SLOT
        self.size = round_page(self.never + SLOT - self.start)
        self.words = self.start + self.size
        self.end = self.words + PAGE_SIZE
        gate_code = port.gate_code(self.words)
        self.returned = self.gate + len(gate_code)  # the pc behind the gate
        self.stubs: dict[int, KernelFunction] = {}
        self._stub_length = len(port.stub)
        code = bytearray(port.filler[:1] * self.size)
        for addr, piece in (
            *self._stubs(),
            (self.return_pad, port.return_code(self.words)),
            (self.gate, gate_code),
            (self.entry, port.entry_code(self.words)),
        ):
            code[addr - self.start : addr - self.start + len(piece)] = piece
        self.code = bytes(code)

    def function_at(self, addr: int) -> KernelFunction | None:
        """The function in whose slots an address is."""
        slot = (addr - self.start) // SLOT
        return self.slots[slot] if 0 <= slot < len(self.slots) else None

    def stopped_at(self, pc: int) -> KernelFunction | None:
        """The function whose stub has stopped at `pc`."""
        return self.stubs.get(pc - self._stub_length)

    def _stubs(self) -> list[tuple[int, bytes]]:
        """Give each function its place, with its stub."""
        port = self.port
        for fn in self.functions:
            fn.port, fn.addr = port, 0
        out: list[tuple[int, bytes]] = []
        for i, fn in enumerate(self.slots):
            addr = self.start + i * SLOT
            code = port.stub
            if fn.constant is not None:
                code = port.constant_code(fn.constant)
            elif fn.percpu is not None:
                code = port.percpu_code(fn.percpu(port.dm))
            if not fn.addr:
                fn.addr = addr
                if fn.shortcut:
                    code = port.shortcut_code(*fn.shortcut, SLOT)
            self.stubs[addr] = fn
            out.append((addr, code))
        return out
