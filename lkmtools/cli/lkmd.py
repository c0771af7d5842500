"""lkmd: the daemon that has the simulated kernel.

Until it is in the background nothing heavy is imported: the process that waits for it stays small.
"""

from __future__ import annotations

import os
import sys

import click

from lkmtools.cli.common import EX_NODAEMON, tool, warnx
from lkmtools.errors import DaemonError

MIN_RAM, MAX_RAM = 16, 1024  # MiB


@tool("lkmd", usage_status=2)
@click.option("--foreground", is_flag=True, help="Stay in the foreground; the console goes to stderr.")
@click.option(
    "--machine",
    type=click.Choice(["amd64", "i386"]),
    default="amd64",
    envvar="LKM_MACHINE",
    show_default=True,
    show_envvar=True,
    help="The machine of the simulated kernel.",
)
@click.option(
    "--watchdog",
    type=click.FloatRange(0.05, 3600),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="Panic after this much module code without a kernel call.",
)
@click.option(
    "--ram",
    type=click.IntRange(MIN_RAM, MAX_RAM),
    default=128,
    show_default=True,
    metavar="MIB",
    help="Its memory.",
)
@click.option(
    "--securelevel",
    type=click.IntRange(-1, 2),
    default=0,
    show_default=True,
    help="kern.securelevel at boot.",
)
@click.option(
    "--panic",
    type=click.Choice(["reboot", "halt"]),
    default="reboot",
    show_default=True,
    help="What the kernel does when it has panicked.",
)
@click.option("--lock-fd", type=int, hidden=True)
def main(
    *,
    foreground: bool,
    machine: str,
    watchdog: float,
    ram: int,
    securelevel: int,
    panic: str,
    lock_fd: int | None,
    socket: str | None,
) -> int:
    """Run the simulated kernel and serve its processes.

    \b
        lkmd --machine i386     boot an i386 kernel; return when it serves
        lkmctl stop             end it

    The tools start lkmd by themselves where none runs: it is called by hand for another machine or other
    options. It prints nothing and exits 0 when the daemon is ready; 69 if it cannot be started.
    """
    from lkmtools.daemon.address import socket_path
    from lkmtools.daemon.autostart import start_lock
    from lkmtools.daemon.background import into_background

    given = None
    if "LISTEN_FDS" in os.environ:
        from lkmtools.daemon.listener import inherited

        given = inherited()
    path = given.getsockname() if given else socket_path(socket)
    foreground = foreground or given is not None
    settings = {
        "machine": machine,
        "watchdog": watchdog,
        "entry_limit": max(10.0, watchdog),
        "ram": ram << 20,
        "securelevel": securelevel,
    }
    with start_lock(path, lock_fd) as lock:
        readiness = None
        if not foreground:
            readiness, failure = into_background(f"{path}.log", keep=[lock])
            if readiness is None:
                if failure:
                    warnx("lkmd", failure)
                return EX_NODAEMON if failure else 0
        try:
            from lkmtools.daemon.main import prepare

            serve = prepare(
                path, settings, reboot_on_panic=panic == "reboot", to_stderr=foreground, given=given
            )
        except Exception as error:
            if readiness is not None:
                known = isinstance(error, DaemonError)
                readiness.failed(
                    str(error) if known else f"{type(error).__name__}: {error} ({path}.log has more)"
                )
            raise
        if readiness is not None:
            readiness.ready()
    serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
