"""LMSTAT over the socket against echoes of its frames, both ends on one processor.

The module is a silent one: what a module prints at LKM_E_STAT is not the wire's. The limit is on the ratio to
an echo of frames: a client that encodes the request and decodes the answer, a daemon that polls, decodes the
one and encodes the other, and nothing else. Beside it stand echoes of the same bytes that know no frames (one
polls, as any daemon with several clients must; one blocks in recv), and a system call that does nothing. Each
echo is an interpreter of its own, as the daemon is: a forked child would share its parent's addresses, and
with them the processor's branch predictions.
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Result as Line
from bench.measure import pair
from bench.samples import compiled, private_socket, tool
from lkmtools import client
from lkmtools.abi import lkm
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.syscall import SYS_ioctl
from lkmtools.proto import Reader, Region, Result, Syscall, encode

ROUNDS = 1000
RUNS = 11
SIZE = 1 << 16
SILENT = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("silent");
int silent_lkmentry(struct lkm_table *, int, int);
int silent_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


def bare(sock: socket.socket) -> None:
    """Block, and send back what came."""
    while data := sock.recv(SIZE):
        sock.sendall(data)


def polling(sock: socket.socket, answer: Callable[[bytes], bytes] = bytes) -> None:
    """Poll, read without blocking, send the answer to what came."""
    sock.setblocking(False)
    poller = select.epoll()
    poller.register(sock.fileno(), select.EPOLLIN)
    while True:
        poller.poll()
        data = sock.recv(SIZE)
        if not data:
            return
        sock.send(answer(data))


def frames(sock: socket.socket) -> None:
    """Poll, decode the request, encode a result that has its region for a change."""
    reader = Reader()

    def answer(data: bytes) -> bytes:
        reader.feed(data)
        got = reader.next()
        assert got is not None
        serial, frame = got
        assert isinstance(frame, Syscall)
        return encode(Result(0, (0, 0), ((0, 0, frame.regions[0].data),), "", ""), serial)

    polling(sock, answer)


@contextmanager
def _other(end: Callable[[socket.socket], None]) -> Iterator[socket.socket]:
    """A socket whose other end is `end`, in a process of its own."""
    near, far = socket.socketpair()
    command = [sys.executable, "-m", "bench.wire", end.__name__, str(far.fileno())]
    with subprocess.Popen(command, pass_fds=[far.fileno()]), far, near:
        far.close()
        yield near


def run(directory: Path) -> Iterator[Line]:
    """Four lines."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    try:
        yield from _run(compiled(directory, SILENT, "silent"))
    finally:
        os.sched_setaffinity(0, cpus)


def _run(silent: Path) -> Iterator[Line]:
    with private_socket() as env, _other(bare) as blocks, _other(polling) as polls, _other(frames) as codes:
        tool(env, "modload", silent)
        with client.connect(env["LKM_SOCKET"], comm="bench", autostart=False) as p:
            fd = p.open("/dev/lkm", O_RDONLY)
            buf = p.buffer(lkm.lmc_stat.layout(p.dm).pack(id=0))
            command = lkm.LMSTAT.code(p.dm)
            p.ioctl(fd, command, buf)
            request = Syscall(SYS_ioctl, (fd, command, buf.addr), (Region(buf.addr, buf.data),))
            frame = encode(request, 1)
            reader = Reader()

            def stat() -> None:
                p.ioctl(fd, command, buf)

            def echo(sock: socket.socket) -> None:
                sock.sendall(frame)
                sock.recv(SIZE)

            def coded() -> None:
                codes.sendall(encode(request, 1))
                reader.feed(codes.recv(SIZE))
                reader.next()

            one = "one CPU"
            yield _pair(f"LMSTAT round trip / echo of its frames, {one}", stat, coded, 2.5)
            yield _pair(f"LMSTAT round trip / polling echo of bytes, {one}", stat, lambda: echo(polls))
            yield _pair(f"LMSTAT round trip / blocking echo of bytes, {one}", stat, lambda: echo(blocks))
            yield _pair(f"getpid round trip / blocking echo of bytes, {one}", p.getpid, lambda: echo(blocks))


def _pair(
    name: str, ours: Callable[[], object], other: Callable[[], object], limit: float | None = None
) -> Line:
    def repeat(action: Callable[[], object]) -> None:
        for _ in range(ROUNDS):
            action()

    return pair(name, lambda: repeat(ours), lambda: repeat(other), limit, RUNS, ROUNDS)


if __name__ == "__main__":
    {"bare": bare, "polling": polling, "frames": frames}[sys.argv[1]](socket.socket(fileno=int(sys.argv[2])))
