"""lkmctl: inspect and control the daemon and its kernel; system calls and devices for the shell.

A command is a function in one of this package's files and a row here; its file is imported when it is
called, or when the help lists it.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any, NoReturn

import click

from lkmtools.cli.common import CONTEXT, BaseCommand, guard, socket_option, version_option

# command -> the file it is in. The order is that of the help.
COMMANDS = {
    "status": "daemon",
    "dmesg": "dmesg",
    "crash": "crash",
    "ps": "daemon",
    "reboot": "daemon",
    "stop": "daemon",
    "sysctl": "sysctl",
    "syscall": "syscall",
    "exec": "execute",
    "ls": "files",
    "cat": "files",
    "tee": "files",
    "mknod": "files",
    "rm": "files",
    "chmod": "files",
    "mkdir": "files",
    "rmdir": "files",
    "mv": "files",
    "mount": "mounts",
    "umount": "mounts",
    "ioctl": "ioctl",
    "ksyms": "ksyms",
    "nm": "ksyms",
    "addr2sym": "ksyms",
    "check": "check",
}

# topic of the help -> the files of its commands
TOPICS = {
    "kernel": ("daemon", "dmesg", "crash", "sysctl"),
    "calls": ("syscall", "ioctl", "execute"),
    "files": ("files", "mounts"),
    "symbols": ("ksyms", "check"),
}


class Lkmctl(BaseCommand, click.Group):
    """The commands of COMMANDS, loaded when needed; an unknown one is answered with the nearest."""

    usage_status = 2
    error_status = 1

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in order."""
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by topic: their own help says what they do, and all of this fits a screen."""
        rows = [
            (topic, " ".join(name for name, where in COMMANDS.items() if where in files))
            for topic, files in TOPICS.items()
        ]
        with formatter.section("Commands (lkmctl COMMAND --help explains one)"):
            formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called `cmd_name`; None when there is none."""
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        command: click.Command = getattr(import_module(f"{__name__}.{where}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a suggestion."""
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the commands are {', '.join(COMMANDS)}"
            ctx.fail(f"unknown command: {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the command and exit."""
        kwargs.update(standalone_mode=False, prog_name="lkmctl")
        run = super().main
        sys.exit(guard("lkmctl", lambda: run(*args, **kwargs), self))


@click.group("lkmctl", cls=Lkmctl, context_settings=CONTEXT)
@version_option("lkmctl")
@socket_option
@click.pass_context
def main(ctx: click.Context, socket: str | None) -> None:
    """Inspect and control the simulated kernel, its files, devices and calls.

    \b
        lkmctl status                   show daemon, kernel and last panic
        lkmctl dmesg -f                 print its messages as they come
        lkmctl syscall 210 5 hello      make a system call of a module
        lkmctl exec ./prog              run a program inside the kernel
        lkmctl mknod /dev/foo c 29 0 && lkmctl cat /dev/foo

    status, dmesg, ps, reboot and stop exit 69 when no daemon runs; crash needs none; the others start one.
    """
    ctx.obj = socket
