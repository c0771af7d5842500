"""Instructions that would take the machine from its kernel: each is a panic before it is executed."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.evidence.record import loads
from lkmtools.machine import READ, WRITE
from support.lab import Lab
from support.panics import ALL, CHAIN, GO, crash, deep, frames

BAD = {  # assembly, with a table t and a number n -> the instruction's name
    '"lgdt %0" : : "m" (t)': "lgdt",
    '"lidt %0" : : "m" (t)': "lidt",
    '".byte 0x3e; lidt %0" : : "m" (t)': "lidt",
    '"ltr %%ax" : : "a" (n)': "ltr",
    '"ltr %0" : : "m" (t)': "ltr",
    '"lldt %%ax" : : "a" (n)': "lldt",
    '"lmsw %%ax" : : "a" (n)': "lmsw",
    '"lmsw %0" : : "m" (t)': "lmsw",
    '"wrmsr" : : "a" (n), "d" (n), "c" (n)': "wrmsr",
    '"mov %0, %%cr0" : : "r" ((long)n)': "mov to a control register",
    '"mov %0, %%cr3" : : "r" ((long)n)': "mov to a control register",
    '"mov %0, %%cr4" : : "r" ((long)n)': "mov to a control register",
    '"mov %0, %%db7" : : "r" ((long)n)': "mov to a debug register",
    '"hlt"': "hlt",
    '"cli; hlt"': "hlt",
    '"mwait"': "mwait",
    '".byte 0x0f, 0x01, 0xf8"': "swapgs",
    '"sysret"': "sysret",
    '"sysexit"': "sysexit",
}
WIDE = {'"mov %0, %%cr8" : : "r" ((long)n)': "mov to a control register", '"sysretq"': "sysret"}
ALLOWED = """
unsigned long v = 0;
unsigned a, d;
char t[10];
__asm__ volatile ("cli; sti; clts; pause");
__asm__ volatile ("mov %%cr0, %0" : "=r" (v));
__asm__ volatile ("mov %%cr3, %0" : "=r" (v));
__asm__ volatile ("mov %%cr4, %0" : "=r" (v));
__asm__ volatile ("mov %%db7, %0" : "=r" (v));
__asm__ volatile ("rdmsr" : "=a" (a), "=d" (d) : "c" (0xc0000080));
__asm__ volatile ("inb $0x80, %%al; outb %%al, $0x80" : "=a" (a));
__asm__ volatile ("sgdt %0" : "=m" (t));
__asm__ volatile ("sidt %0" : "=m" (t));
__asm__ volatile ("smsw %%ax; sldt %%cx; str %%dx" : "=a" (a), "=d" (d) : : "ecx");
__asm__ volatile ("invlpg %0" : : "m" (t));
return 7;
"""
# Bytes like theirs in the middle of other instructions.
ALIKE = """
int a;
__asm__ volatile ("mov $0x30220f, %%eax" : "=a" (a));
__asm__ volatile ("mov $0x3510010f, %%eax" : "=a" (a));
__asm__ volatile ("mov $0xf4f4f4f4, %%eax; jmp 1f; hlt; 1:" : "=a" (a));
return n + 7;
"""


@pytest.mark.parametrize("assembly", BAD)
def test_it_is_named_and_not_executed(lab: Lab, assembly: str) -> None:
    """The report has the function, the callers, and the registers before the instruction."""
    check(lab, assembly, BAD[assembly])


@pytest.mark.parametrize("assembly", WIDE)
def test_of_64_bits(assembly: str, lab: Lab) -> None:
    """With a REX prefix before the opcode."""
    if lab.k.dm.pointer == 8:
        check(lab, assembly, WIDE[assembly])


def check(lab: Lab, assembly: str, name: str) -> None:
    """The panic for one instruction."""
    panic = crash(lab, f"char t[10]; t[n] = 0; __asm__ volatile ({assembly}); return n;")
    assert panic.reason.startswith(f"privileged instruction fault: {name} in probe_deep+0x")
    assert "; an instruction that would take this machine from its kernel: " in panic.reason
    assert frames(panic) == ALL
    record = loads(panic.record)
    assert record is not None
    pc = record.registers["rip" if lab.k.dm.pointer == 8 else "eip"]
    assert pc == record.frames[0].pc
    assert record.access is None


def test_what_the_kernel_may_do_works(lab: Lab) -> None:
    """Reads of the same registers, ports, interrupts on and off."""
    lab.load(CHAIN + deep(ALLOWED))
    assert lab.call(GO, 0) == (7 + 1) * 3


def test_bytes_within_other_instructions_are_none(lab: Lab) -> None:
    """However often they run."""
    lab.load(CHAIN + deep(ALIKE))
    for n in range(3):
        assert lab.call(GO, n) == (n + 8) * 3


def test_code_that_was_written_later_is_looked_at(lab: Lab) -> None:
    """By kernel code, into memory that can be executed; what was there before ran."""
    k = lab.k
    room = k.kmap.alloc(4096, READ | WRITE)
    k.engine.cpu.protect(room, 4096, READ | WRITE | 4)
    lab.load("int probe_go(int (*f)(void)); int probe_go(int (*f)(void)) { return f() + 1; }")
    call = "int probe_go(int (*f)(void))"
    for code, answer in (("b805000000 c3", 6), ("b80f2200c0 c3", 0xC000220F + 1 - (1 << 32))):
        k.mem.write(room, bytes.fromhex(code))
        k.engine._drop_stale_code()
        assert lab.call(call, room) == answer
    k.mem.write(room, bytes.fromhex("b801000000 0f22c0 c3"))
    k.engine._drop_stale_code()
    panic = lab.panics(lambda: lab.call(call, room))
    assert panic.reason.startswith("privileged instruction fault: mov to a control register in ")


def test_memory_that_is_code_no_longer_has_no_hooks(lab: Lab) -> None:
    """The places are forgotten when the module is unloaded."""
    forbidden = lab.k.engine.cpu.forbidden
    before = len(forbidden._hooks)
    lab.load('int probe_go(int n); int probe_go(int n) { if (n) __asm__ volatile ("wrmsr"); return n; }')
    assert len(forbidden._hooks) > before
    assert lab.call(GO, 0) == 0
    modules.unload(lab.p, "probe")
    assert len(forbidden._hooks) == before
