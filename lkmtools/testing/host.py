"""Where a kernel under test runs: behind a private supervisor, or in a daemon that tools can reach."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any, Protocol

from lkmtools import client
from lkmtools.client import Process
from lkmtools.client.supervisor import SupervisorConnection
from lkmtools.errors import DaemonError, KernelError
from lkmtools.local import LocalKernel


class Host(Protocol):
    """What has the kernel: this process, or a daemon."""

    def process(self) -> Process:
        """A new process of the kernel."""

    def dmesg(self) -> str:
        """The message buffer."""

    def execute(
        self, image: bytes, name: str, args: tuple[str, ...], uid: int, files: tuple[int, int, int]
    ) -> tuple[int, str]:
        """Run a program to its end: its wait(2) status, and why a signal ended it. KernelError."""

    def reboot(self) -> None:
        """Boot a new kernel; nothing stays loaded."""

    def close(self) -> None:
        """The end of it."""


class LocalHost:
    """The kernel is nobody else's (local/)."""

    def __init__(self, machine: str, options: dict[str, Any], crashes: str | None) -> None:
        self.kernel = LocalKernel(machine=machine, crashes=crashes, **options)

    def process(self) -> Process:
        """A new process of the kernel."""
        return self.kernel.process("pytest")

    def dmesg(self) -> str:
        """The message buffer."""
        return str(self.kernel.console.text())

    def execute(
        self, image: bytes, name: str, args: tuple[str, ...], uid: int, files: tuple[int, int, int]
    ) -> tuple[int, str]:
        """Run a program to its end. KernelError."""
        ended = self.kernel.execute(image, *args, name=name, uid=uid, stdio=files)
        if ended.errno:
            raise KernelError(ended.errno, ended.reason)
        return ended.status, ended.reason

    def reboot(self) -> None:
        """Boot a new kernel."""
        self.kernel.reboot()

    def close(self) -> None:
        """Shut it down."""
        self.kernel.close()


def _option(name: str, value: Any) -> str:
    """An option of lkmd."""
    word = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{word}" if value else f"--no-{word}"
    return f"--{word}={value}"


class DaemonHost:
    """The kernel is a daemon's, on a socket of its own in a temporary directory."""

    def __init__(self, machine: str, options: dict[str, Any], crashes: str | None) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="lkm-")
        self.socket = os.path.join(self._directory.name, "lkmd.sock")
        command = [sys.executable, "-P", "-m", "lkmtools.cli.lkmd", "--socket", self.socket]
        words = [_option(name, value) for name, value in {"machine": machine, **options}.items()]
        self.crashes = crashes or ""
        words.append(f"--crash-dir={self.crashes}")
        env = {**os.environ, "LKM_CONF": "", "LKMD_CONF": ""}  # a fresh kernel, whatever the user's loads
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False, env=env)
        if done.returncode:
            self._directory.cleanup()
            raise DaemonError(done.stderr.strip() or f"lkmd ended with status {done.returncode}")

    def _connect(self) -> Process:
        return client.connect(self.socket, comm="pytest", autostart=False)

    def process(self) -> Process:
        """A new process of the kernel."""
        return self._connect()

    def dmesg(self) -> str:
        """The message buffer; nothing when the daemon is gone."""
        with SupervisorConnection(self.socket) as supervisor:
            return str(supervisor.ask("dmesg")["text"])

    def execute(
        self, image: bytes, name: str, args: tuple[str, ...], uid: int, files: tuple[int, int, int]
    ) -> tuple[int, str]:
        """Run a program to its end. KernelError."""
        words = [os.fsencode(word) for word in (name, *args)]
        with self._connect() as p:
            return p.execute(image, words, uid=uid, files=files)

    def reboot(self) -> None:
        """Boot a new kernel."""
        with SupervisorConnection(self.socket) as supervisor:
            supervisor.ask("reboot", force=True)
            supervisor.wait_end()

    def close(self) -> None:
        """Stop the daemon, wait for its end, remove its directory."""
        with self._directory, SupervisorConnection(self.socket) as supervisor:
            supervisor.ask("stop", force=True)
            supervisor.wait_end()
