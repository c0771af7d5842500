"""Devices mapped across processes of the host: a real daemon, real clients, and how each of them ends."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress

import pytest

from lkmtools import modules
from lkmtools.abi import errno as bsd
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.abi.syscall import SYS_mmap, SYS_open
from lkmtools.abi.vmparam import PAGE_SIZE as PAGE
from lkmtools.client import Process
from lkmtools.errors import KernelError, PanicError
from lkmtools.proto import Mapped, Region, Result, Share, Syscall
from support.board import BOARD, nodes
from support.compiling import Compile
from support.daemons import Daemon, Raw

BOOM = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("boom");
int boom_lkmentry(struct lkm_table *, int, int);
int boom_lkmentry(struct lkm_table *t, int cmd, int ver) { panic("boom"); }
"""


@pytest.fixture
def board(start_daemon: Callable[..., Daemon], cc: Compile, machine: str) -> Daemon:
    """A daemon with the boards as /dev/d0 and /dev/d1."""
    daemon = start_daemon("--machine", machine)
    with daemon.connect("loader") as p:
        loaded = modules.load(p, cc(BOARD / "board.c", machine, "board"))
        nodes(p, loaded.id, 2)
    return daemon


def files(pid: int) -> list[str]:
    """What a process has open that is a page of a device."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # closed meanwhile
            found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return [name for name in found if "lkm-page" in name]


def wait_for_files(board: Daemon, count: int) -> None:
    """Wait until both processes of the daemon have so many pages of devices open, each."""
    while [len(files(pid)) for pid in (board.kernel_pid, board.pid)] != [count, count]:
        pass


def unload_error(p: Process) -> int:
    """The errno with which the boards cannot be unloaded; 0 when they have been."""
    try:
        modules.unload(p, "board")
    except KernelError as error:
        return error.errno
    return 0


CHILD = """if True:
    import signal, sys
    from lkmtools import client
    p = client.connect(%r, comm="child")
    fd = p.open("/dev/d0", 2)
    view = p.memory(p.mmap(fd, 4096), 4096)
    p.close(fd)
    view[0:5] = b"child"
    print("mapped", flush=True)
    sys.stdin.readline()
    print(bytes(view[0:6]).decode(), flush=True)
    signal.pause()
"""


def test_two_programs_of_the_host_share_a_page_until_one_is_killed(board: Daemon) -> None:
    """What one writes the other reads; the module cannot go before the killed one is seen to be gone."""
    argv = [sys.executable, "-c", CHILD % board.socket]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stdout.readline() == "mapped\n"
        with board.connect() as p:
            fd = p.open("/dev/d0", O_RDWR)
            addr = p.mmap(fd, PAGE)
            p.close(fd)
            view = p.memory(addr, PAGE)
            assert bytes(view[:6]) == b"child\0"
            view[:6] = b"parent"
            child.stdin.write("\n")
            child.stdin.flush()
            assert child.stdout.readline() == "parent\n"
            p.munmap(addr, PAGE)
            assert unload_error(p) == bsd.EBUSY
            assert len(files(board.kernel_pid)) == 1
            wait_for_files(board, 1)
            child.send_signal(signal.SIGKILL)
            child.wait()
            while unload_error(p):
                p.getpid()  # until the daemon has seen the end of that connection
            assert files(board.kernel_pid) == []
            wait_for_files(board, 0)


def test_a_panic_takes_the_mappings_with_it(board: Daemon, cc: Compile, machine: str) -> None:
    """The client keeps its old page; the daemon has no descriptor of it, and a new kernel."""
    boom = cc(BOOM, machine, "boom")
    with board.connect() as p:
        view = p.memory(p.mmap(p.open("/dev/d1", O_RDWR), PAGE), PAGE)
        view[:3] = b"old"
        assert len(files(board.kernel_pid)) == 1
        wait_for_files(board, 1)
        with pytest.raises(PanicError):
            modules.load(p, boom)
        assert bytes(view[:3]) == b"old"
        with board.connect() as other:
            wait_for_files(board, 0)
            assert other.boot == p.boot + 1


OPEN = Syscall(SYS_open, (0x10000, O_RDWR, 0), (Region(0x10000, bytearray(b"/dev/d0\0")),))


class Slow(Raw):
    """A client that answers SHARE when, and what, the test says."""

    def map(self) -> tuple[Share, int]:
        """Open and map the device: the SHARE, and its descriptor."""
        self.send(OPEN)
        opened = self.receive()
        assert isinstance(opened, Result)
        args = (0, PAGE, 3, 1, opened.retval[0], 0, 0, 0)
        self.send(Syscall(SYS_mmap, args, ()))
        while (got := self.reader.next()) is None:
            data, fds, _, _ = socket.recv_fds(self.socket, 1 << 16, 8)
            self.reader.feed(data)
        assert isinstance(got[1], Share)
        assert len(fds) == got[1].files == 1
        return got[1], fds[0]


def test_a_client_that_never_answers_hurts_nobody(board: Daemon) -> None:
    """It sleeps in its mmap; when it is gone nothing is shared, and what it kept is a page of its own."""
    slow = Slow(board.socket)
    slow.greet("slow")
    share, fd = slow.map()
    assert share == Share(0, PAGE, 3, 1)
    with board.connect() as p:
        assert [row["wmesg"] for row in p.control("ps")["processes"] if row["comm"] == "slow"] == ["vmmap"]
        slow.socket.close()
        wait_for_files(board, 0)
        os.pwrite(fd, b"intruder", 0)
        device = p.open("/dev/d0", O_RDWR)
        p.write(device, b"ours")
        assert os.pread(fd, 8, 0) == b"intruder"
        assert p.read(device, 8) == b"ours"
    with pytest.raises(PermissionError) as caught:
        os.ftruncate(fd, 0)
    assert caught.value.errno == errno.EPERM
    os.close(fd)


def test_the_first_word_of_a_client_counts(board: Daemon) -> None:
    """ENOMEM or no address: the mapping is not; the process goes on."""
    slow = Slow(board.socket)
    slow.greet("slow")
    for answer in (Mapped(bsd.ENOMEM, 0), Mapped(0, 0)):
        _, fd = slow.map()
        os.close(fd)
        slow.send(answer)
        result = slow.receive()
        assert isinstance(result, Result)
        assert result.errno == bsd.ENOMEM
    assert files(board.kernel_pid) == []
    wait_for_files(board, 0)
    slow.socket.close()
