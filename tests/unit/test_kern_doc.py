"""docs/kernel-functions.md is what the kernel's rows say."""

from __future__ import annotations

from pathlib import Path

from lkmtools.kern import doc
from lkmtools.kern.rows import DATA, FUNCTIONS, SYSCALLS
from lkmtools.machine import PORTS
from support.kernel_calls import prototypes

PAGE = Path(__file__).parents[2] / "docs" / "kernel-functions.md"


def test_the_committed_page_is_the_generated_one() -> None:
    """After a change of a row: python -m lkmtools.kern.doc > docs/kernel-functions.md."""
    assert PAGE.read_text() == doc.text()


def test_every_row_is_on_the_page_once() -> None:
    """Functions by their prototype, variables by their declaration."""
    page = doc.text()
    assert [row.proto.text for row in FUNCTIONS if page.count(f"| `{row.proto.text}` |") != 1] == []
    assert [row.text for row in DATA if page.count(f"| `{row.text}` |") != 1] == []


def test_a_function_without_a_result_returns_no_number() -> None:
    """It does nothing, where its row is a constant."""
    page = doc.text()
    assert "| `void membar_sync(void)` | Does nothing. |" in page
    lines = [line for line in page.splitlines() if line.startswith("| `void ") and "| Returns " in line]
    assert [line for line in lines if not line.startswith("| `void *")] == []


def test_every_function_says_what_it_does() -> None:
    """No row without a docstring."""
    assert [line for line in doc.text().splitlines() if line.endswith("` |  |")] == []


def test_every_prototype_of_the_kernel_is_of_types_that_can_be_passed() -> None:
    """They are read when they are first wanted; a wrong one would be found out by the first caller."""
    others = prototypes()
    protos = [row.proto for row in FUNCTIONS] + [row.args for row in SYSCALLS.values()] + others
    assert len(others) > 10
    for port in PORTS.values():
        assert [proto for proto in protos if proto.bind(port).words < len(proto.params)] == []
