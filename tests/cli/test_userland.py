"""Programs of examples/userland, compiled and run by the tools."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.daemons import Daemon

EXAMPLES = Path(__file__).parents[2] / "examples"
MODULES = ("hello/hello", "newcall/newcall", "chardev/echo", "ticker/ticker")


def test_a_modstat_in_C_prints_the_lines_of_ours(start_daemon: Callable[..., Daemon], machine: str) -> None:
    """Of every kind of offset, with a hole in the ids; and it says why it may not look."""
    daemon = start_daemon("--machine", machine)

    def ok(*argv: str) -> str:
        ran = daemon.run(*argv)
        assert (ran.status, ran.err) == (0, "")
        return str(ran.out)

    ok("lkmcc", "--machine", machine, "--user", "-o", "cmodstat", str(EXAMPLES / "userland/cmodstat.c"))
    assert ok("lkmctl", "exec", "./cmodstat") == ok("modstat")
    for name in MODULES:
        ok("lkmcc", "--machine", machine, str(EXAMPLES / f"{name}.c"))
        ok("modload", f"{Path(name).name}.o")
    ok("modunload", "-n", "newcall")
    lines = ok("lkmctl", "exec", "./cmodstat")
    assert [line.split()[0] for line in lines.splitlines()] == ["Type", "MISC", "DEV", "DRV"]
    assert lines == ok("modstat")
    ran = daemon.run("lkmctl", "exec", "--uid", "1000", "./cmodstat")
    assert (ran.status, ran.out, ran.err) == (2, "", "cmodstat: /dev/lkm: Permission denied\n")
