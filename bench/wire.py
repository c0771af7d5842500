"""LMSTAT over the socket against a bare echo of frames of the same size, both ends on one processor."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result, pair
from bench.samples import EXAMPLES, compiled, private_socket, tool
from lkmtools import client
from lkmtools.abi import lkm
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.proto import Region, Syscall, encode

ROUNDS = 2000
RUNS = 7


def _echo_server(sock: socket.socket) -> None:
    while data := sock.recv(65536):
        sock.sendall(data)
    os._exit(0)


def run(directory: Path) -> Iterator[Result]:
    """One line."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    try:
        yield from _run(compiled(directory, EXAMPLES / "hello" / "hello.c", "hello"))
    finally:
        os.sched_setaffinity(0, cpus)


def _run(hello: Path) -> Iterator[Result]:
    with private_socket() as env:
        tool(env, "modload", hello)
        near, far = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            near.close()
            _echo_server(far)
        far.close()
        with client.connect(env["LKM_SOCKET"], comm="bench", autostart=False) as p:
            fd = p.open("/dev/lkm", O_RDONLY)
            buf = p.buffer(lkm.lmc_stat.layout(p.dm).pack(id=0))
            command = lkm.LMSTAT.code(p.dm)
            frame = encode(Syscall(54, (fd, command, buf.addr), (Region(buf.addr, buf.data),)), 1)

            def stat() -> None:
                for _ in range(ROUNDS):
                    p.ioctl(fd, command, buf)

            def echo() -> None:
                for _ in range(ROUNDS):
                    near.sendall(frame)
                    near.recv(65536)

            yield pair("LMSTAT round trip / echo of the same bytes, one CPU", stat, echo, 5, RUNS, ROUNDS)
        near.close()
        os.waitpid(pid, 0)
