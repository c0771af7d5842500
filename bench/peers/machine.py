"""What the figures were measured on: processor, memory, system, and all versions."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version as installed
from pathlib import Path

from bench.peers.table import Section, markdown
from bench.peers.venv import PACKAGES, version
from lkmtools.cc import find_compiler

_TOOLS = {
    "GNU ld": "ld",
    "lld": "ld.lld",
    "mold": "mold",
    "QEMU": "qemu-system-x86_64",
    "user-mode Linux": "linux.uml",
}
_OWN = ("lkmtools", "unicorn", "greenlet", "click")


def section(python: Path, objects: str) -> Section:
    """The first section: a table of what there was. `objects` names the kernel package."""
    rows = [
        ("machine", _machine()),
        ("system", _system()),
        ("Python", sys.version.split()[0]),
        ("compiler", _first_line(find_compiler("amd64").argv)),
        ("stock objects, and QEMU's kernel", objects),
    ]
    rows += [(name, installed(name)) for name in _OWN]
    rows += [(name, _first_line([tool])) for name, tool in _TOOLS.items()]
    rows += [(name, version(python, name) or "not installed") for name in PACKAGES]
    return Section("Machine and versions", _ABOUT, more=["", *_left(markdown(("", "version"), rows))])


_ABOUT = (
    "Absolute times are those of this machine, on which other programs ran; the ratios are what to look at."
)


def _left(lines: Iterator[str]) -> Iterator[str]:
    """The versions are text."""
    return (line.replace("---:", "---") for line in lines)


def _machine() -> str:
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next(
        (line.partition(": ")[2] for line in info if line.startswith("model name")), platform.machine()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return f"{model}, {len(os.sched_getaffinity(0))} processors, {memory:.1f} GiB of memory"


def _system() -> str:
    linux = ".".join(platform.release().split(".")[:2])
    return f"{platform.freedesktop_os_release().get('PRETTY_NAME', 'Linux')}, Linux {linux}"


def _first_line(command: Sequence[str]) -> str:
    if shutil.which(command[0]) is None:
        return "not installed"
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).splitlines()[0].strip()
