"""What became of each boot, for clients whose connection ended without a word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lkmtools.daemon.ctl import Question
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.daemon.child import KernelProcess

REMEMBERED = 64  # boots


class Fate(NamedTuple):
    """The end of a boot. `kind` is "panic", "died" (the process did), "rebooted" or "stopped"; or "alive", of
    a boot that has not ended, or "forgotten"; or "report", for what is kept of a kernel that goes on.
    """

    kind: str
    reason: str
    report: str = ""
    record: str = ""

    def answer(self) -> dict[str, Any]:
        """For the wire."""
        return self._asdict()


class DeadKernel(NamedTuple):
    """What is kept on disk of a boot. `child` has its RAM; None when that is gone, or when it goes on."""

    boot: int
    machine: str
    time: float
    fate: Fate
    child: KernelProcess | None


STOPPED = Fate("stopped", "the daemon was stopped")
FORGOTTEN = Fate("forgotten", "")


class Fates:
    """The ends of the last boots, and the questions about one that is being investigated."""

    def __init__(self) -> None:
        self._known: dict[int, Fate] = {}
        self._asked: dict[int, list[Question]] = {}

    def know(self, boot: int, fate: Fate) -> None:
        """Remember the end of a boot, and answer the questions about it. Only the first call counts."""
        self._known.setdefault(boot, fate)
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]
        for question in self._asked.pop(boot, ()):
            question.answer(self._known[boot].answer())

    def ask(self, boot: int, question: Question, known_soon: bool) -> None:
        """Answer as soon as the end of a boot is known, or at once if it never will be."""
        if boot in self._known:
            question.answer(self._known[boot].answer())
        elif known_soon:
            self._asked.setdefault(boot, []).append(question)
        else:
            question.answer(FORGOTTEN.answer())

    def forget_questions(self) -> None:
        """The daemon ends: answer all questions."""
        for asked in self._asked.values():
            for question in asked:
                question.answer(STOPPED.answer())
        self._asked.clear()

    def give_up(self, boot: int, question: Question) -> None:
        """Answer a question about the end of a boot that has not ended."""
        asked = self._asked.get(boot, [])
        if question in asked:
            asked.remove(question)
            question.answer(Fate("alive", "").answer())
        if not asked:
            self._asked.pop(boot, None)
