"""What modload, modunload and modstat share: historic usage texts, failures, --json, waiting for /dev/lkm.

A usage error prints what getopt(3) would say, then the historic usage text, and exits 1. Everything here is
on modstat's path to its first byte, so json, difflib and a second connection are imported only when used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click

from lkmtools.abi.errno import errno_name, strerror
from lkmtools.cli.common import CONTEXT, Tool, announce_wait, socket_option, version_option, warnx
from lkmtools.errors import KernelError, LkmtoolsError
from lkmtools.modules.device import lkm_device
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.client import Process

JSON_VERSION = 1  # of the documents of --json; modload(8), modunload(8) and modstat(8) describe them


class Classic(Tool):
    """A Tool with a historic usage text, which every usage error ends with."""

    def __init__(self, *args: Any, usage: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.usage = usage

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the command line; click's complaints become getopt(3)'s."""
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            self.bad_usage(self._complaint(error))

    def _complaint(self, error: click.UsageError) -> str:
        if isinstance(error, click.MissingParameter):
            return ""
        if isinstance(error, click.NoSuchOption | click.BadOptionUsage) and error.option_name[1:2] != "-":
            known = isinstance(error, click.BadOptionUsage)
            what = "option requires an argument" if known else "unknown option"
            return f"{what} -- {error.option_name[1:]}"
        return error.format_message()

    def bad_usage(self, message: str = "") -> NoReturn:
        """Exit 1 with `message`, if there is one, and the historic usage text on standard error."""
        if message:
            warnx(self.name or "", message)
        click.echo(self.usage, err=True)
        sys.exit(1)


def classic(name: str, usage: str, examples: str) -> Callable[[Callable[..., Any]], Classic]:
    """Decorate the function of a Classic tool: --json, --socket, --version and -h are added.

    --help shows `examples` as they stand, then the function's docstring.
    """

    def decorate(function: Callable[..., Any]) -> Classic:
        command = click.command(
            name,
            cls=Classic,
            usage=usage,
            help=f"\b\n{examples}\n\n{function.__doc__} Details: {name}(8).",
            context_settings=CONTEXT,
        )
        made = command(json_option(socket_option(version_option(name)(function))))
        made.params = made.params[3:] + made.params[:3]  # the common options after the tool's own
        return made

    return decorate


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--json, the function's argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(function)


class Failure(NamedTuple):
    """Why a tool ends: exit status, historic message without the tool's name, BSD errno, reason."""

    status: int
    text: str
    errno: int | None = None
    reason: str = ""

    def show(self, name: str) -> None:
        """The historic line, then the reason, each line of it under the tool's name."""
        for line in (self.text, *self.reason.splitlines()):
            if line:
                warnx(name, line)

    def document(self) -> dict[str, Any]:
        """The member "error" of a --json document."""
        errno = errno_name(self.errno) if self.errno is not None else None
        return {"status": self.status, "message": self.text, "errno": errno, "reason": self.reason or None}


def system_failure(status: int, text: str, error: KernelError) -> Failure:
    """err(3): `text` and the errno's text."""
    return Failure(status, f"{text}: {strerror(error.errno)}", error.errno, error.reason)


@contextmanager
def opened(p: Process, name: str, flags: int) -> Iterator[int]:
    """/dev/lkm; after one second of waiting standard error says for what."""
    p.on_wait = lambda: announce_wait(name, p)
    try:
        with lkm_device(p, flags) as fd:
            p.on_wait = None
            yield fd
    finally:
        p.on_wait = None


def lkm_status(p: Process) -> dict[str, Any]:
    """What the daemon says about /dev/lkm without opening it: "holder", "modules"; {} while it is halted."""
    kernel = p.control("status")["kernel"]
    return kernel["lkm"] if kernel else {}


def way_out(p: Process, failure: Failure) -> Failure:
    """A failed ioctl of /dev/lkm, and that ioctl(2) is a module's now, if it is.

    Only the daemon itself can tell: every system call that would ask may be a module's, too.
    """
    kernel = p.control("status")["kernel"] or {}
    module = kernel.get("replaced", {}).get("ioctl")
    if module is None:
        return failure
    hint = f"ioctl(2) has been replaced by module '{module}'; if that module refuses, use 'lkmctl reboot'"
    return failure._replace(reason="\n".join(filter(None, (failure.reason, hint))))


def json_text(document: dict[str, Any]) -> str:
    """One --json document, with its version first."""
    import json

    return json.dumps({"version": JSON_VERSION, **document}, indent=2)


def complete_module(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The names of loaded modules, for the shell; none where no kernel runs. Does not wait for /dev/lkm."""
    from lkmtools import client

    try:
        with client.connect(ctx.params.get("socket"), comm="complete", autostart=False) as p:
            names = [str(module["name"]) for module in lkm_status(p).get("modules", ())]
    except LkmtoolsError:
        return []
    return [name for name in names if name.startswith(incomplete)]
