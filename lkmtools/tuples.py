"""typing.NamedTuple, made in less than half of its time.

typing compiles each annotation of a class, to find out whether it is one. A tool has some fifty such classes
and a kernel process eighty: that is a tenth of the time in which either starts. Type checkers read the
annotations themselves, and check them better.

A file that uses it has `from __future__ import annotations`, so that they stay text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from collections import namedtuple

    class _Maker(type):
        """Makes a class statement with the base NamedTuple one of collections.namedtuple."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, body)
            fields = body.get("__annotations__", {})
            defaults = [body.pop(field) for field in fields if field in body]
            made = namedtuple(name, fields, defaults=defaults)
            for member, value in body.items():
                setattr(made, member, value)
            return made

    class NamedTuple(metaclass=_Maker):
        """The base of the class statement, and no base of what that makes, as with typing's."""


__all__ = ["NamedTuple"]
