"""What a kernel is booted with."""

from __future__ import annotations

from typing import Any

from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import LkmtoolsError
from lkmtools.machine import PORTS
from lkmtools.tuples import NamedTuple

MIN_RAM, MAX_RAM = 2 << 20, 1 << 30  # bytes
USER_MEMORY = ("guarded", "direct")


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
    user_memory: str = "guarded"  # "direct": machine code reaches it without copyin and copyout
    panic_on_report: bool = False  # a report is a panic, too
    rate: int = 0  # what machine.measure_rate() said, to measure once for many boots; 0: it is measured


def configured(options: dict[str, Any]) -> Config:
    """The Config with these options. LkmtoolsError names one that cannot be."""
    for name, value in options.items():
        default = Config._field_defaults.get(name)
        if default is None:
            raise LkmtoolsError(
                f"unknown option of a kernel: {name!r}; the options are {', '.join(Config._fields)}"
            )
        kinds = (int, float) if isinstance(default, float) else (type(default),)
        if not isinstance(value, kinds) or (isinstance(value, bool) and not isinstance(default, bool)):
            raise LkmtoolsError(f"option {name}: {value!r:.80} is not of type {type(default).__name__}")
    config = Config(**options)
    wrong = {
        "machine": "" if config.machine in PORTS else f"the machines are {', '.join(PORTS)}",
        "ram": wrong_ram(config.ram),
        "watchdog": _limits(config.watchdog, 0.001, 1e6),
        "entry_limit": _limits(config.entry_limit, 0.001, 1e6),
        "hz": _limits(config.hz, 1, 10000),
        "user_memory": "" if config.user_memory in USER_MEMORY else f"it is {' or '.join(USER_MEMORY)}",
    }
    for name, why in wrong.items():
        if why:
            raise LkmtoolsError(f"option {name} is {getattr(config, name)!r:.80}: {why}")
    return config


def wrong_ram(size: int) -> str:
    """Why RAM cannot be of `size` bytes; "" when it can."""
    if size % PAGE_SIZE or not MIN_RAM <= size <= MAX_RAM:
        return f"it must be a multiple of {PAGE_SIZE} from {MIN_RAM} to {MAX_RAM}"
    return ""


def _limits(value: float, least: float, most: float) -> str:
    return "" if least <= value <= most else f"the limits are {least:g} and {most:g}"
