"""lkmtools.client against a real daemon: buffers, words, errors, and how a process ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from lkmtools import client
from lkmtools.abi import stat as st
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EBUSY, EFAULT, ENOENT, ENOSYS
from lkmtools.abi.fcntl import O_NONBLOCK, O_RDONLY, O_RDWR, SEEK_CUR, SEEK_SET
from lkmtools.abi.syscall import SYS_getgid, SYS_getpid, SYS_getuid, SYS_read
from lkmtools.client.core import MAX_ADDRESS, MIN_ADDRESS
from lkmtools.daemon.address import control_path
from lkmtools.errors import DaemonError, KernelError, PanicError
from support.daemons import Daemon, Place, wait_dead


@pytest.fixture(params=["amd64", "i386"])
def p(request: pytest.FixtureRequest, start_daemon: Callable[..., Daemon]) -> client.Process:
    """A process of each machine."""
    return start_daemon("--machine", request.param).connect()


def test_welcome_describes_the_kernel(daemon: Daemon) -> None:
    """Machine, data model, release and numbers."""
    with daemon.connect() as p:
        assert (p.machine, p.dm.name, p.release, p.boot) == ("amd64", "LP64", 502000000, 1)
        assert (p.pid, p.daemon_pid, p.path) == (p.getpid(), daemon.pid, daemon.socket)
        assert p.version == "NetBSD 5.2 (LKMTOOLS) #1"


def test_reading_and_seeking(p: client.Process) -> None:
    """Offsets of 64 bits go through on a 32-bit kernel too."""
    with p:
        fd = p.open("/dev/zero")
        assert p.read(fd, 4) == bytes(4)
        assert p.lseek(fd, 0, SEEK_CUR) == 4
        assert p.pread(fd, 3, 1 << 33) == bytes(3)
        assert p.lseek(fd, 1 << 40, SEEK_SET) == 1 << 40
        assert p.lseek(fd, -1, SEEK_CUR) == (1 << 40) - 1
        p.close(fd)
        null = p.open("/dev/null", O_RDWR)
        assert p.read(null, 4) == b""
        assert (p.write(null, b"hello"), p.pwrite(null, b"abc", 1 << 33)) == (5, 3)


def test_files_come_and_go(p: client.Process) -> None:
    """listdir and unlink."""
    with p:
        p.mknod("/tmp/file", st.S_IFCHR | 0o600, makedev(2, 2))
        assert p.listdir("/tmp") == ["file"]
        p.unlink("/tmp/file")
        assert p.listdir("/tmp") == []


def test_devices_and_their_numbers(p: client.Process) -> None:
    """A dev_t has 64 bits and comes back whole."""
    with p:
        dev = makedev(28, 7)
        p.mknod("/dev/some", st.S_IFCHR | 0o644, dev)
        p.chmod("/dev/some", 0o600)
        status = p.stat("/dev/some")
        assert (status.st_rdev, status.st_mode) == (dev, st.S_IFCHR | 0o600)


def test_directories(p: client.Process) -> None:
    """mkdir and rmdir."""
    with p:
        p.mkdir("/tmp/d", 0o700)
        assert p.stat("/tmp/d").st_mode == st.S_IFDIR | 0o700
        p.rmdir("/tmp/d")
        with pytest.raises(KernelError) as caught:
            p.stat("/tmp/d")
        assert caught.value.errno == ENOENT


def test_kernel_error_has_errno_and_reason(daemon: Daemon) -> None:
    """BSD's number, and a sentence beside it."""
    with daemon.connect() as p:
        with pytest.raises(KernelError) as caught:
            p.syscall(210)
        assert caught.value.errno == ENOSYS
        first = p.open("/dev/lkm", O_RDWR)
        with daemon.connect() as q, pytest.raises(KernelError) as caught:
            q.open("/dev/lkm", O_RDWR | O_NONBLOCK)
        assert caught.value.errno == EBUSY
        assert "test" in caught.value.reason
        p.close(first)


def test_memory_that_was_not_sent_is_efault(daemon: Daemon) -> None:
    """A pointer into a buffer that is not part of the request, and a null pointer."""
    with daemon.connect() as p:
        fd = p.open("/dev/zero", O_RDONLY)
        buf = p.buffer(16)
        for address in (buf.addr, 0, buf.addr + 4096):
            with pytest.raises(KernelError) as caught:
                p.syscall(SYS_read, fd, address, 16)
            assert caught.value.errno == EFAULT


