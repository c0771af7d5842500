"""What the kernel exports is what the headers declare: each name, in its row's header, of the same type."""

from collections import defaultdict
from typing import Any

import pytest

from lkmtools.kern.rows import DATA, FUNCTIONS
from support.compiling import Compile


def _by_header() -> list[tuple[str, list[Any]]]:
    functions: dict[str, list[Any]] = defaultdict(list)
    for row in FUNCTIONS:
        functions[row.header].append(row)
    functions.pop("", None)  # the kernel's own, for its tables only
    return sorted(functions.items())


@pytest.mark.parametrize(("header", "rows"), _by_header(), ids=[header for header, _ in _by_header()])
def test_functions_are_declared_with_the_prototype_of_their_row(
    cc: Compile, machine: str, header: str, rows: list[Any]
) -> None:
    """The header has a declaration, and one made from the row does not conflict with it."""
    lines = [f"#include <{header}>"]
    for row in rows:
        name = row.proto.name
        lines.append(f"#undef {name}")
        lines.append(f"void *const address_of_{name} = (void *){name};")
        lines.append(f"{row.proto.text};")
    assert cc("\n".join(lines), machine, flags=("-Werror=implicit-function-declaration",)).exists()


# Symbols that NetBSD declares in no header: a module that patches these tables says itself what they are.
UNDECLARED = {
    *("bdevsw", "bdevsw0", "max_bdevsws", "sys_bdevsws", "cdevsw", "cdevsw0", "max_cdevsws", "sys_cdevsws"),
    *("devsw_conv", "devsw_conv0", "max_devsw_convs", "lkmods", "emul_list", "exec_elf_native"),
    *("inetsw", "ip_protox"),
}


@pytest.mark.parametrize("row", [row for row in DATA if row.name not in UNDECLARED], ids=lambda row: row.name)
def test_variables_are_declared(cc: Compile, row: Any) -> None:
    """The row's header, or <sys/systm.h>, declares the variable or defines a macro of its name."""
    text = (
        f"#include <{row.header}>\n#include <sys/systm.h>\n"
        f"#ifndef {row.name}\nvoid *const found = (void *)&{row.name};\n#endif"
    )
    assert cc(text).exists()
