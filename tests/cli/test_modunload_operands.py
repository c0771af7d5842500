"""Which module modunload's options and operands mean."""

from __future__ import annotations

import pytest

from lkmtools.cli.modunload import strtol, targets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("7", 7),
        ("010", 8),
        ("0x10", 16),
        (" 5", 5),
        ("+5", 5),
        ("-5", -5),
        ("2147483647", 2147483647),
    ],
)
def test_an_id_is_read_as_strtol_with_base_0_does(text: str, expected: int) -> None:
    assert expected == strtol(text)


@pytest.mark.parametrize("text", ["", "x", "5x", "0x", "09", "2147483648", "5 "])
def test_anything_else_is_not_a_valid_number(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        strtol(text)
    assert (caught.value.code, capsys.readouterr().err) == (1, "modunload: not a valid number\n")


@pytest.mark.parametrize(
    ("number", "name", "operands", "expected"),
    [
        ("3", None, (), [3]),
        (None, "hello", (), ["hello"]),
        ("3", "hello", (), [3]),  # the id decides
        ("-1", "hello", (), ["hello"]),  # -1 is no id
        (None, None, ("3",), [3]),
        (None, None, ("010",), [10]),  # an operand is decimal
        (None, None, ("0x10",), ["0x10"]),
        (None, None, ("upper", "lower", "0"), ["upper", "lower", 0]),
    ],
)
def test_options_and_operands_name_modules(
    number: str | None, name: str | None, operands: tuple[str, ...], expected: list[int | str]
) -> None:
    assert expected == targets(number, name, operands)


@pytest.mark.parametrize(
    ("number", "name", "operands"),
    [(None, None, ()), ("-1", None, ()), (None, None, ("",)), ("3", None, ("x",)), (None, "a", ("b",))],
)
def test_no_module_or_both_kinds_is_a_usage_error(
    number: str | None, name: str | None, operands: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as caught:
        targets(number, name, operands)
    assert caught.value.code == 1
