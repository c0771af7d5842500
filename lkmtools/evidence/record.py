"""The record of a panic: facts, from which readers with the modules' objects at hand make words.

It goes to clients as JSON, beside the report. Addresses are those of the kernel that panicked.
"""

from __future__ import annotations

from typing import Any

from lkmtools.tuples import NamedTuple

VERSION = 1


class RecordedModule(NamedTuple):
    """A module in a record: where it was, and the object that it was made of.

    `checksum` is that of the object's contents (elf/checksum.py); 0: nobody said it.
    """

    name: str
    path: str
    area: int
    size: int
    checksum: int
    unloaded: bool = False


class RecordedFrame(NamedTuple):
    """A line of the backtrace: `text` as the report has it.

    `pc` is 0 for a kernel function and for a remark. `returns`: it is a return address, behind the call.
    `guess`: a word that was found on the stack.
    """

    text: str
    pc: int = 0
    returns: bool = False
    guess: bool = False


class CrashRecord(NamedTuple):
    """`process` is the one that ran and `request` the system call that it was in, or "".

    `modules` are those with code in `frames`, which are innermost first.
    """

    reason: str
    machine: str
    process: str = ""
    request: str = ""
    frames: tuple[RecordedFrame, ...] = ()
    modules: tuple[RecordedModule, ...] = ()

    def dumps(self) -> str:
        """As JSON."""
        import json  # which only a kernel that panics needs

        return json.dumps(
            {
                "version": VERSION,
                "reason": self.reason,
                "machine": self.machine,
                "process": self.process,
                "request": self.request,
                "frames": [frame._asdict() for frame in self.frames],
                "modules": [module._asdict() for module in self.modules],
            }
        )


def loads(text: str) -> CrashRecord | None:
    """A record from its JSON; None for "" and for one of another version. ValueError for anything else."""
    if not text:
        return None
    import json

    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"a record is an object, not {type(found).__name__}")
    if found.get("version") != VERSION:
        return None
    frames = tuple(_made(RecordedFrame, each) for each in _list(found, "frames"))
    modules = tuple(_made(RecordedModule, each) for each in _list(found, "modules"))
    head = {key: found.get(key) for key in ("reason", "machine", "process", "request")}
    made: CrashRecord = _made(CrashRecord, head)
    return made._replace(frames=frames, modules=modules)


def _list(found: dict[str, Any], key: str) -> list[Any]:
    rows = found.get(key)
    if not isinstance(rows, list):
        raise ValueError(f"a record has a list of {key}, not {rows!r}")
    return rows


def _made(row: Any, given: Any) -> Any:
    """A row of a record, with the members of the types that they have."""
    if not isinstance(given, dict):
        raise ValueError(f"a {row.__name__} is an object, not {given!r}")
    for name, kind in row.__annotations__.items():
        if name in given and type(given[name]).__name__ != kind:
            raise ValueError(f"{row.__name__}: {name} is {given[name]!r}, which is not of type {kind}")
    try:
        return row(**given)
    except TypeError:
        raise ValueError(
            f"a {row.__name__} has the members {', '.join(row._fields)}, not {given!r}"
        ) from None
