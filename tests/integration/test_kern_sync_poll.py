"""A driver of module code whose readers sleep until somebody writes: read, write and poll by many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EAGAIN, EBUSY, EINTR, EINVAL
from lkmtools.abi.fcntl import O_CREAT, O_NONBLOCK, O_RDONLY, O_RDWR
from lkmtools.abi.poll import POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLRDNORM
from lkmtools.abi.proc import PCATCH, PZERO
from lkmtools.abi.stat import S_IFCHR
from lkmtools.errors import KernelError
from lkmtools.kern.status import processes
from support.lab import Lab

PIPE = Path(__file__).parent / "pipe.c"
DEVICE = "/dev/pipe"


@pytest.fixture(params=[PCATCH, 0])
def pipe(request: pytest.FixtureRequest, lab: Lab) -> Any:
    """The lab with the driver; its readers sleep with PCATCH or without."""
    made(lab, request.param)
    return lab


def made(lab: Lab, pcatch: int = PCATCH) -> None:
    lab.load(PIPE, name="pipe")
    lab.k.mem.set_u32(lab.symbols["priority"], PZERO | pcatch)
    lab.node("pipe", DEVICE)


def opened(lab: Lab, comm: str = "user", flags: int = O_RDWR) -> tuple[Any, int]:
    p = lab.kernel.process(comm)
    return p, p.open(DEVICE, flags)


def test_a_reader_sleeps_until_another_process_writes(pipe: Any) -> None:
    """The writer is not held up, and the reader has what was written."""
    reader, rfd = opened(pipe)
    writer, wfd = opened(pipe)
    read = pipe.start(reader.read, rfd, 64)
    assert not read.done
    assert writer.write(wfd, b"hello") == 5
    assert read.result() == b"hello"


def test_a_nonblocking_reader_does_not_sleep(lab: Lab) -> None:
    """O_NONBLOCK reaches the driver as IO_NDELAY."""
    made(lab)
    p, fd = opened(lab, flags=O_RDWR | O_NONBLOCK)
    with pytest.raises(KernelError) as caught:
        p.read(fd, 1)
    assert caught.value.errno == EAGAIN


def test_of_twenty_readers_the_first_gets_it_and_the_others_sleep_again(lab: Lab) -> None:
    """All are woken in the order they came; twenty writes serve them in a fair order."""
    made(lab)
    writer, wfd = opened(lab)
    readers = [opened(lab) for _ in range(20)]
    reads = [lab.start(p.read, fd, 64) for p, fd in readers]
    for n, read in enumerate(reads):
        writer.write(wfd, b"%d" % n)
        lab.settle()
        assert read.result() == b"%d" % n
    assert not any(entry["state"] == "sleep" for entry in processes(lab.k))


def test_the_death_of_readers_leaves_nothing_behind(lab: Lab) -> None:
    """Twenty clients die asleep: twenty processes exit, and the module can be unloaded."""
    made(lab)
    before = set(lab.k.procs)
    readers = [opened(lab) for _ in range(20)]
    for p, fd in readers:
        lab.start(p.read, fd, 64)
    for p, _ in readers:
        p.exit()
    lab.settle()
    assert set(lab.k.procs) == before
    assert not lab.k.vfs.open_devices.get((S_IFCHR, lab.p.stat(DEVICE).st_rdev))
    modules.unload(lab.p, "pipe")


def test_a_reader_without_pcatch_keeps_the_module_loaded_after_its_client_died(lab: Lab) -> None:
    """It is woken by a write, and then its process exits."""
    made(lab, 0)
    reader, rfd = opened(lab)
    lab.start(reader.read, rfd, 64)
    reader.exit()
    with pytest.raises(KernelError, match="sleeps in pipe_read") as caught:
        modules.unload(lab.p, "pipe")
    assert caught.value.errno == EBUSY
    writer, wfd = opened(lab)
    writer.write(wfd, b"x")
    lab.settle()
    assert reader.pid not in lab.k.procs
    writer.exit()
    modules.unload(lab.p, "pipe")


def test_poll_sleeps_until_the_driver_notifies(pipe: Any) -> None:
    """selrecord and selnotify: poll returns the event, and reading then does not sleep."""
    reader, rfd = opened(pipe)
    writer, wfd = opened(pipe)
    poll = pipe.start(reader.poll, [(rfd, POLLIN)])
    assert not poll.done
    assert pipe.call("int waiting(void)") == 1
    writer.write(wfd, b"hello")
    assert poll.result() == [(rfd, POLLIN)]
    assert pipe.call("int waiting(void)") == 0
    assert reader.read(rfd, 64) == b"hello"


def test_many_pollers_are_all_notified(lab: Lab) -> None:
    """Twenty processes wait for one device."""
    made(lab)
    writer, wfd = opened(lab)
    readers = [opened(lab) for _ in range(20)]
    polls = [lab.start(p.poll, [(fd, POLLIN)]) for p, fd in readers]
    assert lab.call("int waiting(void)") == 2  # the first, and that there are more
    writer.write(wfd, b"x")
    assert [poll.result() for poll in polls] == [[(fd, POLLIN)] for _, fd in readers]


def test_poll_with_a_timeout_ends_without_events(lab: Lab) -> None:
    """0 milliseconds ask once; 15 sleep for two ticks."""
    made(lab)
    p, fd = opened(lab)
    assert p.poll([(fd, POLLIN)], 0) == []
    assert p.poll([(fd, POLLIN)], 15) == []
    assert p.poll([], 1) == []


def test_poll_answers_for_what_is_ready_now(lab: Lab) -> None:
    """Several descriptors at once: writable, not open (POLLNVAL), negative (ignored)."""
    made(lab)
    p, fd = opened(lab)
    null = p.open("/dev/null", O_RDWR)
    asked = [(fd, POLLIN | POLLOUT), (99, POLLIN), (-1, POLLIN), (null, POLLIN)]
    assert p.poll(asked) == [(fd, POLLOUT), (99, POLLNVAL), (null, POLLIN)]


@pytest.mark.parametrize(("count", "timeout"), [(1, -2), (5000, 0)])
def test_poll_refuses_impossible_arguments(lab: Lab, count: int, timeout: int) -> None:
    """EINVAL, with value and limit."""
    with pytest.raises(KernelError, match=r"the (minimum|limit) is ") as caught:
        lab.p.poll([(0, POLLIN)] * count, timeout)
    assert caught.value.errno == EINVAL


def test_a_poller_that_dies_is_forgotten(lab: Lab) -> None:
    """Its process exits at once, and the module can be unloaded."""
    made(lab)
    p, fd = opened(lab)
    lab.start(p.poll, [(fd, POLLIN)])
    p.exit()
    lab.settle()
    assert p.pid not in lab.k.procs
    modules.unload(lab.p, "pipe")


def test_a_signal_ends_poll(lab: Lab) -> None:
    """EINTR."""
    made(lab)
    p, fd = opened(lab)
    poll = lab.start(p.poll, [(fd, POLLIN)])
    lab.p.kill(p.pid, 15)
    with pytest.raises(KernelError) as caught:
        poll.result()
    assert caught.value.errno == EINTR


def test_a_driver_stays_while_somebody_polls_it(lab: Lab) -> None:
    """The sleeper is not in its code, but has the device open; the poll ends with its timeout."""
    made(lab)
    p, fd = opened(lab)
    poll = lab.start(p.poll, [(fd, POLLIN)], 20)
    with pytest.raises(KernelError, match="of 'pipe' is open") as caught:
        modules.unload(lab.p, "pipe")
    assert caught.value.errno == EBUSY
    assert poll.result() == []
    p.close(fd)
    modules.unload(lab.p, "pipe")


@pytest.mark.parametrize("path", ["/dev/ksyms", "/dev/null", "/dev/lkm", "/tmp", "/dev", "/tmp/file"])
def test_what_is_always_ready_has_no_error(lab: Lab, path: str) -> None:
    """poll(2) asks for POLLERR and POLLHUP by itself."""
    p = lab.kernel.process("poller")
    if path == "/tmp/file":
        p.close(p.open(path, O_RDWR | O_CREAT))
    fd = p.open(path, O_RDONLY)
    everything = POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM
    assert p.poll([(fd, everything)], 0) == [(fd, POLLIN | POLLOUT | POLLRDNORM)]
    assert p.poll([(fd, POLLIN)], 0) == [(fd, POLLIN)]
    p.exit()
