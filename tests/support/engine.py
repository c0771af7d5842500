"""An engine without a kernel: RAM, a CPU, kernel functions of a test's own, and compiled C calling them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.link import link, load_object, prelink
from lkmtools.machine import (
    EXEC,
    READ,
    WRITE,
    Engine,
    Fault,
    KernelFunction,
    MemFault,
    Memory,
    Prototype,
    Shortcut,
    Text,
    Thread,
    port,
)

RAM = 8 << 20


class Stopped(Exception):
    """Machine code, or kernel function `fn` that it called, could not go on."""

    def __init__(self, fault: Fault | MemFault | str, fn: KernelFunction | None) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.fn = fn


class Bench:
    """`load(C)` puts a compiled object into memory, `call(prototype, *args)` runs one of its functions."""

    def __init__(
        self,
        cc: Callable[..., Path],
        machine: str,
        functions: Mapping[str, Any],
        shortcuts: dict[str, Shortcut] | None = None,
    ) -> None:
        self.cc = cc
        self.port = port(machine)
        self.mem = Memory(self.port.kernbase, RAM, self.port.dm)
        rows = [
            KernelFunction(Prototype(text), body, None, (shortcuts or {}).get(text))
            for text, body in functions.items()
        ]
        self.engine = Engine(self.mem, Text(self.port, rows), self)
        self.engine.on_fault = self._fault
        self.engine.on_failure = self._failure
        self.engine.on_error = self._error
        self.engine.new_stack = self._stack
        self.kernel = {row.name: row.addr for row in rows}
        self.symbols: dict[str, int] = {}
        self.next = self.port.kernbase + (2 << 20)
        # What a test lets kernel functions of these names do; those of FUNCTIONS look here.
        self.swap: Callable[[], object] = lambda: 0
        self.copy: Callable[[int], object] = lambda n: 0

    def _fault(
        self, thread: Thread, fault: Fault | MemFault, fn: KernelFunction | None, args: tuple[Any, ...]
    ) -> NoReturn:
        raise Stopped(fault, fn)

    def _failure(self, thread: Thread, why: str) -> NoReturn:
        raise Stopped(why, None)

    def _error(self, thread: Thread, error: Exception, fn: KernelFunction, args: tuple[Any, ...]) -> NoReturn:
        raise error

    def _stack(self, thread: Thread) -> None:
        thread.stack_base = self.pages(16, READ | WRITE)
        thread.stack_top = thread.stack_base + 16 * PAGE_SIZE

    def pages(self, count: int, prot: int) -> int:
        """Fresh pages with an unmapped one behind them."""
        addr = self.next
        self.next += (count + 1) * PAGE_SIZE
        self.engine.cpu.protect(addr, count * PAGE_SIZE, prot)
        return addr

    def load(self, source: str, at: int | None = None, flags: tuple[str, ...] = ()) -> int:
        """Compile, link at `at` (or fresh pages), copy; all of it writable and executable. Its address."""
        path = self.cc(source, machine=self.port.name, name="code", flags=flags)
        obj = load_object(path.read_bytes(), "code.o")
        pre = prelink(obj, machine=self.port.name)
        base = at if at is not None else self.pages(pre.size // PAGE_SIZE, READ | WRITE | EXEC)
        image = link(pre, base, {**self.kernel, **self.symbols}.get)
        self.mem.write(base, image.data)
        self.engine.cpu.flush_code(base, image.size)
        self.mem.on_code_write.clear()
        self.symbols |= {symbol.name: symbol.value for symbol in image.symbols}
        return base

    def call(self, prototype: str, *args: int) -> int:
        """Call a loaded function. Stopped."""
        proto = Prototype(prototype)
        return self.engine.call(proto, self.symbols[proto.name], *args)

    def close(self) -> None:
        """Free the CPU and the memory."""
        self.engine.close()
        self.mem.close()


def fail(bench: Bench, errno: int) -> int:
    raise KernelError(errno, f"because of {errno}")
