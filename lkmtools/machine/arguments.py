"""The arguments of a kernel function that machine code calls: on the stack, and variable ones.

What takes them is a closure that is made once for a function, so that nothing is decided at a call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lkmtools.abi.vmparam import PAGE_SHIFT
from lkmtools.evidence.calls import STACK
from lkmtools.machine.cproto import Binding, VaList
from lkmtools.machine.cpu import Cpu
from lkmtools.machine.memory import READ, MemFault


def other_arguments(
    cpu: Cpu, ring: memoryview, binding: Binding
) -> Callable[[slice], tuple[Any, ...]] | None:
    """What takes the arguments at the stub of a function, of which not all are in registers: else None.

    It records those on the stack at a place of `ring`.
    """
    port, mem, at = cpu.port, cpu.mem, binding.va_param
    in_registers = cpu.arguments(binding)
    named = _on_stack(cpu, ring, binding) if binding.nstack else lambda place: in_registers()
    if not binding.takes_list:
        return named if binding.nstack else None
    if at is None:
        return lambda place: (*named(place), _variable(cpu, binding))

    def with_list(place: slice) -> tuple[Any, ...]:
        args = named(place)
        return (*args[:at], VaList(port.dm, port.va_list(mem, args[at])), *args[at + 1 :])

    return with_list


def _on_stack(cpu: Cpu, ring: memoryview, binding: Binding) -> Callable[[slice], tuple[Any, ...]]:
    """Some are above the return address. The call has just pushed that, so only their end can be bad."""
    mem = cpu.mem
    buf, prot, size = mem.buf, mem.prot, mem.size
    in_registers, on_stack = cpu.arguments(binding), binding.on_stack.unpack_from
    first, last = cpu.port.return_size - mem.base, binding.stack.size - 1
    alone = not binding.in_registers.size

    def arguments(place: slice) -> tuple[Any, ...]:
        off = cpu.stopped[1] + first
        end = off + last
        if not (off >= 0 and end < size and prot[end >> PAGE_SHIFT] & READ):
            ring[place] = bytes(STACK)  # not those of an earlier call
            raise MemFault(end + mem.base, READ)
        stack = buf[off : off + STACK]
        if off + STACK > size:
            stack = stack.ljust(STACK, b"\0")
        ring[place] = stack
        return on_stack(stack) if alone else in_registers() + on_stack(stack)

    return arguments


def _variable(cpu: Cpu, binding: Binding) -> VaList:
    """What follows the named arguments of a variadic call: left-over registers, then the stack."""
    dm, checked = cpu.port.dm, cpu.mem.checked
    registers = iter(cpu.argument_registers()[binding.words :])
    stack = cpu.stopped[1] + cpu.port.return_size + binding.stack.size

    def word() -> int:
        nonlocal stack
        value = next(registers, None)
        if value is None:
            value = checked.ptr(stack)
            stack += dm.pointer
        return value

    return VaList(dm, word)
