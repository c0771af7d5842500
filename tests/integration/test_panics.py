"""Whatever module code does wrong is a panic that says what, where and who called; none leaves anything."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.errors import DaemonError
from lkmtools.kern.kernel import KSTACK
from support.lab import HEAD, Lab
from support.panics import ALL, CHAIN, GO, crash, deep, frames

FAULTS = {  # body of probe_deep -> how the reason begins
    "read through NULL": ("return *(volatile int *)0;", "page fault: read of 4 bytes at 0x0 (NULL pointer)"),
    "write through NULL": (
        "*(volatile int *)8 = 1; return 0;",
        "page fault: write of 4 bytes at 0x8 (NULL pointer)",
    ),
    "read of user memory": (
        "return *(volatile int *)0x41414140;",
        "page fault: read of 4 bytes at 0x41414140 (not a kernel address",
    ),
    "write to text": (
        "*(volatile char *)probe_middle = 1; return 0;",
        "page fault: write of 1 byte at {probe_middle:#x} (read-only memory of module probe)",
    ),
    "write to a constant": (
        "static const int one = 1; *(volatile int *)&one = n; return one;",
        "page fault: write of 4 bytes at 0x",
    ),
    "division by zero": ("volatile int zero = 0; return n / zero;", "integer divide fault"),
    "undefined instruction": (
        '__asm__ volatile ("ud2"); return 0;',
        "privileged or undefined instruction fault",
    ),
    "breakpoint": ('__asm__ volatile ("int3"); return 0;', "breakpoint trap"),
    "software interrupt": ('__asm__ volatile ("int $0x80"); return 0;', "unexpected interrupt 0x80"),
    "bad segment": (
        '__asm__ volatile ("movl $0x1234, %%eax; movl %%eax, %%ds" ::: "eax"); return 0;',
        "protection fault",
    ),
}


@pytest.mark.parametrize(("body", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_names_what_where_and_who_called(lab: Lab, body: str, reason: str) -> None:
    """The reason has the function, and the backtrace the three functions in order, none guessed."""
    panic = crash(lab, body)
    assert panic.reason.startswith(reason.format(**lab.symbols))
    assert "probe_deep+0x" in panic.reason
    assert frames(panic) == ALL


WILD = [0x4141414141414140, 0xFFFFFFFFFFFFFFF0, 0x8000000000000000, 0xFFFFFFFF70000000, 0xFFFFFFFFFFFFF000]


@pytest.mark.parametrize("address", WILD, ids=hex)
def test_a_wild_address_is_told_exactly(lab: Lab, address: int) -> None:
    """Non-canonical ones, the last bytes of all, just below the kernel; reading and writing."""
    address &= lab.k.dm.mask
    for access, text in (("read", "return *p;"), ("write", "*p = n; return 0;")):
        panic = crash(lab, f"volatile int *p = (int *){address:#x}UL; {text}")
        assert panic.reason.startswith(f"page fault: {access} of 4 bytes at {address:#x}")
        assert frames(panic) == ALL


def test_registers_are_those_at_the_faulting_instruction(lab: Lab) -> None:
    """A pattern in a register, and the address of the instruction itself."""
    code = "movl $0x5eed1234, %esi; .globl here; here: ud2"
    panic = crash(lab, f'__asm__ volatile ("{code}"); return 0;')
    letter, digits = ("r", 16) if lab.k.dm.pointer == 8 else ("e", 8)
    assert f" {letter}si {0x5EED1234:0{digits}x}" in panic.report
    assert f" {letter}ip {lab.symbols['here']:0{digits}x}" in panic.report


def test_a_call_through_null_is_the_callers(lab: Lab) -> None:
    """There is no function at 0: the caller is in the reason and below it in the backtrace."""
    panic = crash(lab, "int (*volatile f)(void) = 0; return f() + 1;")
    assert panic.reason.startswith("page fault: instruction fetch at 0x0 (NULL pointer)")
    assert "probe_deep+0x" in panic.reason
    assert frames(panic) == ["0x0", *ALL]


DATA = {
    "data": "static char d[16]; void *p = d;",
    "the stack": "char s[16]; void *p = s; s[0] = 0xc3;",
    "the heap": "void *p = malloc(16, M_TEMP, M_WAITOK);",
    "the kernel's tables": "void *p = sysent;",
}


@pytest.mark.parametrize("where", DATA.values(), ids=DATA.keys())
def test_data_is_not_executable(lab: Lab, where: str) -> None:
    panic = crash(lab, f"{where} return ((int (*)(void))p)() + 1;")
    assert panic.reason.startswith("page fault: instruction fetch at 0x")
    assert "not executable" in panic.reason
    assert frames(panic)[1:] == ALL


def test_the_kernels_text_cannot_be_written(lab: Lab) -> None:
    """Not a stub, and not where they return through."""
    panic = crash(lab, "*(volatile char *)printf = 0x90; return 0;")
    printf = lab.k.symbol("printf")
    assert panic.reason.startswith(f"page fault: write of 1 byte at {printf:#x} (read-only memory)")
    assert panic.reason.endswith("; the kernel's text, printf()")


def test_a_jump_behind_a_stub_traps(lab: Lab) -> None:
    """What follows in its slot is no function."""
    panic = crash(lab, "return ((int (*)(void))((char *)printf + 8))() + 1;")
    assert panic.reason.startswith("breakpoint trap")


def test_endless_recursion_is_a_stack_overflow(lab: Lab) -> None:
    """The page below a kernel stack is never mapped; the backtrace has an end."""
    panic = crash(lab, "volatile int x[30]; x[0] = n; return probe_deep(n + 1) + x[0];")
    assert "(kernel stack overflow)" in panic.reason
    assert KSTACK // 256 < len(frames(panic)) < KSTACK // 120
    assert "probe_deep+0x" in panic.reason
    assert set(frames(panic)[:-2]) == {"probe_deep"}
    assert frames(panic)[-2:] == ALL[1:]


def test_recursion_that_calls_the_kernel_is_a_stack_overflow(lab: Lab) -> None:
    """Whoever touches the guard page first."""
    body = 'volatile char x[200]; x[0] = n; printf("%s", ""); return probe_deep(n + 1) + x[0];'
    assert "(kernel stack overflow)" in crash(lab, body).reason


FP = "void *volatile *fp = (void *volatile *)__builtin_frame_address(0); "
TRASHED = {
    "a stack pointer into nowhere": '__asm__ volatile ("mov $0x1230, %@SP@; ret");',
    "a stack pointer into data": '__asm__ volatile ("mov %0, %%@SP@; ret" :: "r" (spare + 2000));',
    "a return address overwritten": FP + "fp[1] = (void *)0x1234567;",
    "everything up to the gate": FP + "int i; for (i = 0; i < 16; i++) fp[i] = (void *)0x7777;",
    "a frame pointer into nowhere": FP + "fp[0] = (void *)0x1111; fp[1] = 0;",
    "a frame pointer that loops": FP + "fp[0] = (void *)fp; fp[1] = 0;",
}


@pytest.mark.parametrize("body", TRASHED.values(), ids=TRASHED.keys())
def test_a_trashed_stack_is_a_panic_with_a_report(lab: Lab, body: str) -> None:
    """Whatever can still be read is in it; the kernel's own Python never fails over it."""
    body = body.replace("@SP@", "rsp" if lab.k.dm.pointer == 8 else "esp")
    panic = crash(lab, body + " return 1;", before="static char spare[4096];\n")
    assert panic.reason.startswith("page fault: ")
    assert "backtrace:" in panic.report


