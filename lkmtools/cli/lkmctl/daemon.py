"""status, ps, reboot, stop: none of them starts a daemon.

The supervisor answers all of them but ps, whatever the kernel is doing.
"""

from __future__ import annotations

from typing import Any

import click

from lkmtools.cli.common import warnx
from lkmtools.cli.lkmctl.base import NAME, ask_kernel, command, need, show_json, supervisor, when
from lkmtools.errors import PanicError

WAITS = 8  # processes that wait, in a row of status
FAILURES = 8  # rows of status about what went wrong at boot

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


@command()
@json_option
def status(as_json: bool, socket: str | None) -> None:
    """Show the daemon, its kernel and the last panic.

    \b
        lkmctl status --json | jq .kernel.uptime
    """
    with supervisor(socket) as sup:
        answer = need(sup.ask("status"))
    if as_json:
        show_json(answer)
        return
    for name, value in _rows(answer):
        click.echo(f"{name:<12} {value}")


def _clients(count: int) -> str:
    return f"{count} connection{'' if count == 1 else 's'}"


def _rows(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """What status prints: name and text."""
    rows = [
        ("daemon", f"pid {answer['pid']}, {_clients(answer['connections'])}, socket {answer['socket']}"),
        ("kernel", f"{answer['machine']}, boot {answer['boot']}, {answer['state']}{_pid(answer)}"),
    ]
    if answer["halted"] is not None:
        rows.append(("halted", f"{answer['halted']}; lkmctl reboot boots again"))
    if answer["held"] is not None:
        rows.append(("held back", answer["held"]))
    rows += _failures(answer["boot_failures"])
    if answer["kernel"] is not None:
        rows += _kernel_rows(answer["kernel"])
    last = answer["last_panic"]
    rows.append(("panics", str(answer["panics"])))
    if answer["log_lost"]:
        rows.append(("log", f"{answer['log_lost']} lines could not be written"))
    if answer["skipped"]:
        names = ", ".join(answer["skipped"])
        rows.append(("skipped", f"{names}; after two panics at boot; lkmctl reboot tries again"))
    if last is not None:
        crash = f" (lkmctl crash {last['crash']})" if last.get("crash") else ""
        rows.append(("last panic", f"{when(last['time'])}, boot {last['boot']}: {last['reason']}{crash}"))
    return rows


def _failures(failures: list[dict[str, str]]) -> list[tuple[str, str]]:
    """What went wrong at this boot."""
    texts = [": ".join(filter(None, failure.values())) for failure in failures[:FAILURES]]
    if len(failures) > FAILURES:
        texts.append(f"{len(failures) - FAILURES} more; see lkmctl status --json")
    return [("at boot", text) for text in texts]


def _pid(answer: dict[str, Any]) -> str:
    """The kernel process, if there is one."""
    return f", pid {answer['kernel']['pid']}" if answer["kernel"] is not None else ""


def _kernel_rows(kernel: dict[str, Any]) -> list[tuple[str, str]]:
    """What status prints of a running kernel."""
    memory, lkm, holder = kernel["memory"], kernel["lkm"], kernel["lkm"]["holder"]
    names = ", ".join(module["name"] for module in lkm["modules"]) or "none"
    return [
        ("version", kernel["version"]),
        (
            "uptime",
            f"{kernel['uptime']:.1f} s, {kernel['processes']} processes, {kernel['syscalls']} system calls",
        ),
        ("securelevel", str(kernel["securelevel"])),
        ("memory", f"{memory['used'] >> 10} KB used of {memory['total'] >> 10} KB"),
        ("modules", names + (f", and {lkm['reservations']} being loaded" if lkm["reservations"] else "")),
        *_program_rows(kernel),
        ("/dev/lkm", f"held by {holder['comm']} (pid {holder['pid']})" if holder else "free"),
    ]


def _program_rows(kernel: dict[str, Any]) -> list[tuple[str, str]]:
    """Programs that run, and which system calls modules provide, or nobody who was asked for."""
    rows = []
    programs = kernel["programs"]
    if programs["running"]:
        used = programs["memory"]["total"] - programs["memory"]["free"]
        rows.append(("programs", f"{programs['running']} running, {used >> 10} KB"))
    if kernel["replaced"]:
        calls = ", ".join(f"{name} by '{module}'" for name, module in kernel["replaced"].items())
        rows.append(("replaced", f"system calls: {calls}"))
    if kernel["waiting"]:
        waits = ", ".join(f"{w['comm']} (pid {w['pid']}) for {w['wmesg']}" for w in kernel["waiting"][:WAITS])
        more = len(kernel["waiting"]) - WAITS
        rows.append(("waiting", waits + (f", and {more} more" if more > 0 else "")))
    if kernel["in_vain"]:
        calls = ", ".join(f"{name} ({count})" for name, count in kernel["in_vain"].items())
        rows.append(("syscalls", f"unimplemented: {calls}"))
    return rows


@command()
@json_option
def ps(as_json: bool, socket: str | None) -> None:
    """List the processes of the simulated kernel.

    \b
        lkmctl ps --json
    """
    answer = need(ask_kernel(socket, "ps"))
    if as_json:
        show_json(answer)
        return
    click.echo(f"{'PID':>5} {'UID':>5} {'HOST':>7} {'STATE':<6} {'WCHAN':<8} {'EMUL':<8} COMMAND")
    for proc in answer["processes"]:
        click.echo(
            f"{proc['pid']:>5} {proc['uid']:>5} {proc['host_pid'] or '-':>7} {proc['state']:<6} "
            f"{proc['wmesg'] or '-':<8} {proc.get('emul', '-'):<8} {proc['comm']}"
        )


force_option = click.option("--force", is_flag=True, help="Kill the kernel at once.")


@command()
@force_option
def reboot(force: bool, socket: str | None) -> None:
    """Boot a new kernel.

    \b
        lkmctl reboot && lkmctl status

    Every process ends; programs get SIGTERM, and two seconds later SIGKILL. The modules of lkm.conf are
    loaded again, even one that was skipped because of its panics. Returns when the boot is over, and prints
    what went wrong.
    """
    with supervisor(socket) as sup:
        need(sup.ask("reboot", force=force))
        sup.wait_end()
    with supervisor(socket) as sup:
        status = need(sup.ask("status"))
    for name, text in _failures(status["boot_failures"]):
        warnx(NAME, f"{name}: {text}")
    if status["halted"] is not None:
        raise PanicError(f"the kernel is halted: {status['halted']}; lkmctl reboot boots again")


@command()
@force_option
def stop(force: bool, socket: str | None) -> None:
    """End the daemon; returns when it is gone.

    \b
        lkmctl stop && lkmd --machine i386

    Programs get SIGTERM, and two seconds later SIGKILL.
    """
    from lkmtools.client import older

    if older.stop(socket):
        return
    with supervisor(socket) as sup:
        # Without members it has the bytes that every version understands (proto/versions.py).
        need(sup.ask("stop", **({"force": True} if force else {})))
        sup.wait_end()
