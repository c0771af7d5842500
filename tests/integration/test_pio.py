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


def test_hashes_and_bits(lab: Lab) -> None:
    """The inline functions of <sys/hash.h> and <sys/bitops.h>."""
    body = """
	if (hash32_str("ab", HASH32_STR_INIT) != (5381u * 33 + 'a') * 33 + 'b') return 1;
	if (hash32_buf("ab", 2, HASH32_BUF_INIT) != hash32_strn("ab", 9, HASH32_STR_INIT)) return 2;
	if (ffs32(8) != 4 || fls32(0x80000000) != 32) return 3;
	if (ffs64(1ULL << 40) != 41 || fls64(1ULL << 40) != 41) return 4;
	return ilog2(1000) != 9 || ilog2(1ULL << 33) != 33 || ffs32(0) || fls64(0);
"""
    assert run(lab, body, "#include <sys/hash.h>\n#include <sys/bitops.h>") == 0
