"""Everything that one boot leaves behind: RAM, counters, last words, last calls, modules."""

from __future__ import annotations

import mmap
from typing import Any

from lkmtools.evidence import calls
from lkmtools.evidence.latest import Latest
from lkmtools.evidence.modules import ModuleTable
from lkmtools.evidence.vitals import SIZE as VITALS_SIZE
from lkmtools.evidence.vitals import vitals

# Room, of which the host gives only what is touched.
_STATUS = 16 << 20
_WORDS = 32 << 20
_MODULES = 64 << 20


class Evidence:
    """The memory of one boot. `ram` is that of its machine, `size` bytes; the rest is of known shape.

    `vitals` are the counters, `calls` the last kernel calls, `status` what changes rarely, `words` the last
    words, `modules` the table.
    """

    def __init__(self, size: int) -> None:
        self.ram = mmap.mmap(-1, size)
        self._area = mmap.mmap(-1, VITALS_SIZE + calls.SIZE + _STATUS + _WORDS + _MODULES)
        rest = memoryview(self._area)
        self.vitals = vitals(rest)
        rest = rest[VITALS_SIZE:]
        self.calls, rest = calls.CallRing(rest[: calls.SIZE]), rest[calls.SIZE :]
        self.status, rest = Latest(rest[:_STATUS]), rest[_STATUS:]
        self.words, rest = Latest(rest[:_WORDS]), rest[_WORDS:]
        self.modules = ModuleTable(rest)

    def close(self) -> None:
        """Release RAM; the rest is freed with its last reference."""
        self.ram.close()

    def say(self, words: dict[str, Any]) -> None:
        """Leave last words, which may be replaced by later ones: why the kernel process ends."""
        _store(self.words, words)

    def said(self) -> dict[str, Any]:
        """The last words; empty when there are none, because the kernel process died without."""
        return _load(self.words)

    def publish(self, status: dict[str, Any]) -> None:
        """Store what changes rarely for `lkmctl status`."""
        _store(self.status, status)

    def published(self) -> dict[str, Any]:
        """What publish() stored last."""
        return _load(self.status)


def _store(place: Latest, value: dict[str, Any]) -> None:
    import json  # when a kernel is up: the supervisor, and who only imports a kernel, need not have it

    text = json.dumps(value).encode()
    if len(text) > place.room:
        value = {"left_out": f"{len(text)} bytes; the limit is {place.room}"}
        text = json.dumps(value).encode()
    place.write(text)


def _load(place: Latest) -> dict[str, Any]:
    import json

    value: dict[str, Any] = json.loads(place.read() or b"{}")
    return value
