"""lkmd: the daemon that runs a simulated NetBSD kernel. Its options; lkmd_serve.py has the rest."""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import json
import os
import sys
from typing import Any, NoReturn

import click

from lkmtools.cli.common import Number, Whole, tool
from lkmtools.cli.serving import DEFAULTS, MACHINES, USER_MEMORY
from lkmtools.cli.settings import lkmd_conf_file
from lkmtools.conf import lkmdconf

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


class Switch(click.Option):
    """An option of two words, of which the help shows the one that is not the default."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The first word and the help."""
        record = super().get_help_record(ctx)
        return record and (self.opts[0], record[1])


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
    type=MachineChoice(MACHINES),
    default=DEFAULTS["machine"],
    envvar="LKM_MACHINE",
    metavar="NAME",
    help="amd64 or i386 [env: LKM_MACHINE] [amd64].",
)
@click.option(
    "--watchdog",
    type=Number(0.05, 3600),
    default=DEFAULTS["watchdog"],
    metavar="SECONDS",
    help="Time limit for modules [2].",
)
@click.option(
    "--ram",
    type=Whole(MIN_RAM, MAX_RAM),
    default=DEFAULTS["ram"],
    metavar="MIB",
    help="Memory of the kernel [128].",
)
@click.option(
    "--user-memory",
    type=click.Choice(USER_MEMORY),
    default=DEFAULTS["user_memory"],
    metavar="HOW",
    help="User memory: guarded or direct [guarded].",
)
@click.option(
    "--securelevel",
    type=Whole(-1, 2),
    default=DEFAULTS["securelevel"],
    metavar="N",
    help="The securelevel after boot [0].",
)
@click.option(
    "--multiuser/--no-multiuser", cls=Switch, default=False, help="Raise securelevel to 1 after boot [no]."
)
@click.option(
    "--without",
    type=click.Choice(["LKM"], case_sensitive=False),
    multiple=True,
    metavar="LKM",
    help="Boot a kernel without loadable modules.",
)
@click.option("--lkm-conf", metavar="FILE", help="The lkm.conf to load at boot [env: LKM_CONF].")
@click.option(
    "--reorder/--no-reorder", cls=Switch, default=False, help="Load modules in dependency order [no]."
)
@click.option(
    "--panic",
    type=click.Choice(["reboot", "halt"]),
    default=DEFAULTS["panic"],
    metavar="WHAT",
    help="After a panic: reboot or halt [reboot].",
)
@click.option(
    "--panic-on-report/--no-panic-on-report",
    cls=Switch,
    default=False,
    help="Panic where the kernel would report [no].",
)
@click.option(
    "--hang",
    type=Number(0.1, 3600),
    default=DEFAULTS["hang"],
    metavar="SECONDS",
    help="Kill a kernel that hangs [10].",
)
@click.option(
    "--cores/--no-cores", cls=Switch, default=False, help="Keep core files of kernel processes [no]."
)
@click.option("--crash-dir", metavar="DIR", hidden=True)  # lkmd(8) has it; the help is one screen
@click.option("--lock-fd", type=int, hidden=True)
def main(**given: Any) -> None:
    """\b
    Run the simulated kernel and serve its processes: lkmd(8), lkmd.conf(5).
        lkmd --machine i386     boot an i386 kernel; lkmctl stop ends it
    """
    serve(json.dumps({name: value for name, value in given.items() if value != DEFAULTS[name]}))


def serve(options: str) -> NoReturn:
    """Become lkmd_serve, which has no click in its memory. OSError.

    An interrupt meanwhile waits until that answers it.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.execv(sys.executable, [sys.executable, "-P", "-m", "lkmtools.cli.lkmd_serve", options])


if __name__ == "__main__":
    main()
