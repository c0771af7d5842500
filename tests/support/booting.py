"""A machine that boots: a place whose directory has the sample modules and an lkm.conf."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.compiling import Compile
from support.daemons import Place

ROOT = Path(__file__).parents[2]
SAMPLES = ("hello/hello", "newcall/newcall", "chardev/echo", "stack/hook", "stack/guard")


class Machine(Place):
    """A place whose directory has modules and an lkm.conf; no daemon yet."""

    def __init__(self) -> None:
        super().__init__()
        self.file = Path(self.dir) / "lkm.conf"
        self.env.update(LKM_CONF=str(self.file), LKM_PATH=self.dir)

    def conf(self, *lines: str) -> None:
        """Write lkm.conf."""
        self.file.write_text("".join(f"{line}\n" for line in lines))

    def dmesg(self) -> list[str]:
        """The message buffer since the last boot's devices."""
        lines = self.run("lkmctl", "dmesg").out.splitlines()
        last = max(i for i, line in enumerate(lines) if line.startswith("ksyms at "))
        return lines[last + 1 :]

    def names(self) -> list[str]:
        """The names of the loaded modules."""
        return [line.split()[-1] for line in self.run("modstat").out.splitlines()[1:]]


@pytest.fixture
def machine_room(cc: Compile) -> Iterator[Machine]:
    """A Machine with the sample modules."""
    made = Machine()
    for sample in SAMPLES:
        name = sample.split("/")[1]
        shutil.copyfile(cc(ROOT / "examples" / f"{sample}.c", name=name), Path(made.dir) / f"{name}.o")
    yield made
    made.remove()


@pytest.fixture
def add(machine_room: Machine, cc: Compile) -> Callable[[str, str], None]:
    """add(name, statements of its load handler, definitions): a MISC module more."""

    def make(name: str, load: str, more: str = "") -> None:
        source = f"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/callout.h>
#include <sys/exec.h>
#include <sys/conf.h>
#include <sys/lkm.h>
MOD_MISC("{name}");
{more}
static int do_load(struct lkm_table *t, int cmd) {{ {load} }}
int {name}_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{{ DISPATCH(lkmtp, cmd, ver, do_load, lkm_nofunc, lkm_nofunc); }}
"""
        shutil.copyfile(cc(source, name=name), Path(machine_room.dir) / f"{name}.o")

    return make
