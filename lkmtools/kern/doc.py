"""docs/kernel-functions.md from the rows: `python -m lkmtools.kern.doc > docs/kernel-functions.md`."""

from __future__ import annotations

import sys
from collections import defaultdict

from lkmtools.kern.base.bound import CALL, CONVERSION, LIST_MAX, STEP
from lkmtools.kern.base.export import Data, Function
from lkmtools.kern.rows import DATA, FUNCTIONS

_HEAD = f"""\
# What modules may import

Generated from the kernel's rows by `python -m lkmtools.kern.doc`; do not edit.

Each function is listed under the header that declares it. *Not implemented* means that a module which names
the function links, and that a call of it panics with its name; everything else is implemented. A function
that returns an error number does so as NetBSD's does; an invalid pointer is a panic that names the function
and its caller.

One call of a function handles at most {CALL}, unless another limit is given. An element of a list or
table counts as {STEP} bytes, a conversion of a format as {CONVERSION}; a list or table has at most
{LIST_MAX} elements. A request for more is a panic, or E2BIG, that names function, argument, value and limit.

Time spent asleep, in delay() and in a module's own code is not counted: the watchdog limits that.
"""
_PRIVATE = "## Declared in no header"
_UNWRITTEN = "**Not implemented.**"


def text() -> str:
    """The whole page."""
    functions: defaultdict[str, list[Function]] = defaultdict(list)
    variables: defaultdict[str, list[Data]] = defaultdict(list)
    for function in FUNCTIONS:
        functions[function.header].append(function)
    for variable in DATA:
        variables[variable.header].append(variable)
    written = sum(row.written for row in FUNCTIONS)
    count = (
        f"{written} functions are implemented, {len(FUNCTIONS) - written} are not; {len(DATA)} variables.\n"
    )
    headers = sorted({*functions, *variables}, key=lambda header: (header == "", header))
    return "\n".join([_HEAD, count, *(_section(h, functions[h], variables[h]) for h in headers)])


def _section(header: str, functions: list[Function], variables: list[Data]) -> str:
    lines = [f"## `<{header}>`" if header else _PRIVATE, ""]
    if functions:
        lines += ["| function | |", "|---|---|"]
        lines += [
            f"| `{row.proto.text}` | {_what(row)} |" for row in sorted(functions, key=lambda r: r.proto.name)
        ]
        lines.append("")
    if variables:
        lines += ["| variable |", "|---|"]
        lines += [f"| `{row.text}` |" for row in sorted(variables, key=lambda r: r.name)]
        lines.append("")
    return "\n".join(lines)


def _what(row: Function) -> str:
    """One line about a function: the first of its docstring, or the number it returns."""
    if not row.written:
        return _UNWRITTEN
    if row.constant is not None:
        return "Does nothing." if row.proto.ret.name == "void" else f"Returns {row.constant}."
    doc = (row.body.__doc__ or "").strip()
    most = "" if row.bound == CALL else f" At most {row.bound}."
    return doc.partition("\n")[0].replace("|", "\\|") + most


if __name__ == "__main__":
    sys.stdout.write(text())
