"""Did you mean: which name is near enough, and which of several is the nearest."""

from __future__ import annotations

import pytest

from lkmtools.near import Names, near

NAMES = ("printf", "vprint", "vprintf", "copyin", "copyinstr", "hz", "free", "kmem_alloc", "kmem_zalloc")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("prinft", "printf"),  # difflib's own first choice is vprint
        ("printff", "printf"),
        ("pritf", "printf"),
        ("prints", "printf"),
        ("copyinn", "copyin"),
        ("kmem_alocc", "kmem_alloc"),
        ("kmem_zaloc", "kmem_zalloc"),
        ("fre", "free"),
        ("hx", "hz"),
        ("first", None),
        ("x", None),
        ("", None),
        ("panic", None),
        ("printed", None),  # two mistakes in seven letters
        ("printf" * 50, None),
    ],
)
def test_the_nearest_name_is_found_and_no_other(typed: str, meant: str | None) -> None:
    assert near(typed, NAMES) == meant


def test_one_mistake_anywhere_is_always_found() -> None:
    """A letter lost, doubled, replaced or exchanged with its neighbour."""
    names = ("printf", "copyin", "kmem_alloc", "lkmdispatch", "tsleep", "free")
    for name in names:
        for i in range(len(name)):
            for typed in (
                name[:i] + name[i + 1 :],
                name[:i] + name[i] + name[i:],
                name[:i] + "x" + name[i + 1 :],
                name[:i] + name[i : i + 2][::-1] + name[i + 2 :],
            ):
                assert near(typed, names) == name


def test_longer_names_that_hold_the_word_do_not_hide_the_one_that_was_meant() -> None:
    """They have more pairs in common with it, and cannot be it."""
    longer = [f"sample_lod_of_the_{n}th_unit" for n in range(10)]
    assert near("sample_lod", [*longer, "sample_load"]) == "sample_load"
    assert Names([*longer, "sample_load"]).near("sample_lod") == "sample_load"
