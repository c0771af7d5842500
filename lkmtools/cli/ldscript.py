"""The part of a linker script that modload -T supports: symbol assignments.

The layout of a module is the linker's own, so SECTIONS and other statements about layout are refused, with
their place. ENTRY is accepted without effect, as ld(1) prefers the -e that modload always gives.
"""

from __future__ import annotations

import re

from lkmtools.errors import LinkError

_TOKEN = re.compile(
    r"""(?P<space>\s+|/\*.*?\*/)
      | (?P<assign>(?P<name>[A-Za-z_][\w.$]*)\s*=\s*(?P<number>0[xX][0-9a-fA-F]+|[0-9]+)(?P<unit>[KkMm]?)\s*;)
      | (?P<entry>ENTRY\s*\(\s*[\w.$]+\s*\)\s*;?)
      | (?P<nothing>;)""",
    re.VERBOSE | re.DOTALL,
)
_SHOWN = 60  # characters of a statement in a message
_UNITS = {"": 1, "K": 1024, "M": 1024 * 1024}


def read_script(path: str) -> dict[str, int]:
    """The symbols that the linker script at `path` assigns numbers to.

    OSError if it cannot be read; LinkError with line and statement for anything else than a comment, an
    assignment of a number or ENTRY.
    """
    with open(path, encoding="utf-8-sig", errors="surrogateescape") as file:
        text = file.read()
    symbols: dict[str, int] = {}
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        where = f"{path}:{text.count(chr(10), 0, at) + 1}"
        if not match:
            statement = text[at:].split("\n", 1)[0].strip()[:_SHOWN]
            statement = "".join(char if char.isprintable() else "?" for char in statement)
            raise LinkError(
                f"{where}: {statement}: not supported; "
                "a script may have comments, `name = number;' and ENTRY(symbol)"
            )
        if match["assign"]:
            symbols[match["name"]] = _number(match["number"], where) * _UNITS[match["unit"].upper()]
        at = match.end()
    return symbols


def _number(text: str, where: str) -> int:
    """A number as ld(1) writes it: hexadecimal with 0x, octal with a leading 0, otherwise decimal."""
    if text[:2].lower() == "0x":
        return int(text, 16)
    try:
        return int(text, 8 if text.startswith("0") else 10)
    except ValueError:
        raise LinkError(f"{where}: {text}: not an octal number") from None
