"""The reason for a fault: how many bytes, why the address is bad, and how code came there."""

from __future__ import annotations

import re

import pytest

from lkmtools.evidence.record import RecordedAccess, loads
from lkmtools.kern.kernel import KSTACK
from support.lab import Lab
from support.panics import ALL, CHAIN, GO, crash, deep, frames

SIZES = {
    "a byte": ("*(volatile char *)0x10 = 1; return n;", "write", 1),
    "two": ("*(volatile short *)0x10 = 1; return n;", "write", 2),
    "eight in one or two": ("return *(volatile long *)0x10;", "read", 0),
    "read and written": ('__asm__ volatile ("incl 0x10"); return n;', "read and write", 4),
}


@pytest.mark.parametrize("case", SIZES)
def test_the_record_has_the_access(lab: Lab, case: str) -> None:
    """What, where, how many bytes, and the instruction."""
    body, kind, size = SIZES[case]
    panic = crash(lab, body)
    record = loads(panic.record)
    assert record is not None
    assert record.access is not None
    assert record.access[:3] == (kind, 0x10, size or lab.k.dm.pointer)
    assert record.access.pc == record.frames[0].pc
    pc = lab.symbols["probe_deep"]
    assert 0 <= record.access.pc - pc < 64
    assert len(record.access.code) == 64
    assert set(record.registers) == {name for name, _ in lab.k.port.registers}


def test_an_access_across_a_page_is_at_its_first_byte_there(lab: Lab) -> None:
    """The last bytes of a page are mapped, those behind it are not."""
    body = "char *p = malloc(8192, M_TEMP, M_WAITOK); *(volatile int *)(p + 8190) = 1; return n;"
    panic = crash(lab, body)
    record = loads(panic.record)
    assert record is not None
    assert record.access is not None
    assert record.access.kind == "write"
    assert record.access.address % 4096 == 0
    assert record.access.size == 2
    assert "(memory that is not mapped)" in panic.reason
    assert "; 1 byte past the end of" in panic.reason


def test_a_kernel_functions_access(lab: Lab) -> None:
    """Its length, and the argument that it was given."""
    panic = crash(lab, "memset((char *)0x18 + n, 0, 100); return n;")
    assert panic.reason.startswith(
        "page fault: write of 100 bytes at 0x18 (NULL pointer) in memset() called "
    )
    assert panic.reason.endswith("; argument 1, 'void *to', of memset() is 0x18")
    record = loads(panic.record)
    assert record is not None
    assert record.access == RecordedAccess("write", 0x18, 100, argument=1, value=0x18)
    assert record.registers == {}


ARGUMENTS = {  # a call -> what the reason ends with
    "strlcpy(p, (char *)0x28, 9)": "argument 2, 'const char *from', of strlcpy() is 0x28",
    "(memset(p, 1, 8193) != 0)": "argument 1, 'void *to', of memset() is {p:#x}",
    "(*sysent[SYS_close].sy_call)(l, (void *)0x30, r)": "'const void *v', of sys_close() is 0x30",
}


@pytest.mark.parametrize("call", ARGUMENTS)
def test_the_argument_is_the_one_that_leads_there(lab: Lab, call: str) -> None:
    """Not one that happens to be near."""
    lab.load(
        f"#include <sys/syscall.h>\n{CHAIN}char *p; struct lwp *l; register_t r[2];\n"
        + deep(f"p = malloc(8192, M_TEMP, M_WAITOK); l = curlwp; return {call} + 1;")
    )
    panic = lab.panics(lambda: lab.call(GO, 0))
    record = loads(panic.record)
    assert record is not None
    assert record.access is not None
    assert ARGUMENTS[call].format(p=record.access.address - 8192) in panic.reason


INDIRECT = """
#include <sys/uio.h>
static struct uio u; static char buf[8];
"""


def test_an_address_that_no_argument_leads_to_names_none(lab: Lab) -> None:
    """The bad pointer is a member of what an argument points to."""
    body = (
        "u.uio_iov = (struct iovec *)(0x40 * (n + 1)); u.uio_iovcnt = 1; u.uio_resid = 8; "
        "u.uio_vmspace = curproc->p_vmspace; return uiomove(buf, 8, &u) + 1;"
    )
    panic = crash(lab, body, before=INDIRECT)
    assert panic.reason.startswith("page fault: read of ")
    assert " (NULL pointer) in uiomove() called from probe_deep+0x" in panic.reason
    assert "argument" not in panic.reason
    record = loads(panic.record)
    assert record is not None
    assert record.access is not None
    assert (record.access.argument, record.access.value) == (0, 0)


