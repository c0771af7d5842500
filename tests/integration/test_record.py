"""The record of a panic: the registers and live stacks of its lwps, for readers that unwind them."""

from __future__ import annotations

import re
import struct
import time
import zlib
from binascii import a2b_base64

import pytest

from lkmtools import modules
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.evidence.calls import SLOTS, STACK
from lkmtools.evidence.record import CrashRecord, RecordedLwp, loads
from lkmtools.kern.kernel import KSTACK
from lkmtools.machine import READ, WRITE
from support.lab import Lab
from support.panics import CHAIN, GO

KEPT = {"amd64": ("rbx", "r12", "r13", "r14", "r15"), "i386": ("ebx", "esi", "edi")}
PLACES = {"amd64": ("rip", "rsp", "rbp"), "i386": ("eip", "esp", "ebp")}
# probe_keep(n) puts n + 1, n + 2, ... into the registers that a function keeps, and calls probe_kernel().
KEEP = {
    "amd64": "push %rbp; mov %rsp, %rbp; push %rbx; push %r12; push %r13; push %r14; push %r15; push %r15;"
    "lea 1(%rdi), %rbx; lea 2(%rdi), %r12; lea 3(%rdi), %r13; lea 4(%rdi), %r14; lea 5(%rdi), %r15;"
    "call probe_kernel; .globl probe_back; probe_back: add $8, %rsp;"
    "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbx; leave; ret",
    "i386": "push %ebp; mov %esp, %ebp; push %ebx; push %esi; push %edi; push %edi; mov 8(%ebp), %eax;"
    "lea 1(%eax), %ebx; lea 2(%eax), %esi; lea 3(%eax), %edi;"
    "call probe_kernel; .globl probe_back; probe_back: add $4, %esp;"
    "pop %edi; pop %esi; pop %ebx; leave; ret",
}


def kept(lab: Lab, kernel: str) -> str:
    """A module of which probe_keep() jumps to a kernel function, with a pattern in its registers."""
    code = KEEP[lab.machine].replace("probe_kernel", kernel)
    return f'int probe_keep(int n);\n__asm__ (".globl probe_keep; probe_keep: {code}");\n'


def recorded(lab: Lab, prototype: str = GO, *args: int) -> CrashRecord:
    """The record of the panic of a call."""
    record = loads(lab.panics(lambda: lab.call(prototype, *(args or (0,)))).record)
    assert record is not None
    return record


def words(lab: Lab, lwp: RecordedLwp) -> list[int]:
    """The words of a live stack."""
    data, code = zlib.decompress(a2b_base64(lwp.stack)), "Q" if lab.k.dm.pointer == 8 else "I"
    return list(struct.unpack(f"={len(data) // lab.k.dm.pointer}{code}", data))


def test_all_registers_at_a_fault(lab: Lab) -> None:
    """With pc, sp and fp under two names; the live stack begins at sp and holds the callers."""
    code = "movl $0x5eed1234, %esi; .globl here; here: ud2"
    lab.load(CHAIN + f'NOINLINE int probe_deep(int n) {{ __asm__ volatile ("{code}"); return 0; }}')
    symbols, before = dict(lab.symbols), time.time()
    record = recorded(lab)
    (lwp,) = record.lwps
    (level,) = lwp.levels
    registers = level.registers
    assert level.function == ""
    assert registers["pc"] == symbols["here"]
    assert registers[PLACES[lab.machine][0][0] + "si"] == 0x5EED1234
    assert [registers[name] for name in PLACES[lab.machine]] == [registers[x] for x in ("pc", "sp", "fp")]
    assert len(registers) == len(lab.k.port.registers) + 3
    assert (lwp.process, lwp.lid, lwp.wait) == (record.process, 1, "")
    assert lwp.request == record.request
    assert lwp.sp == registers["sp"]
    callers = [frame.pc for frame in record.frames[1:]]
    assert [word for word in words(lab, lwp) if word in callers] == callers
    assert record.boot == lab.k.bootno - 1
    assert record.gate in words(lab, lwp)
    assert before <= record.time <= time.time()


