"""LocalKernel where it usually is: in a process of its own, of a supervisor that nobody else knows."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.errors import DaemonError, LkmtoolsError, PanicError
from lkmtools.local import LocalKernel, private
from support.compiling import Compile
from support.daemons import PATIENCE
from support.deaths import ended

EXAMPLES = Path(__file__).parents[2] / "examples"
LOCK_BTS = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
MOD_MISC("bts");
static int bts_load(struct lkm_table *t, int cmd)
{ __asm__ volatile ("jmp 1f; 1: .byte 0xf0, 0x0f, 0xab, 0xda" ::: "edx", "ebx"); return 0; }
int bts_lkmentry(struct lkm_table *t, int cmd, int ver);
int bts_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, bts_load, lkm_nofunc, lkm_nofunc); }
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory for temporary files, in which nothing is left; a short name, because of the sockets."""
    with tempfile.TemporaryDirectory(prefix="lkt-") as directory:
        monkeypatch.setattr(tempfile, "tempdir", directory)
        yield Path(directory)
        assert os.listdir(directory) == []


@pytest.fixture
def hello(cc: Compile, machine: str) -> Path:
    """A module that does nothing wrong."""
    return cc(EXAMPLES / "hello" / "hello.c", machine, "hello")


def kernel_of(lk: LocalKernel) -> tuple[int, int]:
    """The processes of its supervisor and of its kernel."""
    with lk.process() as p:
        status = p.control("status")
    return status["pid"], status["kernel"]["pid"]


def works(lk: LocalKernel, hello: Path) -> None:
    """A module is loaded and unloaded."""
    with lk.process() as p:
        modules.load(p, hello)
        modules.unload(p, "hello")


@pytest.mark.parametrize("way", ["module", "SIGKILL", "SIGSEGV"])
def test_the_kernels_death_is_a_panic_of_whoever_caused_it(
    cc: Compile, machine: str, hello: Path, way: str
) -> None:
    """This process goes on; so does the kernel, booted again, on the same console."""
    with LocalKernel(machine=machine) as lk:
        p = lk.process()
        if way != "module":
            os.kill(kernel_of(lk)[1], getattr(signal, way))
        with pytest.raises(PanicError) as info:
            modules.load(p, cc(LOCK_BTS, machine, "bts"))
        assert info.value.reason
        assert info.value.report
        works(lk, hello)
        with lk.process() as p:
            assert p.boot == 2
        assert "goodbye, kernel" in lk.console.text()
    with LocalKernel(machine=machine) as lk:
        works(lk, hello)


def test_two_at_once_do_not_know_each_other(machine: str, hello: Path) -> None:
    with LocalKernel(machine=machine) as one, LocalKernel() as other:
        with one.process() as p, other.process() as q:
            modules.load(p, hello)
            assert [module.name for module in modules.stat_all(p)] == ["hello"]
            assert modules.stat_all(q) == []
            os.kill(kernel_of(one)[1], signal.SIGKILL)
            with pytest.raises(PanicError):
                p.poll([], 86_400_000)
            assert q.getpid() == q.pid
        works(one, hello)


def test_in_threads(machine: str, hello: Path) -> None:
    """Several begin at once, as the first of their process too."""

    def use(number: int) -> int:
        with LocalKernel(machine=machine) as lk:
            works(lk, hello)
            return kernel_of(lk)[0]

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(use, range(12)))) == 12


def test_from_a_thread_that_has_ended(machine: str, hello: Path) -> None:
    """The kernel belongs to the process, and not to the thread that made it."""
    made: list[LocalKernel] = []
    thread = threading.Thread(target=lambda: made.append(LocalKernel(machine=machine)))
    thread.start()
    thread.join()
    with made[0] as lk:
        works(lk, hello)


def test_another_nursery_takes_the_place_of_one_that_was_killed(machine: str, hello: Path) -> None:
    """Its kernels are gone with it, which is an error of their users, and closing them is none."""
    lk = LocalKernel(machine=machine)
    p = lk.process()
    family = [os.pidfd_open(pid) for pid in kernel_of(lk)]
    child = private._nursery._child
    assert child is not None
    child.kill()
    for fd in family:
        ended(fd)
    with pytest.raises(DaemonError):
        p.getpid()
    with LocalKernel(machine=machine) as other:
        works(other, hello)
    lk.close()


