"""What became of a boot: remembered, waited for, given up."""

from __future__ import annotations

from typing import Any

from lkmtools.daemon.ctl import Question
from lkmtools.daemon.fate import REMEMBERED, STOPPED, Fate, Fates

PANIC = Fate("panic", "boom", "panic: boom\n", "{}")


class Asking(Question):
    """Somebody who asks; `heard` are the answers."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def answer(self, value: dict[str, Any]) -> None:
        self.heard.append(value)


def test_an_end_that_is_known_is_told_at_once() -> None:
    """As often as somebody asks."""
    fates, asking = Fates(), Asking()
    fates.know(1, PANIC)
    for _ in range(2):
        fates.ask(1, asking, known_soon=True)
    assert (
        asking.heard == [{"kind": "panic", "reason": "boom", "report": "panic: boom\n", "record": "{}"}] * 2
    )


def test_all_who_wait_for_an_end_are_told_once() -> None:
    """And those only who asked about that boot."""
    fates, first, second, other = Fates(), Asking(), Asking(), Asking()
    fates.ask(1, first, known_soon=True)
    fates.ask(1, second, known_soon=True)
    fates.ask(2, other, known_soon=True)
    assert first.heard == []
    fates.know(1, PANIC)
    fates.know(1, PANIC)
    assert (first.heard, second.heard, other.heard) == ([PANIC.answer()], [PANIC.answer()], [])


def test_only_the_last_ends_are_remembered() -> None:
    """A daemon that runs for months needs no more memory for them."""
    fates, old, new = Fates(), Asking(), Asking()
    for boot in range(REMEMBERED + 1):
        fates.know(boot, PANIC)
    fates.ask(0, old, known_soon=True)
    fates.ask(1, new, known_soon=True)
    assert (old.heard, new.heard) == ([], [PANIC.answer()])
    fates.ask(0, old, known_soon=False)
    assert old.heard == [{"kind": "forgotten", "reason": "", "report": "", "record": ""}]


def test_a_question_is_given_up_once() -> None:
    """Its answer says which kind of end did not come; what is not asked any more is not answered."""
    fates, asking, other = Fates(), Asking(), Asking()
    fates.ask(1, asking, known_soon=True)
    fates.ask(1, other, known_soon=True)
    fates.give_up(1, asking)
    fates.give_up(1, asking)
    fates.give_up(2, other)
    assert (asking.heard, other.heard) == ([{"kind": "alive", "reason": "", "report": "", "record": ""}], [])
    fates.know(1, PANIC)
    fates.give_up(1, other)
    assert (len(asking.heard), other.heard) == (1, [PANIC.answer()])


def test_when_the_daemon_ends_every_question_is_answered() -> None:
    """Once: it was stopped."""
    fates, asking, other = Fates(), Asking(), Asking()
    fates.ask(1, asking, known_soon=True)
    fates.ask(2, other, known_soon=True)
    for _ in range(2):
        fates.forget_questions()
    assert asking.heard == other.heard == [STOPPED.answer()]
    assert STOPPED.answer()["kind"] == "stopped"
