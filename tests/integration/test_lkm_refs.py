"""Who needs a module: dependents, references, calls in progress. Each refuses its unload, in that order."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EDEADLK, EINVAL, ENOENT
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.errors import KernelError
from lkmtools.machine import Prototype
from lkmtools.modules.prepare import LoadError
from lkmtools.modules.refs import Ref, refs_fd
from support.lab import HEAD, Lab

PROTO = Prototype("int f(unsigned long p)")
LOWER = """
int lower_value;
int lower_get(void);
int lower_get(void) { return lower_value; }
"""
UPPER = """
int lower_get(void);
int upper_get(void);
int upper_get(void) { return lower_get() + 1; }
"""
HOLDER = """
int @_hold(const void *p), @_rele(const void *p), @_hold_table(void *p), @_rele_table(void *p);
int @_hold(const void *p) { return lkm_hold_addr(p); }
int @_rele(const void *p) { return lkm_rele_addr(p); }
int @_hold_table(void *p) { return lkm_hold(p); }
int @_rele_table(void *p) { return lkm_rele(p); }
"""
SLEEPER = """
#include <sys/proc.h>
int @_chan;
int @_sleep(void), @_wake(void);
int @_sleep(void) { return tsleep(&@_chan, PWAIT, "@", 0) + 1; }
int @_wake(void) { wakeup(&@_chan); return 0; }
"""


def refused(lab: Lab, name: str) -> str:
    """Unloading must be EBUSY: the reason."""
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, name)
    assert caught.value.errno == EBUSY
    return caught.value.reason


def holder(lab: Lab, name: str) -> None:
    """Load a module NAME with NAME_hold(addr), NAME_rele(addr) and the same by table."""
    lab.load(HOLDER.replace("@", name), name=name)


def sleeper(lab: Lab, name: str, flags: tuple[str, ...] = ()) -> None:
    """Load a module NAME with NAME_sleep() and NAME_wake()."""
    lab.load(SLEEPER.replace("@", name), name=name, flags=flags, symbols=True)


def refs(lab: Lab, ident: int) -> Any:
    """LMREFS of a module."""
    with modules.lkm_device(lab.p) as fd:
        return refs_fd(lab.p, fd, ident)


def call(lab: Lab, function: str, arg: int = 0) -> int:
    return int(lab.call(f"int {function}(unsigned long p)", arg))


def many(lab: Lab, function: str, arg: int) -> None:
    """call() a thousand times in one system call."""
    addr = lab.symbols[function]
    with lab.hook(lambda: [lab.k.engine.call(PROTO, addr, arg) for _ in range(1000)]) as number:
        lab.p.syscall(number)


def test_a_module_others_are_linked_against_is_in_use_by_them(lab: Lab) -> None:
    """The reason names all of them, by id; when they have gone it unloads."""
    lab.load(LOWER, name="lower", symbols=True)
    lab.load(UPPER, name="upper")
    lab.load(UPPER, name="other")
    assert refused(lab, "lower") == "'lower' is in use by 'upper', 'other'"
    modules.unload(lab.p, "upper")
    assert refused(lab, "lower") == "'lower' is in use by 'other'"
    modules.unload(lab.p, "other")
    modules.unload(lab.p, "lower")
    assert lab.tables() == lab.boot_tables


def test_without_its_symbols_loaded_nothing_can_be_linked_against_a_module(lab: Lab) -> None:
    """The link fails, and the module that has the symbol is named."""
    lab.load(LOWER, name="lower")
    with pytest.raises(LoadError) as caught:
        lab.load(UPPER, name="upper")
    assert caught.value.reason.startswith("undefined symbol `lower_get', first used at ")
    assert ", in upper_get+0x" in caught.value.reason
    assert caught.value.reason.endswith("; module 'lower' has it but was loaded without -s")
    assert [m.name for m in modules.stat_all(lab.p)] == ["lower"]


def test_a_static_function_is_nothing_anybody_could_link_to(lab: Lab) -> None:
    """-s would not help, so nothing is said of it."""
    lab.load("static int lower_get(void) { return 1; }\nint (*keep)(void) = lower_get;", name="lower")
    with pytest.raises(LoadError) as caught:
        lab.load(UPPER, name="upper")
    assert "lower'" not in caught.value.reason


def test_a_held_module_refuses_and_says_who_holds_it_and_how_often(lab: Lab) -> None:
    """By address and by table; each holder is counted by itself."""
    target = lab.load("", name="target")
    holder(lab, "one")
    holder(lab, "two")
    table = lab.k.modules.by_id[0].table
    assert [call(lab, "one_hold", target.entry), call(lab, "one_hold_table", table)] == [0, 0]
    assert call(lab, "two_hold", target.entry) == 0
    assert refused(lab, "target") == "'target' is held by 'one' (2 times), 'two' (1 time)"
    assert refs(lab, 0).holds == (Ref(1, "one", 2), Ref(2, "two", 1))
    assert [call(lab, f, target.entry) for f in ("one_rele", "two_rele")] == [0, 0]
    assert refused(lab, "target") == "'target' is held by 'one' (1 time)"
    assert call(lab, "one_rele_table", table) == 0
    modules.unload(lab.p, "target")


def test_a_thousand_references_take_a_thousand_drops(lab: Lab) -> None:
    target = lab.load("", name="target")
    holder(lab, "one")
    many(lab, "one_hold", target.entry)
    assert refs(lab, 0).references == 1000
    assert refused(lab, "target") == "'target' is held by 'one' (1000 times)"
    many(lab, "one_rele", target.entry)
    assert call(lab, "one_rele", target.entry) == EINVAL
    modules.unload(lab.p, "target")


def test_dropping_what_one_does_not_have_is_reported_and_changes_nothing(lab: Lab) -> None:
    """Not even somebody else's reference."""
    target = lab.load("", name="target")
    holder(lab, "one")
    holder(lab, "two")
    assert call(lab, "one_rele", target.entry) == EINVAL
    call(lab, "one_hold", target.entry)
    assert call(lab, "two_rele", target.entry) == EINVAL
    said = [line for line in lab.dmesg.splitlines() if line.startswith("lkm_rele")]
    assert said == [
        "lkm_rele: 'one' drops a reference on 'target' that it does not have; nobody holds 'target'",
        "lkm_rele: 'two' drops a reference on 'target' that it does not have; "
        "'target' is held by 'one' (1 time)",
    ]
    assert refused(lab, "target") == "'target' is held by 'one' (1 time)"


