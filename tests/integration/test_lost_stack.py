"""A module that has lost its stack: the report has an end, and says what is known all the same."""

from __future__ import annotations

import re
import time
from itertools import count

import pytest

from lkmtools import modules
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import PanicError
from lkmtools.machine import READ, WRITE, backtrace
from support.errors import failure
from support.lab import Lab
from support.panics import CHAIN, GO

# Calls f on another stack, which ends at `top`.
ELSEWHERE = {
    "amd64": "push %rbp; mov %rsp, %rbp; mov %rdi, %rsp; call *%rsi; leave; ret",
    "i386": "push %ebp; mov %esp, %ebp; mov 12(%ebp), %eax; mov 8(%ebp), %esp; call *%eax; leave; ret",
}
SP = {"amd64": "rsp", "i386": "esp"}
FP = {"amd64": "rbp", "i386": "ebp"}


def source(lab: Lab, body: str, before: str = "") -> str:
    """probe_go -> probe_middle -> probe_deep, which does `body` with @SP@ and @FP@."""
    body = body.replace("@SP@", SP[lab.machine]).replace("@FP@", FP[lab.machine])
    return f"{CHAIN}{before}\nNOINLINE int probe_deep(int n) {{ {body} return 0; }}"


def report(lab: Lab, body: str, before: str = "") -> PanicError:
    """How that panics."""
    lab.load(source(lab, body, before))
    panic: PanicError = lab.panics(lambda: lab.call(GO, 0))
    return panic


def lines(panic: PanicError) -> list[str]:
    """The backtrace, without offsets."""
    return [line.strip().split("+")[0] for line in panic.report.split("backtrace:\n")[1].splitlines()]


LOST = {  # where the stack pointer is when a module faults, and the frame pointer with it
    "the first page": 0x1000,
    "zero": 0,
    "the kernel's text": -0x7FF00000 & 0xFFFFFFFF,
    "the last word of all": -16,
}


@pytest.mark.parametrize("sp", LOST.values(), ids=LOST.keys())
def test_a_stack_pointer_outside_the_kernel_stack_is_said_to_be(lab: Lab, sp: int) -> None:
    """The function is known; who called it is not, without a frame pointer."""
    sp &= lab.k.dm.mask
    panic = report(lab, f'__asm__ volatile ("mov ${sp:#x}, %@SP@; xor %@FP@, %@FP@; ud2");')
    assert panic.reason.startswith("privileged or undefined instruction fault in probe_deep+0x")
    function, note = lines(panic)
    assert function == "probe_deep"
    assert note.startswith(f"(the stack pointer {sp:#x} is outside the kernel stack 0x")
    assert note.endswith("; frames above are unknown)")


def test_a_frame_pointer_is_followed_when_the_stack_pointer_is_lost(lab: Lab) -> None:
    """It is what compilers keep it for."""
    before = "static NOINLINE int deeper(int n) { return n + 1; }\n"
    body = 'n = deeper(n); __asm__ volatile ("mov $0x1000, %%@SP@; ud2" :: "r" (__builtin_frame_address(0)));'
    panic = report(lab, body, before)
    function, note, *callers = lines(panic)
    assert (function, callers) == ("probe_deep", ["probe_middle", "probe_go"])
    assert note.endswith("; what follows is by the frame pointer)")


def test_a_callers_frame_pointer_that_was_overwritten_takes_the_stack_pointer_along(lab: Lab) -> None:
    """A function with an array of variable length restores registers, and perhaps that, from there."""
    before = (
        "static volatile int many = 24;\n"
        "static NOINLINE void overrun(char *b) { (void)b;"
        " *(volatile u_long *)__builtin_frame_address(0) = 0x41414141; }\n"
        "static NOINLINE int fill(int n) { char b[n]; int s = n ^ many, t = n * 5 + many, u = many * 3;"
        " memset(b, 1, n); overrun(b); return s * many - t * (u + many) + (b - (char *)0); }\n"
    )
    panic = report(lab, "n = fill(many); many += n;", before)
    assert " at 0x414141" in panic.reason
    assert lines(panic)[0] == "fill"


def driver(lab: Lab, opened: str, call: str = "away()") -> None:
    """Load probe_go(), which makes `call` of away(): that opens a device whose d_open does `opened`."""
    lab.load(
        f'__asm__ (".globl probe_on; probe_on: {ELSEWHERE[lab.machine]}");\n'
        "void probe_on(char *top, void (*f)(void));\n"
        "#define NOINLINE __attribute__((noinline))\nchar *probe_top;\n"
        "static NOINLINE int opened(dev_t dev, int flag, int kind, struct lwp *l)\n"
        f'{{ __asm__ volatile ("{opened}"); return 7; }}\n'
        "static struct cdevsw sw = { .d_open = opened };\n"
        "static int b = -1, c = -1, answer;\n"
        "static NOINLINE void away(void) { answer = cdev_open(makedev(c, 0), 1, 0, curlwp) + 1; }\n"
        "int probe_go(int n);\n"
        f'int probe_go(int n) {{ devsw_attach("probe", NULL, &b, &sw, &c); {call}; return answer; }}'
    )


