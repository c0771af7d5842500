"""What each tool does inside the kernel, one row each in COMMANDS."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from lkmtools.abi import stat as st
from lkmtools.abi.errno import EEXIST, EISDIR, ENOENT, EPERM
from lkmtools.abi.syscall import SYS_umask
from lkmtools.cli.devtools import modes
from lkmtools.cli.devtools.words import Command, Usage, Words, device_path
from lkmtools.cli.numbers import device_number
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from lkmtools.client import Process

Complain = Callable[[str, KernelError], None]
_KINDS = {"c": st.S_IFCHR, "b": st.S_IFBLK}
_FORMATS = ("native", "netbsd")


def _umask(p: Process) -> int:
    """The caller's umask, which becomes the process's."""
    mask = os.umask(0o77)
    os.umask(mask)
    p.syscall(SYS_umask, mask)
    return mask


def _inside(path: str) -> str:
    """The kernel's name of a path that is under /dev."""
    found = device_path(path)
    assert found is not None
    return found


def _is_directory(p: Process, path: str) -> bool:
    try:
        return bool(p.lstat(path).st_mode & st.S_IFMT == st.S_IFDIR)
    except KernelError:
        return False


def _tree(p: Process, path: str) -> Iterator[str]:
    """A path and, for a directory, everything in it, the deepest first."""
    if _is_directory(p, path):
        for name in p.listdir(path):
            yield from _tree(p, f"{path}/{name}")
    yield path


# -- mknod --------------------------------------------------------------------------------------------------


def mknod(p: Process, words: Words, paths: list[str], complain: Complain) -> None:
    """mknod [-F format] [-g gid] [-m mode] [-rR] [-u uid] name [b | c] [driver | major] minor."""
    options, operands = words
    if len(operands) != 4 or operands[1] not in _KINDS:
        raise Usage("a name, b or c, a major and a minor number are needed")
    if options.get("F", "native") not in _FORMATS:
        raise Usage(f"unknown format: {options['F']}; the kernel's formats are {' and '.join(_FORMATS)}")
    umask = _umask(p)
    path, kind = _inside(operands[0]), _KINDS[operands[1]]
    try:
        device = device_number(p, kind, operands[2], operands[3])
    except ValueError as error:
        raise Usage(str(error)) from None
    permissions = modes.mode(options["m"], 0o666, umask) if "m" in options else st.DEFFILEMODE & ~umask
    uid = modes.owner(options["u"])[0] if "u" in options else -1
    gid = modes.group_number(options["g"]) if "g" in options else -1
    try:
        if _replaced(p, path, kind, device, options):
            p.mknod(path, kind | permissions, device)
        if "m" in options:
            p.chmod(path, permissions)
        if (uid, gid) != (-1, -1):
            p.chown(path, uid, gid)
    except KernelError as error:
        complain(operands[0], error)


def _replaced(p: Process, path: str, kind: int, device: int, options: dict[str, str]) -> bool:
    """-r removes what is there, -R only what is another node. Is the node to be made?"""
    if not options.keys() & {"r", "R"}:
        return True
    try:
        found = p.lstat(path)
    except KernelError as error:
        if error.errno == ENOENT:
            return True
        raise
    if "R" in options and (found.st_mode & st.S_IFMT, found.st_rdev) == (kind, device):
        return False
    p.unlink(path)
    return True


# -- rm -----------------------------------------------------------------------------------------------------


def rm(p: Process, words: Words, paths: list[str], complain: Complain) -> None:
    """rm [-dfPRrvWx] file ..."""
    options = words.options
    if "i" in options and "f" not in options:
        raise Usage("-i is not supported: there is no terminal to ask on")
    recursive = bool(options.keys() & {"r", "R"})
    for path in paths:
        name = _inside(path)
        try:
            if not recursive and _is_directory(p, name) and "d" not in options:
                raise KernelError(EISDIR, f"'{name}' is a directory")
            for entry in _tree(p, name) if recursive else (name,):
                (p.rmdir if _is_directory(p, entry) else p.unlink)(entry)
        except KernelError as error:
            if not (error.errno == ENOENT and "f" in options):
                complain(path, error)


# -- chmod, chown, chgrp ------------------------------------------------------------------------------------


