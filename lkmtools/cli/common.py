"""What every tool shares: --socket and --version, err(3)-style errors, exit statuses, the connection.

A tool is a click command of class Tool:

    @tool("modstat", usage_status=1)
    @click.option("-n", "name", metavar="NAME")
    def main(name: str | None, socket: str | None) -> None:
        with connect("modstat", socket) as p:
            ...

The body raises what happens; Tool turns it into one line "tool: what: why" on stderr and the status.
Nothing here may import more than click has already imported: the tools must start fast.
"""

from __future__ import annotations

# Without the enumerations of signal: to make them takes half a millisecond.
import _signal as signal  # type: ignore[import-not-found]
import errno
import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from lkmtools import __version__
from lkmtools.abi.errno import strerror
from lkmtools.cli import streams
from lkmtools.errors import DaemonError, KernelError, LkmtoolsError, PanicError, bug, host_reason

if TYPE_CHECKING:
    from lkmtools.client import Process
    from lkmtools.debug.brief import Line

_T = TypeVar("_T")

MANY = 10  # items from which on somebody at a terminal wants to see how far it is

EX_NODAEMON = 69  # EX_UNAVAILABLE: no daemon, or not one we can speak to
EX_PANIC = 70  # EX_SOFTWARE: the simulated kernel panicked
EX_IOERR = 74  # standard output cannot be written, or standard input not be read
EX_INTERRUPT = 130  # 128 + SIGINT, as a shell reports it

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class BaseCommand(click.Command):
    """A click command whose --help is as click's own, but is made without a look for a translation.

    That would import locale, which takes as long as to import two dozen files of lkmtools.
    """

    _help: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option, made once, as click compares it with itself; None for a command that has none."""
        names = self.get_help_option_names(ctx)
        if names and self._help is None:
            text = "Show this message and exit."
            self._help = click.Option(
                names, is_flag=True, is_eager=True, expose_value=False, help=text, callback=_show_help
            )
        return self._help


def _show_help(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        click.echo(ctx.get_help())
        ctx.exit()


class Tool(BaseCommand):
    """A click command that ends as the historic tools do.

    `usage_status` is the exit status of a usage error (1 in NetBSD's tools, where click has 2);
    `error_status` that of a KernelError or other error the body does not treat itself.
    """

    def __init__(self, *args: Any, usage_status: int = 1, error_status: int = 1, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.usage_status = usage_status
        self.error_status = error_status

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the tool and exit."""
        kwargs.update(standalone_mode=False, prog_name=self.name)
        run = super().main
        sys.exit(guard(self.name or "", lambda: run(*args, **kwargs), self))


def tool(name: str, *, usage_status: int = 1, error_status: int = 1, **attrs: Any) -> Callable[..., Tool]:
    """Decorate a tool's function: a Tool with --socket (argument `socket`), --version and -h."""

    def decorate(function: Callable[..., Any]) -> Tool:
        command = click.command(
            name,
            cls=Tool,
            usage_status=usage_status,
            error_status=error_status,
            context_settings=CONTEXT,
            **attrs,
        )
        return command(version_option(name)(socket_option(function)))

    return decorate


def socket_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """--socket PATH, the function's argument `socket`; LKM_SOCKET is looked at where it is None."""
    return click.option("--socket", metavar="PATH", help="The daemon's socket [env: LKM_SOCKET].")(function)


def version_option(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """--version: the tool's, that of the protocol it speaks, and of the kernel's interface to modules."""

    def show(ctx: click.Context, param: click.Parameter, value: bool) -> None:
        if not value or ctx.resilient_parsing:
            return
        from lkmtools.abi.lkm import LKM_VERSION, NetBSD_Version
        from lkmtools.proto import VERSION

        release = f"{NetBSD_Version // 100_000_000}.{NetBSD_Version // 1_000_000 % 100}"
        kernel = f"kernel NetBSD {release} (LKM_VERSION {LKM_VERSION})"
        click.echo(f"{name} (lkmtools) {__version__}, protocol {VERSION}, {kernel}")
        ctx.exit()

    return click.option(
        "--version", is_flag=True, expose_value=False, is_eager=True, callback=show, help="Show the versions."
    )


def guard(name: str, run: Callable[[], object], statuses: Any = None) -> int:
    """Run a tool's body; print what it raises as err(3) does; the exit status.

    An interrupt ends the body. Before and after it the process ends as by any signal (entry.py).
    """
    streams.prepare()
    ours = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    try:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return _run(name, run, getattr(statuses, "usage_status", 1), getattr(statuses, "error_status", 1))
    except KeyboardInterrupt:
        return EX_INTERRUPT
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def _run(name: str, run: Callable[[], object], usage_status: int, error_status: int) -> int:
    """What guard() does about errors."""
    try:
        return _status(run)
    except click.UsageError as error:
        if error.ctx is not None:
            click.echo(error.ctx.get_usage(), err=True)
        warnx(name, f"{error.format_message()} ({command_path(error, name)} --help explains)")
        return usage_status
    except click.ClickException as error:
        warnx(name, error.format_message())
        return error_status
    except PanicError as error:
        panic(name, error)
        return EX_PANIC
    except DaemonError as error:
        warnx(name, str(error))
        return EX_NODAEMON
    except streams.StreamError as error:
        if error.errno != errno.EPIPE:  # the reader of our output has seen enough
            warnx(name, str(error))
        streams.discard_output()
        return EX_IOERR
    except LkmtoolsError as error:
        warnx(name, str(error))
        return error_status
    except OSError as error:
        warnx(name, host_reason(error))
        return error_status
    except click.Abort:
        return EX_INTERRUPT
    except MemoryError:
        warnx(name, "out of memory")
        return error_status
    except Exception as error:
        warnx(name, bug(error))
        return error_status


def _status(run: Callable[[], object]) -> int:
    """The exit status of a tool that ends normally: its own, or that its output could not be written."""
    try:
        result = run()
    except SystemExit as ending:
        result = ending.code
    sys.stdout.flush()
    status = result if isinstance(result, int) else 0
    return status or (EX_IOERR if streams.output_failed() else 0)


def command_path(error: click.UsageError, name: str) -> str:
    """The tool, or the command of a tool, that was misused."""
    return error.ctx.command_path if error.ctx is not None else name


def connect(comm: str, socket: str | None, autostart: bool = True, tell: bool = True, **more: Any) -> Process:
    """The tool's process of the simulated kernel; starts a daemon if there is none and `autostart`.

    What went wrong at the boot that this caused is printed, if `tell`, and a warning when LKM_MACHINE asks
    for another machine than the kernel that runs has. `more` is for client.connect().
    """
    from lkmtools import client

    p = client.connect(socket, comm, autostart, on_wait=lambda: _announce_greeting(comm, socket), **more)
    p.on_report = partial(report, comm)
    for line in p.at_start if tell else ():
        warnx(comm, line)
    wanted = os.environ.get("LKM_MACHINE")
    if wanted and wanted != p.machine:
        warnx(
            comm,
            f"warning: LKM_MACHINE={wanted} is ignored: the running kernel is {p.machine} ({p.path})",
        )
    return p


def _announce_greeting(name: str, socket: str | None) -> None:
    """Say why the daemon does not greet, if there is a reason but that its host is slow."""
    from lkmtools.client.supervisor import waits_for
    from lkmtools.daemon.address import socket_path

    if why := waits_for(socket_path(socket)):
        warnx(name, f"waiting for the kernel: {why}")


def announce_wait(name: str, p: Process) -> None:
    """Say on standard error that the tool waits, and for what; for Process.on_wait."""
    why = p.waits_for()
    warnx(name, f"waiting for the kernel{f': {why}' if why else ''}")


def progress(items: Iterable[_T], count: int, shown: bool) -> AbstractContextManager[Iterable[_T]]:
    """The `count` items, with a bar on standard error meanwhile: of MANY, and on a terminal only.

    `shown` says that the tool's own output shows how far it is.
    """
    hidden = shown or count < MANY or not sys.stderr.isatty()
    return nullcontext(items) if hidden else click.progressbar(items, count, file=sys.stderr)


def tell(name: str, text: str) -> None:
    """Print a line about what was done and stays done: on standard error, where standard output fails.

    The exit status is EX_IOERR then (guard).
    """
    try:
        click.echo(text)
    except streams.StreamError as error:
        warnx(name, f"{error}; the output follows on standard error")
        streams.redirect_output()


def warnx(name: str, text: str) -> None:
    """warnx(3): "tool: text" on stderr."""
    click.echo(f"{name}: {text}", err=True)


def warn(name: str, text: str, error: KernelError) -> None:
    """warn(3): "tool: text: strerror" on stderr, and the kernel's reason as a second line, if it gave one."""
    warnx(name, f"{text}: {strerror(error.errno)}" if text else strerror(error.errno))
    if error.reason:
        warnx(name, error.reason)


def err(name: str, status: int, text: str, error: KernelError) -> NoReturn:
    """err(3): warn() and exit with `status`."""
    warn(name, text, error)
    sys.exit(status)


class Whole(click.IntRange):
    """A whole number between two limits."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; click.BadParameter for one in another notation than C's."""
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]+\s*", value) is None:
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return super().convert(value, param, ctx)


class Number(click.FloatRange):
    """A number between two limits, which "nan" is not."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; click.BadParameter."""
        if isinstance(value, str) and "_" in value:  # Python's digits, nobody else's
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        number = super().convert(value, param, ctx)
        if number != number:  # noqa: PLR0124 - only nan is not itself
            self.fail(f"{value!r} is not a valid {self.name}.", param, ctx)
        return number


def errx(name: str, status: int, text: str) -> NoReturn:
    """errx(3): warnx() and exit with `status`."""
    warnx(name, text)
    sys.exit(status)


def report(name: str, text: str, record: str) -> None:
    """The lines that matter of what the kernel reports about the request in flight: on standard error."""
    _print_brief(name, text.partition("\n")[0], text, record)


def panic(name: str, error: PanicError) -> None:
    """The lines of a panic that matter, with the culprit's line of the source as the last.

    Without a report: why there is no kernel.
    """
    if not error.report:
        warnx(name, error.reason)
        return
    _print_brief(name, error.reason, error.report, error.record)


def _print_brief(name: str, reason: str, report: str, record: str) -> None:
    from lkmtools.debug.brief import brief  # it reads the objects of the modules on the stack

    lines = brief(name, reason, report, record)
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        _paint(lines)
    else:
        click.echo("\n".join(line.text for line in lines), err=True)


_STYLES = {
    "reason": "bold red", "cause": "yellow", "code": "cyan", "end": "bold", "around": "dim",
    "culprit": "bold red",
}  # fmt: skip


def _paint(lines: Iterable[Line]) -> None:
    """Lines with colours; long ones are broken by the terminal."""
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text(line.text, _STYLES.get(line.kind, "")))
