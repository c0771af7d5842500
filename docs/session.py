"""Records docs/session.svg: a module is loaded, crashes the kernel, is fixed and loaded again.

    python docs/session.py > docs/session.svg

Every line of it was printed by the tools: the commands below are run in an empty directory, with a kernel of
their own. Needs the installed tools and a C compiler.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 108
SOURCE = """\
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>

MOD_MISC("greet");

static const char *greeting;

static int
greet_load(struct lkm_table *lkmtp, int cmd)
{
	printf("%zu letters: %s\\n", strlen(greeting), greeting);
	return 0;
}

int
greet_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, greet_load, lkm_nofunc, lkm_nofunc);
}
"""
COMMANDS = (
    "sed -n 5,14p greet.c",
    "lkmcc greet.c && modload greet.o",
    "lkmctl status | grep -E '^(kernel|panics)'",
    """sed -i 's/\\*greeting;/*greeting = "hello, kernel";/' greet.c""",
    "lkmcc greet.c && modload greet.o",
    "lkmctl dmesg | tail -n 1",
    "modstat",
)


def run(command: str, directory: str, env: dict[str, str]) -> str:
    """What a command prints."""
    done = subprocess.run(
        ["sh", "-c", command], cwd=directory, env=env, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def record() -> str:
    """The session, as an SVG image."""
    console = Console(
        record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    with tempfile.TemporaryDirectory(prefix="lkm-") as directory:
        Path(directory, "greet.c").write_text(SOURCE)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "LKM_SOCKET": f"{directory}/s", "COLUMNS": str(WIDTH)}
        try:
            for command in COMMANDS:
                console.print(Text.assemble(("$ ", "green"), (command, "bold")))
                console.print(Text(run(command, directory, env).rstrip("\n").expandtabs()))
        finally:
            run("lkmctl stop", directory, env)
    return console.export_svg(title="lkmtools", unique_id="lkm")


if __name__ == "__main__":
    sys.stdout.write(record())
