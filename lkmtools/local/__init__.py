"""A private kernel behind the client API, without a daemon to start and stop, for tests and tools.

    from lkmtools.local import LocalKernel

    with LocalKernel() as lk:
        p = lk.process("test")
        modules.load(p, "hello.o")
        print(lk.console.text())

A process of a LocalKernel is a client.Process like any other. The kernel runs in a process of its own, of a
supervisor that the first LocalKernel starts and all later ones share. Whatever a module does to it, a panic
or the kernel's death is a PanicError for its cause; the kernel then boots again, and older processes
are gone. A request that sleeps while nothing in this kernel can wake it is a DaemonError.

With inside=True the kernel is in this very process, as `kernel`: for tests of the kernel itself.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from lkmtools.client import Process
from lkmtools.local.execution import Execution

if TYPE_CHECKING:
    from lkmtools.kern.proc.kern_proc import Exit
    from lkmtools.local.inside import InsideKernel
    from lkmtools.local.private import PrivateKernel

__all__ = ["LocalKernel"]


class LocalKernel:
    """A booted kernel and its console. `options` are those of kern.Config ("machine", "watchdog", ...).

    Its crashes are kept in the directory `crashes`, for lkmctl crash and gdb; without one, or with
    inside=True, they are not. DaemonError, or for inside=True LkmtoolsError, when it cannot boot.
    """

    def __init__(self, inside: bool = False, crashes: str | None = None, **options: Any) -> None:
        self._where: InsideKernel | PrivateKernel
        if inside:
            from lkmtools.local.inside import InsideKernel

            self._where = InsideKernel(**options)
        else:
            from lkmtools.local.private import PrivateKernel

            self._where = PrivateKernel(options, crashes)

    def __enter__(self) -> LocalKernel:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def console(self) -> Any:
        """What the kernel printed: console.text(). It survives reboots."""
        return self._where.console

    @property
    def kernel(self) -> Any:
        """The kern.Kernel that is up now; AttributeError unless it is in this process."""
        return self._inside.kernel

    @property
    def reports(self) -> list[tuple[str, str]]:
        """Text and record of what its kernels have reported; AttributeError unless it is in this process."""
        return self._inside.reports

    def run(self) -> bool:
        """Step until nothing is runnable now; False when only a new request makes work. PanicError.

        Only where the kernel is in this process: else it runs by itself.
        """
        return self._inside.run()

    def stuck(self) -> None:
        """Nothing can happen but by another request: what sleeps for ever is reported now. PanicError.

        Only where the kernel is in this process: else it does so by itself.
        """
        self._inside.stuck()

    @property
    def _inside(self) -> InsideKernel:
        from lkmtools.local.inside import InsideKernel

        if not isinstance(self._where, InsideKernel):
            raise AttributeError("only LocalKernel(inside=True) has its kernel in this process")
        return self._where

    def close(self) -> None:
        """Shut the kernel down."""
        self._where.close()

    def process(self, comm: str = "test", uid: int = 0, gid: int = 0) -> Process:
        """A new process."""
        return self._where.process(comm, uid, gid)

    def execute(
        self,
        program: bytes,
        *args: str,
        env: dict[str, str] | None = None,
        uid: int = 0,
        name: str = "prog",
        stdio: tuple[int, int, int] = (0, 1, 2),
    ) -> Exit:
        """Run a user program to its end, with these host descriptors as its standard ones. PanicError.

        DaemonError when it sleeps and nothing will wake it.
        """
        words = [os.fsencode(word) for word in (name, *args)]
        pairs = [os.fsencode(f"{key}={value}") for key, value in (env or {}).items()]
        return self._where.execute(Execution(program, words, pairs, uid, name, stdio))

    def share(self, path: str, writable: bool = False, session: bool = False) -> str:
        """client.Process.share(): the source to mount as hostfs, once."""
        return self._where.share(path, writable, session)

    def reboot(self) -> None:
        """Boot a new kernel on the same console; the processes of the old one are gone."""
        self._where.reboot()
