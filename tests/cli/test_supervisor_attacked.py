"""What clients and the host may do to the supervisor: it goes on, and serves everybody else."""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from lkmtools.client.supervisor import SupervisorConnection
from lkmtools.errors import DaemonError, PanicError
from lkmtools.proto import STOP, VERSION, Control, Hello, encode
from support.compiling import Compile
from support.daemons import PATIENCE, Place, Run, installed
from support.deaths import QUICK, Frail, checked, children, end, ended, held

HELLO = encode(Hello(VERSION, 1, "attack"), 0)


def send(path: str, data: bytes) -> socket.socket:
    """A connection that has sent this, as far as it was taken."""
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    sock.settimeout(PATIENCE)
    with suppress(OSError):
        sock.sendall(data)
    return sock


def drained(sock: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    got = b""
    with sock:
        try:
            while data := sock.recv(65536):
                got += data
        except ConnectionError:
            pass
    return got


def test_garbage_ends_the_connection_it_came_on(frail: Callable[..., Frail]) -> None:
    """On both sockets: whatever is not the protocol, and JSON that is not what a verb takes."""
    daemon = frail()
    before = held(daemon)
    rng = random.Random(5)
    verbs = ("status", "dmesg", "share", "fate", "nothing")
    texts = ("", "[", "[]", "1", "null", '"x"', "{}", '{"boot": "x"}', '{"boot": 1e999}', '{"path": 7}',
             '{"path": "/\\u0000"}', '{"path": "/\\ud800"}', '{"path": "/\\udc80"}',
             f'{{"path": "/{"x" * 70000}"}}', "[" * 20000, '{"boot": 99999999999999999999999}',
             '{"follow": [1]}', '{"path": {}, "writable": 3}', '{"boot": true}')  # fmt: skip
    pieces = [rng.randbytes(rng.randrange(1, 300)) for _ in range(60)]
    pieces += [HELLO + rng.randbytes(rng.randrange(1, 300)) for _ in range(60)]
    pieces += [HELLO[:cut] for cut in range(1, len(HELLO))]
    pieces += [HELLO + HELLO, encode(STOP, 1), HELLO + encode(STOP, 1)[:-1], b"\xff" * 100]
    pieces += [HELLO + encode(Control(verb, text), 1) for verb in verbs for text in texts]
    for path in (daemon.socket, f"{daemon.socket}.ctl"):
        for piece in pieces:
            sock = send(path, piece)
            sock.shutdown(socket.SHUT_WR)
            drained(sock)
    status = daemon.status()
    assert (status["pid"], status["boot"], status["panics"]) == (daemon.pid, 1, 0), status["last_panic"]
    assert "internal error" not in daemon.log()
    daemon.settled(before)


def test_half_a_frame_is_waited_for(frail: Callable[..., Frail]) -> None:
    """Without holding up anybody."""
    daemon = frail()
    data = HELLO + encode(Control("status", "{}"), 7)
    for cut in (1, 11, len(HELLO), len(data) - 1):
        sock = send(f"{daemon.socket}.ctl", data[:cut])
        assert daemon.status()["boot"] == 1
        sock.sendall(data[cut:])
        assert b'"pid"' in sock.recv(65536)
        sock.close()


def test_thousands_of_control_connections(frail: Callable[..., Frail]) -> None:
    """As many as there are descriptors; all are served, and nothing is left."""
    daemon = frail()
    before = held(daemon)
    most = min(2000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    socks = [send(f"{daemon.socket}.ctl", HELLO + encode(Control("status", "{}"), 7)) for _ in range(most)]
    for sock in socks:
        assert b'"pid"' in sock.recv(65536)
    assert daemon.status()["connections"] >= most
    os.kill(daemon.kernel(), signal.SIGKILL)
    daemon.up(2)
    for sock in socks:
        sock.close()
    daemon.settled(before)


def test_followers_that_do_not_read_hold_nobody_up(frail: Callable[..., Frail]) -> None:
    daemon = frail()
    before = held(daemon)
    follow = HELLO + encode(Control("dmesg", '{"follow": true}'), 7)
    socks = [send(f"{daemon.socket}.ctl", follow) for _ in range(50)]
    for boot in range(2, 8):
        os.kill(daemon.kernel(), signal.SIGKILL)
        daemon.up(boot)
        with daemon.connect() as p:
            p.getpid()
    for sock in socks:
        sock.close()
    daemon.settled(before)


def test_questions_about_boots_that_never_were(frail: Callable[..., Frail]) -> None:
    daemon = frail()
    for boot in (0, -1, 77, (1 << 64) - 1):
        assert daemon.control.ask("fate", boot=boot)["kind"] == "forgotten"
    assert daemon.control.ask("fate", boot=1)["kind"] == "alive"


# -- a host that has nothing left ------------------------------------------------------------------------


def test_without_descriptors(frail: Callable[..., Frail]) -> None:
    """Connections are turned away; a boot that needs some is tried again, and in the end all is as before."""
    daemon = frail()
    before = held(daemon)
    usual = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (len(before["descriptors"]) + 4, usual[1]))
    socks = [send(f"{daemon.socket}.ctl", HELLO) for _ in range(30)]
    assert daemon.status()["boot"] == 1
    with daemon.connect() as p:
        assert p.getpid() == p.pid  # the kernel process has its own
    os.kill(daemon.kernel(), signal.SIGKILL)
    status = daemon.until(lambda status: status["boot"] > 1 or status["state"] in ("halted", "held back"))
    assert status["pid"] == daemon.pid
    for sock in socks:
        sock.close()
    resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, usual)
    assert Run(0, "", "") == daemon.run("lkmctl", "reboot")
    with daemon.connect() as p:
        assert p.getpid() == p.pid
    daemon.reconnect()
    daemon.settled(before)
    assert len(children(daemon.pid)) == 1


