"""What a tool prints of a panic: in colours on a terminal only; the line of the source is the last."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from support.daemons import Daemon, installed

SOURCE = """\
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
struct item { long value; struct item *next; };
struct item *volatile items;
MOD_MISC("bad");
static int bad_load(struct lkm_table *t, int cmd)
{
	struct item *p = items;
	p->next = p;
	return 0;
}
int bad_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, bad_load, lkm_nofunc, lkm_nofunc); }
"""
LAST = "->    10          p->next = p;"


@pytest.fixture
def bad(tmp_path: Path, daemon: Daemon) -> Path:
    """The object of SOURCE."""
    source, out = tmp_path / "bad.c", tmp_path / "bad.o"
    source.write_text(SOURCE)
    assert daemon.run("lkmcc", "-w", "-o", str(out), str(source)).status == 0
    return out


def on_a_terminal(daemon: Daemon, obj: Path, **env: str) -> str:
    """What modload prints on one."""
    ours, theirs = os.openpty()
    environment = {**daemon.env, "TERM": "xterm", **env}
    with subprocess.Popen([installed("modload"), obj], env=environment, stdout=theirs, stderr=theirs) as tool:
        os.close(theirs)
        out = b""
        try:
            while data := os.read(ours, 1 << 16):
                out += data
        except OSError:  # nobody has it open any more
            pass
        os.close(ours)
        assert tool.wait() == 70
    return out.decode().replace("\r\n", "\n")


def test_at_most_twelve_lines_and_the_source_line_is_the_last(daemon: Daemon, bad: Path) -> None:
    """The member and its type among them."""
    run = daemon.run("modload", str(bad))
    lines = run.err.splitlines()
    assert (run.status, run.out, lines[-1]) == (70, "", LAST)
    assert len(lines) <= 12
    assert lines[0].startswith("panic: page fault: write of 8 bytes at 0x8 (NULL pointer)")
    assert lines[1].endswith("in ioctl(/dev/lkm, LMREADY)")
    assert lines[2] == "member `next` (offset 8) of a NULL `struct item *`, p"
    assert re.fullmatch(
        r"modload: the kernel panicked: bad_load\(\) at \S+bad.c:10( \(inlined\))? \[bad\]", lines[-4]
    )


def test_colours_are_for_terminals(daemon: Daemon, bad: Path) -> None:
    """And NO_COLOR is respected."""
    plain = on_a_terminal(daemon, bad, NO_COLOR="1")
    assert "\x1b" not in plain
    assert plain.splitlines()[-1] == LAST
    coloured = on_a_terminal(daemon, bad, NO_COLOR="")
    assert f"\x1b[1;31m{LAST}\x1b[0m" in coloured
    assert len(re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()) == len(plain.splitlines())
