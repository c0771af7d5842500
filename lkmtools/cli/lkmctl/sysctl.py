"""sysctl: read and set kernel variables by name."""

from __future__ import annotations

import click

from lkmtools.cli.common import tell
from lkmtools.cli.lkmctl.base import NAME, about, command, process, show_json
from lkmtools.cli.numbers import c_integer
from lkmtools.errors import KernelError


@command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.argument("variables", nargs=-1, metavar="[NAME[=VALUE]]...")
def sysctl(variables: tuple[str, ...], as_json: bool, socket: str | None) -> None:
    """Print kernel variables, or set them.

    \b
        lkmctl sysctl kern.securelevel
        lkmctl sysctl kern.securelevel=1

    Without an operand: all of them.
    """
    from lkmtools.abi.sysctl import NAMES

    values: dict[str, int | str] = {}
    with process(socket) as p:
        for variable in variables or NAMES:
            name, equals, text = variable.partition("=")
            if name not in NAMES:
                raise click.UsageError(_unknown(name))
            new = _value(name, text) if equals else None
            if variables:
                with about(name):
                    value = p.sysctl(name, new)
            else:
                try:
                    value = p.sysctl(name)
                except KernelError:
                    continue  # a name of <sys/sysctl.h> that this kernel has no node for
            shown = value.hex() if isinstance(value, bytes) else value
            if not as_json:
                if equals:
                    tell(NAME, f"{name}: {shown} -> {new}")
                else:
                    click.echo(f"{name} = {shown}")
            values[name] = shown
    if as_json:
        show_json({"version": 1, "values": values})


def _value(name: str, text: str) -> int | str:
    """What to set a variable to. click.UsageError for text where a number belongs, or one out of range."""
    from lkmtools.abi.limits import INT_MAX, INT_MIN
    from lkmtools.client.process import STRINGS

    if name in STRINGS:
        return text
    value = c_integer(text)
    if value is None:
        raise click.UsageError(f"{text!r} is not a number, as {name} must be; write 10, 0x1f or 017")
    if not INT_MIN <= value <= INT_MAX:
        raise click.UsageError(f"{name}={text} is out of range; the limits are {INT_MIN} and {INT_MAX}")
    return value


def _unknown(name: str) -> str:
    from difflib import get_close_matches

    from lkmtools.abi.sysctl import NAMES

    near = get_close_matches(name, NAMES, 1)
    return f"no kernel variable is called {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