@pytest.mark.parametrize("what", ["RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NPROC"])
def test_without_memory_or_files_or_processes(frail: Callable[..., Frail], what: str) -> None:
    """The kernel dies meanwhile: the supervisor stays, answers, and boots again once it can."""
    daemon = frail()
    used = int(Path(f"/proc/{daemon.pid}/statm").read_text().split()[0]) * resource.getpagesize()
    limit = {"RLIMIT_AS": used + (1 << 20), "RLIMIT_FSIZE": 0, "RLIMIT_NPROC": 0}[what]
    number = getattr(resource, what)
    soft, hard = resource.prlimit(daemon.pid, number)
    resource.prlimit(daemon.pid, number, (limit, hard))
    p = daemon.connect()
    os.kill(daemon.kernel(), signal.SIGKILL)
    error = end(p)
    assert "signal 9" in error.reason
    status = daemon.until(lambda status: status["boot"] > 1 or status["state"] in ("halted", "held back"))
    assert status["pid"] == daemon.pid
    resource.prlimit(daemon.pid, number, (soft, hard))
    assert Run(0, "", "") == daemon.run("lkmctl", "reboot")
    with daemon.connect() as q:
        assert q.getpid() == q.pid
    daemon.until(lambda status: len(children(daemon.pid)) == 1)  # what keeps the crash has ended


def test_a_bug_ends_the_connection_that_meets_it(frail: Callable[..., Frail]) -> None:
    """A tool's, and a client's that comes while there is no kernel; a line of the log says where it is."""
    daemon = frail(
        "--panic",
        "halt",
        more=f"{QUICK}\nfrom lkmtools.daemon import control, door\n"
        "control.VERBS['dmesg'] = door.RefusedClient.on_frame = lambda *args: throw(ValueError('odd'))",
    )
    for _ in range(2):
        tool = SupervisorConnection(daemon.socket)
        with pytest.raises(DaemonError, match="closed the connection"):
            tool.ask("dmesg")
        tool.close()
    os.kill(daemon.kernel(), signal.SIGKILL)
    daemon.until(lambda status: status["state"] == "halted")
    with pytest.raises(DaemonError, match="closed the connection"):
        daemon.connect()
    lines = daemon.log().splitlines()
    found = [line.partition("internal")[2] for line in lines if "internal error" in line]
    assert set(found) == {" error: ValueError: odd in throw (<string>, line 26)"}
    assert daemon.status()["pid"] == daemon.pid


