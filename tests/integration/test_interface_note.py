"""The note that our C headers leave in an object: which headers do, and what the tools of compilers keep."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lkmtools.abi.cdefs import INTERFACE, NOTE_OWNER, NOTE_SECTION, NOTE_TYPE
from lkmtools.abi.dialects import DIALECT, DIALECTS
from lkmtools.cc import INCLUDE
from lkmtools.cc.dialects import FLAGS
from lkmtools.elf import Interface, Object, interface_of, read_object
from lkmtools.errors import ObjectError
from lkmtools.link import prelink
from support.compiling import Compile
from support.daemons import installed

HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in Path(INCLUDE).rglob("*.h"))
SOURCE = "#include <sys/lkm.h>\nint {}(void) {{ return 0; }}\n"
OURS = Interface(INTERFACE, DIALECT)
STRIP = (["strip", "-g"], ["objcopy", "--strip-debug"], ["llvm-strip", "-g"], ["eu-strip", "-g"])


def read(path: Path) -> Object:
    return read_object(path.read_bytes(), path.name)


def test_the_header_writes_what_python_reads() -> None:
    """Number, owner, type and section stand in <sys/cdefs.h> once."""
    text = Path(INCLUDE, "sys/cdefs.h").read_text()
    assert re.findall(r"#define __LKM_INTERFACE\s+(\d+)", text) == [str(INTERFACE)]
    assert f".pushsection {NOTE_SECTION}," in text
    assert set(re.findall(r'#define __LKM_DIALECT\s+"(.+)"', text)) == set(DIALECTS)
    assert f".long	{len(NOTE_OWNER)}, 2f - 1f, {NOTE_TYPE}" in text


@pytest.mark.parametrize("header", HEADERS)
def test_each_header_leaves_the_note(cc: Compile, machine: str, header: str) -> None:
    """An object that includes it, and nothing else, has the number."""
    assert interface_of(read(cc(f"#include <{header}>\n", machine))) == OURS


def test_the_note_is_there_once_and_is_not_loaded(each_cc: Compile, machine: str) -> None:
    """However many headers are included: 32 bytes in the file, none in the kernel."""
    source = "#include <sys/param.h>\n#include <sys/systm.h>\n#include <sys/lkm.h>\nint f(void) { return 0; }"
    obj = read(each_cc(source, machine))
    (section,) = [s for s in obj.sections if s.name == NOTE_SECTION]
    assert (section.size, section.allocated, interface_of(obj)) == (32, False, OURS)
    without = prelink(read(each_cc("int f(void) { return 0; }", machine)), machine)
    assert prelink(obj, machine).sections == without.sections


def test_joined_objects_have_the_number(each_cc: Compile, machine: str) -> None:
    parts = [each_cc(SOURCE.format(name), machine, name) for name in ("one", "two")]
    assert interface_of(read(each_cc.join(*parts, machine=machine))) == OURS


def test_objects_of_different_interfaces_cannot_be_joined(cc: Compile) -> None:
    other = '__asm__(".pushsection .note.lkmtools, \\"\\", @note\\n.long 9, 4, 1\\n.asciz \\"lkmtools\\"\\n"'
    other += '".balign 4\\n.long 1\\n.popsection"); int two(void) { return 0; }'
    joined = read(cc.join(cc(SOURCE.format("one"), name="one"), cc(other, name="two")))
    with pytest.raises(ObjectError, match=r"interfaces 2 \(dialect 5.2\) and 1 \(dialect 5.2\)"):
        interface_of(joined)


@pytest.mark.parametrize("command", STRIP, ids=lambda command: command[0])
def test_the_note_survives_the_loss_of_debug_information(
    cc: Compile, tmp_path: Path, command: list[str]
) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not here")
    copy = tmp_path / "m.o"
    shutil.copyfile(cc(SOURCE.format("entry")), copy)
    subprocess.run([*command, str(copy)], check=True)
    assert interface_of(read(copy)) == OURS


def test_the_dialect_is_the_one_that_the_compiler_is_told(each_cc: Compile, machine: str) -> None:
    """And a module is of one dialect: objects of two are not joined."""
    flags = FLAGS["openbsd"]
    other = each_cc(SOURCE.format("two"), machine, "two", flags)
    assert interface_of(read(other)) == Interface(INTERFACE, "openbsd")
    joined = each_cc.join(each_cc(SOURCE.format("one"), machine, "one"), other, machine=machine)
    with pytest.raises(ObjectError, match=r"interfaces 2 \(dialect 5.2\) and 2 \(dialect openbsd\)"):
        interface_of(read(joined))


def test_a_program_has_the_note_once(each_cc: Compile, machine: str) -> None:
    """In a segment, where the kernel reads it."""
    image = each_cc.program("#include <stdio.h>\nint main(void) { return 0; }", machine).read_bytes()
    assert image.count(NOTE_OWNER + bytes(3) + INTERFACE.to_bytes(4, "little") + b"5.2\0") == 1


def test_assembler_sources_have_no_note(tmp_path: Path) -> None:
    """They may include <sys/cdefs.h> for its macros."""
    source = tmp_path / "a.S"
    source.write_text("#include <sys/cdefs.h>\n.text\n.globl f\nf: ret\n")
    out = subprocess.run(
        [installed("lkmcc"), "--machine", "amd64", "-c", str(source), "-o", str(tmp_path / "a.o")], check=True
    )
    assert out.returncode == 0
    assert interface_of(read(tmp_path / "a.o")) is None
