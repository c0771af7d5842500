"""Opening /dev/ksyms while modules come and go: sizing, copying, and trying again."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools.abi.errno import ENOMEM, ENXIO
from lkmtools.errors import KernelError
from lkmtools.kern.lkm.ksyms_dev import snapshot


class ModuleList:
    """A Source over a list of modules, to which the next of `changes` is added before each copy ends."""

    def __init__(self, *changes: str | None, full_at: int = 99) -> None:
        self.modules = ["hello"]
        self.changes = list(changes)
        self.full_at = full_at
        self.sizings = 0
        self.copies: list[tuple[str, ...]] = []
        self.given_back: list[tuple[tuple[str, ...], Any]] = []

    def size(self) -> Any:
        self.sizings += 1
        return tuple(self.modules)

    def copy(self, image: Any) -> Any:
        if len(self.copies) == self.full_at:
            raise KernelError(ENOMEM, "full")
        self.copies.append(image)
        change = self.changes.pop(0) if self.changes else None
        if change is not None:
            self.modules.append(change)
        return 0x1000 * len(self.copies)

    def current(self, image: Any) -> bool:
        return bool(image == tuple(self.modules))

    def give_back(self, image: Any, mapping: Any) -> None:
        self.given_back.append((image, mapping))


def test_a_list_that_stands_still_is_copied_once() -> None:
    """The first snapshot is the one."""
    source = ModuleList()
    assert snapshot(source) == (("hello",), 0x1000)
    assert (source.sizings, source.given_back) == (1, [])


def test_a_change_between_sizing_and_copying_gives_the_buffer_back_and_tries_again() -> None:
    """The second snapshot has the module that came."""
    source = ModuleList("late")
    assert snapshot(source) == (("hello", "late"), 0x2000)
    assert source.given_back == [(("hello",), 0x1000)]


def test_the_third_try_may_succeed() -> None:
    """Two changes are survived."""
    source = ModuleList("one", "two")
    assert snapshot(source) == (("hello", "one", "two"), 0x3000)
    assert len(source.given_back) == 2


def test_after_three_changes_it_is_ENXIO() -> None:
    """And every buffer has been given back."""
    source = ModuleList("one", "two", "three")
    with pytest.raises(KernelError) as caught:
        snapshot(source)
    assert caught.value.errno == ENXIO
    assert (source.sizings, len(source.copies)) == (3, 3)
    assert [addr for _, addr in source.given_back] == [0x1000, 0x2000, 0x3000]


@pytest.mark.parametrize("before", [0, 1])
def test_memory_that_cannot_be_mapped_is_an_error_at_once(before: int) -> None:
    """ENOMEM is returned and not tried again, also on a later try."""
    source = ModuleList("one", full_at=before)
    with pytest.raises(KernelError) as caught:
        snapshot(source)
    assert caught.value.errno == ENOMEM
    assert source.sizings == before + 1
    assert source.given_back[-1][1] is None
