"""The time as modules see it: the clocks agree with the host's, the variables advance, delay() waits."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial

import pytest

from support.compiling import Compile
from support.lab import Lab
from support.panics import check_blame

CLOCKS = ["microtime", "getmicrotime", "microuptime", "getmicrouptime"]
FINE = ["nanotime", "getnanotime", "nanouptime", "getnanouptime"]
BINARY = ["bintime", "getbintime", "binuptime", "getbinuptime"]


def _clock(lab: Lab, name: str) -> float:
    """What the host says that clock shows."""
    return float(lab.k.sched.uptime() if "up" in name else time.time())


def test_every_clock_agrees_with_the_host(lab: Lab) -> None:
    """Seconds and their fraction, in the unit of each struct."""
    units = {name: (kind, unit) for names, kind, unit in (
        (CLOCKS, "timeval t; %s(&t); s = t.tv_sec; f = t.tv_usec", 1_000_000),
        (FINE, "timespec t; %s(&t); s = t.tv_sec; f = t.tv_nsec", 1_000_000_000),
        (BINARY, "bintime t; %s(&t); s = t.sec; f = t.frac", 1 << 64),
    ) for name in names}  # fmt: skip
    lab.load("int64_t probe_s;\nuint64_t probe_f;\n" + "".join(
        f"void probe_{name}(void)\n"
        f"{{ int64_t s; uint64_t f; struct {kind % name}; probe_s = s; probe_f = f; }}\n"
        for name, (kind, _) in units.items()
    ))  # fmt: skip
    for name, (_, unit) in units.items():
        before = _clock(lab, name)
        lab.call(f"void probe_{name}(void)")
        after = _clock(lab, name)
        fraction = lab.k.mem.u64(lab.symbols["probe_f"])
        shown = lab.k.mem.u64(lab.symbols["probe_s"]) + fraction / unit
        assert fraction < unit
        assert before - 0.001 <= shown <= after + 0.001, name


def test_the_variables_advance_while_module_code_runs(lab: Lab) -> None:
    """A module that waits for a tick of hardclock_ticks, or of `time`, gets out of its loop."""
    lab.load(
        "extern volatile int probe_n;\nvolatile int probe_n;\n"
        "int probe_ticks(void) { volatile int *t = &hardclock_ticks; int from = *t;"
        " while (*t == from) probe_n++; return *t - from; }\n"
        "int probe_usec(void) { int from = mono_time.tv_usec; while (mono_time.tv_usec == from) probe_n++;"
        " return time.tv_usec >= 0 && time.tv_usec < 1000000; }\n"
    )
    assert lab.call("int probe_ticks(void)") >= 1
    assert lab.call("int probe_usec(void)") == 1


def test_the_variables_are_set_at_each_entry(lab: Lab) -> None:
    """time_second is the second it is, time_uptime small, boottime their difference, hz 100."""
    lab.load(
        "int64_t probe_get(int n) { switch (n) { case 0: return time_second; case 1: return time_uptime;"
        " case 2: return boottime.tv_sec; case 3: return time.tv_sec; case 4: return mono_time.tv_sec;"
        " case 5: return hz; case 6: return tick; } return -1; }"
    )
    get = [lab.call("int64_t probe_get(int n)", n) for n in range(7)]
    now = time.time()
    assert now - 60 <= get[0] <= now
    assert 0 <= get[1] < 60
    assert abs(get[0] - get[1] - get[2]) <= 1
    assert get[3] in (get[0], get[0] + 1)
    assert get[4] in (get[1], get[1] + 1)
    assert get[5:] == [100, 10000]


@pytest.mark.parametrize("micros", [0, 1, 50, 5000])
def test_delay_waits_at_least_as_long_as_it_is_told(lab: Lab, micros: int) -> None:
    """DELAY is delay()."""
    lab.load(
        "int probe_go(u_int n) { struct timeval a, b, d; microuptime(&a); DELAY(n); microuptime(&b);"
        " timersub(&b, &a, &d); return d.tv_sec * 1000000 + d.tv_usec; }"
    )
    assert lab.call("int probe_go(u_int n)", micros) >= micros - 1


def test_sockets_are_served_during_a_delay(lab: Lab) -> None:
    """The hub polls while the lwp spins."""
    lab.load("void probe_go(void) { delay(20000); }")
    polls: list[int] = []
    lab.k.on_preempt = lambda: polls.append(1)
    lab.call("void probe_go(void)")
    assert len(polls) >= 3


def test_a_callout_may_delay(lab: Lab) -> None:
    """Busy waiting is allowed where sleeping is not; the process waits its turn."""
    lab.load(
        "#include <sys/callout.h>\nstatic callout_t ch;\nstatic volatile int fired;\n"
        "static void tock(void *arg) { delay(3000); fired++; }\n"
        "int probe_go(void) { callout_init(&ch, 0); callout_reset(&ch, 1, tock, NULL);"
        " while (!fired) delay(1000); callout_stop(&ch); callout_destroy(&ch); return fired; }"
    )
    assert lab.call("int probe_go(void)") == 1


def test_delays_longer_than_an_entry_may_last_panic(cc: Compile, machine: str) -> None:
    """The limit of one entry holds while delay() waits, and names the caller."""
    with closing(Lab(cc, machine, entry_limit=0.1)) as lab:
        lab.load("void probe_go(void) { for (;;) delay(40000); }")
        panic = lab.panics(lambda: lab.call("void probe_go(void)"))
        assert panic.reason.startswith("watchdog: 0.1 seconds in one call in probe_go+0x")


def test_a_delay_longer_than_an_entry_may_last_panics_at_once(lab: Lab) -> None:
    """Whoever calls it: also the kernel itself, through the system-call table."""
    lab.load("void probe_go(void) { delay(0xffffffff); }")
    panic = lab.panics(lambda: lab.call("void probe_go(void)"))
    assert (
        panic.reason == "delay: n is 4294967295 microseconds; the limit is 10 seconds, which a call may last"
    )
    sysent = lab.k.system_calls.layout
    at = lab.k.system_calls.sysent + 210 * sysent.size + sysent.offsetof("sy_call")
    lab.k.mem.set_ptr(at, lab.k.symbol("delay"))
    panic = lab.panics(lambda: lab.p.syscall(210))
    assert panic.reason.endswith(" microseconds; the limit is 10 seconds, which a call may last")


def test_many_delays_within_the_limits_are_no_runaway(cc: Compile, machine: str) -> None:
    """Time in delay() is not time without a kernel call."""
    with closing(Lab(cc, machine, watchdog=0.05)) as lab:
        lab.load("int probe_go(void) { int i; for (i = 0; i < 4; i++) delay(40000); return i; }")
        assert lab.call("int probe_go(void)") == 4


@pytest.mark.parametrize(
    ("seconds", "micros", "ticks"),
    [
        (0, 0, 0),
        (-1, 0, 0),
        (0, 1, 2),
        (0, 10000, 2),
        (0, 10001, 3),
        (1, 0, 101),
        (0x7FFFFFFF, 0, 0x7FFFFFFF),
    ],
)
def test_tvtohz_rounds_up_and_adds_the_tick_begun(lab: Lab, seconds: int, micros: int, ticks: int) -> None:
    """A timeout never ends early; tstohz is the same in nanoseconds."""
    lab.load(
        "int probe_tv(int64_t s, int us)"
        " { struct timeval tv; tv.tv_sec = s; tv.tv_usec = us; return tvtohz(&tv); }\n"
        "int probe_ts(int64_t s, int us)"
        " { struct timespec ts; ts.tv_sec = s; ts.tv_nsec = us * 1000; return tstohz(&ts); }\n"
    )
    assert lab.call("int probe_tv(int64_t s, int us)", seconds, micros) == ticks
    assert lab.call("int probe_ts(int64_t s, int us)", seconds, micros) == ticks


def test_hzto_counts_to_a_time_of_day(lab: Lab) -> None:
    """A minute ahead is about 6000 ticks; the past is 0."""
    lab.load(
        "int probe_go(int ahead) { struct timeval tv; microtime(&tv); tv.tv_sec += ahead; return hzto(&tv); }"
    )
    assert 5990 <= lab.call("int probe_go(int ahead)", 60) <= 6001
    assert lab.call("int probe_go(int ahead)", -60) == 0


def test_ratecheck_lets_one_through_in_an_interval(lab: Lab) -> None:
    """The first passes, the second does not, one after the interval does."""
    lab.load(
        "static struct timeval last;\n"
        "int probe_go(int us)"
        " { struct timeval gap; gap.tv_sec = 0; gap.tv_usec = us; return ratecheck(&last, &gap); }\n"
        "int probe_wait(void) { delay(2000); return probe_go(1000); }"
    )
    assert [lab.call("int probe_go(int us)", 900000) for _ in range(3)] == [1, 0, 0]
    assert lab.call("int probe_wait(void)") == 1


def test_ppsratecheck_lets_so_many_through_in_a_second(lab: Lab) -> None:
    """Three of five; a limit of 0 lets none through, a negative one all. All are counted."""
    lab.load(
        "static struct timeval last[3];\nint probe_count[3];\n"
        "int probe_go(int which, int most) { int i, n = 0;"
        " for (i = 0; i < 5; i++) n += ppsratecheck(&last[which], &probe_count[which], most); return n; }"
    )
    passed = [
        lab.call("int probe_go(int which, int most)", which, most) for which, most in enumerate((3, 0, -1))
    ]
    assert passed == [3, 0, 5]
    assert lab.k.mem.u32(lab.symbols["probe_count"]) == 5


BAD = [
    *(f"{name}((void *)p)" for name in (*CLOCKS, *FINE, *BINARY)),
    *("tvtohz((void *)p)", "tstohz((void *)p)", "hzto((void *)p)", "tvhzto((void *)p)"),
    *("ratecheck((void *)p, &g)", "ratecheck(&g, (void *)p)"),
    *("ppsratecheck((void *)p, &n, 1)", "ppsratecheck(&g, (void *)p, 1)"),
]


def test_bad_pointers_panic(lab: Lab) -> None:
    """The reason names the function and its caller."""
    cases = "".join(f"case {n}: {call}; break;\n" for n, call in enumerate(BAD))
    source = (
        "static struct timeval g;\nstatic int n;\n"
        f"void probe_go(int which, u_long p) {{ switch (which) {{ {cases} }} }}"
    )
    for n, call in enumerate(BAD):
        lab.load(source)
        panic = lab.panics(partial(lab.call, "void probe_go(int which, u_long p)", n, 0x1000))
        check_blame(panic, call)
