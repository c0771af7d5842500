"""Waits of any length: accepted or EINVAL, asleep, never an error of the kernel's own."""

from __future__ import annotations

from functools import partial

import pytest

from lkmtools.abi.errno import EINTR, EINVAL
from lkmtools.abi.limits import INT_MAX
from lkmtools.abi.syscall import SYS_nanosleep, SYS_select
from lkmtools.abi.time import timespec, timeval
from lkmtools.kern.status import processes
from support.compiling import Compile
from support.errors import errno_of
from support.lab import Lab
from support.programs import Runner

DAY = 86400
EPOLL = 2**31 / 1000  # seconds that epoll cannot wait any more
LONG = [30 * DAY, 10**8, 10**9 + 1, INT_MAX]


def asleep(lab: Lab, wmesg: str) -> float:
    """Somebody sleeps for that, and the kernel says how long its owner may."""
    assert wmesg in [entry["wmesg"] for entry in processes(lab.k)]
    wait = lab.k.timeout()
    assert wait is not None
    return wait


@pytest.mark.parametrize("seconds", LONG)
def test_a_client_sleeps_as_long_as_it_likes(lab: Lab, seconds: int) -> None:
    """What is left when a signal ends that is right to the second."""
    layout = timespec.layout(lab.k.dm)
    asked, left = lab.p.buffer(layout.pack(tv_sec=seconds, tv_nsec=5)), lab.p.buffer(layout.size)
    begun = lab.start(lab.p.syscall, SYS_nanosleep, asked, left)
    assert asleep(lab, "nanoslp") > EPOLL
    lab.k.sched.interrupt(lab.k.procs[lab.p.pid].lwp)
    assert errno_of(begun.result) == EINTR
    assert seconds - 60 <= layout.unpack(bytes(left.data)).tv_sec <= seconds


def test_a_sleep_of_more_than_INT_MAX_ticks_goes_on_after_them(lab: Lab) -> None:
    """tsleep takes no more; the sleeper comes back and sleeps on."""
    asked = lab.p.buffer(timespec.layout(lab.k.dm).pack(tv_sec=INT_MAX, tv_nsec=0))
    begun = lab.start(lab.p.syscall, SYS_nanosleep, asked, 0)
    sched = lab.k.sched
    for _ in range(3):
        action = sched._timers[0][2].action
        assert action is not None
        action()
        lab.settle()
        assert not begun.done
        assert asleep(lab, "nanoslp") > EPOLL


@pytest.mark.parametrize(("seconds", "nanos"), [(-1, 0), (0, -1), (0, 10**9), (-(2**31), 0)])
def test_a_time_that_is_none_is_EINVAL(lab: Lab, seconds: int, nanos: int) -> None:
    asked = lab.p.buffer(timespec.layout(lab.k.dm).pack(tv_sec=seconds, tv_nsec=nanos))
    assert errno_of(lambda: lab.p.syscall(SYS_nanosleep, asked, 0)) == EINVAL


def test_select_waits_for_three_years(lab: Lab) -> None:
    """100,000,000 seconds, and not one more (itimerfix())."""
    layout = timeval.layout(lab.k.dm)
    for seconds in (10**8 + 1, lab.k.dm.mask >> 1, -1):
        asked = lab.p.buffer(layout.pack(tv_sec=seconds, tv_usec=0))
        assert errno_of(partial(lab.p.syscall, SYS_select, 0, 0, 0, 0, asked)) == EINVAL
    begun = lab.start(
        lab.p.syscall, SYS_select, 0, 0, 0, 0, lab.p.buffer(layout.pack(tv_sec=10**8, tv_usec=0))
    )
    assert asleep(lab, "select") > EPOLL
    assert not begun.done


MODULE = """
#include <sys/callout.h>
static callout_t ch;
static void never(void *arg) { panic("never"); }
int probe_tsleep(int timo); int probe_tsleep(int timo) { return tsleep(&ch, PWAIT, "long", timo); }
int probe_kpause(int timo); int probe_kpause(int timo) { return kpause("long", 0, timo, NULL); }
int probe_callout(int ticks);
int probe_callout(int ticks)
{
	callout_init(&ch, 0);
	callout_reset(&ch, ticks, never, NULL);
	return callout_pending(&ch);
}
int probe_stop(void);
int probe_stop(void) { int fired = callout_stop(&ch); callout_destroy(&ch); return fired; }
"""


def test_a_callout_is_due_in_INT_MAX_ticks(lab: Lab) -> None:
    """248 days."""
    lab.load(MODULE)
    assert lab.call("int probe_callout(int ticks)", INT_MAX) == 1
    assert (lab.k.timeout() or 0) > EPOLL
    assert lab.call("int probe_stop(void)") == 0


@pytest.mark.parametrize("function", ["tsleep", "kpause"])
def test_a_module_sleeps_for_INT_MAX_ticks(lab: Lab, function: str) -> None:
    lab.load(MODULE)
    begun = lab.begin(f"int probe_{function}(int timo)", INT_MAX)
    assert asleep(lab, "long") > EPOLL
    assert not begun.done


def test_interval_timers_and_waits_of_programs(cc: Compile, machine: str) -> None:
    """setitimer and select up to 100,000,000 seconds, else EINVAL; poll of INT_MAX milliseconds."""
    runner = Runner(cc, machine)
    ran = runner.main(
        """
    struct itimerval t = { { 0, 0 }, { 100000000, 0 } }, old;
    struct timeval v = { 100000001, 0 };
    int p[2]; struct pollfd f; char c;
    setitimer(ITIMER_REAL, &t, NULL); getitimer(ITIMER_REAL, &old);
    printf("%d ", old.it_value.tv_sec > 99999000);
    t.it_value.tv_sec++; printf("%d ", setitimer(ITIMER_REAL, &t, NULL) < 0 && errno == EINVAL);
    t.it_value.tv_sec = (long)(~0UL >> 1);
    printf("%d ", setitimer(ITIMER_REAL, &t, NULL) < 0 && errno == EINVAL);
    t.it_value.tv_sec = 1; t.it_interval.tv_sec = (long)(~0UL >> 2);
    printf("%d ", setitimer(ITIMER_REAL, &t, NULL) < 0 && errno == EINVAL);
    printf("%d ", select(0, NULL, NULL, NULL, &v) < 0 && errno == EINVAL);
    pipe(p);
    if (fork() == 0) { write(p[1], "x", 1); _exit(0); }
    f.fd = p[0]; f.events = POLLIN;
    printf("%d\\n", poll(&f, 1, 0x7fffffff));
    alarm(0);
    """,
        before="#include <sys/time.h>\n#include <sys/select.h>",
    )
    assert ran.out == "1 1 1 1 1 1\n"
    runner.close()
