"""What `lkmctl status` says of a kernel, from the memory that it writes."""

from __future__ import annotations

import time
from typing import Any

from lkmtools.evidence import vitals as v
from lkmtools.evidence.area import Evidence
from lkmtools.evidence.modules import ModuleState


def kernel_status(evidence: Evidence, machine: str, boot: int) -> dict[str, Any]:
    """The kernel at this moment, or at its last; JSON-able. Sizes in bytes, times in seconds."""
    now = evidence.vitals
    text = evidence.published()
    modules = [
        {"id": m.id, "name": m.name, "area": m.area, "size": m.size, "path": m.path}
        for m in evidence.modules.records(symbols=False)
        if m.state == ModuleState.LOADED
    ]
    lkm = {"modules": modules, "reservations": now[v.RESERVATIONS], "holder": text.get("holder")}
    used, total = now[v.MEMORY_USED], now[v.MEMORY_TOTAL]
    programs = {"total": now[v.FRAMES_TOTAL], "free": now[v.FRAMES_FREE]}
    return {
        "machine": machine,
        "version": text.get("version", ""),
        "boot": boot,
        "uptime": round((time.monotonic_ns() - now[v.BOOTED_AT]) / 1e9, 3) if now[v.BOOTED_AT] else 0.0,
        "securelevel": now[v.SECURELEVEL],
        "processes": now[v.PROCESSES],
        "syscalls": now[v.SYSCALLS],
        "memory": {"total": total, "used": used, "heap": now[v.HEAP_USED]},
        "lkm": lkm,
        "programs": {"running": now[v.PROGRAMS], "memory": programs},
        "in_vain": text.get("in_vain", {}),
        "waiting": text.get("waiting", []),
    }
