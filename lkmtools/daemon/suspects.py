"""Modules that keep a machine from booting: after its second panic at boot a module is not loaded again."""

from __future__ import annotations

ENOUGH = 2  # panics at boot


class Suspects:
    """Panics at boot by the path of the object whose module was running, until clear()."""

    def __init__(self) -> None:
        self._panics: dict[str, int] = {}

    def blame(self, path: str) -> bool:
        """Count one more; False when it had been enough already, so that skipping it is of no use."""
        count = self._panics[path] = self._panics.get(path, 0) + 1
        return count <= ENOUGH

    @property
    def skipped(self) -> list[str]:
        """The objects that the next boot leaves out."""
        return [path for path, count in self._panics.items() if count >= ENOUGH]

    def clear(self) -> None:
        """Give every module another chance."""
        self._panics.clear()
