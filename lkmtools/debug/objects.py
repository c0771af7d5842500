"""The object of a module in a record: where it is found, and whether it is believed.

It is looked for at the path from which the module was loaded, then, by its name, in the directories of
LKM_DEBUG_PATH or of an option, where a module that was stripped has its whole object.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from lkmtools.debug.cfi import CallFrames
from lkmtools.debug.info import DebugInfo, SourcePlace
from lkmtools.debug.linked import Debugged, linked
from lkmtools.elf import Object
from lkmtools.elf.checksum import candidates, read_original
from lkmtools.errors import LkmtoolsError, host_reason
from lkmtools.evidence.record import RecordedModule

_LINK, _ALTERNATE = ".gnu_debuglink", ".gnu_debugaltlink"


def debug_path() -> tuple[str, ...]:
    """The directories of LKM_DEBUG_PATH, which are separated by colons."""
    return tuple(filter(None, os.environ.get("LKM_DEBUG_PATH", "").split(":")))


class ModuleObject:
    """The object of `module`; `why` says why its debug information is of no use, or what is missing of it.

    `path` is the file from which it was read, and before that the module's.
    """

    def __init__(self, module: RecordedModule, directories: Sequence[str] = ()) -> None:
        self.module = module
        self.path = module.path
        self.why = ""
        self._directories = directories
        self._linked: Debugged | None = None
        self._info: DebugInfo | None = None
        self._tried = False

    def holds(self, pc: int) -> bool:
        """Is the address in the module?"""
        return self.module.area <= pc < self.module.area + self.module.size

    @property
    def info(self) -> DebugInfo | None:
        """Its debug information; None, with `why`, when there is none."""
        self._look()
        return self._info

    def places(self, pc: int) -> list[SourcePlace]:
        """The functions at an address, the innermost first."""
        try:
            return self.info.places(pc) if self.info is not None else []
        except LkmtoolsError as error:
            self.why = str(error)
        return []

    def data_places(self, addr: int) -> list[SourcePlace]:
        """The variable at an address, after the function that it leads to."""
        return self.info.data_places(addr) if self.info is not None else []

    def rules(self) -> CallFrames | None:
        """Those by which its frames are unwound; an object without debug information may have them."""
        self._look()
        return CallFrames(self._linked) if self._linked is not None else None

    def _look(self) -> None:
        if not self._tried:
            self._tried = True
            self._info = self._find()

    def _find(self) -> DebugInfo | None:
        """The debug information of the first file that has it; `why` is about the first file of all."""
        if not self.module.path or not self.module.checksum:
            return None
        reasons = []
        for path in candidates(self.module.path, self._directories):
            try:
                obj, data = read_original(path, self.module.checksum)
                made = linked(data, path, self.module.area)
                self._linked = self._linked or made
                info, why = _info(obj, made, path)
            except OSError as error:
                reasons.append(host_reason(error))
            except LkmtoolsError as error:
                reasons.append(str(error))
            else:
                if info is not None:
                    self.path, self.why, self._linked = path, why, made
                    return info
                reasons.append(why)
        self.why = reasons[0]
        return None


def _info(obj: Object, made: Debugged | None, path: str) -> tuple[DebugInfo | None, str]:
    """The debug information of an object, and what it lacks."""
    info = DebugInfo.of_linked(made) if made is not None else None
    if info is None:
        return None, f"{path} has no debug information ({_elsewhere(obj)})"
    if split := info.split_name():
        return info, f"{path} is of -gsplit-dwarf: types and functions are in {split}, which is not read"
    return info, ""


def _elsewhere(obj: Object) -> str:
    """Where the debug information of an object may be."""
    for section in obj.sections:
        if section.name in (_LINK, _ALTERNATE):
            name = bytes(section.data).partition(b"\0")[0].decode(errors="backslashreplace")
            return f"it was moved to {name}; LKM_DEBUG_PATH names directories of whole objects"
    return "lkmcc -g makes it"
