"""Imports run downwards only, and tools import no more than they need (docs/design.md, "The floors")."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import lkmtools

ROOT = Path(lkmtools.__file__).parent
BASE = {"errors", "abi", "near", "tuples", "instructions"}
# Package -> what of lkmtools it may import besides itself and the base.
ALLOWED: dict[str, set[str]] = {
    "abi": set(),
    "errors": set(),
    "near": set(),
    "tuples": set(),
    "instructions": set(),
    "evidence": set(),
    "machine": {"evidence"},
    "elf": set(),
    "link": {"elf"},
    "debug": {"link", "elf", "evidence"},
    "crash": {"link", "elf", "evidence"},
    "proto": set(),
    "kern": {"machine", "evidence"},
    "client": {"proto", "daemon"},  # of daemon only address and autostart, which import no kernel
    "cc": set(),
    "conf": set(),
    "wire": {"proto"},
    "kernproc": {"kern", "evidence", "proto", "wire"},
    "daemon": {"machine", "kern", "kernproc", "evidence", "proto", "wire", "crash"},
    "modules": {"client", "link", "elf"},
    "local": {"client", "proto", "kern"},
    "cli": {"client", "daemon", "modules", "conf", "link", "elf", "cc", "proto", "debug", "crash"},
    "testing": {"cc", "client", "modules", "local", "debug"},
    "pytest_plugin": {"testing"},
}
THIRD_PARTY = {
    "capstone": {"debug"},
    "elftools": {"elf", "debug"},
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


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if "(NamedTuple)" in path.read_text()],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_named_tuples_are_those_of_lkmtools_tuples(path: Path) -> None:
    """NamedTuple is that of lkmtools.tuples, which needs annotations that are text."""
    text = path.read_text()
    taken = {
        node.module
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and "NamedTuple" in {alias.name for alias in node.names}
    }
    assert taken == {"lkmtools.tuples"}
    assert "from __future__ import annotations\n" in text


@pytest.mark.parametrize("package", sorted(ALLOWED))
def test_every_part_is_known(package: str) -> None:
    """The table above names what exists."""
    assert (ROOT / package).is_dir() or (ROOT / f"{package}.py").is_file()


# The rooms of the kernel, lowest first: at run time a file imports from its own room or from one before it.
ROOMS = ("base", "lib", "uvm", "sync", "proc", "dev", "vfs", "exec", "lkm", "")
KERN = ROOT / "kern"


def _kernel_file(name: str) -> str | None:
    """lkmtools.kern.vfs.ramfs.Tree -> vfs/ramfs; None for what is no file of the kernel."""
    parts = name.split(".")[2:]
    for end in range(len(parts), 0, -1):
        path = "/".join(parts[:end])
        if (KERN / f"{path}.py").is_file():
            return path
    return None


def _at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that are not under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        yield node
        yield from _at_run_time(node)


def _of_kernel(nodes: Iterable[ast.AST]) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lkmtools.kern"):
            found |= {_kernel_file(f"{node.module}.{alias.name}") for alias in node.names}
    return {name for name in found if name}


FILES = {str(path.relative_to(KERN))[:-3]: ast.parse(path.read_text()) for path in KERN.rglob("*.py")}
AT_RUN_TIME = {name: _of_kernel(_at_run_time(tree)) for name, tree in FILES.items()}


def _rank(name: str) -> int:
    return ROOMS.index(name.rpartition("/")[0])


def test_every_room_has_a_rank_and_a_readme() -> None:
    assert {name.rpartition("/")[0] for name in FILES} == set(ROOMS)
    assert [room for room in ROOMS if room and not (KERN / room / "README.md").is_file()] == []


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_kernel_imports_from_its_room_or_a_lower_one(name: str) -> None:
    """At run time; and the Kernel itself only where it is made."""
    assert [other for other in AT_RUN_TIME[name] if _rank(other) > _rank(name)] == []
    assert "kernel" not in AT_RUN_TIME[name] or name == "__init__"


def test_not_even_for_type_checkers_does_a_lower_room_know_a_higher_one() -> None:
    """But for the Kernel, which all of them are given."""
    upward = {
        (name, other)
        for name, tree in FILES.items()
        for other in _of_kernel(ast.walk(tree)) - AT_RUN_TIME[name]
        if _rank(other) > _rank(name) and other != "kernel"
    }
    assert upward == set()


# Attributes of the Kernel that rooms below the one they belong to use at run time, and why.
UPWARD_ATTRIBUTES = {
    "sched": "whatever waits sleeps; who runs now is what the rest of the kernel works for",
    "lwps": "a lock's owner is the address of an lwp",
    "vitals": "each room says when it has changed what `lkmctl status` shows",
}


def _rooms_of_attributes() -> dict[str, str]:
    """Attribute of the Kernel -> the room of its class, as kernel.py declares or makes it."""
    tree = FILES["kernel"]
    files = {
        alias.name: _kernel_file(f"{node.module}.{alias.name}") or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lkmtools.kern.")
        for alias in node.names
    }
    found = {}
    target: ast.expr
    for node in ast.walk(tree):
        if isinstance(node, ast.AnnAssign):
            target, made = node.target, node.annotation
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            target, made = node.targets[0], node.value.func
        else:
            continue
        name = target.attr if isinstance(target, ast.Attribute) else ast.unparse(target)
        for word in ast.walk(made):
            if isinstance(word, ast.Name) and word.id in files:
                found[name] = files[word.id].rpartition("/")[0]
    return found


def _used_of_kernel(tree: ast.AST) -> Iterator[str]:
    """The attributes of `k`, `self.k` and `self._k` that a file names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in {"k", "self.k", "self._k"}:
            yield node.attr


