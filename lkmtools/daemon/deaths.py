"""The ends of kernel processes: their causes, what is recorded, and which clients learn of them.

A kernel that panics leaves its last words. The end of a kernel that was to be stopped needs no explanation.
Any other death is examined by an inquest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lkmtools.daemon.child import KernelProcess
from lkmtools.daemon.crashes import Crashes
from lkmtools.daemon.ctl import Question
from lkmtools.daemon.fate import DeadKernel, Fate, Fates
from lkmtools.daemon.inquest import Inquest
from lkmtools.daemon.log import Log
from lkmtools.daemon.loop import Loop
from lkmtools.evidence import MsgBuf

DOUBT = 0.5  # seconds in which a kernel that has closed a connection shows that it is dying


class Deaths:
    """`panics` counts panics, and deaths that were looked into; `last` is the last of them, for the status.

    `noted` is called with each of these, and the module that is to blame for it (""); `looked_into` gets
    what an inquest reports. They are kept in the directory `crashes`; `say` prints on the console.
    """

    def __init__(
        self,
        msgbuf: MsgBuf,
        log: Log,
        loop: Loop,
        crashes: str | None,
        noted: Callable[[KernelProcess, Fate, str], None],
        looked_into: Callable[[Fate], None],
        say: Callable[[str], None],
    ) -> None:
        self.panics = 0
        self.last: dict[str, Any] | None = None
        self._msgbuf, self._log, self._loop = msgbuf, log, loop
        self._noted, self._looked_into = noted, looked_into
        self._fates = Fates()
        self._inquests: set[Inquest] = set()
        self._say = say
        self.crashes = Crashes(crashes, loop, self._saved, self._lost)

    @property
    def looking(self) -> bool:
        """Is a death being looked into?"""
        return bool(self._inquests)

    def account_for(self, child: KernelProcess, how: str, said: dict[str, Any], end: Fate | None) -> None:
        """Remember how a boot ended: as it `said` itself, as we wanted (`end`), or as an inquest finds."""
        if "refused" in said:
            self._fates.know(child.boot, Fate("died", said["refused"]))
        elif said:
            self._panicked(
                child, Fate("panic", said["reason"], said["report"], said["record"]), said["culprit"]
            )
        elif end is not None:
            self._fates.know(child.boot, end)
        else:
            self._look_into(child, how)
            return
        child.release()

    def not_accounted_for(self, child: KernelProcess, what: str) -> None:
        """A bug of ours, or no memory, at a kernel's end: that is what its clients hear."""
        reason = f"the kernel process has ended, and the supervisor failed to find out why: {what}"
        self._fates.know(child.boot, Fate("died", reason, f"panic: {reason}\n"))
        child.release()
        self._log.entry(what)

    def _look_into(self, child: KernelProcess, how: str) -> None:
        """Find out what a kernel process died of."""
        inquest = Inquest(child, how, self._msgbuf, self._loop, self._over)
        try:
            inquest.begin()
        except OSError as error:
            self._over(inquest, *inquest.without(f"it could not be examined: {error.strerror}"))
        else:
            self._inquests.add(inquest)

    def _over(self, inquest: Inquest, fate: Fate, culprit: str) -> None:
        """It is known what a kernel process died of."""
        self._inquests.discard(inquest)
        try:
            self._panicked(inquest.child, fate, culprit)
            self._looked_into(fate)
        finally:
            inquest.child.release()

    def _panicked(self, child: KernelProcess, fate: Fate, culprit: str) -> None:
        """Record a panic, or a death that has been examined; questions about it are answered in any case."""
        try:
            self._note(child, fate, culprit)
        finally:
            self._fates.know(child.boot, fate)
        self.crashes.keep(DeadKernel(child.boot, child.machine, time.time(), fate, child))

    def _note(self, child: KernelProcess, fate: Fate, culprit: str) -> None:
        self.panics += 1
        self.last = {
            "reason": fate.reason, "report": fate.report, "boot": child.boot, "time": time.time(),
            "crash": None,
        }  # fmt: skip
        self._log.entry(f"panic in boot {child.boot}: {fate.reason}\n{fate.report}")
        self._noted(child, fate, culprit)

    def _saved(self, boot: int, number: int) -> None:
        """A crash is on disk."""
        if self.last is not None and self.last["boot"] == boot:
            self.last["crash"] = number
        self._log.entry(f"crash {number} is that of boot {boot}: {self.crashes.path}/{number}")

    def _lost(self, why: str) -> None:
        """One is not."""
        self._log.entry(why)
        self._say(f"lkmd: {why}\n")

    # -- questions --------------------------------------------------------------------------------------

    def ask(self, boot: int, question: Question, alive: bool) -> None:
        """Answer how a boot ended, as soon as that is known. `alive`: it has not ended, as far as we know.

        The kind is "alive" when it has not ended, and "forgotten" when that was too long ago.
        """
        self._fates.ask(boot, question, known_soon=alive or self._is_looked_into(boot))
        if alive:
            self._loop.timers.after(DOUBT, lambda: self._still_alive(boot, question))

    def _is_looked_into(self, boot: int) -> bool:
        return any(inquest.child.boot == boot for inquest in self._inquests)

    def _still_alive(self, boot: int, question: Question) -> None:
        if not self._is_looked_into(boot):
            self._fates.give_up(boot, question)

    def shut_down(self) -> None:
        """The daemon ends: give up all inquests."""
        for inquest in tuple(self._inquests):
            inquest.give_up()
        self.crashes.shut_down()
        self._fates.forget_questions()
