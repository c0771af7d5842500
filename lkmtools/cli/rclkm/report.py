"""Failures, reported to the supervisor that started rc.lkm at boot (daemon/rc.py) and keeps them."""

from __future__ import annotations

import os


class ReportWriter:
    """Writes to a descriptor, if there is one: a JSON list a line, of place, object and reason."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd

    def failed(self, place: str, module: str, reason: str) -> None:
        """Something could not be done: `place` is a file, or file and line; `module` may be ""."""
        if self._fd is not None:
            import json

            os.write(self._fd, json.dumps([place, module, reason]).encode() + b"\n")