def test_rooms_do_not_use_what_the_kernel_has_of_higher_ones() -> None:
    """An attribute of the Kernel belongs to the room of its class; the exceptions have reasons."""
    rooms = _rooms_of_attributes()
    known = {"modules": "base", "sched": "proc", "procs": "proc", "vfs": "vfs", "lkm": "lkm", "vitals": ""}
    assert known.items() <= rooms.items()
    upward = {
        (name, used)
        for name, tree in FILES.items()
        for used in _used_of_kernel(tree)
        if used in rooms and ROOMS.index(rooms[used]) > _rank(name)
    }
    assert {used for _, used in upward} == set(UPWARD_ATTRIBUTES), sorted(upward)


# The files of the kernel may know one another in a circle, for type checkers only.
TYPE_CIRCLES = {"kern"}


def _files_imported(nodes: Iterable[ast.AST]) -> set[Path]:
    """The files of lkmtools that import statements name: a module's own, else that of its package."""
    found = set()
    for node in nodes:
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [(f"{node.module}.{alias.name}", node.module) for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [(alias.name, alias.name) for alias in node.names]
        for either in names:
            paths = [ROOT.parent / name.replace(".", "/") for name in either]
            files = [file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py")]
            if file := next((file for file in files if file.is_file()), None):
                found.add(file)
    return found


@pytest.mark.parametrize("package", sorted(part for part in ALLOWED if (ROOT / part).is_dir()))
def test_no_circle_among_the_files_of_a_package(package: str) -> None:
    """Neither at run time nor, but for TYPE_CIRCLES, in what only type checkers read."""
    imported = {}
    for path in (ROOT / package).rglob("*.py"):
        tree = ast.parse(path.read_text())
        nodes = _at_run_time(tree) if package in TYPE_CIRCLES else ast.walk(tree)
        imported[path] = _files_imported(nodes) - {path}
    TopologicalSorter(imported).prepare()  # CycleError names one


def test_a_room_s_readme_names_its_files() -> None:
    """Each of them, by name or by a pattern, and no file that does not exist."""
    wrong = []
    for room in ROOMS[:-1]:
        text = (KERN / room / "README.md").read_text()
        wrong += [(room, path) for path in re.findall(r"\w+/[\w/]+\.py", text) if not _known(path)]
        named = set(re.findall(r"(?<![\w/*])[\w*]+\.py", text))
        inside = {path.name for path in (KERN / room).glob("*.py")} - {"__init__.py"}
        wrong += [(room, name) for name in inside if not any(fnmatch(name, each) for each in named)]
        elsewhere = {path.name for path in KERN.rglob("*.py")}
        wrong += [(room, name) for name in named if not any(fnmatch(each, name) for each in elsewhere)]
    assert wrong == []


def _known(path: str) -> bool:
    """Whether there is a file of this name from the top directory or the package's."""
    return (ROOT / path).is_file() or (Path(__file__).parents[2] / path).is_file()


# What a tool imports besides lkmtools and click: the more it is, the later the tool starts.
IMPORTED = {
    "lkmtools.cli.modstat, lkmtools.client": {"_socket", "_struct", "struct"},
    "lkmtools.cli.modunload, lkmtools.client": {"_socket", "_struct", "struct"},
    "lkmtools.cli.modload, lkmtools.client, lkmtools.modules.loader": {
        *("_socket", "_struct", "array", "gc", "struct", "zlib"),
    },
    "lkmtools.cli.lkmctl.check, lkmtools.client": {
        *("_bisect", "_socket", "_struct", "array", "bisect", "gc", "struct"),
    },
    "lkmtools.cli.lkmcc": {"shlex"},
}


@pytest.mark.parametrize("modules", IMPORTED)
def test_a_tool_imports_little_besides_click(modules: str) -> None:
    """The modules of Python and of other packages; those of lkmtools are below a hundred."""
    code = (
        f"import sys; import click; before = set(sys.modules); import {modules};"
        "print(*sorted(set(sys.modules) - before))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    names = set(out.split())
    ours = {name for name in names if name.startswith("lkmtools")}
    assert len(ours) < 100
    assert names - ours <= IMPORTED[modules]


@pytest.mark.parametrize("tool", ["modload x.o", "modstat", "modunload x", "lkmcc x.c", "lkmctl status"])
def test_a_command_line_is_parsed_without_a_look_for_translations(tool: str) -> None:
    """click's gettext would import locale, to find out which translation of --help to look for."""
    name, *words = tool.split()
    code = (
        f"import sys; from lkmtools.cli.{name} import main; main.make_context({name!r}, {words!r});"
        "print('locale' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "False\n"


def test_a_daemon_does_without_click_and_whole_socket() -> None:
    dear = {"click", "subprocess", "difflib", "pathlib", "selectors", "socket"}
    code = (
        "import sys; import lkmtools.cli.lkmd_serve, lkmtools.cli.serving, lkmtools.daemon.main;"
        f"print(sorted({dear!r} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "[]\n"


def test_what_a_daemon_imports_is_out_of_the_collectors_sight() -> None:
    """Also when it cannot start, as here, where there is no directory for its socket."""
    code = (
        "import gc; from lkmtools.cli.serving import prepare; from lkmtools.errors import DaemonError\n"
        "try: prepare('/no/such/directory/s', {}, {}, {})\n"
        "except DaemonError: print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out == "True True\n"


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
