"""modstat's columns, byte for byte; the expected rows are typed by hand from records of NetBSD's tool."""

from __future__ import annotations

import pytest

from lkmtools.abi.lkm import LKM_MAKEMAJOR, LM_DEV, LM_MISC, LM_SYSCALL
from lkmtools.cli.modstat import json_row, show
from lkmtools.modules import Module

SYSCALL = Module(0, "example_syscall", LM_SYSCALL, 210, 0xC9A3C000, 4, 0xC9A3C160, 2)
DEV = Module(1, "fibo", LM_DEV, LKM_MAKEMAJOR(-1, 180), 0xC9A3C000, 4, 0xC9A3C160, 2)
MISC = Module(2, "skelmod", LM_MISC, -1, 0xC9A3C000, 4, 0xC9A3C160, 2)


def test_32_bit_rows_are_those_on_record(capsys: pytest.CaptureFixture[str]) -> None:
    show([SYSCALL, DEV, MISC], 8)
    expected = (
        "Type    Id   Offset Loadaddr Size Info     Rev Module Name\n"
        "SYSCALL   0     210 c9a3c000 0004 c9a3c160   2 example_syscall\n"
        "DEV       1  -1/180 c9a3c000 0004 c9a3c160   2 fibo\n"
        "MISC      2       - c9a3c000 0004 c9a3c160   2 skelmod\n"
    )
    assert expected == capsys.readouterr().out


def test_64_bit_rows_have_sixteen_digits(capsys: pytest.CaptureFixture[str]) -> None:
    show([MISC], 16)
    expected = (
        "Type    Id   Offset Loadaddr         Size Info             Rev Module Name\n"
        "MISC      2       - 00000000c9a3c000 0004 00000000c9a3c160   2 skelmod\n"
    )
    assert expected == capsys.readouterr().out


def test_an_unknown_type_is_shown_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    show([MISC._replace(type=99, id=1000, kbytes=0x12345)], 8)
    row = capsys.readouterr().out.splitlines()[1]
    assert row == "(UNKNOWN) 1000       - c9a3c000 12345 c9a3c160   2 skelmod"


def test_the_majors_of_a_device_are_block_then_character(capsys: pytest.CaptureFixture[str]) -> None:
    show([DEV._replace(offset=LKM_MAKEMAJOR(19, 7))], 8)
    assert capsys.readouterr().out.splitlines()[1] == "DEV       1  19/7   c9a3c000 0004 c9a3c160   2 fibo"


@pytest.mark.parametrize(
    ("module", "offset", "block", "char"),
    [(SYSCALL, 210, None, None), (DEV, None, -1, 180), (MISC, None, None, None)],
)
def test_json_says_the_offset_or_the_majors_or_neither(
    module: Module, offset: int | None, block: int | None, char: int | None
) -> None:
    row = json_row(module)
    assert (offset, block, char) == (row["offset"], row["block_major"], row["char_major"])


def test_json_addresses_are_text_because_numbers_lose_bits() -> None:
    row = json_row(MISC._replace(area=0xFFFFFFFF9E001000))
    assert row["loadaddr"] == "0xffffffff9e001000"
