"""Process 1: what happens between the kernel's boot and the first user (init(8), /etc/rc).

rc.lkm(8), a child of the supervisor, loads the modules of lkm.conf; then kern.securelevel is raised as
configured; then the boot is over. rc.lkm is a process of the host in a session of its own, a client of the
kernel like any other. Only it and the programs it starts are served meanwhile: everybody else's system calls
wait until the boot is over, so nobody sees half a boot. What it prints comes over a pipe, and goes to the
console before each of its requests is served.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from contextlib import suppress

from lkmtools.abi.syscall import SYS___sysctl
from lkmtools.abi.sysctl import CTL_KERN, KERN_SECURELVL
from lkmtools.kern import Kernel, Reply, Request, UserRegion
from lkmtools.wire.poller import Poller

INIT = 1  # its process id
PIECE, PIECES = 1 << 16, 16  # bytes of rc.lkm's output read at once, and how often at a time
_NAME, _VALUE = 0x10000, 0x20000  # addresses in its memory


class Init:
    """One boot, until `done` is called. `level` is what kern.securelevel is raised to at last."""

    def __init__(self, kernel: Kernel, poller: Poller, level: int, done: Callable[[], None]) -> None:
        self._kernel = kernel
        self._poller = poller
        self._level = level
        self._done = done
        self._session = 0  # of rc.lkm
        self._output = -1

    def admits(self, host_pid: int) -> bool:
        """May this process of the host use the kernel already? rc.lkm may, and what it has started."""
        if not self._session or host_pid <= 0:
            return False
        try:
            return os.getsid(host_pid) == self._session
        except OSError:
            return False  # it has gone meanwhile

    def rc_started(self, session: int, output: int) -> None:
        """rc.lkm runs; what it prints comes from `output`."""
        self._session, self._output = session, output
        os.set_blocking(output, False)
        self._poller.add(output, lambda events: self.drain())

    def drain(self) -> None:
        """Move what rc.lkm has printed so far to the console."""
        if self._output < 0:
            return
        with suppress(BlockingIOError):
            for _ in range(PIECES):  # some program of it may write for ever
                data = os.read(self._output, PIECE)
                if not data:
                    self._close_output()  # all who had it have closed it
                    return
                self._kernel.console.write(data.decode("utf-8", "backslashreplace"))

    def _close_output(self) -> None:
        if self._output >= 0:
            self._poller.forget(self._output)
            os.close(self._output)
            self._output = -1

    def rc_ended(self, signal: int) -> None:
        """rc.lkm has ended, by a signal or by itself (0)."""
        self.drain()
        self._close_output()
        if signal:
            self._kernel.console.write(f"rc.lkm was ended by signal {signal}\n")

    def raise_securelevel(self) -> None:
        """Process 1 sets kern.securelevel, by sysctl(3), if it is to be higher than it is; the last step."""
        kernel, level = self._kernel, self._level
        if level <= kernel.securelevel:
            self._done()
            return
        order, before = kernel.dm.order, kernel.securelevel

        def answered(reply: Reply) -> None:
            what = f"{before} -> {level}" if not reply.errno else f"not raised to {level}: {reply.reason}"
            kernel.console.write(f"init: kern.securelevel: {what}\n")
            self._done()

        regions = (
            UserRegion(_NAME, bytearray(struct.pack(order + "2i", CTL_KERN, KERN_SECURELVL))),
            UserRegion(_VALUE, bytearray(struct.pack(order + "i", level))),
        )
        request = Request(SYS___sysctl, (_NAME, 2, 0, 0, _VALUE, 4), regions)
        kernel.submit(kernel.procs[INIT], request, answered)
