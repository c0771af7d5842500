"""What drivers ask of the kernel: symbols, memory per processor, a call when all is ready."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.abi.errno import ENOENT
from support.lab import Lab

SOURCE = """
#include <sys/device.h>
#include <sys/ksyms.h>
#include <sys/percpu.h>
static percpu_t *counters;
int rounds;

static void
add(void *mine, void *arg, struct cpu_info *ci)
{
    *(int *)arg += *(int *)mine + (ci == curcpu());
}
int count(void);
int
count(void)
{
    int *mine, sum = 0;

    counters = percpu_alloc(sizeof(int));
    mine = percpu_getref(counters);
    sum += *mine;
    *mine += 20;
    percpu_putref(counters);
    percpu_foreach(counters, add, &sum);
    percpu_free(counters, sizeof(int));
    return sum;
}
int mistake(int what);
int
mistake(int what)
{
    counters = percpu_alloc(8);
    if (what == 0)
        percpu_free(counters, 4);
    if (what == 1)
        percpu_getref((percpu_t *)&rounds);
    return 0;
}

int value(int what);
int
value(int what)
{
    unsigned long at = 0;
    const char *mod = NULL, *sym = NULL;
    int error;

    switch (what) {
    case 0: return ksyms_getval(NULL, "sysent", &at, KSYMS_EXTERN) || at != (unsigned long)sysent;
    case 1: return ksyms_getval("netbsd", "printf", &at, KSYMS_EXTERN) || at != (unsigned long)printf;
    case 2: return ksyms_getval(NULL, "no such symbol", &at, KSYMS_EXTERN);
    case 3: return ksyms_getval("none", "printf", &at, KSYMS_EXTERN);
    case 4: return ksyms_getval("probe", "value", &at, KSYMS_EXTERN) || at != (unsigned long)value;
    case 5:
        if ((error = ksyms_getname(&mod, &sym, (vaddr_t)sysent + 3, KSYMS_CLOSEST)) == 0)
            printf("%s of %s\\n", sym, mod);
        return error;
    case 6: return ksyms_getname(&mod, &sym, (vaddr_t)sysent + 3, KSYMS_EXACT);
    case 7:
        if ((error = ksyms_getname(&mod, &sym, (vaddr_t)value, KSYMS_EXACT)) == 0)
            printf("%s of %s\\n", sym, mod);
        return error;
    case 8: return ksyms_getname(&mod, &sym, 16, KSYMS_CLOSEST);
    }
    return -1;
}

static void ready(device_t dev) { rounds += dev == NULL; }
static int once_more(device_t dev) { return ++rounds < 5; }
int later(void);
int
later(void)
{
    config_pending_incr();
    config_interrupts(NULL, ready);
    config_pending_decr();
    return config_finalize_register(NULL, once_more);
}
"""


def test_memory_per_processor(lab: Lab) -> None:
    """Zeros at first; one processor."""
    lab.load(SOURCE)
    assert lab.call("int count(void)") == 21


@pytest.mark.parametrize(
    ("what", "why"), [(0, "has 8 bytes, freed as 4"), (1, "is not what percpu_alloc() returned")]
)
def test_other_memory(lab: Lab, what: int, why: str) -> None:
    lab.load(SOURCE)
    assert why in lab.panics(lambda: lab.call("int mistake(int what)", what)).report


def test_symbols_of_the_kernel_and_of_modules(lab: Lab) -> None:
    """By name, of anybody or of one; by address, the nearest or that very one."""
    lab.load(SOURCE, symbols=True)
    answers = [lab.call("int value(int what)", what) for what in range(9)]
    assert answers == [0, 0, ENOENT, ENOENT, 0, 0, ENOENT, 0, ENOENT]
    assert "sysent of netbsd\nvalue of probe\n" in lab.dmesg
    modules.unload(lab.p, "probe")


def test_what_waits_for_interrupts_or_for_all_devices(lab: Lab) -> None:
    """At once; the latter until it has nothing to do."""
    lab.load(SOURCE)
    assert lab.call("int later(void)") == 0
    assert lab.value("rounds") == 5
