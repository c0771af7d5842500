"""An empty module: loaded and run by lkmtools, and by Qiling, which emulates programs and Linux modules."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from bench.measure import in_turn, once
from bench.peers.table import OURS, Row, Section
from bench.peers.venv import Worker
from bench.samples import compiled
from bench.wire import SILENT
from lkmtools import modules
from lkmtools.cc import find_compiler
from lkmtools.local import LocalKernel

RUNS = 9
NEW = "lkmtools, a new kernel"
ABOUT = """From an object file to the return of its entry point, in a Python process that has everything
imported: in lkmtools a module that does nothing is linked, loaded, entered and unloaded, in a kernel that
runs already, or in a new one (`LocalKernel`); Qiling makes an emulator, maps the file and runs its
`init_module()`. It has no kernel that would list or unload the module."""
_EMPTY = "int init_module(void);\nint init_module(void) { return 0; }\n"


def section(directory: Path, worker: Worker, missing: Mapping[str, str]) -> Section:
    """One row."""
    obj = compiled(directory, SILENT, "silent")
    skipped: list[str] = []
    with LocalKernel(inside=True, machine="amd64") as lk:

        def load() -> None:
            modules.unload(lk.process(), modules.load(lk.process(), obj).id)

        actions = {OURS: partial(once, load), NEW: partial(once, partial(_in_new, obj))}
        theirs = _linux_module(directory)
        if "qiling" in missing:
            skipped.append(f"Qiling: {missing['qiling']}")
        else:
            actions["Qiling"] = partial(worker.micros, "qiling", theirs)
        row = Row("load and run", in_turn(actions, RUNS, skipped))
        return Section("An empty module", ABOUT, [row], skipped)


def _in_new(obj: Path) -> None:
    with LocalKernel(inside=True, machine="amd64") as lk:
        modules.load(lk.process(), obj)


def _linux_module(directory: Path) -> Path:
    """As little of a Linux module as Qiling needs."""
    source, out = directory / "empty.c", directory / "empty.ko"
    source.write_text(_EMPTY)
    flags = ("-O2", "-fno-pic", "-mcmodel=kernel")
    command: list[str | Path] = [*find_compiler("amd64").argv, *flags, "-c", "-o", out, source]
    subprocess.run(command, check=True)
    return out
