"""sysctl: read and set kernel variables by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lkmtools.cli.common import tell
from lkmtools.cli.lkmctl.base import NAME, about, command, process, show_json
from lkmtools.cli.numbers import c_integer
from lkmtools.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lkmtools.client import Process


@command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.argument("variables", nargs=-1, metavar="[NAME[=VALUE]]...")
def sysctl(variables: tuple[str, ...], as_json: bool, socket: str | None) -> None:
    """Print kernel variables, or set them.

    \b
        lkmctl sysctl kern.securelevel
        lkmctl sysctl kern.securelevel=1

    Without an operand: all of them, those of modules too. A name with others below it: all of these.
    """
    values: dict[str, int | str] = {}
    with process(socket) as p:
        for variable in variables or ("",):
            name, equals, text = variable.partition("=")
            if equals:
                old, new = _set(p, name, text)
                values[name] = old
                if not as_json:
                    tell(NAME, f"{name}: {old} -> {new}")
                continue
            for leaf, value in _values(p, name):
                values[leaf] = value
                if not as_json:
                    click.echo(f"{leaf} = {value}")
    if as_json:
        show_json({"version": 1, "values": values})


def _values(p: Process, name: str) -> Iterator[tuple[str, int | str]]:
    """The variable of this name, or all those below it, every one for "", with their values."""
    for leaf, (mib, kind) in _leaves(p, name).items():
        try:
            yield leaf, _shown(p.sysctl(mib, kind=kind))
        except KernelError:
            if leaf == name:
                with about(leaf):
                    raise
            # one of many: only root reads it, or it has gone


def _leaves(p: Process, name: str) -> dict[str, tuple[tuple[int, ...], int]]:
    """Their numbers and types. click.UsageError."""
    from lkmtools.abi.sysctl import CTLTYPE_NODE

    if not name:
        return p.sysctl_leaves()
    mib, kind = _find(p, name)
    return {name: (mib, kind)} if kind != CTLTYPE_NODE else p.sysctl_leaves(mib, name)


def _set(p: Process, name: str, text: str) -> tuple[int | str, int | str]:
    """Set a variable: its old value, and its new one. click.UsageError."""
    mib, kind = _find(p, name)
    new = _value(name, kind, text)
    with about(name):
        return _shown(p.sysctl(mib, new, kind)), new


def _shown(value: int | str | bytes) -> int | str:
    return value.hex() if isinstance(value, bytes) else value


def _find(p: Process, name: str) -> tuple[tuple[int, ...], int]:
    """The numbers and the type of a variable. click.UsageError for an unknown name."""
    try:
        return p.sysctl_find(name)
    except KeyError:
        raise click.UsageError(_unknown(p, name)) from None


def _value(name: str, kind: int, text: str) -> int | str:
    """What to set a variable to. click.UsageError for text where a number belongs, or one out of range."""
    from lkmtools.abi.sysctl import CTLTYPE_INT, CTLTYPE_STRING
    from lkmtools.client.sysctl import RANGES

    if kind == CTLTYPE_STRING:
        return text
    value = c_integer(text)
    if value is None:
        raise click.UsageError(f"{text!r} is not a number, as {name} must be; write 10, 0x1f or 017")
    low, high, _ = RANGES.get(kind, RANGES[CTLTYPE_INT])
    if not low <= value <= high:
        raise click.UsageError(f"{name}={text} is out of range; the limits are {low} and {high}")
    return value


def _unknown(p: Process, name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, p.sysctl_leaves(), 1)
    return f"no kernel variable is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
