"""The objects that all of them get: generated ones of any number of relocations, and stock kernel modules."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bench.stock import fetch
from lkmtools.cc import find_compiler
from lkmtools.link import load_object

FUNCTIONS = 200  # of the kernel, that a generated object calls
SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)  # relocations


def generated(directory: Path, count: int) -> Path:
    """An object with so many relocations: calls of the kernel, and pointers in data."""
    source, obj = directory / f"generated-{count}.s", directory / f"generated-{count}.o"
    lines = [".text", ".globl lkmentry", "lkmentry:"]
    for i in range(count // 4):
        lines += [f"f{i}:", f"call kernel{i % FUNCTIONS}", f"movq $item{i}, %rdi", "ret"]
    lines += [".data"]
    for i in range(count // 4):
        lines += [f"item{i}:", f".quad f{i}, kernel{i % FUNCTIONS}"]
    source.write_text("\n".join(lines) + '\n.section .note.GNU-stack,"",@progbits\n')
    subprocess.run([*find_compiler("amd64").argv, "-c", source, "-o", obj], check=True)
    return obj


def relocations(path: Path) -> int:
    """How many relocations of loaded sections an object has."""
    return sum(map(len, load_object(path.read_bytes(), path.name).relocations))


def objects(directory: Path) -> tuple[str, list[Path]]:
    """What is linked and read: a generated object, and three of the newest kernel package; its name."""
    made = [generated(directory, SIZES[2])]
    package = fetch()
    if package is None:
        return "no kernel package", made
    modules = package.modules
    return f"{package.name} {package.version}", [*made, modules[len(modules) // 2], modules[9], modules[0]]
