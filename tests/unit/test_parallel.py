"""Work shared among processors: the order of the items stays, and no process is left behind."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest

from lkmtools.cli.parallel import each
from lkmtools.errors import LkmtoolsError

MANY = range(200)


@pytest.fixture
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with two processors, whatever it has."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1})


@pytest.mark.usefixtures("two_processors")
def test_many_items_are_shared_and_their_order_stays() -> None:
    """Other processes do the work; the function itself need not be picklable."""
    found = list(each(lambda item: (item, os.getpid()), MANY))
    assert [item for item, _ in found] == list(MANY)
    assert os.getpid() not in {pid for _, pid in found}
    assert not multiprocessing.active_children()


def test_few_items_and_one_processor_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process costs more than a few items."""
    assert {*each(lambda item: os.getpid(), range(5))} == {os.getpid()}
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0})
    assert {*each(lambda item: os.getpid(), MANY)} == {os.getpid()}


@pytest.mark.usefixtures("two_processors")
def test_an_error_ends_the_work_and_every_process() -> None:
    """Whoever asks sees the error of the function, and no process is left."""

    def refuse(item: int) -> int:
        if item == 100:
            raise ValueError("item 100")
        return item

    with pytest.raises(ValueError, match="item 100"):
        list(each(refuse, MANY))
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("two_processors")
def test_a_process_that_is_killed_is_an_error() -> None:
    """By a host without memory, say: nobody waits for its results."""

    def end(item: int) -> int:
        if item == 100:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    with pytest.raises(LkmtoolsError, match="one of the 2 processes that share the work was killed"):
        list(each(end, MANY))
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("two_processors")
def test_who_stops_asking_waits_for_nothing() -> None:
    """A process that is at an item which takes for ever is ended."""

    def wait(item: int) -> int:
        if item >= 100:
            signal.pause()
        return item

    work = each(wait, MANY)
    assert [next(work) for _ in range(80)] == list(MANY[:80])
    work.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()


@pytest.mark.usefixtures("two_processors")
def test_who_stops_asking_leaves_no_process() -> None:
    """An interrupt, say: the generator is closed."""
    work = each(str, MANY)
    assert next(work) == "0"
    work.close()  # type: ignore[attr-defined]
    assert not multiprocessing.active_children()
