"""A host without memory: who asks for too much is told so, and daemon and kernel go on."""

from __future__ import annotations

import os
import re
import resource
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from lkmtools import client
from lkmtools.abi.errno import ENOMEM
from lkmtools.abi.fcntl import O_CREAT, O_RDWR
from lkmtools.abi.syscall import SYS_open, SYS_read
from lkmtools.errors import DaemonError, KernelError
from lkmtools.kernproc.connection import MOST_KEPT
from lkmtools.proto import MAX_FRAME, Refused, Region, Result, Syscall
from support.daemons import Daemon, Raw, limited

MIB = 1 << 20
FILE = 24 * MIB
PLACE = 0x10000  # where a client's memory begins
ROOM = [*range(1, 90, 8)]  # MiB that the kernel process may have more than it has


def write(p: client.Process) -> object:
    """Write a large file."""
    return p.write(p.open("/tmp/large", O_RDWR | O_CREAT), b"x" * FILE)


def read(p: client.Process) -> object:
    """Read it into memory that is not sent."""
    buffer = p.buffer(FILE)
    return p.syscall(SYS_read, p.open("/tmp/large", O_RDWR), buffer, FILE)


def run(p: client.Process) -> object:
    """Run a program that is no program."""
    return p.execute(b"\x7fELF" * (FILE // 4), [b"large"])


SHORT = re.compile(r"the host has no memory left for .*; the limit is \d+ KiB of address space \(ulimit -v\)")


@pytest.mark.parametrize(
    ("request_", "outcome"),
    [(write, ""), (read, ""), (run, "not an ELF file")],
    ids=["write", "read", "run"],
)
def test_a_large_request_is_an_error_of_its_client_alone(
    daemon: Daemon, request_: Callable[[client.Process], object], outcome: str
) -> None:
    """Whichever of its copies there is no memory for; the same kernel then serves it once there is."""
    with daemon.connect("bystander") as bystander:
        write(bystander)
        kernel, why = daemon.kernel_pid, []
        for room in ROOM:
            with limited(kernel, room), daemon.connect("large") as p:
                try:
                    request_(p)
                except (KernelError, DaemonError) as error:
                    why.append(error)
            assert bystander.getpid() == bystander.pid
        with daemon.connect("large") as p:
            if outcome:
                with pytest.raises(KernelError, match=outcome):
                    request_(p)
            else:
                request_(p)
    reasons = [error.reason if isinstance(error, KernelError) else str(error) for error in why]
    assert all(SHORT.fullmatch(reason) or (outcome and outcome in reason) for reason in reasons), reasons
    assert ENOMEM in [error.errno for error in why if isinstance(error, KernelError)]
    status = daemon.status()
    assert (status["boot"], status["panics"]) == (1, 0), status["last_panic"]
    assert daemon.log() == ""


def test_one_client_has_a_bound_on_all_its_connections(daemon: Daemon) -> None:
    """Memory is taken as bytes arrive, and given back; another process of the host is served meanwhile."""

    def resident() -> int:
        return int(Path(f"/proc/{daemon.kernel_pid}/statm").read_text().split()[1]) * resource.getpagesize()

    before = resident()
    raws = []
    for size in (0, 48, 48, 48):
        raws.append(Raw(daemon.socket))
        raws[-1].greet("large")
        raws[-1].socket.sendall(struct.pack("<IHHI", MAX_FRAME, 4, 0, 1))
        with suppress(ConnectionError):
            raws[-1].socket.sendall(bytes(size * MIB))
    answer = raws[-1].receive()
    assert isinstance(answer, Refused)
    assert re.fullmatch(
        rf"protocol error: unserved requests and unread answers of process {os.getpid()} of the host "
        rf"have \d+ bytes; the limit is {MOST_KEPT}; wait for answers before sending more", answer.why,
    )  # fmt: skip
    assert resident() - before < MOST_KEPT * 1.25 + 16 * MIB
    large = daemon.run("lkmctl", "tee", "/tmp/large", stdin=b"x" * 4 * MIB)
    assert (large.status, len(large.out)) == (0, 4 * MIB)
    for raw in raws:
        raw.socket.close()
    while daemon.status()["connections"]:
        pass
    assert resident() - before < 16 * MIB


def test_the_bound_counts_answers_that_nobody_reads(daemon: Daemon) -> None:
    """Also where the request itself is small, as it only names the memory; the last one is refused."""
    with daemon.connect() as p:
        write(p)
    raws = []
    for _ in range(MOST_KEPT // FILE + 2):
        raw = Raw(daemon.socket)
        raws.append(raw)
        raw.greet("greedy")
        raw.send(Syscall(SYS_open, (PLACE, O_RDWR, 0), (Region(PLACE, bytearray(b"/tmp/large\0")),)))
        opened = raw.receive()
        assert isinstance(opened, Result)
        raw.send(Syscall(SYS_read, (opened.retval[0], PLACE, FILE), (Region(PLACE, bytearray(FILE)),)))
    answer = raws[-1].receive()
    assert isinstance(answer, Refused)
    assert "unread answers" in answer.why
    for raw in raws:
        raw.socket.close()
    assert daemon.run("modstat").status == 0


def test_the_bound_counts_many_requests_that_do_not_end(daemon: Daemon) -> None:
    """None of them is large."""
    size = MAX_FRAME // 4
    raws = []
    for _ in range(2 * MOST_KEPT // size):
        raws.append(Raw(daemon.socket))
        raws[-1].greet("greedy")
        raws[-1].socket.sendall(struct.pack("<IHHI", MAX_FRAME, 4, 0, 1))
        with suppress(ConnectionError):
            raws[-1].socket.sendall(bytes(size))
    assert isinstance(raws[-1].receive(), Refused)
    for raw in raws:
        raw.socket.close()
