"""docs/finding-bugs.md: each example is compiled and run, on both machines, and prints what the page shows.

An example is a block of C that begins with bug.h, and the block of text below it. Addresses may differ, and
on i386 sizes and counts as well. The commands of the page are run by tests/integration/test_docs.py.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.stat import S_IFCHR
from lkmtools.cc import compile_flags, find_compiler
from lkmtools.debug.brief import brief
from lkmtools.errors import DaemonError, PanicError
from lkmtools.modules.prepare import LoadError
from support import docrun
from support.compiling import MACHINES, Compile
from support.lab import Lab

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "finding-bugs.md").read_text()
HEADER = re.findall(r"^```c bug\.h\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
EXAMPLES = {
    name: (source, shown)
    for name, source, shown in re.findall(
        r"^```c (\w+)\.c\n((?:(?!```).*\n)*)```\n\n```text\n((?:(?!```).*\n)*)```", TEXT, re.MULTILINE
    )
}
MAJOR = 200  # that of the example with a device
REQUEST = "in ioctl(/dev/lkm, LMREADY)"  # the second line of most, which the page leaves out


def tool(source: str) -> str:
    """The tool that runs when an example does harm."""
    if "sysent[210]" in source or "devsw_attach" in source:
        return "lkmctl"
    return "modstat" if "UNLOAD" in source else "modload"


class Bench:
    """The examples of a machine, compiled, and a kernel for them."""

    def __init__(self, cc: Compile, machine: str, directory: Path) -> None:
        self.cc, self.machine, self.directory = cc, machine, directory
        (directory / "bug.h").write_text(HEADER[0])
        for name, (source, _) in EXAMPLES.items():
            (directory / f"{name}.c").write_text(source)
        compiler = find_compiler(machine)
        options = [*compile_flags(compiler.family, machine), "-DDIAGNOSTIC"]
        names = [f"{name}.c" for name in EXAMPLES]
        subprocess.run([*compiler.argv, *options, "-c", *names], cwd=directory, check=True)
        self.lab = self._boot()

    def _boot(self) -> Lab:
        """A kernel with little patience."""
        return Lab(self.cc, self.machine, watchdog=0.1, entry_limit=0.2)

    def shown(self, name: str) -> list[str]:
        """What the tool prints that runs an example, without what the page leaves out."""
        lab = self.lab
        lab.p = lab.kernel.process("modload")
        try:
            self._run(EXAMPLES[name][0], name)
        except PanicError as panic:
            printed = brief(tool(EXAMPLES[name][0]), panic.reason, panic.report, panic.record)
        except LoadError as error:
            message, _, reason = str(error).partition(": its ")
            return [f"modload: {message}", f"modload: its {reason}"]
        except DaemonError:  # it sleeps for ever: the kernel has reported that
            ((text, record),) = lab.reports
            printed = brief("modload", text.partition("\n")[0], text, record)
            lab.close()
            self.lab = self._boot()
        else:
            raise AssertionError(f"{name}.c does no harm")
        lines = [line.text for line in printed if line.kind != "code"]
        assert lines[1].startswith(f"machine {self.machine}, ")
        return lines[:1] + lines[2:] if lines[1].endswith(REQUEST) else lines

    def _run(self, source: str, name: str) -> None:
        lab = self.lab
        if "hook_" in source:
            lab.load(ROOT / "examples" / "stack" / "hook.c", name="hook", symbols=True)
        shutil.copy(self.directory / f"{name}.o", self.directory / "bug.o")
        lab.install(self.directory / "bug.o")
        if "UNLOAD" in source:
            modules.unload(lab.p, "bug")
            lab.p = lab.kernel.process(tool(source))
        if "sysent[210]" in source:
            lab.p.syscall(210)
        if "devsw_attach" in source:
            lab.p.mknod("/dev/bug", S_IFCHR | 0o666, makedev(MAJOR, 0))
            lab.p.open("/dev/bug")
        while lab.kernel.run():
            pass


@pytest.fixture(scope="module", params=MACHINES)
def bench(
    request: pytest.FixtureRequest, cc: Compile, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """The output that the page shows is that of gcc's code."""
    if find_compiler(request.param).family != "gcc":
        pytest.skip("the examples show code of gcc")
    made = Bench(cc, request.param, tmp_path_factory.mktemp("bugs"))
    yield made
    made.lab.close()


def masked(lines: list[str], machine: str) -> list[str]:
    """Lines without what differs from run to run; those of i386 without what differs between the machines."""
    text = re.sub(r"0x[0-9a-f]+|boot \d+|pid \d+|[\d.]+ seconds", "#", "\n".join(lines))
    text = re.sub(r"\.(?:isra|constprop|part|cold)(?:\.\d+)?", "", text)
    if machine == "i386":
        text = re.sub(r"\b\d+ (bytes?|times)\b|offset \d+|machine \w+", "#", text)
        text = re.sub(r"with the text \"[^\"]*\"|\(not a (?:kernel|canonical) address[^)]*\)", "#", text)
    return text.split("\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_the_page_shows(
    bench: Bench, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason, the frames, and the line of the source."""
    monkeypatch.chdir(bench.directory)
    wanted = masked(EXAMPLES[name][1].splitlines(), bench.machine)
    found = masked(bench.shown(name), bench.machine)
    assert docrun.matches(wanted, found), "\n".join(found)


def test_all_examples_are_found() -> None:
    """Each file that includes bug.h, and no other."""
    assert len(HEADER) == 1
    assert TEXT.count('#include "bug.h"\n') == len(EXAMPLES) >= 35
    assert all('#include "bug.h"\n' in source for source, _ in EXAMPLES.values())
