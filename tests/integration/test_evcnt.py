"""evcnt(9): modules attach counters of their own to the kernel's list."""

from __future__ import annotations

import pytest

from lkmtools import modules
from support.lab import Lab

SOURCE = r"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/evcnt.h>

static struct evcnt fixed = EVCNT_INITIALIZER(EVCNT_TYPE_MISC, NULL, "disk", "reads"), made, hand, bad;

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
int
probe_by_hand(void)
{
	hand.ev_group = "disk";
	hand.ev_name = "by hand";
	hand.ev_namelen = 2;
	evcnt_attach_static(&hand);
	return hand.ev_grouplen * 100 + hand.ev_namelen;
}

int
probe_fixed(void)
{
	if (fixed.ev_grouplen != 0 || fixed.ev_namelen != 0)
		return -1;
	evcnt_attach_static(&fixed);
	return fixed.ev_grouplen * 100 + fixed.ev_namelen;
}

void probe_empty(void) { bad.ev_group = "x"; bad.ev_name = ""; evcnt_attach_static(&bad); }
void probe_long(void) { evcnt_attach_dynamic(&bad, 0, NULL, "", "y"); }
"""


def test_counters_are_in_the_list_from_attach_to_detach(lab: Lab) -> None:
    """In order; the names of a dynamic one are measured, and it begins at 0."""
    lab.load(SOURCE)
    assert lab.call("int probe_attach(void)") == 410
    assert lab.call("int probe_list(void)") == 12
    lab.call("void probe_detach(void)")
    assert lab.call("int probe_list(void)") == 2


@pytest.mark.parametrize(("function", "lengths"), [("probe_fixed", 405), ("probe_by_hand", 407)])
def test_the_names_of_a_static_counter_are_measured_when_it_is_attached(
    lab: Lab, function: str, lengths: int
) -> None:
    """EVCNT_INITIALIZER leaves the lengths 0, as NetBSD's does; what else is there is overwritten."""
    lab.load(SOURCE)
    assert lab.call(f"int {function}(void)") == lengths


@pytest.mark.parametrize(
    ("calls", "reason"),
    [
        (["probe_attach", "probe_attach"], "evcnt_attach_static: the counter at 0x"),
        (["probe_detach"], "evcnt_detach: 0x"),
        (["probe_empty"], "evcnt_attach_static: the name has no bytes; it must have 1 to 255"),
        (["probe_long"], "evcnt_attach_dynamic: the group has no bytes; it must have 1 to 255"),
    ],
)
def test_misuse_is_a_panic_that_names_the_counter(lab: Lab, calls: list[str], reason: str) -> None:
    """Attached twice, detached while it is not in the list, without a name or a group."""
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
