"""lkmd: the daemon that runs a simulated NetBSD kernel.

Nothing large is imported until it is in the background, so that the process that waits for it stays small.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from lkmtools.cli.common import Number, Whole, tool, warnx
from lkmtools.cli.settings import lkm_conf, lkmd_conf_file, module_directories
from lkmtools.conf import lkmdconf
from lkmtools.errors import DaemonError, LkmtoolsError, bug, host_reason

if TYPE_CHECKING:
    from lkmtools.daemon.background import Readiness

MIN_RAM, MAX_RAM = 16, 1024  # MiB


def configure(ctx: click.Context, param: click.Parameter, value: str | None) -> dict[str, Any]:
    """Make the keys of lkmd.conf the defaults of the options of the same names, and check their values."""
    path = lkmd_conf_file(value)
    settings = lkmdconf.read(path) if path else {}
    options = {option.name: option for option in ctx.command.params}
    ctx.default_map = {key: given for key, given in settings.items() if key not in ("lkm_conf", "lkm_path")}
    for key, given in ctx.default_map.items():
        try:
            options[key].type_cast_value(ctx, given)
        except click.BadParameter as error:
            raise lkmdconf.ConfError(f"{path}: {key}: {error.message}") from None
    return settings


def kernel_options(given: dict[str, Any]) -> dict[str, Any]:
    """The members of kern.Config."""
    return {
        "machine": given["machine"],
        "watchdog": given["watchdog"],
        "entry_limit": max(10.0, given["watchdog"]),
        "ram": given["ram"] << 20,
        "securelevel": min(given["securelevel"], 0),
        "lkm": "LKM" not in given["without"],
    }


def start_options(given: dict[str, Any]) -> dict[str, Any]:
    """The members of daemon.rc.Startup; paths are absolute, as the daemon leaves this directory."""
    settings = given["settings"]
    return {
        "conf": lkm_conf(given["lkm_conf"], settings),
        "path": tuple(module_directories(settings)),
        "reorder": given["reorder"],
        "securelevel": given["securelevel"],
        "multiuser": given["multiuser"],
    }


def prepare(
    path: str, kernel: dict[str, Any], start: dict[str, Any], how: dict[str, Any]
) -> Callable[[Callable[[list[str]], None]], None]:
    """daemon.main.prepare(), imported where it is needed: it has the kernel behind it."""
    from lkmtools.daemon.main import prepare
    from lkmtools.daemon.rc import Startup

    return prepare(path, kernel, Startup(**start), **how)


def reason(error: Exception) -> str:
    """Why the daemon could not start, for the process that waits for it."""
    if isinstance(error, OSError):
        return host_reason(error)
    return str(error) if isinstance(error, LkmtoolsError) else bug(error)


def run(
    path: str,
    lock_fd: int | None,
    background: bool,
    what: tuple[dict[str, Any], dict[str, Any], dict[str, Any]],
) -> int:
    """Serve on the socket `path`, in the background or here; `what` is for prepare(). An exit status."""
    from lkmtools.daemon.autostart import start_lock
    from lkmtools.daemon.background import into_background

    with ExitStack() as held:
        lock = held.enter_context(start_lock(path, lock_fd))
        readiness: Readiness | None = None
        if background:
            forked = into_background(f"{path}.log", keep=[lock])
            if isinstance(forked, list):
                for line in forked:
                    warnx("lkmd", line)
                return 0
            readiness = forked
        try:
            serve = prepare(path, *what)
        except Exception as error:
            if readiness is not None:
                readiness.failed(reason(error))
            raise DaemonError(reason(error)) from None
        if readiness is not None:
            readiness.listening()

        def ready(said: list[str]) -> None:
            if readiness is not None:
                readiness.ready(said)
            held.close()

        serve(ready)
    return 0


class MachineChoice(click.Choice):  # type: ignore[type-arg]  # not generic in click 8.1
    """A machine's name; an error names LKM_MACHINE when that is where the name comes from."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The name; UsageError."""
        if value not in self.choices and param is not None and ctx is not None:
            source = ctx.get_parameter_source(param.name or "")
            if source is click.core.ParameterSource.ENVIRONMENT:
                known = " and ".join(self.choices)
                raise click.UsageError(
                    f"LKM_MACHINE: unknown machine '{value}'; the machines are {known}", ctx
                )
        return super().convert(value, param, ctx)


@tool("lkmd", usage_status=2)
@click.option("--foreground", is_flag=True, help="Run in the foreground, console on stderr.")
@click.option(
    "--config",
    "settings",
    metavar="FILE",
    is_eager=True,
    callback=configure,
    help="The lkmd.conf to read [env: LKMD_CONF].",
)
@click.option(
    "--machine",
    type=MachineChoice(["amd64", "i386"]),
    default="amd64",
    envvar="LKM_MACHINE",
    metavar="NAME",
    help="amd64 or i386 [env: LKM_MACHINE] [amd64].",
)
@click.option(
    "--watchdog",
    type=Number(0.05, 3600),
    default=2.0,
    metavar="SECONDS",
    help="Time limit of module code [2].",
)
@click.option(
    "--ram",
    type=Whole(MIN_RAM, MAX_RAM),
    default=128,
    metavar="MIB",
    help="Memory of the kernel [128].",
)
@click.option(
    "--securelevel",
    type=Whole(-1, 2),
    default=0,
    metavar="N",
    help="The securelevel after boot [0].",
)
@click.option("--multiuser/--no-multiuser", default=False, help="Raise securelevel to 1 after boot [no].")
@click.option(
    "--without",
    type=click.Choice(["LKM"], case_sensitive=False),
    multiple=True,
    metavar="LKM",
    help="Boot a kernel without loadable modules.",
)
@click.option("--lkm-conf", metavar="FILE", help="The lkm.conf to load at boot [env: LKM_CONF].")
@click.option("--reorder/--no-reorder", default=False, help="Load modules in dependency order [no].")
@click.option(
    "--panic",
    type=click.Choice(["reboot", "halt"]),
    default="reboot",
    metavar="WHAT",
    help="After a panic: reboot or halt [reboot].",
)
@click.option(
    "--hang",
    type=Number(0.1, 3600),
    default=10.0,
    metavar="SECONDS",
    help="Kill a kernel that hangs [10].",
)
@click.option("--cores/--no-cores", default=False, help="Keep core files of kernel processes [no].")
@click.option("--lock-fd", type=int, hidden=True)
def main(foreground: bool, panic: str, lock_fd: int | None, socket: str | None, **given: Any) -> int:
    """Run the simulated kernel and serve its processes: lkmd(8), lkmd.conf(5).

    \b
        lkmd --machine i386     boot an i386 kernel; lkmctl stop ends it
    """
    from lkmtools.daemon.address import socket_path

    os.environ["LKM_MACHINE"] = given[
        "machine"
    ]  # what rc.lkm and postinstall programs start asks for no other
    activated = None
    if "LISTEN_FDS" in os.environ:
        from lkmtools.daemon.listener import inherited

        activated = inherited()
    path, sockets = activated or (socket_path(socket), (None, None))
    foreground = foreground or activated is not None
    kernel, start = kernel_options(given), start_options(given)
    how = {
        "reboot_on_panic": panic == "reboot",
        "foreground": foreground,
        "given": sockets,
        "hang": given["hang"],
        "cores": given["cores"],
    }
    return run(path, lock_fd, not foreground, (kernel, start, how))


if __name__ == "__main__":
    main()