@pytest.mark.parametrize(
    "where",
    [
        "inquest.Inquest.begin",
        "inquest.Inquest._result",
        "deaths.Deaths.account_for",
        "supervisor.Supervisor._clear_away",
        "deaths.Deaths._note",
        "console.SupervisorConsole.print",
        "child.KernelProcess.hear_out",
    ],
)
def test_without_memory_at_a_kernels_end(frail: Callable[..., Frail], where: str) -> None:
    """The client hears of it, the next kernel boots, and nothing is kept."""
    imports = "from lkmtools.daemon import child, console, deaths, inquest"
    daemon = frail(more=f"{QUICK}\n{imports}\n{where} = lambda *args: throw(MemoryError())")
    held_before = {}
    for boot in (1, 2, 3):
        with daemon.connect() as p:
            assert p.boot == boot
            if boot == 2:
                held_before = held(daemon)
            if boot < 3:
                os.kill(daemon.kernel(), signal.SIGKILL)
                assert end(p).reason
                daemon.up(boot + 1)
    with daemon.connect() as p:
        assert p.daemon_pid == daemon.pid
        daemon.settled(held_before)


LIMITS = {
    "-f 0": True, "-v 200000": False, "-v 2000000": True, "-n 20": True, "-s 256": True, "-c unlimited": True,
}  # fmt: skip


@pytest.mark.parametrize(("limit", "boots"), LIMITS.items(), ids=LIMITS)
def test_started_under_a_limit(place: Place, limit: str, boots: bool) -> None:
    """Either it works, or it says in a line why it does not; nothing is left then."""
    command = ["bash", "-c", f'ulimit {limit}; exec "$@"', "bash", installed("lkmd")]
    made = subprocess.run(
        command, env=place.env, cwd=place.dir, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    if made.returncode:
        assert not boots, made.stderr
        assert "Traceback" not in made.stderr
        assert made.stderr.startswith("lkmd: ")
        assert not {"s", "s.ctl"} & set(os.listdir(place.dir))
        return
    with place.connect() as p:
        assert p.getpid() == p.pid
        os.kill(p.control("status")["kernel"]["pid"], signal.SIGKILL)
        end(p)
    with place.connect() as p:
        assert p.boot == 2
        p.getpid()


def test_clients_of_all_kinds_while_it_dies_again_and_again(frail: Callable[..., Frail], cc: Compile) -> None:
    """Twenty threads connect, call, ask and go away; each hears of nothing but panics."""
    daemon = frail()
    before = held(daemon)
    over = False

    def client(number: int) -> int:
        rng = random.Random(number)
        done = 0
        while not over:
            try:
                with daemon.connect(f"client{number}") as p:
                    for _ in range(rng.randrange(1, 20)):
                        p.getpid()
                    if rng.random() < 0.3:
                        p.control("status")
                    done += 1
            except PanicError as error:
                checked(error)
        return done

    with ThreadPoolExecutor(20) as pool:
        clients = [pool.submit(client, number) for number in range(20)]
        try:
            for boot in range(2, 12):
                daemon.until(lambda status: status["kernel"] and status["kernel"]["syscalls"] > 100)
                os.kill(daemon.kernel(), signal.SIGKILL)
                daemon.up(boot)
        finally:
            over = True
        assert all(client.result(PATIENCE) >= 0 for client in clients)
    assert daemon.status()["pid"] == daemon.pid
    daemon.settled(before)


def test_control_connections_that_end_at_any_moment(frail: Callable[..., Frail]) -> None:
    """Of tools that wait for a reboot, a fate, or follow the console."""
    daemon = frail()
    before = held(daemon)
    for boot in range(2, 7):
        socks = [
            send(f"{daemon.socket}.ctl", HELLO + encode(Control(verb, text), 7))
            for verb, text in (("fate", f'{{"boot": {boot - 1}}}'), ("dmesg", '{"follow": true}'))
        ]
        reboot = send(f"{daemon.socket}.ctl", HELLO + encode(Control("reboot", '{"force": true}'), 7))
        for sock in (reboot, *socks):
            sock.close()
        daemon.up(boot)
        with daemon.connect() as p:
            p.getpid()
    daemon.settled(before)


def test_the_socket_files_are_removed_by_somebody(frail: Callable[..., Frail]) -> None:
    """It can still be stopped by a signal, and takes nobody else's."""
    daemon = frail()
    os.unlink(daemon.socket)
    os.unlink(f"{daemon.socket}.ctl")
    other = socket.socket(socket.AF_UNIX)
    other.bind(daemon.socket)
    assert daemon.control.ask("status")["boot"] == 1
    watch = os.pidfd_open(daemon.pid)
    os.kill(daemon.pid, signal.SIGTERM)
    ended(watch)
    assert os.path.exists(daemon.socket)
    other.close()
    os.unlink(daemon.socket)
