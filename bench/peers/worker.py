"""Runs in the environment of the peers, not in that of the project: `TASK PATH` on a line, an answer in JSON.

A read is that of all symbols and relocations of an object: each name, value, offset and type.
"""

from __future__ import annotations

import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

STOP = 0x7FFF0000
PATIENCE = 10  # seconds


def lief(path: str) -> tuple[int, int]:
    """With LIEF."""
    binary = _module("lief").parse(path)
    symbols = [(symbol.name, symbol.value) for symbol in binary.symbols]
    relocations = [(entry.address, entry.type) for entry in binary.relocations]
    return len(symbols), len(relocations)


def pyelftools(path: str) -> tuple[int, int]:
    """With pyelftools."""
    with open(path, "rb") as file:
        elf = _module("elftools.elf.elffile").ELFFile(file)
        symbols, relocations = [], []
        for section in elf.iter_sections():
            if section["sh_type"] == "SHT_SYMTAB":
                symbols += [(symbol.name, symbol["st_value"]) for symbol in section.iter_symbols()]
            elif section["sh_type"] in ("SHT_REL", "SHT_RELA"):
                relocations += [(row["r_offset"], row["r_info_type"]) for row in section.iter_relocations()]
    return len(symbols), len(relocations)


def cle(path: str) -> tuple[int, int]:
    """With CLE, which also lays the object out in memory and relocates what it knows."""
    loaded = _module("cle").Loader(path, auto_load_libs=False).main_object
    symbols = [(symbol.name, symbol.rebased_addr) for symbol in loaded.symbols]
    relocations = [(entry.relative_addr, entry.symbol) for entry in loaded.relocs]
    return len(symbols), len(relocations)


def qiling(path: str) -> tuple[int, int]:
    """With Qiling: init_module() of a Linux module that does nothing, from the file to its return."""
    with tempfile.TemporaryDirectory() as root:
        level = _module("qiling.const").QL_VERBOSE.DISABLED
        ql = _module("qiling").Qiling([path], root, verbose=level)
        ql.arch.regs.arch_sp -= 64
        ql.stack_write(0, STOP)
        ql.mem.map(STOP, 4096)
        ql.run(end=STOP)
        assert ql.arch.regs.arch_pc == STOP
    return 0, 0


def _module(name: str) -> Any:
    return import_module(name)


TASKS: dict[str, Callable[[str], tuple[int, int]]] = {
    "lief": lief,
    "pyelftools": pyelftools,
    "cle": cle,
    "qiling": qiling,
}


def main() -> None:
    """Do what the lines say."""
    for line in sys.stdin:
        task, _, path = line.rstrip("\n").partition(" ")
        try:
            began = time.perf_counter()
            signal.alarm(PATIENCE)  # ends this process: some peers catch every exception
            try:
                symbols, relocations = TASKS[task](path)
            finally:
                signal.alarm(0)
            took = (time.perf_counter() - began) * 1e6
            answer: dict[str, object] = {"micros": took, "symbols": symbols, "relocations": relocations}
        except Exception as error:  # a peer's fault is that peer's line in the table
            answer = {"error": f"{error or type(error).__name__}"}
        print("\n" + json.dumps(answer), flush=True)


if __name__ == "__main__":
    sys.path.pop(0)  # this directory, whose files have the names of nobody's modules
    main()
