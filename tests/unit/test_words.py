"""Reasons, help texts, manuals and comments have none of the patterns that a native reader stumbles over."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [path for path in (ROOT / "lkmtools").rglob("*.py") if "examples" not in path.parts]
MANUALS = sorted((ROOT / "man").iterdir())
# Calls whose text arguments somebody reads; `help` and `metavar` are click's.
READ = {
    "KernelError", "LkmtoolsError", "DaemonError", "LinkError", "ObjectError", "ProtocolError", "ConfError",
    "LoadError", "UsageError", "ClickException", "BadParameter", "GetoptError", "warnx", "errx", "panic",
    "lockdebug_abort", "option",
}  # fmt: skip
REASONS = {
    "is no / are no (is not a)": re.compile(r"(?<!there )\b(is|are) no (?!longer)\w|\b(is|are) none of\b"),
    "'s as a rule of permission (only X may)": re.compile(r"(root|owner|user)'s$"),
    "begins with a number and no verb follows": re.compile(
        r"^(\d+|\{\}) (bytes?|seconds?|milliseconds?|descriptors?|groups?|pieces|processes|pages)(;|,|$)"
    ),
    "here, there, told, such": re.compile(r"\b(is there|not there|here it is|there too|told|such one)\b"),
    "a noun alone, or a pronoun for the thing ('/tmp/x' is a directory)": re.compile(
        r"^(a|an) (\w+ )?\w+$|^(it is|not an?(?! valid number)|which)\b|^the root directory$"
        r"|does not own it$|\bin it,"
    ),
    "a value without its sentence (invalid offset: -1)": re.compile(r"^(?!nlist)\w+( \w+)? \{\}$"),
    "lies, stands (is)": re.compile(r"\b(stands?|lies?) (in|at|there|here|behind|beside)\b"),
    "who, whoever (the process that)": re.compile(r"\b(whoever|who (asks|has|wants|opens|comes))\b"),
}
MANUAL = re.compile(
    r"(?<![Tt]here )\b(is|are) no (?!longer)[a-z]|\b(is|are) none of\b|at most so long|runs? away\b"
    r"|\bgo(es)? (before|first)\b|\bso (many|much) [a-z]+s\b|[Nn]ot done without|, else\b|\bin vain\b"
    r"|\bmade anew\b|\bcomes? up with\b|\b[Ww]hose an? \w+ is\b|\bcame to nothing\b|\bput together of\b"
    r"|\b[Nn]ot written\*|\bfunctions are written\b|\bhas (written|another place)\b|\bstands? with\b"
    r"|\b(which|that) (is|are) not there\b|\bwas begun\b|\w's way$|^Usage\.$"
    r"|\bpass(es|ed) over\b"
    r"|\b(stands?|lies?) (in|at|there|on|behind|beside)\b"
    r"|\b([Ww]hoever|[Ww]ho (asks|has|wants|opens|comes|connects|waits|calls|holds))\b"
    r"|\b(is|are) told\b|\balso (while|when|if|by|after)\b"
    r"|\b(one|once) an? (boot|line|process|page|row|module)\b"
)
PAGES = [
    *MANUALS,
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "lkmtools").rglob("README.md")),
    *sorted((ROOT / "examples").glob("*/README")),
]


def text_of(node: ast.expr) -> str | None:
    """A string, "{}" for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


@cache
def texts(path: Path) -> list[tuple[int, str]]:
    """Line and text of what somebody reads."""
    return [*_texts(path)]


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        for value in [*node.args, *(word.value for word in node.keywords)] if name in READ else ():
            if text := text_of(value):
                yield node.lineno, text


@pytest.mark.parametrize("what", REASONS)
def test_reasons_and_help(what: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in SOURCES
        for line, text in texts(path)
        if REASONS[what].search(text)
    ]
    assert wrong == []


def test_there_is_something_to_look_at() -> None:
    assert sum(1 for path in SOURCES for _ in texts(path)) > 600


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages(path: Path) -> None:
    wrong = [
        (number, line) for number, line in enumerate(path.read_text().splitlines(), 1) if MANUAL.search(line)
    ]
    assert wrong == []


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of the comments and docstrings of a file."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT or token.string.startswith('"""'):
            yield from enumerate(token.string.splitlines(), token.start[0])


@pytest.mark.parametrize("room", sorted({path.parent for path in SOURCES}), ids=lambda room: room.name)
def test_comments(room: Path) -> None:
    wrong = [
        f"{path.name}:{number}: {line.strip()}"
        for path in sorted(room.glob("*.py"))
        if any(map(MANUAL.search, path.read_text().splitlines()))  # most need not be taken apart
        for number, line in comments(path)
        if MANUAL.search(line)
    ]
    assert wrong == []
