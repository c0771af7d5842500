"""docs/ioctls.md is what the kernel's tables say."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.abi import ksyms as abi
from lkmtools.abi.datamodel import ILP32_I386, LP64
from lkmtools.abi.errno import ENOTTY
from lkmtools.errors import KernelError
from lkmtools.kern import ioctldoc
from lkmtools.kern.lkm.ioctl_rows import KSYMS, LKM, Commands

PAGE = Path(__file__).parents[2] / "docs" / "ioctls.md"


def test_the_committed_page_is_the_generated_one() -> None:
    """After a change of a row: python -m lkmtools.kern.ioctldoc > docs/ioctls.md."""
    assert PAGE.read_text() == ioctldoc.text()


def test_every_command_of_dev_lkm_is_on_the_page_once_and_says_what_it_does() -> None:
    page = ioctldoc.text()
    assert [row.ioctl.name for row in LKM.rows if page.count(f"\n| {row.ioctl.name} | ") != 1] == []
    undocumented = [row.ioctl.name for rows in (LKM.rows, KSYMS.rows) for row in rows if not row.run.__doc__]
    assert undocumented == []


def test_each_command_of_dev_ksyms_says_whose_it_is() -> None:
    """NetBSD's of two generations, FreeBSD's, and ours."""
    rows = [
        line.strip("| ").split(" | ") for line in ioctldoc.text().splitlines() if line.startswith("| KIOCG")
    ]
    assert [(row[0], row[4]) for row in rows] == [
        ("KIOCGSYMBOL", "NetBSD 2.0 to 5.x"),
        ("KIOCGVALUE", "NetBSD 2.0 to 5.x"),
        ("KIOCGSIZE", "NetBSD 2.0 to 5.x"),
        ("KIOCGVALUE_60", "NetBSD 6 and later"),
        ("KIOCGSYMBOL_60", "NetBSD 6 and later"),
        ("KIOCGSYMBOL_60", "NetBSD 6 and later"),
        ("KIOCGSIZE", "FreeBSD"),
        ("KIOCGADDR", "FreeBSD"),
        ("KIOCGVALUES", "ours"),
    ]


def test_a_command_has_one_row_on_each_machine() -> None:
    """A second one fails at import; other machines' numbers, and those of nobody, are ENOTTY."""
    commands: Commands[None] = Commands("/dev/test")
    row = commands.row(abi.KIOCGSYMBOL64, None, models=(LP64,))
    row(lambda k, opened, arg: None)
    with pytest.raises(ValueError, match=r"two rows for ioctl 0xc0206c05 of /dev/test"):
        row(lambda k, opened, arg: None)
    code = abi.KIOCGSYMBOL64.code(LP64)
    assert commands.find(LP64, code) is commands.rows[0]
    with pytest.raises(KernelError, match="/dev/test does not support ioctl 0xc0206c05") as caught:
        commands.find(ILP32_I386, code)
    assert caught.value.errno == ENOTTY