def test_what_is_no_module_cannot_be_held(lab: Lab) -> None:
    """NULL, a kernel function, unmapped memory; as a table, the module's own memory. Nothing is followed."""
    target = lab.load("", name="target")
    holder(lab, "one")
    bad = (0, lab.k.symbol("printf"), 0xDEAD0000, lab.k.dm.mask)
    assert {call(lab, f, addr) for f in ("one_hold", "one_rele") for addr in bad} == {ENOENT}
    wrong = (*bad, target.image.base, lab.k.modules.by_id[0].table + 8)
    assert {call(lab, f, addr) for f in ("one_hold_table", "one_rele_table") for addr in wrong} == {ENOENT}
    modules.unload(lab.p, "target")


def test_a_holder_that_goes_drops_what_it_took_and_the_console_says_so(lab: Lab) -> None:
    target = lab.load("", name="target")
    holder(lab, "one")
    call(lab, "one_hold", target.entry)
    call(lab, "one_hold", target.entry)
    modules.unload(lab.p, "one")
    assert lab.dmesg.endswith("LKM 'one': unloaded while it held 'target' (2 times); dropped\n")
    modules.unload(lab.p, "target")


def test_a_module_may_hold_itself_and_names_for_whom(lab: Lab) -> None:
    """Called by another module it is for that one, called by a process for that; it drops it itself."""
    lab.load(HOLDER.replace("@", "target"), name="target", symbols=True)
    lab.load(
        "int target_hold(const void *p);\nint by_way(const void *p);\n"
        "int by_way(const void *p) { return target_hold(p); }",
        name="client",
    )
    own = lab.symbols["target_hold"]
    call(lab, "target_hold", own)
    assert refused(lab, "target") == "'target' is in use by 'client'"
    call(lab, "by_way", own)
    modules.unload(lab.p, "client")
    whom = f"pid {lab.p.pid} (lab) (1 time), 'client' (1 time)"
    assert refused(lab, "target") == f"'target' holds 2 references to itself, taken for {whom}"
    assert [call(lab, "target_rele", own) for _ in range(3)] == [0, 0, EINVAL]
    modules.unload(lab.p, "target")


