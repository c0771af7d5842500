"""Which form of struct sysent and struct cdevsw the sources for lkmcc --api initialise.

Both changed within a dialect: NetBSD before 1.6 and OpenBSD before 3.6 had no sy_flags, and at first
OpenBSD had d_kqfilter without d_flags before it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

_SYSENT = re.compile(r"\bstruct\s+sysent\s+\w+\s*(\[[^]]*\])?\s*=\s*(?=\{)")
_CDEVSW = re.compile(
    r"\bstruct\s+cdevsw\s+\w+\s*=\s*(?=\{)|#\s*define\s+cdev_\w+_init\s*\([^)]*\)[\s\\]*(?=\{)"
)
_NO_CODE = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
_LOCAL_HEADER = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# By the number of the members, what the headers look at.
_SYSENT_FLAGS = {3: "-D__LKM_SYSENT=3", 4: "-D__LKM_SYSENT=4"}
_CDEVSW_FLAGS = {11: "-D__LKM_CDEVSW=11"}
_CHANGED_WITHIN = ("1.4", "openbsd")


def forms(api: str, sources: list[str]) -> list[str]:
    """The options that say which forms the sources have; none when they do not tell, or do not agree."""
    if api not in _CHANGED_WITHIN:
        return []
    code = [_NO_CODE.sub(" ", text) for text in _texts(sources)]
    sysent = {count for text in code for count in _counts(_SYSENT, text)}
    options = [_SYSENT_FLAGS[count] for count in sysent if count in _SYSENT_FLAGS]
    if api == "openbsd":
        cdevsw = {count for text in code for count in _counts(_CDEVSW, text)}
        options += [_CDEVSW_FLAGS[11]] if cdevsw & {11, 12} == {11} else []
    return options if len(sysent) < 2 else [option for option in options if "SYSENT" not in option]


def _texts(sources: list[str]) -> Iterator[str]:
    """The sources and the headers beside them that they include."""
    for source in filter(os.path.isfile, sources):
        text = _read(source)
        yield text
        for name in _LOCAL_HEADER.findall(text):
            header = os.path.join(os.path.dirname(source), name)
            if os.path.isfile(header):
                yield _read(header)


def _read(path: str) -> str:
    with open(path, errors="replace") as file:
        return file.read()


def _counts(start: re.Pattern[str], text: str) -> Iterator[int]:
    """How many members each initialiser has; of an array, those of its first element."""
    for match in start.finditer(text):
        members = _members(text, match.end())
        if members and members[0].startswith("{"):
            members = _members(members[0], 0)
        if members and not any(re.match(r"\.|\w+\s*:", member) for member in members):
            yield len(members)


def _members(text: str, brace: int) -> list[str]:
    """What stands between the commas of an initialiser, whose brace is at `brace`."""
    depth, start, found = 0, brace + 1, []
    for at in range(brace, len(text)):
        depth += (text[at] in "{(") - (text[at] in "})")
        if depth == 0 or (depth == 1 and text[at] == ","):
            found.append(text[start:at].strip(" \t\n\\"))
            start = at + 1
        if depth == 0:
            return [member for member in found if member]
    return []