def _each(
    p: Process, words: Words, paths: list[str], complain: Complain, change: Callable[[str], None]
) -> None:
    """Change every file, with -R also what is below."""
    for path in paths:
        try:
            for name in _tree(p, _inside(path)) if "R" in words.options else (_inside(path),):
                if "h" in words.options and p.lstat(name).st_mode & st.S_IFMT == st.S_IFLNK:
                    raise KernelError(EPERM, "this kernel keeps no attributes of symbolic links")
                change(name)
        except KernelError as error:
            if "f" not in words.options:
                complain(path, error)


def chmod(p: Process, words: Words, paths: list[str], complain: Complain) -> None:
    """chmod [-R] [-fh] mode file ..."""
    umask, text = _umask(p), words.operands[0]

    def change(name: str) -> None:
        old = p.stat(name).st_mode
        p.chmod(name, modes.mode(text, old & st.ALLPERMS, umask, old & st.S_IFMT == st.S_IFDIR))

    _each(p, words, paths, complain, change)


def chown(p: Process, words: Words, paths: list[str], complain: Complain) -> None:
    """chown [-R] [-fh] owner[:group] file ..."""
    uid, gid = modes.owner(words.operands[0])
    _each(p, words, paths, complain, lambda name: p.chown(name, uid, gid))


def chgrp(p: Process, words: Words, paths: list[str], complain: Complain) -> None:
    """chgrp [-R] [-fh] group file ..."""
    gid = modes.group_number(words.operands[0])
    _each(p, words, paths, complain, lambda name: p.chown(name, -1, gid))


# -- ln -----------------------------------------------------------------------------------------------------


def ln(p: Process, words: Words, paths: list[str], complain: Complain) -> None:
    """ln [-fhnsv] source [target], or source ... directory."""
    options, operands = words
    target = _inside(operands[-1] if len(operands) > 1 else ".")
    follow = not options.keys() & {"h", "n"}
    try:
        into = p.stat(target).st_mode & st.S_IFMT == st.S_IFDIR if follow else _is_directory(p, target)
    except KernelError:
        into = False
    sources = operands[:-1] if len(operands) > 1 else operands
    if len(sources) > 1 and not into:
        raise Usage(f"{target} is not a directory")
    for source in sources:
        name = f"{target}/{os.path.basename(source.rstrip('/'))}" if into else target
        try:
            _link(p, source, name, options)
        except KernelError as error:
            complain(name, error)


def _link(p: Process, source: str, name: str, options: dict[str, str]) -> None:
    for again in (False, True):
        try:
            if "s" in options:
                p.symlink(source, name)
            else:
                p.link(_inside(source), name)
            return
        except KernelError as error:
            if again or error.errno != EEXIST or "f" not in options:
                raise
        p.unlink(name)


# -- which operands are files -------------------------------------------------------------------------------


def _after_first(words: Words) -> list[str]:
    if len(words.operands) < 2:
        raise Usage("operands are missing")
    return words.operands[1:]


def _all(words: Words) -> list[str]:
    if not words.operands and "f" not in words.options:
        raise Usage("operands are missing")
    return words.operands


def _first(words: Words) -> list[str]:
    if not words.operands:
        raise Usage("operands are missing")
    return words.operands[:1]


def _links(words: Words) -> list[str]:
    """Of a symbolic link only where it is to be: what it says is text."""
    target = words.operands[-1] if len(words.operands) > 1 else "."
    sources = [] if "s" in words.options else (words.operands[:-1] or words.operands)
    if not words.operands:
        raise Usage("operands are missing")
    return [*sources, target]


COMMANDS = {
    "mknod": Command(
        "F:g:m:rRu:",
        _first,
        mknod,
        "mknod [-rR] [-F format] [-m mode] [-g gid] [-u uid] name [b | c] [driver | major] minor",
    ),
    "rm": Command("dfiPRrvWx", _all, rm, "rm [-dfPRrvWx] file ..."),
    "chmod": Command("RHLPfhv", _after_first, chmod, "chmod [-R] [-fh] mode file ..."),
    "chown": Command("RHLPfhv", _after_first, chown, "chown [-R] [-fh] owner[:group] file ..."),
    "chgrp": Command("RHLPfhv", _after_first, chgrp, "chgrp [-R] [-fh] group file ..."),
    "ln": Command("fhinsv", _links, ln, "ln [-fhnsv] source [target]"),
}
