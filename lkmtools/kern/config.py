"""What a kernel is booted with, and who its processes are."""

from __future__ import annotations

from typing import NamedTuple

MIN_RAM, MAX_RAM = 2 << 20, 1 << 30  # bytes


class Config(NamedTuple):
    """Boot options. Times in seconds, `ram` in bytes, MIN_RAM to MAX_RAM, a multiple of the page size.

    The seconds of `watchdog` and `entry_limit` are counted in blocks of machine code, `rate` of them each.
    """

    machine: str = "amd64"
    ram: int = 128 << 20
    watchdog: float = 2.0  # module code without a kernel call
    entry_limit: float = 10.0  # module code in one entry, in all
    securelevel: int = 0
    hz: int = 100
    lkm: bool = True  # options LKM
    rate: int = 0  # what machine.measure_rate() said, to measure once for many boots; 0: it is measured


class Cred(NamedTuple):
    """A process's user and group."""

    uid: int
    gid: int