def test_a_function_that_pops_too_much_is_caught_at_its_return(lab: Lab) -> None:
    """It comes back to the kernel with another stack pointer than it was called with."""
    lab.load(f'__asm__ (".globl probe_go; probe_go: ret ${2 * lab.k.dm.pointer}");')
    panic = lab.panics(lambda: lab.call(GO, 0))
    assert "probe_go" in panic.reason
    assert "returned with the stack pointer at" in panic.reason


# -- in kernel functions ---------------------------------------------------------------------------------

CALLS = {
    "strlen((char *)(8 + (long)n))": "strlen",
    "(memcpy((void *)(0x1000 + (long)n), probe_go, 4) != 0)": "memcpy",
    "(malloc(16, (void *)4, M_WAITOK) != 0)": "malloc",
    "lkmdispatch((void *)12, LKM_E_LOAD)": "lkmdispatch",
    'snprintf(text, 9, "%s", (char *)(12 + (long)n))': "snprintf",
    "devsw_attach((char *)5, 0, 0, (void *)1, 0)": "devsw_attach",
    "strlcpy(text, memset(malloc(4096, M_TEMP, M_WAITOK), 1, 4096), 9)": "strlcpy",
}


@pytest.mark.parametrize(("call", "function"), CALLS.items(), ids=CALLS.values())
def test_a_bad_pointer_given_to_a_kernel_function_names_both(lab: Lab, call: str, function: str) -> None:
    """Which function faulted and which module function called it, with the chain below."""
    panic = crash(lab, f"return {call} + 1;", before="char text[9];\n")
    assert panic.reason.startswith("page fault: ")
    assert f" in {function}() called from probe_deep+0x" in panic.reason
    assert frames(panic) == [function, *ALL]


