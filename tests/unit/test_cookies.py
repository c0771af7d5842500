"""Directory cookies: a name keeps its own."""

from __future__ import annotations

from lkmtools.kern.vfs.cookies import Cookies


def test_a_name_keeps_its_cookie_and_new_ones_follow() -> None:
    """In the order of the letters at first; a name that was seen to be gone comes back as a new one."""
    cookies: Cookies[str] = Cookies()
    assert list(cookies.of(dict.fromkeys("cab"))) == [("a", 1), ("b", 2), ("c", 3)]
    assert list(cookies.of(dict.fromkeys("cb0"))) == [("b", 2), ("c", 3), ("0", 4)]
    assert list(cookies.of(dict.fromkeys("abc0"))) == [("b", 2), ("c", 3), ("0", 4), ("a", 5)]
    assert list(cookies.of({})) == []
    assert list(cookies.of(dict.fromkeys("a"))) == [("a", 6)]
