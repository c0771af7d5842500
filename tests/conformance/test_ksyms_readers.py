"""Programs that read ELF read the image of /dev/ksyms, without a warning and with the right answers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import lief
import pytest

from support.ksyms import PROBE, Snapshot, symbols
from support.lab import Lab

ELFLINT = Path(__file__).with_name("elflint.txt")


@pytest.fixture
def image(lab: Lab, tmp_path: Path) -> Path:
    """The image of a kernel with a module in a file; `lab.symbols` has the module's addresses."""
    lab.load(PROBE, symbols=True)
    path = tmp_path / "ksyms"
    path.write_bytes(Snapshot(lab.p).image())
    return path


def run(*argv: object) -> str:
    """The output of a program that must say nothing on standard error and succeed; skipped without it."""
    if shutil.which(str(argv[0])) is None:
        pytest.skip(f"{argv[0]} is not installed")
    done = subprocess.run([str(arg) for arg in argv], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def digits(lab: Lab, name: str) -> str:
    """A symbol's address as the readers print it."""
    value = lab.k.ksyms.value(name)
    return f"{value:0{2 * lab.k.dm.pointer}x}"


def test_readelf(lab: Lab, image: Path) -> None:
    """readelf -aW: no warning, and the table complete."""
    out = run("readelf", "-aW", image)
    assert "arning" not in out
    assert f"'.symtab' contains {len(symbols(image.read_bytes())) + 1} entries" in out
    assert re.search(
        rf"{digits(lab, 'probe_run')} +\d+ FUNC +GLOBAL DEFAULT +4 probe_run$", out, re.MULTILINE
    )
    assert re.search(rf"{digits(lab, 'hz')} +4 OBJECT +GLOBAL DEFAULT +5 hz$", out, re.MULTILINE)


def test_nm(lab: Lab, image: Path) -> None:
    """nm names every symbol: functions T, variables B."""
    lines = run("nm", image).splitlines()
    assert len(lines) == len(symbols(image.read_bytes()))
    for name, letter in (("printf", "T"), ("hz", "B"), ("probe_run", "T"), ("probe_value", "B")):
        assert f"{digits(lab, name)} {letter} {name}" in lines


def test_objdump(lab: Lab, image: Path) -> None:
    """objdump -t: section, size and kind."""
    out = run("objdump", "-t", image)
    assert re.search(rf"{digits(lab, 'probe_value')} g +O \.data\t0+4 probe_value$", out, re.MULTILINE)
    assert re.search(rf"{digits(lab, 'printf')} g +F \.text\t0+10 printf$", out, re.MULTILINE)


def test_gdb_names_functions_of_kernel_and_module(lab: Lab, image: Path) -> None:
    """info symbol ADDR, with the offset; of variables as well."""
    ask = [
        word
        for name, offset in (("printf", 3), ("probe_run", 2), ("probe_value", 1), ("hz", 0))
        for word in ("-ex", f"info symbol {(lab.k.ksyms.value(name) or 0) + offset:#x}")
    ]
    out = run("gdb", "-nx", "-batch", *ask, image)
    assert out.splitlines() == [
        "printf + 3 in section .text",
        "probe_run + 2 in section .text",
        "probe_value + 1 in section .data",
        "hz in section .data",
    ]


def test_eu_readelf(lab: Lab, image: Path) -> None:
    """eu-readelf -a."""
    out = run("eu-readelf", "-a", image)
    assert re.search(
        rf"{digits(lab, 'probe_run')} +\d+ FUNC +GLOBAL +DEFAULT +4 probe_run$", out, re.MULTILINE
    )


def expected_lint(modules: bool) -> list[str]:
    """The committed list."""
    prefix = "only without modules: "
    lines = [line for line in ELFLINT.read_text().splitlines() if not line.startswith("#")]
    return [line.removeprefix(prefix) for line in lines if not (modules and line.startswith(prefix))]


@pytest.mark.parametrize("modules", [True, False], ids=["with a module", "without modules"])
def test_eu_elflint_says_what_the_list_says(lab: Lab, tmp_path: Path, modules: bool) -> None:
    """Nothing about the tables or any symbol; the rest equals tests/conformance/elflint.txt."""
    if shutil.which("eu-elflint") is None:
        pytest.skip("eu-elflint is not installed")
    if modules:
        lab.load(PROBE, symbols=True)
    path = tmp_path / "ksyms"
    path.write_bytes(Snapshot(lab.p).image())
    done = subprocess.run(["eu-elflint", "--gnu-ld", path], capture_output=True, text=True, check=False)
    assert expected_lint(modules) == done.stdout.splitlines()
    assert done.stderr == ""


def test_lief(lab: Lab, image: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """LIEF: header, sections and symbols with their values."""
    binary = lief.ELF.parse(str(image))
    assert binary is not None
    assert capfd.readouterr().err == ""
    assert [s.name for s in binary.sections] == ["", ".symtab", ".strtab", ".shstrtab", ".text", ".data"]
    found = {s.name: (s.value, s.size, s.shndx) for s in binary.symtab_symbols}
    assert (lab.k.ksyms.value("probe_value"), 4, 5) == found["probe_value"]
    assert (lab.k.ksyms.value("printf"), 16, 4) == found["printf"]


def test_pyelftools_finds_every_symbol_in_its_section(lab: Lab, image: Path) -> None:
    """Every st_shndx is true: the section exists and holds the symbol, whole."""
    from elftools.elf.elffile import ELFFile

    with image.open("rb") as stream:
        sections = [dict(s.header) for s in ELFFile(stream).iter_sections()]
    outside = [
        s.name
        for s in symbols(image.read_bytes())
        for section in [sections[s["st_shndx"]]]
        if not section["sh_addr"] <= s["st_value"] <= s["st_value"] + s["st_size"]
        or s["st_value"] + s["st_size"] > section["sh_addr"] + section["sh_size"]
    ]
    assert outside == []


def test_our_own_reader_links_against_it(lab: Lab, image: Path) -> None:
    """modload -A FILE takes a saved image."""
    from lkmtools.elf import read_symbols

    found = read_symbols(image.read_bytes())
    assert {**lab.k.ksyms.kernel, "probe_run": lab.symbols["probe_run"]}.items() <= found.items()
