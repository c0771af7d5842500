"""Process 1: what happens between the kernel's coming up and the first user (init(8), /etc/rc).

rc.lkm(8) loads the modules of lkm.conf; then kern.securelevel is raised as configured; then the boot is over.
rc.lkm is a process of the host in a session of its own, a client of the kernel like any other. Only it and
the programs it starts are served meanwhile: everybody else's system calls wait until the boot is over, so
nobody sees half a boot. What it prints goes to the console.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from lkmtools.abi.syscall import SYS___sysctl
from lkmtools.abi.sysctl import CTL_KERN, KERN_SECURELVL
from lkmtools.kern import Region, Reply, Request

if TYPE_CHECKING:
    import subprocess

    from lkmtools.daemon.server import Server

INIT = 1  # its process id
_NAME, _VALUE = 0x10000, 0x20000  # addresses in its memory


class Startup(NamedTuple):
    """How a boot goes on after the kernel is up.

    `conf` is an lkm.conf, None for none; `path` are the module directories; `reorder` is rc.lkm's option.
    `securelevel` is what the level is raised to at last (-1 and 0 raise nothing); `multiuser` raises 0 to 1.
    """

    conf: str | None = None
    path: tuple[str, ...] = ()
    reorder: bool = False
    securelevel: int = 0
    multiuser: bool = False

    @property
    def level(self) -> int:
        """kern.securelevel once the boot is over."""
        return 1 if self.multiuser and self.securelevel == 0 else self.securelevel

    @property
    def loads(self) -> bool:
        """Is there an lkm.conf that is not empty? One that cannot be read is rc.lkm's to complain of."""
        if self.conf is None:
            return False
        try:
            return os.stat(self.conf).st_size > 0
        except OSError:
            return True


PLAIN = Startup()  # nothing to load, nothing to raise


class Init:
    """One boot, from start() until `done` is called; abandon() when the kernel dies before that."""

    def __init__(self, server: Server, startup: Startup, skip: list[str], done: Callable[[], None]) -> None:
        self.server = server
        self.startup = startup
        self.skip = skip
        self.done = done
        self.started = False
        self._child: subprocess.Popen[bytes] | None = None
        self._pidfd = self._output = -1

    def start(self) -> None:
        """Begin. The socket must listen by now: rc.lkm connects to it."""
        self.started = True
        if self.startup.loads:
            self._run_rc()
        else:
            self._raise_securelevel()

    def admits(self, host_pid: int) -> bool:
        """May this process of the host use the kernel already? rc.lkm may, and what it has started."""
        if self._child is None or host_pid <= 0:
            return False
        try:
            return os.getsid(host_pid) == self._child.pid
        except OSError:
            return False  # it has gone meanwhile

    def _run_rc(self) -> None:
        import subprocess

        startup = self.startup
        command = [sys.executable, "-P", "-m", "lkmtools.cli.rclkm", "--conf", str(startup.conf)]
        command += ["--reorder"] if startup.reorder else []
        command += [word for path in self.skip for word in ("--skip", path)]
        env = {**os.environ, "LKM_SOCKET": self.server.listener.path, "LKM_PATH": ":".join(startup.path)}
        reading, writing = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(reading, False)
        try:
            self._child = subprocess.Popen(
                [*command, "start"], stdin=subprocess.DEVNULL, stdout=writing, stderr=writing, env=env,
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            os.close(reading)
            self.server.console.write(f"init: cannot run rc.lkm: {error.strerror}\n")
            self._raise_securelevel()
            return
        finally:
            os.close(writing)
        self._output, self._pidfd = reading, os.pidfd_open(self._child.pid)
        self.server.poller.add(reading, lambda events: self.drain())
        self.server.poller.add(self._pidfd, lambda events: self._rc_ended())

    def drain(self) -> None:
        """Move what rc.lkm has printed so far to the console."""
        if self._output < 0:
            return
        with suppress(BlockingIOError):
            while data := os.read(self._output, 1 << 16):
                self.server.console.write(data.decode("utf-8", "backslashreplace"))
            self._close_output()  # all who had it have closed it

    def _close_output(self) -> None:
        if self._output >= 0:
            self.server.poller.forget(self._output)
            os.close(self._output)
            self._output = -1

    def _reap(self) -> int:
        """Wait for rc.lkm, which has ended or was killed; its status."""
        assert self._child is not None
        self.server.poller.forget(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        return self._child.wait()

    def _rc_ended(self) -> None:
        self.drain()
        self._close_output()
        status = self._reap()
        if status < 0:
            self.server.console.write(f"rc.lkm was ended by signal {-status}\n")
        self.server.when_calm(self._raise_securelevel)

    def _raise_securelevel(self) -> None:
        """Process 1 sets kern.securelevel, by sysctl(3), if it is to be higher than it is."""
        kernel, level = self.server.kernel, self.startup.level
        if kernel is None or level <= kernel.securelevel:
            self.done()
            return
        order, before = kernel.dm.order, kernel.securelevel

        def answered(reply: Reply) -> None:
            what = f"{before} -> {level}" if not reply.errno else f"not raised to {level}: {reply.reason}"
            self.server.console.write(f"init: kern.securelevel: {what}\n")
            self.done()

        regions = (
            Region(_NAME, bytearray(struct.pack(order + "2i", CTL_KERN, KERN_SECURELVL))),
            Region(_VALUE, bytearray(struct.pack(order + "i", level))),
        )
        request = Request(SYS___sysctl, (_NAME, 2, 0, 0, _VALUE, 4), regions)
        kernel.submit(kernel.procs[INIT], request, answered)

    def abandon(self) -> None:
        """The kernel is dead, or the daemon ends: so does this boot, with everything rc.lkm has started."""
        if self._pidfd >= 0 and self._child is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._reap()
        self._close_output()
