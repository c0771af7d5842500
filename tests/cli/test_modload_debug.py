"""The file of modload -o and -S, as addr2line and gdb see it: addresses of the kernel become lines."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lkmtools.elf import read_symbols
from support.daemon_lab import DaemonLab

SOURCE = """\
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/exec.h>
#include <sys/conf.h>
#include <sys/lkm.h>

struct item { int value; struct item *next; };
static struct item head = { 7, &head };
MOD_MISC("m");

static int
poke(struct item *where)
{
	where->value = 1;
	return 0;
}

int walk(struct item *i) { return i->next->value; }

int
m_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	if (cmd == LKM_E_LOAD && walk(&head) != 7)
		return poke((struct item *)(long)ver);
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


def built(lab: DaemonLab, source: str = SOURCE, *flags: str) -> Path:
    """m.o, of m.c beside it, made by lkmcc; the path of the file that modload -S makes of it."""
    Path(lab.dir, "m.c").write_text(source)
    assert lab.run("lkmcc", "--machine", lab.machine, *flags, "m.c").status == 0
    return Path(lab.dir, "m")


def output(*argv: str | Path) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


@needs("addr2line")
@pytest.mark.parametrize("flags", [(), ("-gdwarf-4",), ("-g", "-gz")], ids=["plain", "dwarf 4", "compressed"])
def test_addr2line_finds_function_and_line(each_lab: DaemonLab, flags: tuple[str, ...]) -> None:
    image = built(each_lab, SOURCE, *flags)
    run = each_lab.run("modload", "--json", "-S", "m.o")
    entry = json.loads(run.out)["modules"][0]["entry_address"]
    walk = hex(read_symbols(image.read_bytes())["walk"])
    lines = output("addr2line", "-fse", image, walk, entry).split()
    assert lines[:3] == ["walk", "m.c:18", "m_lkmentry"]
    assert lines[3] in ("m.c:21", "m.c:22")  # the name or the brace, as compilers have it


@needs("addr2line")
def test_the_address_of_a_panic_is_a_line_inlined_functions_included(each_lab: DaemonLab) -> None:
    """What dmesg shows of a module that is gone can still be looked up."""
    image = built(each_lab, SOURCE.replace("!= 7", "== 7"))
    assert each_lab.run("modload", "-S", "m.o").status == 70
    found = re.search(r"[re]ip ([0-9a-f]+)", each_lab.run("lkmctl", "dmesg").out)
    assert found is not None
    lines = output("addr2line", "-fise", image, found[1]).split()
    assert lines[:2] == ["poke", "m.c:14"]
    assert lines[2:] in ([], ["m_lkmentry", "m.c:24"])  # poke may have been inlined


@needs("gdb")
def test_gdb_shows_lines_types_and_data(each_lab: DaemonLab) -> None:
    image = built(each_lab)
    assert each_lab.run("modload", "-S", "m.o").status == 0
    walk = read_symbols(image.read_bytes())["walk"]
    commands = [f"info line *{walk:#x}", "list walk", "ptype struct item", "print head.value"]
    text = output(
        "gdb", "-q", "-nx", "-batch", f"-ex=directory {image.parent}",
        *(f"-ex={command}" for command in commands), image,
    )  # fmt: skip
    assert f'Line 18 of "m.c" starts at address {walk:#x} <walk>' in text
    assert "18\tint walk(struct item *i) { return i->next->value; }\n" in text
    assert "    struct item *next;" in text
    assert "= 7\n" in text


def test_a_damaged_debugging_section_is_named_and_the_module_loads(each_lab: DaemonLab) -> None:
    """As a warning; all else is written, and without a file nothing is said."""
    lab = each_lab
    image = built(lab)
    obj = Path(lab.dir, "m.o")
    wide = lab.machine == "amd64"
    data = bytearray(obj.read_bytes())
    shoff = int.from_bytes(data[0x28:0x30] if wide else data[0x20:0x24], "little")
    size, count, names = (
        int.from_bytes(data[at : at + 2], "little")
        for at in ((0x3A, 0x3C, 0x3E) if wide else (0x2E, 0x30, 0x32))
    )
    offset, width = (0x18, 8) if wide else (0x10, 4)

    def field(index: int, at: int, length: int) -> int:
        return int.from_bytes(data[shoff + index * size + at :][:length], "little")

    strings = field(names, offset, width)
    for index in range(count):
        name = strings + field(index, 0, 4)
        if data[name:].startswith((b".rela.debug_line\0", b".rel.debug_line\0")):
            data[field(index, offset, width) + width] = 0xEE  # the first entry's type
    obj.write_bytes(data)
    run = lab.run("modload", "-S", "m.o")
    assert (run.status, run.out) == (0, "Module loaded as ID 0\n")
    assert re.fullmatch(
        r"modload: m\.o: \.debug_line\+0x[0-9a-f]+: relocation type 238 against `[^']+' is not known for "
        rf"{lab.machine}; the output file has no \.debug_line\n",
        run.err,
    )
    written = image.read_bytes()
    assert b"\0.debug_info\0" in written
    assert b"\0.debug_line\0" not in written
    assert lab.run("modunload", "-n", "m").status == 0
    assert lab.run("modload", "m.o") == (0, "Module loaded as ID 0\n", "")
