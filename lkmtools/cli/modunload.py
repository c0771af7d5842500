"""modunload(8): unload modules of the simulated kernel. Stands for NetBSD 5.2 sbin/modunload/modunload.c."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from lkmtools.abi.errno import EAGAIN, EBUSY, EINVAL, ENOENT
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.abi.limits import INT_MAX
from lkmtools.cli.classic import (
    Failure,
    classic,
    complete_module,
    json_text,
    opened,
    system_failure,
    way_out,
)
from lkmtools.cli.common import connect, errx, tell, warnx
from lkmtools.errors import KernelError
from lkmtools.modules import unload_fd

if TYPE_CHECKING:
    from lkmtools.client import Process

NAME = "modunload"
USAGE = "usage:\nmodunload [-i <module id>] [-n <module name>]"
EXAMPLES = """modunload -n hello
modunload upper lower 0
modunload -w 10 lower"""
AGAIN = 0.1  # seconds between two tries of -w, where the module itself refuses


@classic(NAME, USAGE, EXAMPLES)
@click.option("-i", "number", metavar="ID", help="Unload the module with this id.")
@click.option(
    "-n", "name", metavar="NAME", help="Unload the module of this name.", shell_complete=complete_module
)
@click.option("-w", "seconds", metavar="SECONDS", help="Wait up to SECONDS for modules to become unused.")
@click.argument("operands", metavar="[NAME|ID]...", nargs=-1, shell_complete=complete_module)
def main(
    number: str | None,
    name: str | None,
    seconds: str | None,
    operands: tuple[str, ...],
    as_json: bool,
    socket: str | None,
) -> int:
    """Unload kernel modules from the simulated kernel."""
    wanted = targets(number, name, operands)
    patience = None if seconds is None else duration(seconds)
    with connect(NAME, socket) as p:
        if patience is None:
            done, failure = unload_all(p, wanted)
        else:
            done, failure = unload_patiently(p, wanted, patience)
    left = wanted[len(done) :]
    if as_json:
        document: dict[str, Any] = {"unloaded": [json_row(module) for module in done]}
        if failure:
            document |= {"error": failure.document(), "not_unloaded": [json_row(module) for module in left]}
        tell(NAME, json_text(document))
    if failure is None:
        return 0
    failure.show(NAME)
    if len(wanted) > 1:
        warnx(NAME, "not unloaded: " + " ".join(map(str, left)))
    return failure.status


def targets(number: str | None, name: str | None, operands: tuple[str, ...]) -> list[int | str]:
    """Ids and names to unload: -i before -n, otherwise operands; a decimal number is an id."""
    if number is not None and (module := strtol(number)) != -1:
        options: list[int | str] = [module]
    else:
        options = [] if name is None else [name]
    if bool(options) == bool(operands) or "" in operands:
        main.bad_usage()
    return options or [
        int(text) if re.fullmatch(r"[0-9]+", text) and int(text) <= INT_MAX else text for text in operands
    ]


def strtol(text: str) -> int:
    """strtol(3) with base 0 for -i; errx(1) on anything more than a number that fits an int."""
    match = re.fullmatch(r"\s*([+-]?)(?:0[xX]([0-9a-fA-F]+)|(0[0-7]*)|([1-9][0-9]*))", text)
    if not match:
        errx(NAME, 1, "not a valid number")
    sign, hexadecimal, octal, decimal = match.groups()
    value = int(hexadecimal, 16) if hexadecimal else int(octal, 8) if octal else int(decimal)
    if value > INT_MAX:
        errx(NAME, 1, "not a valid number")
    return -value if sign == "-" else value


def unload_all(p: Process, wanted: list[int | str]) -> tuple[list[int | str], Failure | None]:
    """Unload in order; what was unloaded, and the failure that ended it."""
    done: list[int | str] = []
    fd = -1
    try:
        with opened(p, NAME, O_RDWR) as fd:
            for module in wanted:
                unload_fd(p, fd, module)
                done.append(module)
    except KernelError as error:
        if fd < 0:
            return done, system_failure(2, "/dev/lkm", error)
        if error.errno == EINVAL:
            return done, Failure(3, "id out of range", error.errno, error.reason)
        if error.errno == ENOENT:
            return done, Failure(3, "no such module", error.errno, error.reason)
        return done, way_out(p, system_failure(5, "LMUNLOAD", error))
    return done, None


def duration(text: str) -> float:
    """The seconds of -w; errx(1) on anything that is not a number of them."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?|\.[0-9]+", text):
        errx(NAME, 1, f"-w: '{text}' is not a number of seconds")
    return float(text)


def unload_patiently(
    p: Process, wanted: list[int | str], seconds: float
) -> tuple[list[int | str], Failure | None]:
    """-w: as unload_all, but one that is needed is waited for, with /dev/lkm closed, and tried again.

    `seconds` are for all of them together. A module whose own handler refuses is asked again every AGAIN
    seconds: the kernel cannot know when the handler would agree.
    """
    import time

    from lkmtools.modules.refs import wait_unused

    done: list[int | str] = []
    end = time.monotonic() + seconds
    free = None  # the module that was found free of users after it was refused
    while True:
        more, failure = unload_all(p, wanted[len(done) :])
        done += more
        if failure is None or failure.errno != EBUSY:
            return done, failure
        try:
            slept = wait_unused(p, wanted[len(done)], end - time.monotonic())
            if not slept and free == len(done):  # nobody needed it: the module itself refuses
                left = end - time.monotonic()
                if left <= 0:
                    return done, failure
                time.sleep(min(AGAIN, left))
            free = None if slept else len(done)  # its last user may have gone in between: try once more
        except KernelError as error:
            if error.errno == EAGAIN:
                return done, failure._replace(reason=error.reason)
            if error.errno == ENOENT:
                return done, Failure(3, "no such module", error.errno, error.reason)
            raise


def json_row(module: int | str) -> dict[str, Any]:
    """A module as it was asked for."""
    return {"id": module} if isinstance(module, int) else {"name": module}
