"""One name, one meaning: what a reader greps for is found once."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import lkmtools

ROOT = Path(lkmtools.__file__).parent
SOURCES = {
    str(path.relative_to(ROOT)): ast.parse(path.read_text())
    for path in ROOT.rglob("*.py")
    if path.relative_to(ROOT).parts[0] not in ("examples", "include", "user")
}
# Tables of names, which several files have; and <sys/mman.h> of the host, which has numbers of its own.
OTHERS = {"NAMES", "_NAMES", "_MAP_FIXED"}
_VARS = ("TypeVar", "ParamSpec")


def _constants(tree: ast.Module) -> Iterator[str]:
    """The names in capitals that a file assigns at its top."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            yield from (name.id for name in names if isinstance(name, ast.Name) and name.id.isupper())


def test_a_constant_of_a_c_header_stands_in_abi_only() -> None:
    """Also not behind an underscore: PAGE_SIZE, SHN_ABS, ENOMEM and their like are imported."""
    headers = {
        name: path
        for path, tree in SOURCES.items()
        if path.startswith("abi/")
        for name in _constants(tree)
        if not name.startswith("_")
    }
    assert {"PAGE_SIZE", "SHN_ABS", "STT_FUNC", "STB_LOCAL", "ENOMEM", "PATH_MAX"} <= headers.keys()
    twice = defaultdict(set)
    for path, tree in SOURCES.items():
        for name in _constants(tree):
            home = headers.get(name.removeprefix("_"))
            if home not in (None, path) and name not in OTHERS:
                twice[name].add(path)
    assert twice == {}


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements at the top of a file, with those under `if TYPE_CHECKING`."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _statements(node.body)


def _aliases(tree: ast.Module) -> Iterator[str]:
    """The names of types that a file assigns at its top: Done = Callable[[int], None]."""
    for node in _statements(tree.body):
        targets = node.targets if isinstance(node, ast.Assign) else []
        for name in (target.id for target in targets if isinstance(target, ast.Name)):
            if name[0].isupper() and not name.isupper():
                yield name


def _classes(tree: ast.Module) -> Iterator[str]:
    yield from (node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef))


def test_a_class_name_is_defined_once() -> None:
    """Two things of one name would send a reader to the wrong file. An alias of a type counts as a class.

    A TypeVar does not: it means something in its own file only, where its name begins with an underscore.
    """
    where = defaultdict(list)
    for path, tree in SOURCES.items():
        for name in (*_classes(tree), *_aliases(tree)):
            where[name].append(path)
    assert len(where["Sharer"]) == len(where["OnMapped"]) == len(where["ImagePart"]) == 1
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


def test_a_type_variable_is_private_to_its_file() -> None:
    found = [
        target.id
        for tree in SOURCES.values()
        for node in tree.body
        if isinstance(node, ast.Assign)
        and getattr(getattr(node.value, "func", None), "id", "").endswith(_VARS)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert len(found) > 5
    assert [name for name in found if not name.startswith("_")] == []
