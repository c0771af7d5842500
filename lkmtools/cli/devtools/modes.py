"""Permissions as chmod(1) reads them, and users and groups as chown(8) does.

Names of users and groups are NetBSD's (from the /etc/passwd and /etc/group of a fresh installation), then the
host's.
"""

from __future__ import annotations

import grp
import pwd
import re
from collections.abc import Callable

from lkmtools.cli.devtools.words import Usage

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)")
_ACTION = re.compile(r"([-+=])([ugo](?![rwxXst])|[rwxXst]*)")
_SHIFT = {"u": 6, "g": 3, "o": 0}
USERS = {"root": 0, "toor": 0, "daemon": 1, "operator": 2, "bin": 3, "nobody": 32767}
GROUPS = {
    "wheel": 0, "daemon": 1, "kmem": 2, "sys": 3, "tty": 4, "operator": 5, "bin": 7, "nobody": 39,
    "users": 100,
}  # fmt: skip


def mode(text: str, old: int, umask: int, directory: bool = False) -> int:
    """The permissions that `text` (0644, u=rw,go-w, +x) makes of `old`. Usage."""
    if text and set(text) <= set("01234567"):
        value = int(text, 8)
        if value > 0o7777:
            raise Usage(f"invalid file mode: {text}")
        return value
    for clause in text.split(","):
        match = _CLAUSE.fullmatch(clause)
        if match is None:
            raise Usage(f"invalid file mode: {text}")
        for action, what in _ACTION.findall(match[2]):
            old = _changed(old, match[1], action, what, umask, directory)
    return old


def _changed(old: int, who: str, action: str, what: str, umask: int, directory: bool) -> int:
    """One action for `who`; without any, for all but what the umask forbids."""
    bits = mask = 0
    for letter in "ugo" if not who or "a" in who else who:
        shift = _SHIFT[letter]
        mask |= 7 << shift
        if what in _SHIFT:
            bits |= (old >> _SHIFT[what] & 7) << shift
        else:
            bits |= _rwx(what, old, directory) << shift
        if "s" in what and letter in "ug":
            bits |= 0o4000 if letter == "u" else 0o2000
    if "t" in what:
        bits |= 0o1000
    if not who:
        bits &= ~umask
    if action == "=":
        return old & ~mask & 0o777 | bits
    return old | bits if action == "+" else old & ~bits


def _rwx(what: str, old: int, directory: bool) -> int:
    value = sum({"r": 4, "w": 2, "x": 1}.get(letter, 0) for letter in set(what))
    if "X" in what and (directory or old & 0o111):
        value |= 1
    return value


def owner(text: str) -> tuple[int, int]:
    """USER, USER:GROUP, USER.GROUP or :GROUP as numbers, -1 for what is not named. Usage."""
    separator = ":" if ":" in text else "."
    user, _, group = text.partition(separator)
    return number(user, USERS, lambda name: pwd.getpwnam(name).pw_uid, "user"), group_number(group)


def group_number(text: str) -> int:
    """A group's number; -1 for "". Usage."""
    return number(text, GROUPS, lambda name: grp.getgrnam(name).gr_gid, "group")


def number(text: str, names: dict[str, int], lookup: Callable[[str], int], what: str) -> int:
    """A user's or group's number, by its digits or its name."""
    if not text:
        return -1
    if text.isdigit():
        return int(text)
    if text in names:
        return names[text]
    try:
        return lookup(text)
    except KeyError:
        raise Usage(f"{text}: invalid {what} name") from None
