"""Fixtures around real daemons: each test's own, on a socket in a short directory, proven dead at the end.

    def test_status(daemon):
        status, out, err = daemon.run("lkmctl", "status")
        with daemon.connect() as p:
            p.getpid()

`start_daemon(machine="i386", ...)` makes more of them. `Proxy` sits between a tool and a daemon and can
stall before any frame of the tool.
"""

from __future__ import annotations

import glob
import os
import resource
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from lkmtools import client
from lkmtools.client.supervisor import SupervisorConnection
from lkmtools.errors import DaemonError
from lkmtools.proto import HEADER, VERSION, Frame, Hello, Reader, Welcome, encode

PATIENCE = 60  # seconds until a test gives up on a process; nothing waits this long unless it hangs


class Run(NamedTuple):
    """What an installed tool did."""

    status: int
    out: str
    err: str


def installed(name: str) -> str:
    """The console script `name` of the environment the tests run in."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is not installed beside {sys.executable}"
    return found


def installed_files() -> dict[str, Path]:
    """The files of the installed package: name below share/ of its prefix, or of the module -> path.

    Skips where the installation is editable and older than pyproject.toml: what it should bring is not there.
    """
    package = distribution("lkmtools")
    found = {str(file): Path(str(file.locate())) for file in package.files or ()}
    record = next(path for name, path in found.items() if name.endswith(".dist-info/RECORD"))
    project = Path(__file__).parents[2] / "pyproject.toml"
    if is_editable(found) and record.stat().st_mtime < project.stat().st_mtime:
        pytest.skip("pyproject.toml has changed since: pip install --editable . again")
    return {name[name.index("share/") :] if "share/" in name else name: found[name] for name in found}


def is_editable(files: Iterable[str]) -> bool:
    """Whether these files are those of an editable installation."""
    return any(name.startswith(("_editable", "__editable__")) for name in files)


class Place:
    """A private directory and the environment in which tools use the socket in it. No daemon yet.

    `state` is the directory below which its daemons keep crashes.
    """

    def __init__(self) -> None:
        self.dir = tempfile.mkdtemp(prefix="lkm-")
        self.socket = os.path.join(self.dir, "s")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("LKM_", "_LKM"))}
        self.env.update(LKM_SOCKET=self.socket, NO_COLOR="1", COLUMNS="100", PYTHONWARNINGS="error")
        self.env.update(LKM_CONF="", LKMD_CONF="")  # not those of whoever runs the tests
        self.state = tempfile.mkdtemp(prefix="lkm-state-")
        self.env.update(XDG_STATE_HOME=self.state)  # where crashes are kept

    def run(self, *argv: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> Run:
        """Run an installed tool to its end."""
        with self.popen(*argv, env=env) as process:
            out, err = process.communicate(stdin, timeout=PATIENCE)
        return Run(process.returncode, out.decode(), err.decode())

    def popen(self, *argv: str, env: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start an installed tool, its three streams on pipes."""
        return subprocess.Popen(
            [installed(argv[0]), *argv[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.env, **(env or {})},
            cwd=self.dir,
        )

    def connect(self, comm: str = "test", autostart: bool = False) -> client.Process:
        """A process of the kernel behind this socket."""
        return client.connect(self.socket, comm=comm, autostart=autostart)

    def log(self) -> str:
        """The daemon's log."""
        path = Path(f"{self.socket}.log")
        return path.read_text() if path.exists() else ""

    def supervisor(self) -> SupervisorConnection:
        """A connection to the daemon's supervisor, which answers whatever its kernel does."""
        return SupervisorConnection(self.socket, "test")

    def status(self) -> dict[str, Any]:
        """What the supervisor says of itself and of its kernel."""
        with self.supervisor() as supervisor:
            return supervisor.ask("status")

    def stop(self) -> None:
        """Stop the daemon, if one listens, and see that both of its processes end."""
        try:
            supervisor = self.supervisor()
        except DaemonError:
            return
        with supervisor:
            status = supervisor.ask("status")
            watches = [os.pidfd_open(status["pid"])]
            if status["kernel"]:
                with suppress(ProcessLookupError):  # it has just ended: after a panic, say
                    watches.append(os.pidfd_open(status["kernel"]["pid"]))
            supervisor.ask("stop")
        for watch in watches:
            try:
                wait_dead(watch)
            finally:
                os.close(watch)

    def remove(self) -> None:
        """Stop every daemon with a socket in the directory, whoever started it, and remove that."""
        for path in glob.glob(f"{glob.escape(self.dir)}/*.ctl"):
            self.socket = path.removesuffix(".ctl")
            self.stop()
        shutil.rmtree(self.dir)
        shutil.rmtree(self.state)


class Daemon(Place):
    """A Place with a daemon; `pid` is its supervisor on the host."""

    def __init__(self, *options: str) -> None:
        super().__init__()
        made = self.run("lkmd", *options)
        assert made == Run(0, "", ""), self.log()
        with self.connect() as p:
            self.pid = p.daemon_pid

    @property
    def kernel_pid(self) -> int:
        """The kernel process of now."""
        pid: int = self.status()["kernel"]["pid"]
        return pid


@contextmanager
def limited(pid: int, room: int) -> Iterator[None]:
    """A process that may have so many MiB of address space more."""
    used = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (used + (room << 20), before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_AS, before)


def wait_dead(pidfd: int) -> None:
    """Wait until the process of `pidfd` has ended."""
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    assert poller.poll(PATIENCE * 1000), "the process does not end"


@pytest.fixture
def place() -> Iterator[Place]:
    """A private socket directory without a daemon; one that a tool starts is stopped at the end."""
    place = Place()
    yield place
    place.remove()


@pytest.fixture
def start_daemon() -> Iterator[Callable[..., Daemon]]:
    """start_daemon(*options of lkmd) -> Daemon; all are stopped at the end."""
    made: list[Daemon] = []

    def start(*options: str) -> Daemon:
        made.append(Daemon(*options))
        return made[-1]

    yield start
    for daemon in made:
        daemon.remove()


@pytest.fixture
def daemon(start_daemon: Callable[..., Daemon]) -> Daemon:
    """A private daemon with an amd64 kernel, stopped and proven dead at the end."""
    return start_daemon()


class Raw:
    """A connection to the socket at `path` that sends whatever it likes and waits for nothing unasked."""

    def __init__(self, path: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.reader = Reader()

    def greet(self, comm: str) -> Welcome:
        """Become a process."""
        self.send(Hello(VERSION, os.getpid(), comm))
        welcome = self.receive()
        assert isinstance(welcome, Welcome)
        return welcome

    def greet_control(self, comm: str) -> None:
        """Say HELLO where it has no answer."""
        self.send(Hello(VERSION, os.getpid(), comm))

    def send(self, *frames: Frame) -> None:
        """Send frames, with serials from 1."""
        self.socket.sendall(b"".join(encode(frame, serial) for serial, frame in enumerate(frames, 1)))

    def receive(self) -> Frame | None:
        """The next frame; None at the end of the connection."""
        return self.receive_serial()[1]

    def receive_serial(self) -> tuple[int, Frame | None]:
        """The next frame and its serial; 0 and None at the end of the connection."""
        while (got := self.reader.next()) is None:
            data = receive(self.socket)
            if not data:
                return 0, None
            self.reader.feed(data)
        return got


class Proxy:
    """A socket between tools and the daemon at `target`.

    Before it would forward the tool's frame number `stall_before` (HELLO is 0) it stops forwarding and sets
    `stalled`; the tool waits for ever, until it is killed, and then the daemon's end is closed too.
    `frames` counts what was forwarded. Use it as a context manager; tools reach it at `path`.
    """

    def __init__(self, target: str, path: str, stall_before: int | None = None) -> None:
        self.path = path
        self.target = target
        self.stall_before = stall_before
        self.stalled = threading.Event()
        self.frames = 0
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen()

    def __enter__(self) -> Proxy:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()

    def _start(self, function: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=function, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                tool, _ = self._listener.accept()
            except OSError:
                return  # shut down
            self._start(self._serve, tool)

    def _serve(self, tool: socket.socket) -> None:
        """Both directions of one connection, frame by frame from the tool, until either end closes."""
        pending = b""
        with tool, socket.socket(socket.AF_UNIX) as kernel:
            kernel.connect(self.target)
            poller = select.poll()
            poller.register(tool, select.POLLIN)
            poller.register(kernel, select.POLLIN)
            while True:
                for fd, _ in poller.poll():
                    source, sink = (tool, kernel) if fd == tool.fileno() else (kernel, tool)
                    data, fds = receive_with_fds(source)
                    if not data:
                        return
                    if source is kernel:
                        send_with_fds(sink, data, fds)
                        continue
                    pending = self._forward(pending + data, sink)

    def _forward(self, pending: bytes, kernel: socket.socket) -> bytes:
        """Forward whole frames; what is left over."""
        while len(pending) >= HEADER.size and not self.stalled.is_set():
            end = HEADER.size + HEADER.unpack_from(pending)[0]
            if len(pending) < end:
                break
            if self.frames == self.stall_before:
                self.stalled.set()
                break
            self.frames += 1
            kernel.sendall(pending[:end])
            pending = pending[end:]
        return pending


def receive(sock: socket.socket) -> bytes:
    """What has come; nothing at the end, also at an abrupt one."""
    try:
        return sock.recv(1 << 16)
    except ConnectionError:
        return b""


def receive_with_fds(sock: socket.socket) -> tuple[bytes, list[int]]:
    """What has come, with its descriptors; nothing at the end, also at an abrupt one."""
    try:
        data, fds, _, _ = socket.recv_fds(sock, 1 << 16, 4)
    except ConnectionError:
        return b"", []
    return data, fds


def send_with_fds(sock: socket.socket, data: bytes, fds: list[int]) -> None:
    """Pass on what receive_with_fds() gave."""
    if fds:
        data = data[socket.send_fds(sock, [data], fds) :]
        for fd in fds:
            os.close(fd)
    if data:  # none is an error, too, where the other side has closed
        sock.sendall(data)
