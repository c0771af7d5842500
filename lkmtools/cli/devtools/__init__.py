"""mknod, rm, chmod, chown, chgrp and ln for postinstall programs: inside the kernel for what is under /dev.

modload puts bin/ first on the PATH of a postinstall program, so that scripts written for NetBSD work as they
are: what they name under /dev means the kernel's, and the host's /dev is never touched. A name means /dev
when it leads there by its text or by the host's symbolic links. Everything else is the host's own command's;
where operands are of both kinds, each command gets its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from lkmtools.abi.errno import strerror
from lkmtools.errors import DaemonError, KernelError, PanicError

if TYPE_CHECKING:
    from lkmtools.client import Process

BIN = os.path.join(os.path.dirname(__file__), "bin")
PYTHON, HOST_PATH = "LKM_PYTHON", "LKM_HOST_PATH"  # what the scripts of BIN need to find


class Usage(Exception):
    """The command line is wrong: what to say."""


class Words(NamedTuple):
    """A command line: options by letter with their values, and operands."""

    options: dict[str, str]
    operands: list[str]


class Command(NamedTuple):
    """A tool. `letters` are its options as getopt(3) has them.

    `paths` gives the operands that are names of files; `run` does it inside for those of them under /dev,
    with everything else as it was. Its errors about a file are told by complain().
    """

    letters: str
    paths: Callable[[Words], list[str]]
    run: Callable[[Process, Words, list[str], Callable[[str, KernelError], None]], None]
    usage: str


def environment(socket: str) -> dict[str, str]:
    """The environment of a postinstall program: these tools first on its PATH, the kernel behind `socket`."""
    path = os.environ.get("PATH", os.defpath)
    beside = os.path.dirname(sys.executable)
    return {
        **os.environ,
        "PATH": f"{BIN}:{path}:{beside}",
        HOST_PATH: path,
        PYTHON: sys.executable,
        "LKM_SOCKET": socket,
    }


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


def main(argv: list[str]) -> int:
    """Run the tool argv[0] with the words after it; an exit status."""
    from lkmtools.cli.devtools.commands import COMMANDS

    name, words = argv[0], argv[1:]
    command = COMMANDS[name]
    try:
        given = parse(words, command.letters)
        paths = command.paths(given)
        inside = [path for path in paths if device_path(path) is not None]
        if inside and name == "ln" and len(inside) < len(paths):
            raise Usage("links between /dev of the kernel and files of the host cannot be made")
    except Usage as error:
        if any(device_path(word) for word in words if not word.startswith("-")):
            print(f"{name}: {error}\nusage: {command.usage}", file=sys.stderr)
            return 1
        inside = []  # not ours to judge
        paths = [""]
    outside = [path for path in paths if path not in inside]
    if not inside:
        return _host(name, words, become=True)
    status = _inside(name, command, given, inside)
    if outside:
        options = words[: len(words) - len(given.operands)]
        first = [word for word in given.operands if word not in paths]
        status |= _host(name, [*options, *first, *outside], become=False)
    return status


def _inside(name: str, command: Command, given: Words, inside: list[str]) -> int:
    """Do it in the kernel; 1 when something failed."""
    from lkmtools import client

    failed = 0

    def complain(what: str, error: KernelError) -> None:
        nonlocal failed
        failed = 1
        print(f"{name}: {what}: {strerror(error.errno)}", file=sys.stderr)

    try:
        with client.connect(comm=name) as p:
            for line in p.at_start:
                print(f"{name}: {line}", file=sys.stderr)
            command.run(p, given, inside, complain)
    except Usage as error:
        print(f"{name}: {error}\nusage: {command.usage}", file=sys.stderr)
        return 1
    except (DaemonError, PanicError, OSError) as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return failed


def _host(name: str, words: list[str], become: bool) -> int:
    """The host's own command; 127 when it has none."""
    path = os.environ.get(HOST_PATH, os.defpath)
    found = shutil.which(name, path=path)
    if found is None:
        print(f"{name}: the host has no such command, and no operand is under /dev", file=sys.stderr)
        return 127
    environ = {**os.environ, "PATH": path}
    if become:
        os.execve(found, [name, *words], environ)
    return subprocess.call([found, *words], env=environ)
