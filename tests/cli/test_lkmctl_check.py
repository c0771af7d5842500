"""lkmctl check: whether objects would load, against an image or the running kernel."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest
from daemonfix import installed
from elfwriter import AX, Rel, Sec, Sym, relocatable


@pytest.fixture
def image(lab: Any) -> str:
    """The kernel's symbols, saved; its daemon is stopped then."""
    assert lab.run("lkmctl", "ksyms", "-o", "kernel.syms") == (0, "", "")
    return "kernel.syms"


def test_a_good_object_is_ok_and_its_size_is_the_one_that_loads(lab: Any) -> None:
    name = lab.misc("a")
    size = json.loads(lab.run("modload", "--json", name).out)["modules"][0]["size"]
    run = lab.run("lkmctl", "check", name)
    assert run == (0, f"a.o: ok, amd64, {size} bytes, entry a_lkmentry\n", "")


def test_against_an_image_no_kernel_is_needed(lab: Any, image: str) -> None:
    lab.daemon.stop()
    name = lab.misc("a")
    assert lab.run("lkmctl", "check", "-A", image, name).status == 0
    assert not Path(lab.daemon.socket).exists()


def test_all_that_is_wrong_is_said_in_one_line_an_object(lab: Any, image: str) -> None:
    """Missing symbols all at once, an entry that is not there, another machine, what is no object."""
    objects = [
        lab.misc("good"),
        lab.misc("lost", more="int one(void), two(void); int use(void) { return one() + two(); }"),
        lab.compile("entry", "int value;"),
        lab.compile("alien", "int alien_lkmentry(void) { return 0; }", machine="i386"),
        lab.compile("thread", "__thread int t; int thread_lkmentry(void) { return t; }"),
    ]
    Path(lab.dir, "text.o").write_text("no object\n")
    run = lab.run("lkmctl", "check", "-A", image, *objects, "text.o", "nothere.o")
    lines = run.out.splitlines()
    assert (run.status, run.err, len(lines)) == (1, "", 7)
    assert lines[0].startswith("good.o: ok, amd64, ")
    assert lines[1] == "lost.o: undefined symbols one, two"
    assert lines[2] == "entry.o: entry point _entry_lkmentry not found in entry.o"
    assert lines[3].startswith("alien.o: ")
    assert lines[3].endswith("; this kernel is amd64")
    assert "thread-local" in lines[4]
    assert lines[5].startswith("text.o: ")
    assert lines[6].startswith("nothere.o: no file nothere.o")


def test_relocations_the_linker_does_not_do_are_said(lab: Any, image: str) -> None:
    """One nobody knows, and one that is refused with its name; beside a symbol that is missing."""
    for name, kind, why in (
        ("odd", 99, "relocation type 99 against `printf' is not known for amd64"),
        ("copied", 5, "R_X86_64_COPY"),
    ):
        code = Sec(".text", bytes(16), flags=AX, relocs=[Rel(4, kind, "printf"), Rel(8, 2, "lost")])
        symbols = [Sym(f"{name}_lkmentry", ".text"), Sym("printf"), Sym("lost")]
        Path(lab.dir, f"{name}.o").write_bytes(relocatable([code], symbols))
        run = lab.run("lkmctl", "check", "--json", "-A", image, f"{name}.o")
        problems = json.loads(run.out)["objects"][0]["problems"]
        assert run.status == 1
        assert [problem["kind"] for problem in problems] == ["link", "symbol"]
        assert why in problems[0]["text"]
        assert problems[1]["text"] == "lost"


def test_symbols_of_modules_loaded_with_s_count(lab: Any) -> None:
    lower = lab.misc("lower", more="int lower_get(void) { return 1; }")
    upper = lab.misc("upper", more="int lower_get(void); int upper_get(void) { return lower_get(); }")
    assert lab.run("lkmctl", "check", upper) == (1, "upper.o: undefined symbol lower_get\n", "")
    lab.run("modload", "-s", lower)
    assert lab.run("lkmctl", "check", upper).status == 0


def test_json_tells_kinds(lab: Any, image: str) -> None:
    bad = lab.misc("lost", more="int one(void); int use(void) { return one(); }")
    run = lab.run("lkmctl", "check", "--json", "-A", image, lab.misc("good"), bad)
    document = json.loads(run.out)
    assert (run.status, document["version"], document["machine"]) == (1, 1, "amd64")
    assert [row["ok"] for row in document["objects"]] == [True, False]
    assert document["objects"][1]["problems"] == [{"kind": "symbol", "text": "one"}]


def test_an_image_that_cannot_be_read_is_status_2(place: Any) -> None:
    Path(place.dir, "bad.syms").write_text("no image\n")
    for name in ("bad.syms", "none.syms"):
        run = place.run("lkmctl", "check", "-A", name, "a.o")
        assert (run.status, run.out) == (2, "")
        assert name in run.err


def test_a_terminal_sees_how_far_it_is_when_the_lines_go_elsewhere(lab: Any, image: str) -> None:
    name = lab.misc("a")
    master, slave = pty.openpty()
    argv = [installed("lkmctl"), "check", "-A", image, *[name] * 12]
    done = subprocess.run(
        argv, stdout=subprocess.PIPE, stderr=slave, env=lab.daemon.env, cwd=lab.dir, check=True
    )
    shown = os.read(master, 1 << 16).decode()
    os.close(master)
    os.close(slave)
    assert done.stdout.count(b"a.o: ok") == 12
    assert "100%" in shown
