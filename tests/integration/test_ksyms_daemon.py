"""/dev/ksyms across processes of the host: memory that a real daemon hands to real clients."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from lkmtools import modules
from lkmtools.abi import errno
from lkmtools.abi.datamodel import LP64
from lkmtools.abi.ksyms import FREEBSD_KIOCGADDR
from lkmtools.abi.syscall import SYS_ioctl, SYS_open
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.proto import Answer, Control, Map, Mapped, Refused, Region, Result, Syscall
from support.compiling import Compile
from support.daemons import Daemon, Raw
from support.ksyms import PROBE, Snapshot, names

OPEN = Syscall(SYS_open, (0x10000, 0, 0), (Region(0x10000, bytearray(b"/dev/ksyms\0")),))
HEAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("%(name)s");
int %(name)s_lkmentry(struct lkm_table *, int, int);
int %(name)s_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


def load(daemon: Daemon, cc: Compile, name: str = "probe") -> None:
    """Load PROBE as a module with its symbols."""
    obj = cc(HEAD % {"name": name} + PROBE.replace("probe", name), name=name)
    with daemon.connect("loader") as p:
        modules.load(p, obj, symbols=True)


def test_memory_at_KIOCGADDR_shows_the_old_image_after_later_loads_and_unloads(
    daemon: Daemon, cc: Compile
) -> None:
    """Read by ctypes, in the memory of this very program."""
    with daemon.connect() as p:
        s = Snapshot(p)
        before = ctypes.string_at(s.address, s.size)
        load(daemon, cc)
        assert before == ctypes.string_at(s.address, s.size)
        s.close()
        s = Snapshot(p)
        loaded = ctypes.string_at(s.address, s.size)
        with daemon.connect("unloader") as other:
            modules.unload(other, "probe")
        assert loaded == ctypes.string_at(s.address, s.size)
    assert ("probe_run" in names(before), "probe_run" in names(loaded)) == (False, True)


def test_two_processes_of_the_host_have_it_open_at_once(daemon: Daemon) -> None:
    """Both have the same bytes, each in its own memory; what one writes the other does not see."""
    child = """if True:
        import sys
        sys.path[:0] = %r
        from support.ksyms import Snapshot
        from lkmtools import client
        with client.connect(%r) as p:
            s = Snapshot(p)
            p.memory(s.address, 4)[:] = b"mine"
            print(s.size, flush=True)
            sys.stdin.readline()
            print(bytes(p.memory(s.address, 8)).hex())
    """
    code = child % ([os.path.dirname(__file__) + "/.."], daemon.socket)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        size = int(other.stdout.readline())
        with daemon.connect() as p:
            s = Snapshot(p)
            assert size == s.size
            out, _ = other.communicate("go\n")
            assert out.strip() == (b"mine" + s.image()[4:8]).hex()
            assert s.image()[:4] == b"\x7fELF"
    assert other.returncode == 0


def test_snapshots_taken_while_modules_come_and_go_are_whole(daemon: Daemon, cc: Compile) -> None:
    """Six processes open and close at once: each image has all symbols of the module or none."""

    def reader(found: list[int]) -> None:
        with daemon.connect("reader") as p:
            for _ in range(5):
                s = Snapshot(p)
                found.append(sum(name.startswith("probe_") for name in names(s.image())))
                s.close()

    results: list[list[int]] = [[] for _ in range(6)]
    readers = [threading.Thread(target=reader, args=(found,)) for found in results]
    for thread in readers:
        thread.start()
    with daemon.connect("unloader") as p:
        while any(thread.is_alive() for thread in readers):
            load(daemon, cc)
            modules.unload(p, "probe")
    whole = {"probe_lkmentry", "probe_value", "probe_run"}
    assert {count for found in results for count in found} <= {0, len(whole)}
    assert all(results)


def test_a_killed_process_frees_it(daemon: Daemon) -> None:
    """SIGKILL from the host, in the middle: the driver can be detached."""
    code = f"""if True:
        import signal
        from lkmtools import client
        p = client.connect({daemon.socket!r})
        p.open("/dev/ksyms")
        print("open", flush=True)
        signal.pause()
    """
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with daemon.connect() as p:
            assert p.control("ksyms", event="unload")["errno"] == errno.EBUSY
            other.send_signal(signal.SIGKILL)
            other.wait()
            while p.control("ksyms", event="unload")["errno"]:
                p.getpid()  # until the daemon has seen the end of that connection
            assert p.control("ksyms", event="load")["errno"] == 0


def test_a_process_short_of_memory_has_ENOMEM(daemon: Daemon) -> None:
    """Its address space is full: it cannot be told an address, and may ask again."""
    code = f"""if True:
        import resource
        from lkmtools import client
        from lkmtools.abi.ksyms import FREEBSD_KIOCGADDR
        from lkmtools.client import memory
        from lkmtools.errors import KernelError
        p = client.connect({daemon.socket!r})
        fd, word = p.open("/dev/ksyms"), p.buffer(p.dm.pointer)
        command = FREEBSD_KIOCGADDR.code(p.dm)
        used = int(open("/proc/self/statm").read().split()[0]) * {resource.getpagesize()}
        resource.setrlimit(resource.RLIMIT_AS, (used, resource.RLIM_INFINITY))
        try:
            p.ioctl(fd, command, word)
        except KernelError as error:
            print(error.errno, error.reason)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        p.ioctl(fd, command, word)
        print(bytes(p.memory(int.from_bytes(word.data, "little"), 4)))
    """
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    first, second = out.splitlines()
    assert first.startswith(f"{errno.ENOMEM} the process found no room for ")
    assert second == repr(b"\x7fELF")


class Client(Raw):
    """A client that answers MAP when the test says so."""

    def receive_map(self) -> Map:
        """The MAP, whose descriptor is closed."""
        while (got := self.reader.next()) is None:
            data, fds, _, _ = socket.recv_fds(self.socket, 1 << 16, 1)
            for fd in fds:
                os.close(fd)
            self.reader.feed(data)
        assert isinstance(got[1], Map)
        return got[1]

    def receive_result(self) -> Result:
        """The RESULT of a system call."""
        got = self.receive()
        assert isinstance(got, Result)
        return got


@pytest.fixture
def slow(daemon: Daemon) -> Iterator[Client]:
    """Such a client, greeted."""
    client = Client(daemon.socket)
    with client.socket:
        client.greet("slow")
        yield client


def ask_for_the_address(slow: Client) -> Map:
    """Open the device and ask where the snapshot lies: the MAP that comes before the answer."""
    slow.send(OPEN)
    opened = slow.receive_result()
    assert opened.errno == 0
    word = Region(0x20000, bytearray(8))
    slow.send(Syscall(SYS_ioctl, (opened.retval[0], FREEBSD_KIOCGADDR.code(LP64), word.address), (word,)))
    return slow.receive_map()


def test_a_change_while_the_process_maps_does_not_change_the_snapshot(
    daemon: Daemon, slow: Client, cc: Compile
) -> None:
    """It is of the moment of the open, however long the mapping takes; it is mapped once."""
    with daemon.connect() as p:
        size = Snapshot(p).size
    length = ask_for_the_address(slow).length
    assert 0 <= length - size < PAGE_SIZE
    load(daemon, cc)
    slow.send(Mapped(0, 0x40000000))
    result = slow.receive_result()
    assert (result.errno, result.changed) == (0, ((0, 0, (0x40000000).to_bytes(8, "little")),))
    with daemon.connect() as p:
        assert Snapshot(p).size > size


def test_a_process_that_cannot_map_is_told_at_once(daemon: Daemon, slow: Client, cc: Compile) -> None:
    """ENOMEM, also when the symbols have changed meanwhile."""
    ask_for_the_address(slow)
    load(daemon, cc)
    slow.send(Mapped(errno.ENOMEM, 0))
    assert slow.receive_result().errno == errno.ENOMEM


def test_a_process_that_never_answers_hurts_nobody(daemon: Daemon, slow: Client) -> None:
    """It sleeps in its ioctl; others open meanwhile, and its death frees everything."""
    ask_for_the_address(slow)
    with daemon.connect() as p:
        Snapshot(p).close()
        assert [row["wmesg"] for row in p.control("ps")["processes"] if row["comm"] == "slow"] == ["vmmap"]
        slow.socket.shutdown(socket.SHUT_RDWR)
        while p.control("ksyms", event="unload")["errno"]:
            p.getpid()


def test_MAPPED_that_nobody_asked_for_is_refused(slow: Client) -> None:
    """It ends that connection only."""
    slow.send(Mapped(0, 0x1000))
    assert Refused("protocol error: MAPPED after HELLO") == slow.receive()


def test_events_belong_to_the_owner(daemon: Daemon, slow: Client) -> None:
    """An unknown event is EOPNOTSUPP, whatever it is; what is not a text is refused before."""
    for event in ("quiesce", "dance", "7"):
        slow.send(Control("ksyms", f'{{"event": "{event}"}}'))
        assert f'"errno": {errno.EOPNOTSUPP}' in str(slow.receive())
    slow.send(Control("ksyms", '{"event": null}'))
    assert slow.receive() == Answer(False, "ksyms: event: null is not a string")


def test_mapping_ends_with_the_process(daemon: Daemon) -> None:
    """exit() forgets all mappings; a view of one stays good."""
    p = daemon.connect()
    s = Snapshot(p)
    view = p.memory(s.address, 4)
    p.exit()
    assert bytes(view) == b"\x7fELF"
    with pytest.raises(ValueError, match="not mapped"):
        p.memory(s.address, 4)


def test_a_second_open_of_a_process_is_EBUSY(daemon: Daemon) -> None:
    """Until it closes."""
    with daemon.connect() as p:
        s = Snapshot(p)
        with pytest.raises(KernelError) as caught:
            p.open("/dev/ksyms")
        assert caught.value.errno == errno.EBUSY
        s.close()
        Snapshot(p).close()