def test_buffers_are_page_aligned_and_numbered_anew_below_the_kernel(daemon: Daemon) -> None:
    """Addresses start at 0x10000 and never reach the kernel's."""
    with daemon.connect() as p:
        first, second = p.buffer(1), p.buffer(4096)
        assert (first.addr, second.addr, p.buffer(0).addr) == (0x10000, 0x11000, 0x13000)
        p._next = MAX_ADDRESS - 4096
        assert p.buffer(8192).addr == MIN_ADDRESS


def test_too_many_arguments_are_an_error_of_the_request(daemon: Daemon) -> None:
    """The process lives on."""
    with daemon.connect() as p:
        why = "number of arguments is 9; the limit is 8"
        with pytest.raises(DaemonError, match=why):
            p.syscall(SYS_getpid, *range(9))
        assert p.pid == p.getpid()


def test_exit_closes_what_was_open(daemon: Daemon) -> None:
    """The end of the connection is the end of the process; a sleeping open goes on then."""
    holder, waiter = daemon.connect("holder"), daemon.connect("waiter")
    holder.open("/dev/lkm", O_RDWR)
    waiter.on_wait = holder.exit
    with waiter:
        assert waiter.open("/dev/lkm", O_RDWR) == 0
    with pytest.raises(DaemonError, match="the connection to the daemon is closed"):
        holder.getpid()


def test_interrupt_while_waiting_ends_the_process(daemon: Daemon) -> None:
    """KeyboardInterrupt goes through, and the kernel forgets the process and its sleep."""
    holder, waiter = daemon.connect("holder"), daemon.connect("waiter")

    def interrupt() -> None:
        raise KeyboardInterrupt

    waiter.on_wait = interrupt
    with holder:
        holder.open("/dev/lkm", O_RDWR)
        with pytest.raises(KeyboardInterrupt):
            waiter.open("/dev/lkm", O_RDWR)
        assert waiter._transport.fileno() == -1
        holder.getpid()
        assert "waiter" not in [proc["comm"] for proc in holder.control("ps")["processes"]]


def test_daemon_that_is_stopped_ends_its_kernel(daemon: Daemon) -> None:
    """Its processes are told, and further calls are an error, too."""
    with daemon.connect() as p:
        daemon.stop()
        with pytest.raises(DaemonError, match=r"^the daemon was stopped$"):
            p.getpid()
        with pytest.raises(DaemonError, match="the connection to the daemon is closed"):
            p.getpid()


def test_daemon_that_dies_is_a_daemon_error(daemon: Daemon) -> None:
    """Not an OSError: nobody is there any more who knows why."""
    with daemon.connect() as p:
        watch = os.pidfd_open(daemon.pid)
        os.kill(daemon.pid, signal.SIGKILL)
        wait_dead(watch)
        os.close(watch)
        with pytest.raises(DaemonError, match="the daemon closed the connection") as caught:
            p.getpid()
        assert not isinstance(caught.value, PanicError)


def test_no_daemon_and_no_autostart(place: Place) -> None:
    """The error names the socket."""
    with pytest.raises(DaemonError, match=f"no lkmd is running .socket {place.socket}"):
        place.connect()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be somebody else")
def test_other_users_keep_their_uid(daemon: Daemon) -> None:
    """SO_PEERCRED: the owner and root are 0 inside, others what they are; they may not stop the daemon."""
    os.chmod(daemon.dir, 0o755)
    os.chmod(daemon.socket, 0o666)
    os.chmod(control_path(daemon.socket), 0o666)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65533)
        os.setuid(65534)
        os.write(writing, as_somebody(daemon.socket).encode())
        os._exit(0)
    os.close(writing)
    with open(reading) as result:
        assert result.read() == "65534 65533 stop: only the owner of the daemon and root may do that"
    os.waitpid(child, 0)
    with daemon.connect() as p:
        assert (p.syscall(SYS_getuid)[0], p.syscall(SYS_getgid)[0]) == (0, 0)


def as_somebody(path: str) -> str:
    """uid and gid inside, and what the daemon says to `stop`."""
    try:
        p = client.connect(path, autostart=False)
        ids = f"{p.syscall(SYS_getuid)[0]} {p.syscall(SYS_getgid)[0]}"
        try:
            return f"{ids} stopped {p.control('stop')}"
        except DaemonError as error:
            return f"{ids} {error}"
    except Exception as error:
        return repr(error)
