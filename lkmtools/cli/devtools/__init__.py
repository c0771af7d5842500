"""mknod, rm, chmod, chown, chgrp and ln for postinstall programs; names under /dev are the kernel's.

modload puts bin/ first on the PATH of a postinstall program, so that scripts written for NetBSD work
unchanged: names under /dev are files of the kernel, and the host's /dev is never touched. A name means /dev
when it leads there by its text or by the host's symbolic links. Everything else is the host's own command's;
where operands are of both kinds, each command gets its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from lkmtools.abi.errno import strerror
from lkmtools.cli.devtools.words import Command, Usage, Words, device_path, parse
from lkmtools.errors import DaemonError, KernelError, PanicError

BIN = os.path.join(os.path.dirname(__file__), "bin")
PYTHON, HOST_PATH = "LKM_PYTHON", "LKM_HOST_PATH"  # what the scripts of BIN need to find


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
