"""The modules of lkm.conf at each boot: rc.lkm while it runs, and its failures.

Failures are in the status until the next boot, and are reported once to the command that started the daemon.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.daemon import rc
from lkmtools.daemon.rc import Rc, Startup
from lkmtools.daemon.suspects import Suspects

if TYPE_CHECKING:
    from lkmtools.daemon.child import KernelProcess
    from lkmtools.daemon.log import Log
    from lkmtools.wire.poller import Poller

SHOWN = 8  # failures that are printed; the status has all of them


class Booting:
    """`failures` are those of the boot that has begun last; `suspects` the modules that are left out."""

    def __init__(self, startup: Startup, socket: str, poller: Poller, log: Log) -> None:
        self.startup = startup
        self.suspects = Suspects()
        self.failures: list[rc.BootFailure] = []
        self._socket, self._poller, self._log = socket, poller, log
        self._rc: Rc | None = None

    def begin(self, child: KernelProcess) -> None:
        """Have rc.lkm load what lkm.conf asks for."""
        try:
            self._rc = started = rc.start(self.startup, self.suspects.skipped, self._socket, self._poller)
        except OSError as error:
            self._fail(child, [rc.BootFailure("rc.lkm", "", f"cannot be run: {error.strerror}")])
            child.channel.send({"do": "no rc", "text": f"init: cannot run rc.lkm: {error.strerror}\n"})
            return
        started.ended = lambda status: self._ended(child, started, status)
        child.channel.send({"do": "rc started", "session": started.session}, [started.output])

    def _ended(self, child: KernelProcess, ended: Rc, status: int) -> None:
        self._fail(child, ended.failures(status))
        child.channel.send({"do": "rc ended", "signal": max(-status, 0)})
        ended.close()
        self._rc = None

    def _fail(self, child: KernelProcess, failures: list[rc.BootFailure]) -> None:
        """Note what went wrong at this boot. A log that shows the console has it already."""
        self.failures = failures
        if not self._log.shows_console:
            for line in self.told():
                self._log.entry(f"boot {child.boot}: {line}")

    def told(self) -> list[str]:
        """What went wrong, for people: a line each."""
        lines = [str(failure) for failure in self.failures[:SHOWN]]
        more = len(self.failures) - SHOWN
        return [*lines, f"{more} more failures; see lkmctl status"] if more > 0 else lines

    def abandon(self) -> str:
        """The kernel is gone, and rc.lkm with it: what it has printed and nobody has read."""
        self.failures = []
        if self._rc is None:
            return ""
        left, self._rc = self._rc.abandon(), None
        return left
