"""A distribution's kernel modules: thousands of objects that nobody here wrote, fetched by apt-get.

They are kept in the user's cache directory, so that the next run need not fetch them; nothing is installed.
"""

from __future__ import annotations

import functools
import lzma
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_PATTERN = r"^linux-image-[0-9].*-(amd64|generic)(-unsigned)?$"


class Package(NamedTuple):
    """A kernel package: name, version, its modules by size, the largest first."""

    name: str
    version: str
    modules: list[Path]


@functools.cache
def fetch() -> Package | None:
    """The newest kernel package that apt(8) has; None where there is none, which standard error explains."""
    missing = [tool for tool in ("apt-cache", "apt-get", "dpkg-deb") if shutil.which(tool) is None]
    if missing:
        print(
            f"skipped: no {missing[0]}; the objects come from a package of Debian or Ubuntu", file=sys.stderr
        )
        return None
    listed = _output("apt-cache", "search", "--names-only", _PATTERN).splitlines()
    names = [line.split()[0] for line in listed if "-cloud-" not in line and "-rt-" not in line]
    if not names:
        print("skipped: apt-cache knows no kernel package; try apt-get update", file=sys.stderr)
        return None
    shown = {name: _field(name, "Version") for name in names}
    name = max(names, key=_numbers)
    place = cache() / f"{name}_{shown[name].replace(':', '_')}"
    if not (place / "complete").exists():
        _unpack(name, place)
    modules = sorted(place.rglob("*.o"), key=lambda path: path.stat().st_size, reverse=True)
    return Package(name, shown[name], modules)


def _unpack(name: str, place: Path) -> None:
    """Fetch the package and leave its modules, uncompressed, as .o files."""
    place.mkdir(parents=True, exist_ok=True)
    subprocess.run(["apt-get", "download", name], cwd=place, check=True, stdout=subprocess.DEVNULL)
    for package in place.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, place / "tree"], check=True)
        package.unlink()
    for module in [*place.rglob("*.ko"), *place.rglob("*.ko.xz"), *place.rglob("*.ko.zst")]:
        _uncompressed(module)
    (place / "complete").touch()


def _uncompressed(module: Path) -> None:
    target = module.parent / (module.name.partition(".ko")[0] + ".o")
    if module.suffix == ".xz":
        target.write_bytes(lzma.decompress(module.read_bytes()))
    elif module.suffix == ".zst":
        subprocess.run(["zstd", "-dqo", target, module], check=True)
    else:
        module.rename(target)


def cache() -> Path:
    """Where what was fetched is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "lkmtools-bench"


def _field(name: str, field: str) -> str:
    shown = _output("apt-cache", "show", "--no-all-versions", name).splitlines()
    return next((line.partition(": ")[2] for line in shown if line.startswith(f"{field}: ")), "unknown")


def _numbers(name: str) -> list[int]:
    """The numbers in a package's name, by which the newest is last."""
    return [int(word) for word in "".join(ch if ch.isdigit() else " " for ch in name).split()]


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
