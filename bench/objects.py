"""Stock kernel objects against ld: the ten largest, a median one, and all of them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.measure import Result, once, pair
from bench.samples import BIN, private_socket, python, quietly, tool
from bench.stock import fetch
from lkmtools.link import Image, link, load_object, prelink

BASE = 0xFFFFFFFF82000000
KERNEL = 0xFFFFFFFF81000000  # what every symbol of the kernel is here
LARGEST = 10
RUNS = 7


def run(directory: Path) -> Iterator[Result]:
    """The lines of the report; nothing where there are no objects."""
    package = fetch()
    if package is None:
        return
    print(f"{package.name} {package.version}: {len(package.modules)} objects")
    for path in package.modules[:LARGEST]:
        yield _one(path, directory, 2)
    yield _one(package.modules[len(package.modules) // 2], directory, 0.3)
    yield _memory(package.modules[0])
    yield from _tools(package.modules, directory)


def _one(path: Path, directory: Path, limit: float) -> Result:
    """One object, read and linked in this process, against one run of ld -T on it."""
    data = path.read_bytes()
    obj = load_object(data, path.name)
    img = linked(data, path.name)
    command = ld(img, path, directory)
    relocations = sum(len(table) for table in obj.relocations)
    del obj
    gc.collect()
    name = f"{path.name}, {relocations} relocations / ld -T"
    return pair(name, lambda: linked(data, path.name), lambda: quietly(command), limit, RUNS)


def linked(data: bytes, name: str, base: int = BASE) -> Image:
    """The object as modload links it; the kernel has every symbol."""
    return link(prelink(load_object(data, name)), base, lambda symbol: base - (BASE - KERNEL))


def ld(img: Image, path: Path, directory: Path) -> list[str]:
    """ld's command for the same: the addresses by a linker script, the kernel's symbols by --defsym."""
    names = dict.fromkeys(section.name for section in img.sections)
    first = {section.name: section.address for section in reversed(img.sections)}
    lines = [f"  {name} {first[name]:#x} : {{ *({name}) }}" for name in names if name != ".got"]
    script = directory / "script.ld"
    script.write_text("\n".join(["SECTIONS {", *lines, "  /DISCARD/ : { *(.note.GNU-stack) }", "}"]))
    symbols = directory / "symbols"
    symbols.write_text("\n".join(f"--defsym={item.name}={item.value:#x}" for item in img.imports))
    return [
        "ld", "-T", str(script), f"@{symbols}", "--no-relax", "--build-id=none", "-z", "norelro",
        "-z", "noexecstack", "--no-warn-rwx-segments", "-e", "0", "-o", str(directory / "out"), str(path),
    ]  # fmt: skip


def _memory(path: Path) -> Result:
    """What one link adds to a process, at the most, against the object's size."""
    code = (
        "import resource, sys; from bench.objects import linked, peak; before = peak();"
        "data = open(sys.argv[1], 'rb').read(); linked(data, 'm.o'); print(peak() - before, len(data))"
    )
    done = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True)
    grown, size = map(int, done.stdout.split())
    return Result(f"memory of one link of {path.name} / its size", grown / 1e6, size / 1e6, 3, "MB")


def peak() -> int:
    """The largest size that this process has had since it was started, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def _tools(modules: list[Path], directory: Path) -> Iterator[Result]:
    """modload --dry-run and lkmctl check: of a small object, and of all."""
    small = str(modules[len(modules) * 3 // 4])
    with private_socket() as env:
        image = directory / "kernel.syms"
        tool(env, "lkmctl", "ksyms", "-o", image)

        def refuse(*args: object) -> None:  # they all miss functions of Linux
            done = subprocess.run(
                [BIN / str(args[0]), *map(str, args[1:])], env=env, capture_output=True, check=False
            )
            assert done.returncode == 1, done.stderr

        clicked = "python -c 'import click'"
        yield pair(
            f"lkmctl check of a small object / {clicked}",
            lambda: refuse("lkmctl", "check", "-A", image, small),
            lambda: python("import click"),
            1.5,
            RUNS,
        )
        yield pair(
            f"modload --dry-run of a small object / {clicked}",
            lambda: refuse("modload", "-n", small),
            lambda: python("import click"),
            1.5,
            RUNS,
        )
        names = list(map(str, modules))
        ours = once(lambda: refuse("lkmctl", "check", "-q", "-A", image, *names))
        theirs = once(lambda: _ld_each(names, directory))
        count = len(os.sched_getaffinity(0))
        yield Result(f"lkmctl check of all, {count} processors / ld once an object", ours, theirs, 0.6)


def _ld_each(names: list[str], directory: Path) -> None:
    command = ["ld", "--unresolved-symbols=ignore-all", "-Ttext", f"{BASE:#x}", "-z", "noexecstack"]
    for name in names:
        subprocess.run([*command, "-o", str(directory / "out"), name], capture_output=True, check=False)
