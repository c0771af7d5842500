"""Why a process waits for the kernel: which process has /dev/lkm, what it sleeps on, or which code runs.

The supervisor works it out from the memory that the kernel process writes, because that process may be busy.
"""

from __future__ import annotations

from typing import Any

from lkmtools.daemon.child import KernelProcess
from lkmtools.daemon.scene import Scene
from lkmtools.evidence import vitals
from lkmtools.machine.port import FIRST_ARG
from lkmtools.tuples import NamedTuple

_OPENS = "lkmopn"  # the sleep of lkmopen(), while another process has the device open


class Running(NamedTuple):
    """Module code that does not come back: of which process it is, and where it is."""

    pid: int
    who: str
    where: str


def why(child: KernelProcess, pid: int) -> str:
    """Why a request of the kernel's process `pid` has no answer yet, in words; "" when nobody knows."""
    child.watch.look()
    if child.watch.stopped:
        return f"its process (pid {child.pid} of the host) is stopped by a signal"
    if not child.watch.responding:
        return f"its process (pid {child.pid} of the host) does not respond"
    found = _in_the_kernel(child, pid)
    if child.booted:
        return found
    return f"its boot is not over{f': {found}' if found else ''} (lkmctl dmesg shows it)"


def _in_the_kernel(child: KernelProcess, pid: int) -> str:
    text = child.evidence.published()
    asleep = {row["pid"]: row for row in text.get("waiting", [])}
    mine, holder = asleep.get(pid), text.get("holder")
    running = _running(child)
    if mine is None:
        if running is None:
            return ""
        return f"the request runs {running.where}" if running.pid == pid else _runs(running)
    if mine["wmesg"] != _OPENS or holder is None:
        return f"the request {_sleeps(mine)}"
    found = f"/dev/lkm is open in {_who(holder['comm'], holder['pid'])}"
    other = holder["process"]
    if other in asleep:
        return f"{found}, which {_sleeps(asleep[other])}"
    return f"{found}, which runs {running.where}" if running is not None and running.pid == other else found


def _sleeps(row: dict[str, Any]) -> str:
    where = f" in {row['where']}" if row["where"] else ""
    return f'sleeps for "{row["wmesg"]}"{where}'


def _runs(running: Running) -> str:
    return f"the kernel runs {running.where} for {running.who}"


def _who(comm: str, pid: int) -> str:
    return f"{comm} (pid {pid})"


def _running(child: KernelProcess) -> Running | None:
    """The module code that loops, if any does."""
    now = child.evidence.vitals
    if now[vitals.STATE] != vitals.BUSY:
        return None
    scene = Scene(child)
    pid, comm = scene.process()
    pc, _, _, caller = child.evidence.calls.last_stop()[:FIRST_ARG]
    return Running(pid, _who(comm, now[vitals.HOST_PID] or pid), scene.place(pc, caller))
