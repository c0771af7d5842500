"""Kernels in separate processes, under supervisors that only this process uses.

The first one starts a process that has imported what kernels need (daemon/private_supervisors.py), by exec:
this process may have threads, and a fork of it would not be safe. That process forks a supervisor for each
kernel, and all of them go when this process does.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from typing import Any

from lkmtools.abi.syscall import SYS_setgid, SYS_setuid
from lkmtools.client import Process, connect
from lkmtools.client.supervisor import SupervisorConnection
from lkmtools.client.transport import Sleeping
from lkmtools.errors import DaemonError, KernelError
from lkmtools.kern.proc.kern_proc import Exit
from lkmtools.local.execution import Execution

UP = b"up"  # the answer for a kernel that has booted; any other is the reason why it has not


class Nursery:
    """The process that forks supervisors, one for each process that uses this module."""

    def __init__(self) -> None:
        self._owner = 0
        self._socket: socket.socket | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def boot(self, path: str, options: dict[str, Any], crashes: str | None) -> None:
        """Have a kernel boot, and serve at the socket `path`. DaemonError."""
        reading, writing = os.pipe()
        with open(reading, "rb") as answer:
            try:
                self._ask({"path": path, "options": options, "crashes": crashes}, writing)
            except OSError as error:
                raise DaemonError(f"cannot ask for a kernel: {error.strerror}") from None
            finally:
                os.close(writing)
            said = answer.read()  # ends, too, when every process that could write has died
        if said != UP:
            raise DaemonError(said.decode() or "the process that starts kernels has died")

    def _ask(self, kernel: dict[str, Any], answer: int) -> None:
        request = json.dumps(kernel, default=repr).encode()
        with self._lock:
            if self._owner != os.getpid() or self._child is None or self._child.poll() is not None:
                self._start()
            assert self._socket is not None
            assert self._child is not None
            try:
                socket.send_fds(self._socket, [request], [answer])
            except ConnectionError:  # it is dying: its files are closed before its parent can wait for it
                self._child.kill()
                self._child.wait()
                self._start()
                with suppress(ConnectionError):  # so is this one, which its missing answer will tell
                    socket.send_fds(self._socket, [request], [answer])

    def _start(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", "-m", "lkmtools.daemon.private_supervisors", str(theirs.fileno())]
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
            start_new_session=True,
        )  # fmt: skip
        theirs.close()
        if self._socket is not None:
            self._socket.close()
        self._socket, self._owner = ours, os.getpid()


_nursery = Nursery()


class PrivateConsole:
    """The message buffer of a kernel elsewhere."""

    def __init__(self, path: str) -> None:
        self._path = path

    def text(self) -> str:
        """All that is left of what was printed."""
        with SupervisorConnection(self._path) as supervisor:
            text: str = supervisor.ask("dmesg")["text"]
            return text


class PrivateKernel:
    """A private kernel, at a socket in a private directory. `options` are those of kern.Config.

    Its crashes are kept in the directory `crashes`, if that is not None.
    """

    def __init__(self, options: dict[str, Any], crashes: str | None = None) -> None:
        self._directory = tempfile.mkdtemp(prefix="lkm-")
        self.path = os.path.join(self._directory, "s")
        try:
            _nursery.boot(self.path, options, crashes)
        except BaseException:
            shutil.rmtree(self._directory)
            raise
        self.console = PrivateConsole(self.path)

    def close(self) -> None:
        """Shut it down; nothing to do the second time."""
        if not os.path.exists(self._directory):
            return
        try:
            # It may have been killed.
            with suppress(DaemonError), SupervisorConnection(self.path) as supervisor:
                supervisor.ask("stop", force=True)
                supervisor.wait_end()
        finally:
            shutil.rmtree(self._directory)

    def process(self, comm: str, uid: int, gid: int) -> Process:
        """A new process."""
        if not os.path.exists(self._directory):
            raise DaemonError("this kernel is closed")
        p = connect(self.path, comm, autostart=False)
        for call, number in ((SYS_setgid, gid), (SYS_setuid, uid)):
            if number:
                p.syscall(call, number)
        return p

    def execute(self, what: Execution) -> Exit:
        """Run a user program to its end."""
        with self.process("local", 0, 0) as p:
            try:
                status, reason = p.execute(
                    what.image, what.args, what.env, uid=what.uid, name=what.name, files=what.stdio
                )
            except KernelError as error:
                return Exit(0, error.errno, error.reason)
            except Sleeping:
                raise DaemonError("the program sleeps, and nothing in this kernel will wake it") from None
        return Exit(status, 0, reason)

    def share(self, path: str, writable: bool, session: bool) -> str:
        """The source to mount as hostfs, once. KernelError."""
        with self.process("share", 0, 0) as p:
            return p.share(path, writable, session)

    def reboot(self) -> None:
        """Boot a new kernel."""
        with SupervisorConnection(self.path) as supervisor:
            supervisor.ask("reboot", force=True)
            supervisor.wait_end()