def test_a_module_cannot_hold_itself_while_it_is_being_loaded(lab: Lab) -> None:
    """It could never be unloaded again: EDEADLK."""
    lab.load(
        HEAD
        + """
        static int result;
        static int on_load(struct lkm_table *t, int cmd) { result = lkm_hold(t); return 0; }
        int probe_result(unsigned long p);
        int probe_result(unsigned long p) { return result; }
        MOD_MISC("probe");
        int probe_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
        { DISPATCH(lkmtp, cmd, ver, on_load, lkm_nofunc, lkm_nofunc); }
        """,
        whole=True,
        name="probe",
    )
    assert call(lab, "probe_result") == EDEADLK
    modules.unload(lab.p, "probe")


def test_a_module_that_is_being_unloaded_cannot_be_held(lab: Lab) -> None:
    """Its unload handler calls somebody who wants to keep it: EBUSY, and it goes."""
    holder_text = HOLDER.replace("@", "one")
    lab.load(
        "int last_result;\n" + holder_text + "int one_last(const void *p);\n"
        "int one_last(const void *p) { last_result = one_hold(p); return 0; }\n"
        "int one_result(unsigned long p);\nint one_result(unsigned long p) { return last_result; }",
        name="one",
        symbols=True,
    )
    lab.load(
        HEAD
        + """
        int one_last(const void *);
        static int on_unload(struct lkm_table *t, int cmd) { return one_last(on_unload); }
        MOD_MISC("probe");
        int probe_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
        { DISPATCH(lkmtp, cmd, ver, lkm_nofunc, on_unload, lkm_nofunc); }
        """,
        whole=True,
        name="probe",
    )
    modules.unload(lab.p, "probe")
    assert call(lab, "one_result") == EBUSY
    modules.unload(lab.p, "one")


def test_a_module_whose_code_sleeps_refuses_with_process_and_function(lab: Lab) -> None:
    sleeper(lab, "one")
    worker = lab.kernel.process("worker")
    started, pid = lab.begin("int one_sleep(void)", p=worker), worker.pid
    reason = refused(lab, "one")
    assert reason.startswith(f"pid {pid} (worker) sleeps in one_sleep+0x")
    assert reason.endswith(" [one]")
    assert refs(lab, 0).calls == (Ref(pid, "worker", 1),)
    call(lab, "one_wake")
    assert started.result() == 1
    modules.unload(lab.p, "one")


@pytest.mark.parametrize("flags", [(), ("-fomit-frame-pointer",)], ids=["frames", "no frames"])
def test_neither_module_of_a_call_through_both_unloads(lab: Lab, flags: tuple[str, ...]) -> None:
    """A -> B -> tsleep, B reached through a pointer; also where code has no frame pointers."""
    sleeper(lab, "b", flags)
    lab.load(
        "int a_call(int (*f)(void));\nint a_call(int (*f)(void)) { int r[4]; r[0] = f(); return r[0] + 1; }",
        name="a",
        flags=flags,
    )
    started = lab.begin("int a_call(unsigned long f)", lab.symbols["b_sleep"])
    assert "sleeps in a_call+0x" in refused(lab, "a")
    assert "sleeps in b_sleep+0x" in refused(lab, "b")
    call(lab, "b_wake")
    assert started.result() == 2
    modules.unload(lab.p, "a")
    modules.unload(lab.p, "b")


