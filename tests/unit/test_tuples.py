"""lkmtools.tuples.NamedTuple is typing's, but for the time that it takes to make a class."""

from __future__ import annotations

import pickle
import typing

import pytest

from lkmtools.tuples import NamedTuple


class Ours(NamedTuple):
    """A place."""

    name: str
    line: int = 1

    @property
    def text(self) -> str:
        """NAME:LINE."""
        return f"{self.name}:{self.line}"

    @classmethod
    def nowhere(cls) -> Ours:
        """The empty one."""
        return cls("")

    def __str__(self) -> str:
        return self.text


class Theirs(typing.NamedTuple):
    """A place."""

    name: str
    line: int = 1


def test_a_class_is_as_typing_makes_it() -> None:
    assert (Ours._fields, Ours._field_defaults) == (Theirs._fields, Theirs._field_defaults)
    assert (Ours.__module__, Ours.__doc__, Ours.__mro__[1:]) == (__name__, "A place.", (tuple, object))
    assert set(vars(Theirs)) - set(vars(Ours)) == {"__orig_bases__"}
    assert typing.get_type_hints(Ours) == {"name": str, "line": int}


def test_a_row_is_as_one_of_typing_s() -> None:
    row = Ours("a.c")
    assert row == Theirs("a.c") == ("a.c", 1)
    assert repr(row) == "Ours(name='a.c', line=1)"
    assert (row.text, str(row), Ours.nowhere().name) == ("a.c:1", "a.c:1", "")
    assert (row._replace(line=2), row._asdict()) == (("a.c", 2), {"name": "a.c", "line": 1})
    assert pickle.loads(pickle.dumps(row)) == row
    assert not hasattr(row, "__dict__")
    match row:
        case Ours(name, line):
            assert (name, line) == row
    with pytest.raises(TypeError, match="name"):
        Ours()  # type: ignore[call-arg]