@pytest.fixture
def stopped_nursery(machine: str) -> Iterator[subprocess.Popen[bytes]]:
    """The process that starts kernels, which does not answer."""
    LocalKernel(machine=machine).close()
    child = private._nursery._child
    assert child is not None
    child.send_signal(signal.SIGSTOP)
    yield child
    child.send_signal(signal.SIGCONT)


def test_a_nursery_that_dies_before_it_answers(
    stopped_nursery: subprocess.Popen[bytes], machine: str, hello: Path
) -> None:
    killing = threading.Timer(0.2, stopped_nursery.kill)
    killing.start()
    with pytest.raises(DaemonError, match="the process that starts kernels has died"):
        LocalKernel(machine=machine)
    killing.join()
    with LocalKernel(machine=machine) as lk:
        works(lk, hello)


def test_a_nursery_that_has_closed_its_files_is_replaced(
    stopped_nursery: subprocess.Popen[bytes], machine: str, hello: Path
) -> None:
    """As one does that was killed, for a moment before its parent can wait for it."""
    assert private._nursery._socket is not None
    private._nursery._socket.shutdown(socket.SHUT_RDWR)
    with LocalKernel(machine=machine) as lk:
        works(lk, hello)
    assert stopped_nursery.returncode == -signal.SIGKILL


def test_an_interrupt_while_it_boots_costs_that_kernel(
    stopped_nursery: subprocess.Popen[bytes], machine: str, hello: Path
) -> None:
    """The next one is the right one, and the first is not left behind."""
    interrupt = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    with pytest.raises(KeyboardInterrupt):
        LocalKernel(machine=machine)
    interrupt.join()
    stopped_nursery.send_signal(signal.SIGCONT)
    with LocalKernel(machine=machine) as lk:
        works(lk, hello)
        no_more_supervisors(1)


def no_more_supervisors(most: int) -> None:
    """Wait until there are so few."""
    child = private._nursery._child
    assert child is not None
    end = time.monotonic() + PATIENCE
    while len(Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()) > most:
        assert time.monotonic() < end


def test_a_kernel_elsewhere_cannot_be_reached_into(machine: str) -> None:
    with LocalKernel(machine=machine) as lk:
        with pytest.raises(AttributeError, match="inside=True"):
            _ = lk.kernel
        assert not hasattr(lk, "kernel")


def test_what_does_not_boot_says_why(machine: str) -> None:
    """And leaves nothing."""
    for _ in range(2):
        with pytest.raises(DaemonError, match="option ram is 1048576: it must be"):
            LocalKernel(machine=machine, ram=1 << 20)
        with pytest.raises(DaemonError, match="nonsense"):
            LocalKernel(machine=machine, nonsense=1)


def test_closed_twice_and_never(machine: str) -> None:
    lk = LocalKernel(machine=machine)
    family = [os.pidfd_open(pid) for pid in kernel_of(lk)]
    lk.close()
    lk.close()
    for fd in family:
        ended(fd)


def test_nothing_is_left_of_many(machine: str) -> None:
    """No descriptor in this process, no child of the nursery."""
    with LocalKernel(machine=machine) as lk:
        lk.process().exit()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with LocalKernel(machine=machine) as lk, lk.process() as p:
            p.getpid()
    assert len(os.listdir("/proc/self/fd")) == before
    no_more_supervisors(0)


# -- a process that ends ---------------------------------------------------------------------------------

TEST = """
import json, os, sys
from pathlib import Path

def family(pid):
    found = [pid]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        found += family(int(child))
    return found

def say():
    me = os.getpid()
    with open(os.environ["SAY"], "w") as fifo:
        json.dump([pid for pid in family(me) if pid != me], fifo)

def test_it(lkm_kernel):
    lkm_kernel.dmesg()
    say()
    lkm_kernel.sleep(86400)
"""
ALONE = """
import sys
sys.path.insert(0, ".")
from test_it import say
from lkmtools.local import LocalKernel
lk = LocalKernel()
p = lk.process()
say()
%s
"""
WAIT = "p.poll([], 86_400_000)"
ENDS = {
    "^C in pytest": (["-m", "pytest", "-p", "no:cacheprovider", "test_it.py"], signal.SIGINT),
    "pytest is killed": (["-m", "pytest", "-p", "no:cacheprovider", "test_it.py"], signal.SIGKILL),
    "^C": (["-c", ALONE % WAIT], signal.SIGINT),
    "SIGTERM": (["-c", ALONE % WAIT], signal.SIGTERM),
    "SIGKILL": (["-c", ALONE % WAIT], signal.SIGKILL),
    "its own end": (["-c", ALONE % ""], 0),
}


