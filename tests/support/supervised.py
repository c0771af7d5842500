"""`start`: supervisors of kernels that fail.

The kernels are the real one with system calls that do the damage from inside (damaged_kernels.py), each in
a process of a real supervisor.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lkmtools import client
from support import damaged_kernels
from support.daemons import PATIENCE, Place

NOBODY = "while no module and no program ran"


class Supervised:
    """A supervisor of damaged kernels at the socket of `place`, its log beside it."""

    def __init__(self, place: Place, kernel: str, **options: Any) -> None:
        self.place = place
        self.path = place.socket
        command = [sys.executable, "-P", damaged_kernels.__file__, self.path, kernel, json.dumps(options)]
        with open(f"{self.path}.log", "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, env=place.env
            )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline().decode()

    @property
    def pid(self) -> int:
        """The supervisor's."""
        return self.process.pid

    def connect(self, comm: str = "test") -> client.Process:
        return self.place.connect(comm)

    def ask(self, verb: str, **arguments: Any) -> dict[str, Any]:
        """A control request, answered whatever the kernel does."""
        with self.place.supervisor() as supervisor:
            return supervisor.ask(verb, **arguments)

    def reboot(self) -> dict[str, Any]:
        """Ask for another kernel, and wait for it."""
        with self.place.supervisor() as supervisor:
            answer = supervisor.ask("reboot")
            supervisor.wait_end()
        return answer

    def wait(self) -> int:
        """The supervisor's exit status, once it has ended."""
        with self.process:
            return self.process.wait(PATIENCE)


Start = Callable[..., Supervised]


@pytest.fixture
def start(place: Place) -> Iterator[Start]:
    """start(kernel class, ...) -> Supervised; stopped at the end, and no traceback is anywhere."""
    made: list[Supervised] = []

    def begin(kernel: str = "Damaged", **options: Any) -> Supervised:
        made.append(Supervised(place, kernel, **options))
        return made[-1]

    yield begin
    for running in made:
        if running.process.poll() is None:
            text = running.ask("dmesg")["text"]
            place.stop()
            assert running.wait() == 0
            assert "Traceback" not in text
        assert "Traceback" not in place.log()
