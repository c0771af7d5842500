"""evcnt(9): modules attach counters of their own to the kernel's list."""

from __future__ import annotations

import pytest

from lkmtools import modules
from support.lab import Lab

SOURCE = r"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/evcnt.h>

static struct evcnt fixed = EVCNT_INITIALIZER(EVCNT_TYPE_MISC, NULL, "disk", "reads"), made, twice;

int
probe_attach(void)
{
	evcnt_attach_static(&fixed);
	made.ev_count = 99;
	evcnt_attach_dynamic(&made, EVCNT_TYPE_INTR, &fixed, "disk", "interrupts");
	fixed.ev_count++;
	return made.ev_grouplen * 100 + made.ev_namelen + made.ev_count;
}

int
probe_list(void)
{
	struct evcnt *ev;
	int n = 0;

	TAILQ_FOREACH(ev, &allevents, ev_list)
		n = n * 10 + (ev == &fixed ? 1 : ev == &made && ev->ev_parent == &fixed ? 2 : 9);
	return n;
}

void probe_detach(void) { evcnt_detach(&fixed); }
void probe_bad(void) { twice.ev_group = "x"; twice.ev_name = "y"; evcnt_attach_static(&twice); }
void probe_long(void) { evcnt_attach_dynamic(&twice, 0, NULL, "", "y"); }
"""


def test_counters_are_in_the_list_from_attach_to_detach(lab: Lab) -> None:
    """In order; the names of a dynamic one are measured, and it begins at 0."""
    lab.load(SOURCE)
    assert lab.call("int probe_attach(void)") == 410
    assert lab.call("int probe_list(void)") == 12
    lab.call("void probe_detach(void)")
    assert lab.call("int probe_list(void)") == 2


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        (["probe_attach", "probe_attach"], "evcnt_attach: the counter at 0x"),
        (["probe_detach"], "evcnt_detach: 0x"),
        (["probe_bad"], "evcnt_attach_static: the counter 'x y' has other lengths"),
        (["probe_long"], "evcnt_attach_dynamic: the group has no bytes; it must have 1 to 255"),
    ],
)
def test_misuse_is_a_panic_that_names_the_counter(lab: Lab, calls: list[str], reason: str) -> None:
    """Attached twice, detached while it is not in the list, filled in by hand."""
    lab.load(SOURCE)
    for name in calls[:-1]:
        lab.call(f"int {name}(void)")
    assert lab.panics(lambda: lab.call(f"int {calls[-1]}(void)")).reason.startswith(reason)


def test_counters_that_a_module_leaves_are_removed(lab: Lab) -> None:
    """The list does not lead into freed memory; the console says it."""
    lab.load(SOURCE)
    lab.call("int probe_attach(void)")
    modules.unload(lab.p, "probe")
    lab.load(SOURCE)
    assert lab.call("int probe_list(void)") == 0
    assert "2 event counters were not detached" in lab.dmesg