@pytest.mark.parametrize(("command", "number"), ENDS.values(), ids=ENDS)
def test_no_process_is_left_of_one_that_ends(command: list[str], number: int) -> None:
    """Whatever it ends of; and of a ^C no file."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "test_it.py").write_text(TEST)
        (place / "tmp").mkdir()
        os.mkfifo(place / "say")
        env = {name: value for name, value in os.environ.items() if not name.startswith(("LKM", "PYTEST"))}
        env |= {"SAY": str(place / "say"), "TMPDIR": str(place / "tmp")}
        process = subprocess.Popen(
            [sys.executable, *command], cwd=place, env=env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        family = [os.pidfd_open(pid) for pid in heard(place / "say")]
        assert len(family) == 3  # nursery, supervisor, kernel
        if number:
            process.send_signal(number)
        process.wait(PATIENCE)
        for fd in family:
            ended(fd)
        if number == signal.SIGINT and "pytest" in command:
            assert not [name for name in os.listdir(place / "tmp") if name.startswith("lkm-")]


def heard(fifo: Path) -> Any:
    """What somebody writes to a FIFO."""
    fd = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    text = b""
    while not text or select.select([fd], [], [], 0)[0]:
        assert select.select([fd], [], [], PATIENCE)[0]
        if not (data := os.read(fd, 65536)) and text:
            break
        text += data
    os.close(fd)
    return json.loads(text)


FORGETFUL = """
import sys
from lkmtools.local import LocalKernel
kept = [LocalKernel() for _ in range(2)]
print(*(lk._where.path for lk in kept), flush=True)
if sys.argv[1] == "killed":
    sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["ended", "killed"])
def test_whoever_closes_no_kernel_leaves_nothing(how: str) -> None:
    """The process that starts kernels clears their directories away."""
    program = subprocess.Popen(
        [sys.executable, "-c", FORGETFUL, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdin is not None
    assert program.stdout is not None
    paths = [Path(path).parent for path in program.stdout.readline().split()]
    assert len(paths) == 2
    if how == "killed":
        program.kill()
    program.wait()
    until = time.monotonic() + PATIENCE
    while any(path.exists() for path in paths):
        assert time.monotonic() < until
    program.stdin.close()
    program.stdout.close()


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"nosuch": 1}, "unknown option of a kernel: 'nosuch'; the options are machine, ram, "),
        ({"ram": -4096}, "option ram is -4096: it must be a multiple of 4096 from 2097152 to 1073741824"),
        ({"ram": 1 << 31}, "option ram is 2147483648: it must be a multiple of 4096 from"),
        ({"ram": (2 << 20) + 1}, "option ram is 2097153: it must be a multiple of 4096 from"),
        ({"ram": "x"}, "option ram: 'x' is not of type int"),
        ({"ram": True}, "option ram: True is not of type int"),
        ({"lkm": 1}, "option lkm: 1 is not of type bool"),
        ({"machine": "vax"}, "option machine is 'vax': the machines are amd64, i386"),
        ({"watchdog": 0}, "option watchdog is 0: the limits are 0.001 and 1e+06"),
        ({"watchdog": float("nan")}, "option watchdog is nan: the limits are"),
        ({"entry_limit": float("inf")}, "option entry_limit is inf: the limits are"),
        ({"hz": 0}, "option hz is 0: the limits are 1 and 10000"),
    ],
)
@pytest.mark.parametrize("inside", [False, True])
def test_an_option_that_cannot_be_is_named(inside: bool, options: dict[str, Any], why: str) -> None:
    with pytest.raises(LkmtoolsError, match=f"^{re.escape(why)}"):
        LocalKernel(inside=inside, **options)


def test_options_that_cannot_even_be_sent_say_so() -> None:
    """They are too long, or no JSON."""
    with pytest.raises(DaemonError, match=r"^cannot ask for a kernel: Message too long$"):
        LocalKernel(machine="x" * 1000000)
    with pytest.raises(DaemonError, match=r"^option machine is '<object object at 0x"):
        LocalKernel(machine=object())


def test_a_kernel_that_is_closed_says_so() -> None:
    lk = LocalKernel()
    lk.close()
    with pytest.raises(DaemonError, match=r"^this kernel is closed$"):
        lk.process()
