"""The words of a command line: options, operands, and which of them are in the kernel's /dev."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.errors import KernelError
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.client import Process


class Usage(Exception):
    """The command line is wrong: what to say."""


class Words(NamedTuple):
    """A command line: options by letter with their values, and operands."""

    options: dict[str, str]
    operands: list[str]


class Command(NamedTuple):
    """A tool. `letters` are its options as getopt(3) has them.

    `paths` gives the operands that are names of files; `run` does it inside for those of them under /dev,
    with everything else as it was. complain() reports its errors about a file.
    """

    letters: str
    paths: Callable[[Words], list[str]]
    run: Callable[[Process, Words, list[str], Callable[[str, KernelError], None]], None]
    usage: str


def parse(words: list[str], letters: str) -> Words:
    """Options up to the first operand, `--`, or what looks like a mode (`-w`). Usage."""
    options: dict[str, str] = {}
    left = list(words)
    while left and left[0].startswith("-") and left[0] != "-":
        word = left[0][1:]
        if word == "-":
            left.pop(0)
            break
        if word[0] not in letters.replace(":", "") and set(word) <= set("rwxXstugo,+-="):
            break
        left.pop(0)
        while word:
            letter, word = word[0], word[1:]
            at = letters.find(letter)
            if at < 0 or letter == ":":
                raise Usage(f"unknown option -- {letter}")
            if letters[at + 1 : at + 2] != ":":
                options[letter] = ""
                continue
            if not word and not left:
                raise Usage(f"option requires an argument -- {letter}")
            options[letter], word = (word, "") if word else (left.pop(0), "")
    return Words(options, left)


def device_path(path: str) -> str | None:
    """The kernel's name for a path that leads to /dev on the host; None for any other."""
    base = os.environ.get("PWD", "")
    try:
        if not os.path.samefile(base, "."):
            base = os.getcwd()
    except OSError:
        base = os.getcwd()
    whole = os.path.join(base, path)
    above, last = os.path.split(whole.rstrip("/") or "/")
    physical = os.path.join(os.path.realpath(above), last)
    for candidate in (os.path.normpath(whole), os.path.normpath(physical)):
        plain = "/" + candidate.lstrip("/")
        if plain == "/dev" or plain.startswith("/dev/"):
            return plain
    return None
