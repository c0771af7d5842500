"""What LocalKernel.execute() asks for, wherever its kernel is."""

from __future__ import annotations

from lkmtools.tuples import NamedTuple


class Execution(NamedTuple):
    """A user program: the content of its file, what it gets, and the host's descriptors for its 0, 1, 2."""

    image: bytes
    args: list[bytes]
    env: list[bytes]
    uid: int
    name: str
    stdio: tuple[int, int, int]
