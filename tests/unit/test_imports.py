"""Imports run downwards only, and tools import no more than they need (docs/design.md, "The house")."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lkmtools

ROOT = Path(lkmtools.__file__).parent
BASE = {"errors", "abi", "near"}
# Package -> what of lkmtools it may import besides itself and the base.
ALLOWED: dict[str, set[str]] = {
    "abi": set(),
    "errors": set(),
    "near": set(),
    "evidence": set(),
    "machine": {"evidence"},
    "elf": set(),
    "link": {"elf"},
    "proto": set(),
    "kern": {"machine", "evidence"},
    "client": {"proto", "daemon"},  # of daemon only address and autostart, which import no kernel
    "cc": set(),
    "conf": set(),
    "wire": {"proto"},
    "kernproc": {"kern", "evidence", "proto", "wire"},
    "daemon": {"machine", "kern", "kernproc", "evidence", "proto", "wire"},
    "modules": {"client", "link", "elf"},
    "local": {"client", "proto", "kern"},
    "cli": {"client", "daemon", "modules", "conf", "link", "elf", "cc", "proto"},
    "testing": {"cc", "client", "modules", "local"},
    "pytest_plugin": {"testing"},
}
THIRD_PARTY = {
    "elftools": {"elf"},
    "unicorn": {"machine"},
    "click": {"cli"},
    "rich": {"cli"},
    "numpy": set(),
    "greenlet": {"machine", "kern"},
    "pytest": {"pytest_plugin"},
}


def _imports(path: Path) -> set[str]:
    """Every module that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names if node.module == "lkmtools"}
    return found


def _part(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


# All of the package but the samples that an installed one carries: those stand alone.
SOURCES = sorted(
    path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py" and _part(path) != "examples"
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_what_lies_below_it(path: Path) -> None:
    """No import goes up or sideways, and third-party packages have one place each."""
    part = _part(path)
    allowed = ALLOWED[part] | BASE | {part, "__version__"}
    for name in _imports(path):
        top, *rest = name.split(".")
        if top == "lkmtools" and rest:
            assert rest[0] in allowed, f"{part} must not import {name}"
        elif top in THIRD_PARTY:
            assert part in THIRD_PARTY[top], f"{part} must not import {name}"


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_every_part_is_known(package: str) -> None:
    """The table above names what exists."""
    assert (ROOT / package).is_dir() or (ROOT / f"{package}.py").is_file()


def test_modstat_imports_no_heavy_package() -> None:
    """modstat starts fast: neither numpy, elftools, unicorn, nor rich, json, subprocess."""
    heavy = [
        "numpy",
        "elftools",
        "unicorn",
        "greenlet",
        "rich",
        "json",
        "subprocess",
        "pathlib",
        "asyncio",
        "logging",
    ]
    code = (
        "import sys; import click; before = set(sys.modules);"
        "import lkmtools.cli.modstat; import lkmtools.client;"
        f"new = set(sys.modules) - before; print(sorted(new & set({heavy!r})))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"


def test_the_pytest_plugin_costs_a_test_run_without_kernels_next_to_nothing() -> None:
    """Every pytest run of the environment imports it: no other module of lkmtools comes with it."""
    code = (
        "import sys; import pytest; before = set(sys.modules);"
        "import lkmtools.pytest_plugin; print(sorted(set(sys.modules) - before))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "['lkmtools', 'lkmtools.pytest_plugin']\n"


def test_a_kernel_imports_no_module_of_python_that_it_could_do_without() -> None:
    """What lkmd imports stays in memory for good: `secrets` brings OpenSSL, `dataclasses` a compiler."""
    dear = [
        "ast",
        "asyncio",
        "dataclasses",
        "hashlib",
        "inspect",
        "json",
        "logging",
        "pathlib",
        "platform",
        "random",
        "secrets",
        "ssl",
        "subprocess",
        "tempfile",
        "traceback",
    ]
    code = (
        "import sys; before = set(sys.modules); import lkmtools.kern;"
        f"print(sorted((set(sys.modules) - before) & set({dear!r})))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"
