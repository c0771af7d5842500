"""The processes, for `lkmctl ps`. vitals_writer.py reports on the kernel itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lkmtools.kern.proc.emul import emul_name, proc_emul

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Proc


def processes(k: Kernel) -> list[dict[str, Any]]:
    """One entry a process, JSON-able."""
    return [
        {
            "pid": proc.pid,
            "uid": proc.cred.uid,
            "comm": proc.comm,
            "host_pid": proc.host_pid,
            "emul": emul_name(k, proc_emul(k, proc)),
            "state": _state(proc),
            "wmesg": proc.lwp.wmesg if proc.lwp.wchan is not None else "",
        }
        for proc in k.procs.values()
    ]


def _state(proc: Proc) -> str:
    if proc.zombie:
        return "zombie"
    if proc.lwp.wchan is not None:
        return "sleep"
    return "run" if proc.busy else "idle"
