"""timeout(9) of NetBSD 1.4: what is cancelled, what cannot be, and what a module leaves behind."""

from __future__ import annotations

from lkmtools import modules
from lkmtools.cc.dialects import FLAGS
from support.lab import Lab

TIMEOUTS = """
static char order[8];
static int calls;
void fire(void *arg);
void fire(void *arg) { order[calls++ & 7] = (char)(long)arg; }
void probe_many(int n);
void probe_many(int n) { while (n-- > 0) timeout(fire, NULL, 100000); }
void probe_first(void);
void
probe_first(void)	/* the call in 100000 ticks stays, the one in 1 does not */
{
	timeout(fire, "a", 100000);
	timeout(fire, "a", 1);
	timeout(fire, "b", 2);
	untimeout(fire, "a");
}
void probe_late(void);
void
probe_late(void)	/* a call that is due and has not run */
{
	int s = splsoftclock();

	timeout(fire, NULL, 1);
	delay(30000);
	untimeout(fire, NULL);
	splx(s);
}
void probe_null(void);
void probe_null(void) { timeout(NULL, NULL, 1); }
void probe_soon(void);
void probe_soon(void) { timeout(fire, NULL, 5); }
"""


def test_untimeout_cancels_the_call_that_would_come_first(lab: Lab) -> None:
    lab.load(TIMEOUTS, flags=FLAGS["1.4"])
    lab.call("void probe_first(void)")
    lab.until(lambda: lab.value("calls") == 1)
    assert lab.k.timeouts.pending == 1
    lab.call("void probe_late(void)")
    lab.settle()
    assert (lab.value("calls"), lab.k.timeouts.pending) == (1, 1)


def test_timeouts_that_cannot_be_are_panics(lab: Lab) -> None:
    """NULL, and more calls than there is place for."""
    lab.load(TIMEOUTS, flags=FLAGS["1.4"])
    lab.call("void probe_many(int n)", 8192)
    full = lab.panics(lambda: lab.call("void probe_many(int n)", 1))
    assert full.reason == "timeout table full: 8192 calls are still to come"
    lab.load(TIMEOUTS, flags=FLAGS["1.4"])
    null = lab.panics(lambda: lab.call("void probe_null(void)"))
    assert null.reason == "timeout: the function is NULL"


def test_a_timeout_of_a_module_that_is_gone_is_a_panic(lab: Lab) -> None:
    """It is called where it was."""
    lab.load(TIMEOUTS, flags=FLAGS["1.4"])
    lab.call("void probe_soon(void)")
    modules.unload(lab.p, "probe")
    panic = lab.panics(lambda: lab.until(lambda: False))
    assert "(memory of module probe, which was unloaded), called from the kernel" in panic.reason
    assert panic.reason.endswith("; fire+0x0 was there")
