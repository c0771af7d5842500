"""Ports and pmf(9): a driver of the era runs on, with no device behind them."""

from __future__ import annotations

from support.lab import Lab
from support.one_call import run


def test_ports_read_all_ones_and_lose_what_is_written(lab: Lab) -> None:
    """Of each width."""
    body = """
	outb(0x70, 1); outw(0x70, 1); outl(0x70, 1);
	return inb(0x70) == 0xff && inw(0x70) == 0xffff && inl(0x70) == 0xffffffff;
"""
    assert run(lab, body, "#include <machine/pio.h>") == 1


def test_power_management_is_registered_and_never_used(lab: Lab) -> None:
    """As drivers of NetBSD 5 do when they attach and detach."""
    body = """
	if (!pmf_device_register(NULL, NULL, NULL))
		return 1;
	pmf_device_deregister(NULL);
	return 0;
"""
    assert run(lab, body) == 0