def test_outer_calls_are_known_though_the_inner_one_has_lost_its_stack(lab: Lab) -> None:
    """A driver that the kernel has called: the frames of the kernel's own calls are exact."""
    driver(lab, f"mov $0x1000, %{SP[lab.machine]}; xor %{FP[lab.machine]}, %{FP[lab.machine]}; ud2")
    inner, note, *outer = lines(lab.panics(lambda: lab.call(GO, 0)))
    assert (inner, outer) == ("opened", ["cdev_open() [kernel]", "away", "probe_go"])
    assert note.endswith("frames above are unknown)")


def elsewhere(lab: Lab, body: str) -> None:
    """Load probe_go(), which does `body` in a function of its own, on a stack in the module's data."""
    lab.load(
        f'__asm__ (".globl probe_on; probe_on: {ELSEWHERE[lab.machine]}");\n'
        "void probe_on(char *top, void (*f)(void));\n"
        "static char spare[8192] __attribute__((aligned(16)));\nstatic int gate;\n"
        f"static void away(void) {{ {body} }}\n"
        "int probe_go(int n) { probe_on(spare + 8192, away); return n + 1; }\n"
        "void probe_wake(void); void probe_wake(void) { wakeup(&gate); }"
    )


def test_a_kernel_function_called_on_another_stack_is_named(lab: Lab) -> None:
    """It panics there."""
    elsewhere(lab, 'panic("on purpose %d", gate);')
    panic = lab.panics(lambda: lab.call(GO, 0))
    assert panic.reason == "on purpose 0"
    assert lines(panic)[:2] == ["panic() [kernel]", "away"]
    assert "is outside the kernel stack 0x" in panic.report


def test_a_module_that_sleeps_on_another_stack_is_in_use(lab: Lab) -> None:
    """The search for its frames looks through the kernel stack, not through all memory below."""
    elsewhere(lab, 'tsleep(&gate, PWAIT, "nap", 0);')
    begun = lab.begin(GO, 4)
    why = failure(lambda: modules.unload(lab.p, "probe"))
    assert "sleeps in away+0x" in why.reason
    lab.call("void probe_wake(void)")
    assert begun.result() == 5


def test_a_stack_full_of_return_addresses_is_told_once_for_each(lab: Lab) -> None:
    """Code without a frame pointer, and thousands of words that look like one frame."""
    body = (
        "u_long *p = (u_long *)__builtin_frame_address(0), here = *(p + 1); int i;"
        ' for (i = 0; i < 40; i++) p[i - 64] = here; __asm__ volatile ("mov %0, %%@SP@; mov $1, %%@FP@; ud2"'
        ' :: "r" (p - 64) : "memory");'
    )
    found = lines(report(lab, body))
    assert found.count("probe_middle") == 1


def test_the_search_of_a_stack_has_its_time(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the processor: here every look at the clock is an hour later, and the callers are far up."""
    body = "volatile u_long x[3000]; int i; for (i = 0; i < 3000; i++) x[i] = i; n += x[n];"
    body += ' __asm__ volatile ("mov $1, %%@FP@; ud2" :: "r" (__builtin_frame_address(0)));'
    assert lines(report(lab, body)) == ["probe_deep", "probe_middle", "probe_go"]
    hours = count(0, 3600)
    monkeypatch.setattr(time, "thread_time", lambda: next(hours))
    panic = lab.panics(lambda: (lab.load(source(lab, body)), lab.call(GO, 0)))
    assert lines(panic) == ["probe_deep"]


def test_a_backtrace_has_so_many_frames(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how many calls are left out."""
    monkeypatch.setattr(backtrace, "_MOST_IN_ALL", 1)
    driver(lab, "ud2")
    panic = lab.panics(lambda: lab.call(GO, 0))
    assert lines(panic) == ["opened", "(1 more call of module code)"]


@pytest.mark.parametrize("room", [700, 8192])
def test_a_callback_from_another_stack_has_its_frame_there(lab: Lab, room: int) -> None:
    """The kernel calls a driver for a module that runs on memory of its own: when that has room for it."""
    driver(lab, "nop", "probe_on(probe_top, away)")
    k = lab.k
    stack = k.kmap.alloc(3 * PAGE_SIZE, READ | WRITE)
    k.engine.cpu.protect(stack, PAGE_SIZE, READ)
    k.mem.set_ptr(lab.symbols["probe_top"], stack + PAGE_SIZE + room)
    if room == 8192:
        assert lab.call(GO, 0) == 8
    else:
        panic = lab.panics(lambda: lab.call(GO, 0))
        assert re.match(rf"page fault: write of \d+ bytes at {stack >> 12:#x}"[:-1], panic.reason)
        assert lines(panic)[:2] == ["cdev_open() [kernel]", "away"]
