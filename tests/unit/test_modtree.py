"""modstat --tree without a kernel: what stands under what, and what is said of it."""

from __future__ import annotations

from lkmtools.cli.modtree import forest, plain
from lkmtools.modules import Module
from lkmtools.modules.refs import Ref, Refs


def module(ident: int, name: str) -> Module:
    return Module(ident, name, 6, -1, 0x1000 * ident, 4, 0, 2)


def refs(uses: str = "", users: str = "", holds: tuple[Ref, ...] = (), calls: tuple[Ref, ...] = ()) -> Refs:
    """`uses` and `users` are digits: ids."""
    below, above = (tuple(Ref(int(digit), "", 1) for digit in digits) for digits in (uses, users))
    return Refs("", 4096, below, above, holds, calls)


def test_a_module_on_two_others_stands_under_both() -> None:
    rows = [module(i, name) for i, name in enumerate(("left", "right", "top", "roof"))]
    known = {0: refs(users="2"), 1: refs(users="2"), 2: refs("01", "3"), 3: refs("2")}
    assert list(plain(forest(rows, known))) == [
        "left (ID 0)",
        "`-- top (ID 2)",
        "    `-- roof (ID 3)",
        "right (ID 1)",
        "`-- top (ID 2)",
        "    `-- roof (ID 3)",
    ]


def test_an_earlier_branch_goes_on_beside_its_children() -> None:
    rows = [module(i, name) for i, name in enumerate(("base", "one", "two", "far"))]
    known = {0: refs(users="12"), 1: refs("0", "3"), 2: refs("0"), 3: refs("1")}
    assert list(plain(forest(rows, known))) == [
        "base (ID 0)",
        "|-- one (ID 1)",
        "|   `-- far (ID 3)",
        "`-- two (ID 2)",
    ]


def test_references_and_calls_stand_behind_the_name() -> None:
    held = refs(holds=(Ref(1, "one", 2), Ref(-1, "", 1)), calls=(Ref(7, "cat", 1),))
    [line] = plain(forest([module(0, "base")], {0: held}))
    assert line == "base (ID 0), held by one (2), the kernel (1), called by cat (pid 7)"
