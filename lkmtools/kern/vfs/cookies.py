"""Directory cookies: the numbers at which reading a directory continues."""

from __future__ import annotations

from collections.abc import ItemsView, Mapping
from typing import AnyStr, Generic


class Cookies(Generic[AnyStr]):
    """The cookies of one directory's names, from 1 up.

    A name keeps its cookie as long as it exists. So a reader that continues behind a cookie misses no name
    and sees none twice, whatever has been added or removed meanwhile. Names get their cookies when the
    directory is read; new ones then follow all others, in alphabetical order.
    """

    def __init__(self) -> None:
        self._cookies: dict[AnyStr, int] = {}
        self._last = 0

    def of(self, names: Mapping[AnyStr, object]) -> ItemsView[AnyStr, int]:
        """Each of `names`, which are all that the directory has now, with its cookie; in their order."""
        if names.keys() != self._cookies.keys():
            for name in self._cookies.keys() - names.keys():
                del self._cookies[name]
            for name in sorted(names.keys() - self._cookies.keys()):
                self._last += 1
                self._cookies[name] = self._last
        return self._cookies.items()