def test_the_registers_that_a_function_keeps_where_a_kernel_function_runs(lab: Lab) -> None:
    """panic() itself, called with a pattern in them, and for a text with one, which it cannot read."""
    lab.load(kept(lab, "panic"))
    back = lab.symbols["probe_back"]
    record = recorded(lab, "int probe_keep(int n)", 0x5EED0000)
    (level,) = record.lwps[0].levels
    assert (level.function, level.registers["pc"]) == ("panic", back)
    assert [level.registers[name] for name in KEPT[lab.machine]] == [
        0x5EED0001 + i for i in range(len(KEPT[lab.machine]))
    ]
    assert set(level.registers) == {"pc", "sp", "fp", *KEPT[lab.machine]}
    assert record.lwps[0].sp == level.registers["sp"] - lab.k.dm.pointer
    assert words(lab, record.lwps[0])[0] == back


SLEEP = """
#include <sys/proc.h>
int probe_wait(void);
int probe_wait(void) { return tsleep(&probe_lkmentry, 0, "idling", 0) + 1; }
int probe_none(void);
int probe_none(void) { return *(volatile int *)0; }
"""
ENTRY = "int probe_lkmentry(struct lkm_table *, int, int);\n"


def test_an_lwp_that_sleeps_has_the_registers_it_had(lab: Lab) -> None:
    """Another one has used the CPU since."""
    lab.load(ENTRY + SLEEP + kept(lab, "probe_wait"))
    worker = lab.begin("int probe_keep(int n)", 0x5EED0000)
    record = recorded(lab, "int probe_none(void)")
    assert worker.done is False
    first, other = record.lwps
    assert (first.process, first.levels[0].function) == (record.process, "")
    assert (other.wait, other.levels[0].function) == ("idling", "tsleep")
    assert other.process.endswith("(worker)")
    found = [other.levels[0].registers.get(name) for name in KEPT[lab.machine]]
    assert {0x5EED0001 + i for i in range(3)} <= {*found, *words(lab, other)}


def test_each_call_into_machine_code_is_a_level(lab: Lab) -> None:
    """A module's function calls the kernel, which calls the module: two levels, one of them a function's."""
    lab.load(
        "#include <sys/once.h>\n"
        "static ONCE_DECL(probe_once);\n"
        "static int probe_init(void) { return *(volatile int *)0; }\n"
        "int probe_go(int n);\n"
        "int probe_go(int n) { return RUN_ONCE(&probe_once, probe_init) + 1; }\n"
    )
    record = recorded(lab)
    inner, outer = record.lwps[0].levels
    assert (inner.function, outer.function) == ("", "_init_once")
    assert set(outer.registers) == {"pc", "sp", "fp"}
    assert outer.registers["pc"] in {frame.pc for frame in record.frames}
    assert inner.registers["sp"] < outer.registers["sp"]


def test_all_loaded_modules_and_of_those_gone_the_ones_that_something_points_to(lab: Lab) -> None:
    lab.load(
        "int probe_at(u_long);\n"
        "int probe_at(u_long n) { volatile u_long at = n; return *(volatile int *)0 + at; }"
    )
    lab.load("int lost_go(int n);\nint lost_go(int n) { return n; }\n", name="lost")
    for name in ("gone", "there"):
        lab.load("", name=name)
    for name in ("gone", "lost"):
        modules.unload(lab.p, name)
    lab.p = lab.kernel.process("fresh")  # which has made no calls of theirs
    record = recorded(lab, "int probe_at(u_long n)", lab.symbols["lost_go"])
    assert {(each.name, each.unloaded) for each in record.modules} == {
        *{("probe", False), ("there", False), ("lost", True)}
    }


SMASHED = {
    "zero": 0,
    "the first page": 0x1000,
    "no kernel memory": 0x41414140,
    "the last word": -16,
    "odd": -3,
}


