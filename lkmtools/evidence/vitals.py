"""Counters of a kernel process, each in a fixed place, for the supervisor to read."""

from __future__ import annotations

import mmap

SIZE = mmap.PAGESIZE

# Signs of life. A kernel process whose processor time goes on while none of them does is not responding.
TURNS = 0  # of its loop
TICKS = 1  # of its clock, seen by the engine (its kernel calls are counted in calls.py)
POLLING = 2  # 1 while it waits in its poller, where it may stay for ever
# What it does.
STATE = 3
BOOTED_AT = 4  # CLOCK_MONOTONIC of the host in nanoseconds
PID = 5  # of the kernel's process that ran last
CURLWP = 6  # the address of ci_curlwp, in struct cpu_info
# What `lkmctl status` shows.
CONNECTIONS = 7
PROCESSES = 8
SYSCALLS = 9
SECURELEVEL = 10
MEMORY_USED = 11
HEAP_USED = 12
PROGRAMS = 13
RESERVATIONS = 14
FRAMES_FREE = 15  # bytes for programs
# What stays as it is.
FRAMES_TOTAL = 16
MEMORY_TOTAL = 17
RATE = 18  # blocks of machine code a second of processor time
HOST_PID = 19  # the process of the host behind PID

BOOTING, RUNNING, BUSY = 0, 1, 2  # STATE


def vitals(memory: memoryview) -> memoryview:
    """The counters in a page of memory, signed 64-bit integers."""
    return memory[:SIZE].cast("q")
