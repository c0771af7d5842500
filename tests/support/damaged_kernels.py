"""A daemon whose kernel fails on demand: `python damaged_kernels.py SOCKET KERNEL OPTIONS`.

KERNEL is the name of a class below. OPTIONS is a JSON object: "settings" of kern.Config, "startup" of
daemon.rc.Startup, "python" that rc.lkm is run with, and further arguments of daemon.main.prepare(). It prints
a line when the boot is over, and ends with status 69 and the reason when there is no kernel.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable

import lkmtools.kernproc.main
from lkmtools.daemon.main import prepare
from lkmtools.daemon.rc import Startup
from lkmtools.errors import DaemonError
from lkmtools.kern import Cred, Kernel, KernelPanic, Reply, Request
from lkmtools.kern.proc.kern_proc import Proc
from lkmtools.kern.uvm.uvm_map import Sharer

PANIC, BUG, SPIN, DIE, HANG = range(1000, 1005)  # no system calls of any kernel
EXIT = 100  # DIE with this and more is an exit, with less a signal
CALM = "calm"  # the name of a process whose coming ends what SPIN began


class Damaged(Kernel):
    """The kernel, but these numbers panic, raise, never come back (two ways), and end the process."""

    spinning = False

    def attach(self, cred: Cred, comm: str, host_pid: int, mapper: Sharer | None = None) -> Proc:
        if comm == CALM:
            self.spinning = False
        return super().attach(cred, comm, host_pid, mapper)

    def submit(self, proc: Proc, request: Request, reply: Callable[[Reply], None]) -> None:
        if request.number == PANIC:
            raise KernelPanic("asked for", "panic: asked for\n")
        if request.number == BUG:
            raise ZeroDivisionError("our bug")
        if request.number == DIE:
            how = request.args[0]
            os.kill(os.getpid(), how) if how < EXIT else os._exit(how - EXIT)
        while request.number == HANG:
            pass
        self.spinning = self.spinning or request.number == SPIN
        super().submit(proc, request, reply)

    def step(self) -> None:
        while self.spinning:
            self.on_preempt()
        super().step()


class Unbootable(Kernel):
    """A kernel that panics in boot."""

    def boot(self) -> None:
        self.console.write("out of magic\n")
        raise KernelPanic("no root file system", "")


class OnceOnly(Damaged):
    """A kernel that boots the first time and never again."""

    def boot(self) -> None:
        if self.bootno > 1:
            raise KernelPanic("the disk is gone", "")
        super().boot()


class Stillborn(Kernel):
    """A kernel whose process is killed in boot."""

    def boot(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Buggy(Kernel):
    """A kernel that raises in boot."""

    def boot(self) -> None:
        raise ZeroDivisionError("our bug")


KERNELS: dict[str, type[Kernel]] = {
    kernel.__name__: kernel for kernel in (Kernel, Damaged, Unbootable, OnceOnly, Stillborn, Buggy)
}


def main(path: str, kernel: str, options: str) -> int:
    given = json.loads(options)
    lkmtools.kernproc.main.Kernel = KERNELS[kernel]  # type: ignore[attr-defined]
    sys.executable = given.pop("python", sys.executable)
    settings, startup = given.pop("settings", {}), Startup(**given.pop("startup", {}))
    try:
        serve = prepare(path, settings, startup, **given)
    except DaemonError as error:
        print(error)
        return 69
    serve(lambda said: print("ready", flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