SMASH = """
static NOINLINE int fill(volatile u_long *from, int n) { while (n-- > 0) from[n] = 0x41424344; return n; }
"""


def test_a_return_address_that_was_overwritten_names_who_returned(lab: Lab) -> None:
    """The buffer's function, though its frame is gone; the bytes as text."""
    body = "volatile u_long b[4]; n += fill(b, 12); return n + b[0];"
    panic = crash(lab, body, before=SMASH)
    assert panic.reason.startswith("page fault: instruction fetch at 0x41424344 (")
    assert ", returned to by probe_deep+0x" in panic.reason
    assert "; stack smashed: probe_deep() has returned to an address that no call left" in panic.reason
    assert 'overwritten with the text "DCBA"' in panic.reason
    assert frames(panic)[:2] == ["0x41424344", "probe_deep"]


def test_the_return_instruction_is_named(lab: Lab) -> None:
    """Not the beginning of its block of code."""
    lab.load(CHAIN + SMASH + deep("volatile u_long b[4]; n += fill(b, 12); return n + b[0];"))
    code = lab.k.mem.read(lab.symbols["probe_deep"], 256)
    panic = lab.panics(lambda: lab.call(GO, 0))
    found = re.search(r", returned to by probe_deep\+0x(\w+) ", panic.reason)
    assert found is not None
    assert code[int(found[1], 16)] == 0xC3


def test_a_call_of_a_bad_pointer_is_no_return(lab: Lab) -> None:
    """Though the same number is below the stack pointer."""
    body = "int (*volatile f)(void) = (int (*)(void))0x41424344; return f() + 1;"
    panic = crash(lab, body)
    assert ", called from probe_deep+0x" in panic.reason
    assert "smashed" not in panic.reason
    assert frames(panic) == ["0x41424344", *ALL]


def test_a_jump_to_a_bad_pointer_names_who_jumped(lab: Lab) -> None:
    """As compilers end a function with a call; its frame is gone, its caller is known."""
    reg = "rax" if lab.k.dm.pointer == 8 else "eax"
    lab.load(CHAIN + f'__asm__ (".globl probe_deep; probe_deep: mov $0x1234, %{reg}; jmp *%{reg}");')
    panic = lab.panics(lambda: lab.call(GO, 0))
    assert ", a jump from probe_deep+0x0 [probe]" in panic.reason
    assert frames(panic) == ["0x1234", *ALL]


def test_recursion_is_counted(lab: Lab) -> None:
    """Two functions: each as often as it is there; the reason has the cycle."""
    before = (
        "NOINLINE int probe_other(int n); NOINLINE int probe_other(int n) { return probe_deep(n) + 1; }\n"
    )
    before = "NOINLINE int probe_other(int n);\n"
    body = "volatile int x[30]; x[0] = n; return probe_other(n + 1) + x[0];"
    lab.load(f"{CHAIN}{before}{deep(body)}\nNOINLINE int probe_other(int n) {{ return probe_deep(n) + 1; }}")
    panic = lab.panics(lambda: lab.call(GO, 0))
    names = frames(panic)
    assert names.count("probe_deep") > KSTACK // 400
    assert abs(names.count("probe_deep") - names.count("probe_other")) <= 1
    assert names[-3:] == ALL
    assert panic.report.count(" times)") == 2
    assert "probe_deep() -> probe_other() -> probe_deep()" in panic.reason or (
        "probe_other() -> probe_deep() -> probe_other()" in panic.reason
    )


LARGE = {
    "a constant": "volatile char b[200000]; b[n] = 1; return strlen((const char *)b + n);",
    "computed": "volatile char b[n + 200000]; b[n] = 1; return strlen((const char *)b + n);",
}


@pytest.mark.parametrize("case", LARGE)
def test_a_frame_that_jumps_over_the_guard_page_into_mapped_memory(lab: Lab, case: str) -> None:
    """Nothing faults: the next kernel call notices it."""
    k = lab.k
    lab.load(CHAIN + deep(LARGE[case]))
    below = k.kmap.alloc(400000, 3)
    first = k.kmap.alloc(KSTACK, 3)
    assert first > below
    k.kmap.free(first)
    p = lab.kernel.process("other")
    assert p.getpid()
    panic = lab.panics(lambda: lab.begin(GO, 0, p=p).result())
    assert panic.reason.startswith("kernel stack overflow: the stack pointer 0x"), panic.reason
    assert " in strlen() called from probe_deep+0x" in panic.reason
    assert "probe_deep() has " in panic.reason
