"""The lines of lkm.conf(5) as tasks: where each file is, and what the options of modload(8) request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from getopt import GetoptError, getopt

from lkmtools.cli.ldscript import read_script
from lkmtools.conf.lkmconf import STAGES, Conf, Entry, Mistake
from lkmtools.errors import LinkError
from lkmtools.modules.options import Options
from lkmtools.tuples import NamedTuple

GETOPT = "A:de:fno:p:sST:v"  # modload(8)'s


class Item(NamedTuple):
    """One module to load. `found` is False where no directory has it; `path` is then as it was written."""

    entry: Entry
    path: str
    found: bool
    options: Options
    postinstall: str | None
    debug: bool
    verbose: bool

    @property
    def name(self) -> str:
        """As the messages have it: the file's name."""
        return self.entry.name

    @property
    def wish(self) -> tuple[str, str]:
        """What is the same in two lines that ask for the same: the object, and what is done with it."""
        return os.path.abspath(self.path), repr(self.options)


def in_boot_order(conf: Conf, stage: str | None) -> list[Entry]:
    """The lines of one stage, or of all of them, stage by stage, each in the file's order."""
    stages = STAGES if stage is None else (stage,)
    return [entry for when in stages for entry in conf.entries if entry.when == when]


def items(entries: Sequence[Entry], directories: Sequence[str]) -> tuple[list[Item], list[Mistake]]:
    """What to do for these lines, and what is wrong with their options."""
    out: list[Item] = []
    mistakes: list[Mistake] = []
    for entry in entries:
        try:
            out.append(_item(entry, directories))
        except OSError as error:
            text = f"-T {error.filename}: {error.strerror}"
            mistakes.append(Mistake(entry.file, entry.line, "options", text))
        except (GetoptError, LinkError) as error:
            mistakes.append(Mistake(entry.file, entry.line, "options", str(error)))
    return out, mistakes


def _item(entry: Entry, directories: Sequence[str]) -> Item:
    """One line; GetoptError, and of a linker script (-T) OSError and LinkError."""
    pairs, rest = getopt(list(entry.options), GETOPT)
    if rest:
        raise GetoptError(f"{rest[0]!r} is not an option of modload(8)")
    given = dict(pairs)
    found = _find(entry.path, directories)
    path = found or entry.path
    output = entry.output if entry.output != "TEMP" else None
    if entry.output is None:
        output = given.get("-o", path.removesuffix(".o") if "-S" in given else None)
    script = given.get("-T")
    options = Options(
        entry=entry.entry or given.get("-e"),
        kernel=given.get("-A"),
        constants=read_script(script) if script else {},
        symbols="-s" in given,
        force="-f" in given,
        ready="-n" not in given,
        output=output,
    )
    post = entry.postinstall or given.get("-p")
    if post is not None:
        post = _find(post, directories) or post
    return Item(entry, path, found is not None, options, post, "-d" in given, "-v" in given)


def _find(path: str, directories: Sequence[str]) -> str | None:
    """An absolute path as it is, otherwise the file in the first directory that has it; None if none."""
    if os.path.isabs(path):
        return path if os.path.exists(path) else None
    candidates = (os.path.join(directory, path) for directory in directories)
    return next((candidate for candidate in candidates if os.path.isfile(candidate)), None)