@pytest.mark.parametrize("what", ["sp", "fp", "both"])
@pytest.mark.parametrize("value", SMASHED.values(), ids=SMASHED.keys())
def test_smashed_stack_pointers(lab: Lab, value: int, what: str) -> None:
    """The live stack begins at what is left of them, else at the beginning of the stack."""
    value &= lab.k.dm.mask
    names = [
        name for name, key in zip(PLACES[lab.machine][1:], ("sp", "fp"), strict=True) if what in (key, "both")
    ]
    code = "; ".join(f"mov ${value:#x}, %{name}" for name in names)
    lab.load(CHAIN + f'NOINLINE int probe_deep(int n) {{ __asm__ volatile ("{code}; ud2"); return 0; }}')
    record = recorded(lab)
    (lwp,) = record.lwps
    registers = lwp.levels[0].registers
    assert [registers[name] for name in names] == [value] * len(names)
    assert record.notes == ()
    if what == "both":
        assert len(words(lab, lwp)) * lab.k.dm.pointer == KSTACK
    else:
        assert lwp.sp == registers["fp" if what == "sp" else "sp"]
    assert {frame.pc for frame in record.frames[1:]} <= set(words(lab, lwp))


def test_a_stack_that_is_not_mapped(lab: Lab) -> None:
    """Nor the frame of the call: the return address is not known."""
    lab.load(ENTRY + SLEEP + "int probe_go(int n);\nint probe_go(int n) { return probe_wait() + 1; }\n")
    lab.begin(GO, 0)
    thread = next(lwp.thread for lwp in lab.k.lwps.values() if lwp.wmesg == "idling")
    lab.k.engine.cpu.protect(thread.stack_base, KSTACK, 0)
    record = recorded(lab, "int probe_none(void)")
    assert record.lwps[1].levels[0].registers["pc"] == 0
    assert record.lwps[1].stack


