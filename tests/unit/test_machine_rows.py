"""The machine rows: register numbers are Unicorn's, instruction bytes do what they say."""

from __future__ import annotations

import pytest
from unicorn import unicorn_const, x86_const

from lkmtools.errors import LkmtoolsError
from lkmtools.machine import PORTS, port, uclib, x86
from support.compiling import Compile

NAMES = {  # argument registers, result
    "amd64": (("RDI", "RSI", "RDX", "RCX", "R8", "R9"), "RAX"),
    "i386": ((), "EAX"),
}


@pytest.mark.parametrize("name", PORTS)
def test_register_numbers_are_those_of_the_binding(name: str) -> None:
    """Every register of the dump by its name, and those with a role."""
    row = port(name)
    names = {reg: "EFLAGS" if reg == "rflags" else reg.upper() for reg, _ in row.registers}
    assert {reg: getattr(x86_const, f"UC_X86_REG_{names[reg]}") for reg in names} == dict(row.registers)
    args, result = NAMES[name]
    assert row.args == tuple(getattr(x86_const, f"UC_X86_REG_{reg}") for reg in args)
    assert row.ret == getattr(x86_const, f"UC_X86_REG_{result}")
    roles = dict(row.registers)
    letter = "r" if name == "amd64" else "e"
    assert (row.pc, row.sp, row.fp) == tuple(roles[letter + end] for end in ("ip", "sp", "bp"))
    assert row.direction[0] == roles[letter + "flags"]


def test_library_constants_are_those_of_the_binding() -> None:
    """Each UC_ name that uclib repeats."""
    names = [name for name in vars(uclib) if name.startswith("UC_") and hasattr(unicorn_const, name)]
    assert len(names) > 12
    assert {name: getattr(unicorn_const, name) for name in names} == {n: getattr(uclib, n) for n in names}


@pytest.mark.parametrize(
    ("name", "base", "pointer"), [("amd64", 0xFFFFFFFF80000000, 8), ("i386", 0xC0000000, 4)]
)
def test_kernel_addresses_are_the_ports(name: str, base: int, pointer: int) -> None:
    row = port(name)
    assert (row.kernbase, row.dm.pointer, row.return_size) == (base, pointer, pointer)


def test_an_unknown_machine_names_the_known() -> None:
    with pytest.raises(LkmtoolsError, match="unknown machine 'vax'; the machines are amd64, i386"):
        port("vax")


CALLS = [
    ("e800000000", True), ("90e8ffffffff", True), ("ffd0", True), ("41ffd2", True), ("ff1425d0070080", True),
    ("ff542408", True), ("ff9000010000", True), ("ff5010", True), ("ff13", True),
    ("e900000000", False), ("ffe0", False), ("90909090909090", False), ("c3", False), ("", False),
]  # fmt: skip


@pytest.mark.parametrize(("code", "call"), CALLS)
def test_what_stands_before_a_return_address(code: str, call: bool) -> None:
    """call rel32; call through a register or memory, with and without displacement; jumps are none."""
    assert x86.is_call(bytes.fromhex(code)) == call


@pytest.mark.parametrize(
    ("code", "frame"),
    [("", False), ("55", False), ("5589e5", True), ("554889e5", True), ("5531c04889e5", True),
     ("558bec", True), ("5589e58b45085d", None), ("554889e5c9", None), ("4883ec08", False)],
)  # fmt: skip
def test_when_a_function_has_a_frame_of_its_own(code: str, frame: bool | None) -> None:
    """After push and mov, perhaps with something between; perhaps no longer after pop or leave."""
    assert x86.has_frame(bytes.fromhex(code)) is frame


@pytest.mark.parametrize("value", [0, 1, 19, 78, 255, 0xFFFFFFFF])
def test_a_constant_function_returns_it(machine: str, cc: Compile, value: int) -> None:
    """Run on the CPU: the upper half of rax is clear."""
    from support.engine import Bench

    bench = Bench(cc, machine, {})
    code = bench.pages(1, 7)
    bench.mem.write(code, bench.port.constant_code(value))
    bench.symbols["f"] = code
    assert bench.call("u_long f(void)") == value
    bench.close()
