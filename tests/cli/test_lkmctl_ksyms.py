"""lkmctl ksyms, nm and addr2sym as installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lkmtools.elf import read_symbols
from support.daemon_lab import DaemonLab
from support.daemons import installed

FUNCTION = "int {name}_twice(int); int {name}_twice(int a) {{ return 2 * a; }}"


def nm(lab: DaemonLab, *argv: str) -> list[tuple[str, str, str]]:
    """The rows of lkmctl nm: address, letter, name."""
    done = lab.run("lkmctl", "nm", *argv)
    assert (done.status, done.err) == (0, "")
    return [tuple(line.split()) for line in done.out.splitlines()]


def test_ksyms_writes_the_snapshot(each_lab: DaemonLab) -> None:
    """To a file or to standard output, the same bytes."""
    lab = each_lab
    assert lab.run("lkmctl", "ksyms", "-o", "k").status == 0
    image = (lab.dir / "k").read_bytes()
    assert image[:4] == b"\x7fELF"
    with lab.daemon.popen("lkmctl", "ksyms") as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, image, b"")


def test_a_program_that_reads_pipes_reads_it(lab: DaemonLab) -> None:
    """bash's <(lkmctl ksyms) is the snapshot."""
    if shutil.which("bash") is None or shutil.which("cmp") is None:
        pytest.skip("no bash or cmp here")
    assert lab.run("lkmctl", "ksyms", "-o", "k").status == 0
    script = f"cmp k <({installed('lkmctl')} ksyms)"
    done = subprocess.run(
        ["bash", "-c", script], cwd=lab.dir, env=lab.daemon.env, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_file_that_cannot_be_written_is_an_error(lab: DaemonLab) -> None:
    """Said in a line."""
    done = lab.run("lkmctl", "ksyms", "-o", "no/such/directory")
    assert (done.status, done.out) == (1, "")
    assert done.err == "lkmctl: no/such/directory: No such file or directory\n"


def test_nm_lists_by_name_or_by_address(each_lab: DaemonLab) -> None:
    """Kernel and modules loaded with -s; functions T, variables B."""
    lab = each_lab
    lab.run("modload", "-s", lab.misc("shown", more=FUNCTION.format(name="shown")))
    lab.run("modload", lab.misc("quiet", more=FUNCTION.format(name="quiet")))
    rows = nm(lab)
    names = [name for _, _, name in rows]
    assert names == sorted(names)
    assert {"printf", "hz", "shown_twice"} <= set(names)
    assert "quiet_twice" not in names
    letters = {name: letter for _, letter, name in rows}
    assert (letters["printf"], letters["hz"], letters["shown_twice"]) == ("T", "B", "T")
    by_address = nm(lab, "-n")
    assert sorted(rows) == sorted(by_address)
    assert [address for address, _, _ in by_address] == sorted(address for address, _, _ in rows)


def test_nm_takes_a_pattern(lab: DaemonLab) -> None:
    """As a shell does; nothing found is an error."""
    assert [name for _, _, name in nm(lab, "copyin*")] == ["copyin", "copyinstr"]
    done = lab.run("lkmctl", "nm", "nobody*")
    assert (done.status, done.out, done.err) == (1, "", "lkmctl: no symbol matches 'nobody*'\n")


def test_nm_prints_what_nm_prints(lab: DaemonLab) -> None:
    """The same lines as the host's nm for the saved file."""
    if shutil.which("nm") is None:
        pytest.skip("no nm here")
    lab.run("modload", "-s", lab.misc("shown", more=FUNCTION.format(name="shown")))
    lab.run("lkmctl", "ksyms", "-o", "k")
    theirs = subprocess.run(
        ["nm", "k"], cwd=lab.dir, env={"LC_ALL": "C"}, capture_output=True, text=True, check=True
    ).stdout
    assert sorted(theirs.splitlines()) == sorted(" ".join(row) for row in nm(lab))


@pytest.mark.parametrize("option", [["-s"], []], ids=["with -s", "without -s"])
def test_addr2sym_names_functions_of_modules(lab: DaemonLab, option: list[str]) -> None:
    """Whether their symbols were loaded or not."""
    lab.run("modload", *option, "-o", "probe.out", lab.misc("probe", more=FUNCTION.format(name="probe")))
    address = read_symbols(Path(lab.dir / "probe.out").read_bytes())["probe_twice"]
    assert lab.run("lkmctl", "addr2sym", hex(address + 1)).out == "probe_twice+0x1 [probe]\n"


def test_addr2sym_names_the_kernels_own(lab: DaemonLab) -> None:
    """Functions and variables; what is nowhere is an error, and so is what is no number."""
    address = int(nm(lab, "printf")[0][0], 16)
    assert lab.run("lkmctl", "addr2sym", str(address + 8)).out == "printf+0x8 [kernel]\n"
    done = lab.run("lkmctl", "addr2sym", "0x10")
    assert done[:] == (1, "", "lkmctl: 0x10 is not inside any symbol of the kernel or of a module\n")
    assert lab.run("lkmctl", "addr2sym", "printf").status == 2


def test_detach_and_attach(lab: DaemonLab) -> None:
    """The node goes and comes; what cannot be done says why."""
    assert lab.run("lkmctl", "ksyms", "--detach") == (0, "", "")
    assert "ksyms" not in lab.run("lkmctl", "ls", "/dev").out
    assert lab.run("lkmctl", "ksyms", "--detach") == (
        1, "", "lkmctl: /dev/ksyms: Device not configured\nlkmctl: /dev/ksyms is not attached\n",
    )  # fmt: skip
    assert lab.run("lkmctl", "mknod", "/dev/byhand", "c", "85", "0").status == 0
    done = lab.run("lkmctl", "cat", "/dev/byhand")
    assert (done.status, done.err.splitlines()[0]) == (1, "lkmctl: /dev/byhand: Device not configured")
    assert lab.run("lkmctl", "ksyms", "--attach") == (0, "", "")
    assert re.search(r"^cr--r--r-- +0 +0 +85, 0 ksyms$", lab.run("lkmctl", "ls", "/dev").out, re.MULTILINE)


def test_detach_while_it_is_open_names_who_has_it(lab: DaemonLab) -> None:
    """EBUSY."""
    with lab.daemon.connect("reader") as p:
        p.open("/dev/ksyms")
        done = lab.run("lkmctl", "ksyms", "--detach")
        assert (done.status, done.err) == (
            1, f"lkmctl: /dev/ksyms: Device busy\nlkmctl: /dev/ksyms is open in pid {p.pid} (reader)\n",
        )  # fmt: skip
