"""modload -A with a file that is not true any more: refused with the symbol, both values, and what to do."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from lkmtools.elf import read_symbols
from support.daemon_lab import DaemonLab

LOWER = "int lower_get(void) { return 7; }"


def upper(lab: DaemonLab) -> str:
    """A module that needs lower_get()."""
    name: str = lab.misc("upper", load="return lower_get() - 7;", more="int lower_get(void);")
    return name


def moved(data: bytes, name: str) -> tuple[bytes, int, int]:
    """An image in which a symbol lies 16 bytes further on; its value there, and the true one."""
    true = read_symbols(data)[name]
    width = 8 if data[4] == 2 else 4
    here, there = (value.to_bytes(width, "little") for value in (true, true + 16))
    start = data.index(b"\0" + name.encode() + b"\0")
    return data[:start].replace(here, there) + data[start:], true + 16, true


def test_a_kernel_symbol_that_lies_elsewhere_is_named(each_lab: DaemonLab) -> None:
    """In a load and in a dry run; nothing is loaded."""
    lab = each_lab
    assert lab.run("lkmctl", "ksyms", "-o", "old.syms").status == 0
    data, there, here = moved(Path(lab.dir, "old.syms").read_bytes(), "printf")
    Path(lab.dir, "old.syms").write_bytes(data)
    obj = lab.misc("m", load='printf("x"); return 0;')
    expected = (
        "modload: can't prelink `m.o' creating `m'\n"
        f"modload: old.syms is stale: `printf' is at {there:#x} in the file, "
        f"and at {here:#x} in this kernel; save it again with lkmctl ksyms -o old.syms, or omit -A\n"
    )
    assert lab.run("modload", "-A", "old.syms", obj) == (1, "", expected)
    assert lab.run("modload", "--dry-run", "-A", "old.syms", obj) == (1, "", expected)
    assert lab.names() == []
    assert lab.run("lkmctl", "ksyms", "-o", "old.syms").status == 0
    assert lab.run("modload", "-A", "old.syms", obj).status == 0


def test_without_dev_ksyms_the_kernel_itself_refuses(lab: DaemonLab) -> None:
    """It compares what a module was linked to, whoever linked it."""
    assert lab.run("lkmctl", "ksyms", "-o", "old.syms").status == 0
    data, there, here = moved(Path(lab.dir, "old.syms").read_bytes(), "printf")
    Path(lab.dir, "old.syms").write_bytes(data)
    assert lab.run("lkmctl", "ksyms", "--detach").status == 0
    before = lab.status()
    assert lab.run("modload", "-A", "old.syms", lab.misc("m", load='printf("x"); return 0;')) == (
        11,
        "",
        "modload: error loading buffer: Invalid argument\n"
        f"modload: symbol 'printf' is at {here:#x}, and the module was linked to {there:#x}: "
        "link it against the symbols of this kernel (/dev/ksyms)\n",
    )
    assert before == lab.status()


def test_symbols_of_a_module_that_moved_or_went_are_stale(lab: DaemonLab) -> None:
    """Saved while lower was loaded: then it is gone, or another lies in its place, or it lies elsewhere."""
    lower, need = lab.misc("lower", more=LOWER), upper(lab)
    lab.run("modload", "-s", lower)
    assert lab.run("lkmctl", "ksyms", "-o", "old.syms").status == 0
    assert lab.run("modload", "-A", "old.syms", need).status == 0
    assert lab.run("modunload", "upper", "lower").status == 0
    for others in ((), (lab.misc("alone"),)):
        for name in others:
            lab.run("modload", name)
        run = lab.run("modload", "-A", "old.syms", need)
        assert (run.status, run.out) == (11, "")
        assert "the module was linked to symbol 'lower_get' at 0x" in run.err
    lab.run("modload", "-s", lower)
    run = lab.run("modload", "-A", "old.syms", need)
    assert run.status == 1
    assert "old.syms is stale: `lower_get' is at 0x" in run.err
    assert lab.names() == ["alone", "lower"]


def test_the_image_of_a_module_loaded_without_s_can_be_linked_against(lab: DaemonLab) -> None:
    """While it is there: what it is for. Then the module is needed by the other, as any."""
    lab.run("modload", "-S", lab.misc("lower", more=LOWER))
    rows = [row.split() for row in lab.run("lkmctl", "nm", "lkm*").out.splitlines()]
    script = "".join(f"{name} = 0x{value};\n" for value, _, name in rows)
    Path(lab.dir, "kernel.ld").write_text(script)
    command = ("modload", "-A", "lower", "-T", "kernel.ld", upper(lab))
    assert lab.run(*command) == (0, "Module loaded as ID 1\n", "")
    assert "'lower' is in use by 'upper'" in lab.run("modunload", "lower").err
    assert lab.run("modunload", "upper", "lower").status == 0
    assert lab.run(*command).status == 11


def test_constants_of_a_file_are_taken_and_so_is_what_a_script_assigns(lab: DaemonLab) -> None:
    """A number is not an address of this kernel's memory; -T is the user's own will."""
    source = "extern char answer[]; int m_lkmentry(void) { return (long)answer == 42 ? 42 : EINVAL; }"
    obj = lab.compile("m", source)
    Path(lab.dir, "file").write_bytes(constant("answer", 42))
    for option in ("-A", "-T"):
        run = lab.run("modload", option, "file", obj)
        assert run.status == 14
        assert "error 42" in run.err or "returned 42" in run.err
        Path(lab.dir, "file").write_text("answer = 42;\n")


@pytest.mark.parametrize("value", [0x10, 0xFFFFFFFF80100000])
def test_a_script_may_give_a_kernel_function_another_address(lab: DaemonLab, value: int) -> None:
    obj = lab.misc("m", load="return 0;", more='void use(void) { printf("x"); }')
    Path(lab.dir, "s.ld").write_text(f"printf = {value:#x};\n")
    assert lab.run("modload", "-T", "s.ld", obj).status == 0


def constant(name: str, value: int) -> bytes:
    """An ELF64 executable that has an absolute symbol and nothing else."""
    strings = b"\0" + name.encode() + b"\0"
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 0x10, 0, 0xFFF1, value, 0)
    body = symbols + strings
    rows = [
        bytes(64),
        struct.pack("<IIQQQQIIQQ", 0, 2, 0, 0, 64, len(symbols), 2, 1, 8, 24),
        struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, 64 + len(symbols), len(strings), 0, 0, 1, 0),
    ]
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, 3, 0)
    return ident + header + body + b"".join(rows)
