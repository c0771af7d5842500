"""Whatever a header declares for modules, the kernel exports: written, or as a row that says it is not."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from lkmtools.cc import INCLUDE, compile_flags
from lkmtools.kern.rows import DATA, FUNCTIONS
from support.compiling import compiler

HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in Path(INCLUDE).rglob("*.h"))
_INLINE = re.compile(r"static\b[^;{}]*\{\}")
_FUNCTION = re.compile(
    r"^(?!typedef\b|static\b|struct \w+ \{\}|extern\b[\w\s]*\(\*)[\w\s*]+?[\s*](\w+)\s*\(.*\)$", re.DOTALL
)
_VARIABLE = re.compile(
    r"^extern\b[\w\s*]*?(?:\(\*+(?P<f>\w+)\)\s*\(.*\)|(?P<v>\w+)\s*(?:\[[^\]]*\])?)$", re.DOTALL
)


def declarations(machine: str) -> tuple[set[str], set[str]]:
    """The functions and the variables that all headers together declare and do not define."""
    chosen = compiler(machine)
    source = "".join(f"#include <{name}>\n" for name in HEADERS)
    command = [*chosen.argv, *compile_flags(chosen.family, machine), "-x", "c", "-E", "-P", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=True)
    text = re.sub(r"__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)", "", done.stdout)
    while (shorter := re.sub(r"\{[^{}]*[^{}\s][^{}]*\}|\{\s+\}", "{}", text)) != text:
        text = shorter
    text = re.sub(r"\{(?:\{\}|[^{}])*\}", "{}", text)
    statements = [" ".join(part.split()) for part in _INLINE.sub("", text).split(";")]
    functions = {m[1] for part in statements if (m := _FUNCTION.match(part))}
    variables = {m["f"] or m["v"] for part in statements if (m := _VARIABLE.match(part))}
    return functions, variables


def test_the_parser_sees_functions_and_variables() -> None:
    """Some of each, on both machines."""
    functions, variables = declarations("amd64")
    assert {"printf", "copyin", "malloc", "mutex_enter", "lkmdispatch", "panic"} <= functions
    assert {"securelevel", "hz", "time_second", "sysent", "spec_vnodeop_p"} <= variables
    assert "imax" not in functions
    assert (functions, variables) == declarations("i386")


def test_every_declared_function_has_a_row() -> None:
    """A module that calls what a header declares always links."""
    functions, _ = declarations("amd64")
    assert functions - {row.proto.name for row in FUNCTIONS} == set()


def test_every_declared_variable_has_a_row() -> None:
    """And so does one that uses a variable."""
    _, variables = declarations("amd64")
    assert variables - {row.name for row in DATA} == set()
