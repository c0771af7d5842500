"""docs/ioctls.md is what the kernel's tables say."""

from __future__ import annotations

from pathlib import Path

from lkmtools.kern import ioctldoc
from lkmtools.kern.lkm.kern_lkm import ROWS

PAGE = Path(__file__).parents[2] / "docs" / "ioctls.md"


def test_the_committed_page_is_the_generated_one() -> None:
    """After a change of a row: python -m lkmtools.kern.ioctldoc > docs/ioctls.md."""
    assert PAGE.read_text() == ioctldoc.text()


def test_every_command_of_dev_lkm_is_on_the_page_once_and_says_what_it_does() -> None:
    page = ioctldoc.text()
    assert [row.ioctl.name for row in ROWS if page.count(f"\n| {row.ioctl.name} | ") != 1] == []
    assert [row.ioctl.name for row in ROWS if not row.run.__doc__] == []


def test_each_command_of_dev_ksyms_says_whose_it_is() -> None:
    """NetBSD's of two generations, and FreeBSD's."""
    rows = [
        line.strip("| ").split(" | ") for line in ioctldoc.text().splitlines() if line.startswith("| KIOCG")
    ]
    assert [(row[0], row[-1]) for row in rows] == [
        ("KIOCGSYMBOL", "NetBSD 2.0 to 5.x"),
        ("KIOCGVALUE", "NetBSD 2.0 to 5.x"),
        ("KIOCGSIZE", "NetBSD 2.0 to 5.x"),
        ("KIOCGVALUE_60", "NetBSD 6 and later"),
        ("KIOCGSYMBOL_60", "NetBSD 6 and later"),
        ("KIOCGSYMBOL_60", "NetBSD 6 and later"),
        ("KIOCGSIZE", "FreeBSD"),
        ("KIOCGADDR", "FreeBSD"),
    ]