def test_a_module_on_the_stack_of_the_unload_itself_refuses(lab: Lab) -> None:
    """It has replaced ioctl(2), so LMUNLOAD comes through its own code."""
    lab.load(
        HEAD
        + """
        #include <sys/proc.h>
        #include <sys/syscall.h>
        static sy_call_t *old;
        static int through(struct lwp *l, const void *v, register_t *r) { int e = old(l, v, r); return e; }
        static int on_load(struct lkm_table *t, int cmd)
        { old = sysent[SYS_ioctl].sy_call; sysent[SYS_ioctl].sy_call = through; return 0; }
        MOD_MISC("probe");
        int probe_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
        { DISPATCH(lkmtp, cmd, ver, on_load, lkm_nofunc, lkm_nofunc); }
        """,
        whole=True,
    )
    assert refused(lab, "probe").startswith(f"pid {lab.p.pid} (lab) is in through+0x")


def test_a_call_that_comes_while_the_unload_handler_sleeps_may_return(lab: Lab) -> None:
    """The module is gone when its handler says so, its memory when both such calls have returned."""
    lab.load(
        HEAD
        + SLEEPER.replace("@", "probe")
        + """
        int probe_gone;
        static int on_unload(struct lkm_table *t, int cmd) { return tsleep(&probe_gone, PWAIT, "gone", 0); }
        MOD_MISC("probe");
        int probe_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
        { DISPATCH(lkmtp, cmd, ver, lkm_nofunc, on_unload, lkm_nofunc); }
        """,
        whole=True,
    )
    area = lab.k.modules.by_id[0].area
    fd = lab.p.open("/dev/lkm", O_RDWR)
    unloading = lab.start(lambda: modules.unload_fd(lab.p, fd, "probe"), lab.p)
    late = [lab.begin("int probe_sleep(void)", p=lab.kernel.process(f"late{i}")) for i in range(2)]
    lab.k.sched.wakeup(lab.symbols["probe_gone"])
    unloading.result()
    assert list(modules.walk(lab.p, fd)) == []
    assert lab.k.mem.protection(area) != 0
    lab.k.sched.wakeup(lab.symbols["probe_chan"])
    assert [call.result() for call in late] == [1, 1]
    assert lab.k.mem.protection(area) == 0
    assert lab.tables() == lab.boot_tables


def test_the_order_is_dependents_references_calls_then_the_module_itself(lab: Lab) -> None:
    """All four at once, taken away one after the other."""
    lower = lab.load(
        HEAD
        + SLEEPER.replace("@", "lower")
        + LOWER
        + """
        int lower_refuse;
        static int on_unload(struct lkm_table *t, int cmd) { return lower_value; }
        MOD_MISC("lower");
        int lower_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
        { DISPATCH(lkmtp, cmd, ver, lkm_nofunc, on_unload, lkm_nofunc); }
        """,
        whole=True,
        name="lower",
        symbols=True,
    )
    lab.load(UPPER, name="upper")
    holder(lab, "one")
    call(lab, "one_hold", lower.entry)
    started = lab.begin("int lower_sleep(void)")
    lab.k.mem.set_u32(lab.symbols["lower_value"], EINVAL)
    assert refused(lab, "lower") == "'lower' is in use by 'upper'"
    modules.unload(lab.p, "upper")
    assert refused(lab, "lower") == "'lower' is held by 'one' (1 time)"
    call(lab, "one_rele", lower.entry)
    assert "sleeps in lower_sleep+0x" in refused(lab, "lower")
    call(lab, "lower_wake")
    started.result()
    assert refused(lab, "lower").startswith("LKM 'lower' refused: ")
    lab.k.mem.set_u32(lab.symbols["lower_value"], 0)
    modules.unload(lab.p, "lower")