def test_a_user_address_is_efault_before_the_kernel_address_is_looked_at(lab: Lab) -> None:
    """copyin to a bad kernel address is a panic only when there is something to copy."""
    lab.load(CHAIN + deep("return copyin((void *)64, (void *)4, 16);"))
    assert lab.call(GO, 0) == (14 + 1) * 3


def test_page_permissions_hold_for_kernel_functions_too(lab: Lab) -> None:
    """memset over the module's own text."""
    panic = crash(lab, "memset(probe_go, n, 4); return 1;")
    assert "(read-only memory of module probe) in memset() called from probe_deep+0x" in panic.reason


def test_panic_says_what_the_module_said(lab: Lab) -> None:
    panic = crash(lab, 'panic("probe: %s went wrong %d times", "it", n);', 3)
    assert panic.reason == "probe: it went wrong 3 times"
    assert frames(panic) == ["panic", *ALL]


def test_a_lwp_that_is_none_is_a_panic(lab: Lab) -> None:
    """A system call called by hand with another pointer than an lwp."""
    panic = crash(
        lab,
        "register_t a[8] = { 0 }, r[2]; return (*sysent[20].sy_call)((void *)a, a, r) + 1;",
    )
    assert "is not a struct lwp" in panic.reason
    assert frames(panic) == ["sys_getpid", *ALL]


# -- afterwards --------------------------------------------------------------------------------------------


def test_ten_panics_in_a_row_leave_nothing(lab: Lab) -> None:
    """Boot numbers count up, the message buffer keeps all reports, every process before is gone."""
    for i in range(10):
        before = lab.p
        crash(lab, "return *(volatile int *)4;")
        with pytest.raises(DaemonError, match="this process has exited"):
            before.getpid()
        assert lab.k.bootno == i + 2
    assert lab.dmesg.count("panic: page fault: read of 4 bytes at 0x4") == 10


ENTRY = """
int bad(struct lkm_table *t, int cmd);
__attribute__((noinline)) int bad(struct lkm_table *t, int cmd) { return *(volatile int *)(u_long)cmd; }
MOD_MISC("probe");
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, @LOAD@, @UNLOAD@, lkm_nofunc);
}
"""


@pytest.mark.parametrize(("cmd", "load", "unload"), [(1, "bad", "lkm_nofunc"), (2, "lkm_nofunc", "bad")])
def test_an_entry_point_that_crashes_panics_its_caller(lab: Lab, cmd: int, load: str, unload: str) -> None:
    """In LMREADY, and in LMUNLOAD; /dev/lkm is free again after the boot."""
    text = HEAD + ENTRY.replace("@LOAD@", load).replace("@UNLOAD@", unload)

    def both() -> None:
        lab.load(text, whole=True)
        modules.unload(lab.p, "probe")

    panic = lab.panics(both)
    assert panic.reason.startswith(f"page fault: read of 4 bytes at {cmd:#x} (NULL pointer) in bad+0x")
    assert frames(panic)[:2] == ["bad", "probe_lkmentry"]
    assert modules.stat_all(lab.p) == []
