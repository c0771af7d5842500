"""The credentials of a process (struct ucred)."""

from __future__ import annotations

from lkmtools.tuples import NamedTuple


class Cred(NamedTuple):
    """A process's user and group."""

    uid: int
    gid: int