def test_what_cannot_be_made_is_a_note(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The panic is reported all the same."""
    lab.load(SLEEP.replace("&probe_lkmentry", "0"))

    def fails(*_: object) -> None:
        raise ValueError("no such register")

    monkeypatch.setattr("lkmtools.machine.engine.Engine.registers", fails)
    record = recorded(lab, "int probe_none(void)")
    assert record.reason.startswith("page fault: read of 4 bytes at 0x0 (NULL pointer) in probe_none+0x0 ")
    assert record.lwps[0].levels == ()
    assert record.notes == (
        f"not in the record: the levels of {record.process}: internal error: ValueError: no such register",
    )


DEEP = """
int probe_deep(int n);
int probe_deep(int n)
{
	volatile char x[256];
	int i;
	for (i = 0; i < 256; i++)
		x[i] = n * 7 + i * i * 13 + (i * n >> 3);
	return (n > 0 ? probe_deep(n - 1) : probe_wait()) + x[n & 255];
}
"""


def test_many_lwps_with_deep_stacks(lab: Lab) -> None:
    """The record has bounds, and is made at once."""
    lab.load(ENTRY + SLEEP + DEEP, flags=("-O0",))
    for _ in range(70):
        lab.begin("int probe_deep(int n)", 80)
    before = time.thread_time()
    panic = lab.panics(lambda: lab.call("int probe_none(void)"))
    assert time.thread_time() - before < 2.0
    record = loads(panic.record)
    assert record is not None
    assert len(record.lwps) == 64
    assert "not in the record: 7 more lwps with machine code" in record.notes
    assert len(panic.record) < 1 << 20
    whole = [len(words(lab, lwp)) * lab.k.dm.pointer for lwp in record.lwps[1:] if lwp.stack]
    assert min(whole) > 80 * 256
    without = len(record.lwps) - 1 - len(whole)
    assert not without or f"not in the record: the stacks of {without} of its lwps" in record.notes


CALLS = """
#include <sys/malloc.h>
int probe_go(int n);
int probe_go(int n)
{
	char *p = malloc(100, M_TEMP, M_WAITOK), text[8];
	u_int i;
	for (i = 0; i < 20; i++)
		seltrue(0, i, 0);
	strlcpy(text, "tab\\t\\"", 8);
	strtoul("-1", NULL, 10);
	copyin((void *)0x1000, p, 4);
	free(p, M_TEMP);
	panic("%d of a long text that goes on and on and on and on", n);
}
"""


def test_the_last_kernel_calls_with_arguments_and_results(lab: Lab) -> None:
    """In the record, and in the text before the backtrace."""
    lab.load(CALLS, flags=("-O2", "-fno-builtin"))
    symbols = dict(lab.symbols)
    panic = lab.panics(lambda: lab.call(GO, 7))
    record = loads(panic.record)
    assert record is not None
    texts = [call.text for call in record.calls]
    assert len(texts) == 16
    assert texts[0] == 'panic("%d of a long text that goes on and on an"..., ...) (not returned)'
    assert re.fullmatch(r"free\(0x[0-9a-f]+, 0x[0-9a-f]+\)", texts[1])
    assert re.fullmatch(r"copyin\(0x1000, 0x[0-9a-f]+, 4\) = 14", texts[2])
    top = (1 << 8 * lab.k.dm.pointer) - 1
    assert texts[3] == f'strtoul("-1", 0x0, 10) = {top:#x}'
    assert re.fullmatch(r'strlcpy\(0x[0-9a-f]+, "tab\\t\\"", 8\) = 5', texts[4])
    seltrue = [f"seltrue(0, {19 - i}, 0x0) = " for i in range(11)]
    assert all(text.startswith(begin) for text, begin in zip(texts[5:], seltrue, strict=True))
    go = symbols["probe_go"]
    assert all(go < call.pc < go + 0x200 for call in record.calls)
    before = panic.report.partition("backtrace:\n")[0].partition("last kernel calls, newest first:\n")[2]
    lines = [
        f"    {text} from probe_go+{call.pc - go:#x} [probe]\n"
        for text, call in zip(texts, record.calls, strict=True)
    ]
    assert before == "".join(lines)


def test_calls_of_others_are_left_out(lab: Lab) -> None:
    """Of lwps that sleep, and of those that had the stack before."""
    lab.load(ENTRY + SLEEP + "int probe_go(int n);\nint probe_go(int n) { return seltrue(0, n, 0); }\n")
    for _ in range(3):
        worker = lab.kernel.process("gone")
        lab.begin(GO, 1, p=worker).result()
        worker.exit()
    lab.begin("int probe_wait(void)")
    lab.p = lab.kernel.process("fresh")
    assert recorded(lab, "int probe_none(void)").calls == ()


def test_a_call_whose_record_was_taken_by_others_gets_no_result(lab: Lab) -> None:
    """The callback makes more calls than the ring has room for."""
    lab.load(
        "#include <sys/once.h>\n"
        "static ONCE_DECL(probe_once);\n"
        "static int probe_init(void)\n"
        "{ int i; for (i = 0; i < 256; i++) seltrue(0, 4, 0); return 77; }\n"
        "int probe_go(int n);\n"
        "int probe_go(int n) { RUN_ONCE(&probe_once, probe_init); return *(volatile int *)0; }\n"
    )
    assert {call.text for call in recorded(lab).calls} == {"seltrue(0, 4, 0x0) = 4"}


def test_a_call_whose_arguments_cannot_be_read(lab: Lab) -> None:
    """They are on a page that is not mapped: nothing of an earlier call stands for them."""
    top = lab.k.kmap.alloc(2 * PAGE_SIZE, READ | WRITE) + PAGE_SIZE
    lab.k.engine.cpu.protect(top, PAGE_SIZE, 0)
    code = f"mov ${top:#x}, %{PLACES[lab.machine][1]}; call vn_rdwr; ret"
    lab.load(f'int probe_go(int n);\n__asm__ (".globl probe_go; probe_go: {code}");\n')
    calls = lab.k.evidence.calls
    calls.ring[:] = b"\xff" * len(calls.ring)
    assert " in vn_rdwr() called from probe_go+0x" in recorded(lab).reason
    found = [call for call in calls.last(SLOTS) if call.registers[1] == top - lab.k.dm.pointer]
    assert [call.stack for call in found] == [bytes(STACK)]
