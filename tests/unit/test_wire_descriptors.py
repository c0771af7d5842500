"""The poller, and the descriptors that a process closes."""

from __future__ import annotations

import os
import resource
import select

import pytest

from lkmtools.wire.forked import close_all_but
from lkmtools.wire.poller import Poller
from support.polling import turn

# -- the poller -----------------------------------------------------------------------------------------


def test_a_descriptor_that_was_forgotten_meanwhile_is_left_out() -> None:
    """By a handler of the same round."""
    poller, called = Poller(), []
    pipes = [os.pipe() for _ in range(2)]
    for reading, writing in pipes:
        os.write(writing, b"x")
        poller.add(reading, lambda events, fd=reading: called.append(fd))  # type: ignore[misc]
    for fd, handler, events in poller.poll(0):
        handler(events)
        poller.forget(next(reading for reading, _ in pipes if reading != fd))
    assert len(called) == 1
    poller.watch(called[0], select.EPOLLOUT)
    assert turn(poller, 0) == 0
    poller.close()
    with pytest.raises(ValueError, match="closed epoll"):
        turn(poller, 0)
    for reading, writing in pipes:
        os.close(reading)
        os.close(writing)


# -- descriptors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [{0, 1, 2}, {0, 1, 2, 3}, {0, 1, 2, 5, 9}, {1}])
def test_every_other_descriptor_is_closed(keep: set[int]) -> None:
    """Also when the process may open no other to look."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            for fd in range(3, 12):
                os.dup2(1, fd)
            resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
            close_all_but(keep)
            status = int({fd for fd in range(12) if _is_open(fd)} != keep)
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0


def _is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
