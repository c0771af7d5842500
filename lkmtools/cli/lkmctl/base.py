"""What the commands share: the decorator, the connection, errors about a file, numbers in C notation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from lkmtools import client
from lkmtools.cli.common import BaseCommand, announce_wait, connect, err
from lkmtools.cli.numbers import within
from lkmtools.errors import DaemonError, KernelError

if TYPE_CHECKING:
    from lkmtools.client.supervisor import SupervisorConnection

NAME = "lkmctl"
PATIENCE = 5  # seconds that the kernel may take to answer a control request


def command(**attrs: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Make the decorated function a command, named as it is, or `name`. `socket` is lkmctl's or its own."""

    def decorate(function: Callable[..., Any]) -> click.Command:
        option = click.option("--socket", metavar="PATH", hidden=True, callback=_socket)
        name = attrs.pop("name", function.__name__)
        return click.command(name, cls=BaseCommand, **attrs)(option(function))

    return decorate


def _socket(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    given: str | None = value or ctx.obj
    return given


def debug_path_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--debug-path DIR, several times: the argument `directories`, () for those of LKM_DEBUG_PATH."""
    return click.option(
        "--debug-path",
        "directories",
        multiple=True,
        metavar="DIR",
        help="Look there for the objects of modules that were stripped [env: LKM_DEBUG_PATH].",
    )(function)


def when(seconds: float | None) -> str:
    """A time, in seconds since 1970, for people."""
    if seconds is None:
        return "unknown"
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def process(socket: str | None, autostart: bool = True) -> client.Process:
    """A process named lkmctl; when the kernel lets it wait it says for what."""
    p = connect(NAME, socket, autostart)
    p.on_wait = lambda: announce_wait(NAME, p)
    return p


def supervisor(socket: str | None) -> SupervisorConnection:
    """A connection to the daemon's supervisor. It starts none."""
    from lkmtools.client.supervisor import SupervisorConnection
    from lkmtools.daemon.address import socket_path

    return SupervisorConnection(socket_path(socket), NAME)


def ask_kernel(socket: str | None, verb: str, autostart: bool = False, **arguments: Any) -> dict[str, Any]:
    """A control request that only the kernel can answer. DaemonError when it does not, with what it does."""
    from lkmtools.client.transport import NoAnswer

    try:
        with connect(NAME, socket, autostart, handshake=PATIENCE) as p:
            return p.control(verb, give_up=PATIENCE, **arguments)
    except NoAnswer:
        with supervisor(socket) as sup:
            status = sup.ask("status")
        pid = f" (pid {status['kernel']['pid']})" if status["kernel"] else ""
        raise DaemonError(
            f"the kernel process{pid} has not answered for {PATIENCE} seconds: it is {status['state']}; "
            "lkmctl status shows more, lkmctl reboot --force ends it"
        ) from None


@contextmanager
def about(what: str) -> Iterator[None]:
    """Errors of the kernel inside end the tool: "lkmctl: what: strerror" and the reason, status 1."""
    try:
        yield
    except KernelError as error:
        err(NAME, 1, what, error)


def number(text: str, what: str = "number", bits: int = 64) -> int:
    """An integer in C notation that fits into `bits` bits, signed or unsigned. click.UsageError."""
    try:
        return within(text, what, -(1 << bits - 1), (1 << bits) - 1)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def need(answer: dict[str, Any], version: int = 1) -> dict[str, Any]:
    """An answer of the daemon, checked for the version this tool can read."""
    if answer.get("version") != version:
        raise DaemonError(
            f"the daemon's answer has version {answer.get('version')}; this lkmctl reads {version}"
        )
    return answer


def show_json(value: object) -> None:
    """Print for a program."""
    import json

    click.echo(json.dumps(value, indent=2))
