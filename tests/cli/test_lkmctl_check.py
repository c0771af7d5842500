"""lkmctl check: whether objects would load, against an image or the running kernel."""

from __future__ import annotations

import json
import os
import pty
import struct
import subprocess
from pathlib import Path

import pytest

from support.daemon_lab import DaemonLab
from support.daemons import Place, installed
from support.elfwriter import AX, NOTE, Rel, Sec, Sym, relocatable


@pytest.fixture
def image(lab: DaemonLab) -> str:
    """The kernel's symbols, saved; its daemon is stopped then."""
    assert lab.run("lkmctl", "ksyms", "-o", "kernel.syms") == (0, "", "")
    return "kernel.syms"


def test_a_good_object_is_ok_and_its_size_is_the_one_that_loads(lab: DaemonLab) -> None:
    name = lab.misc("a")
    size = json.loads(lab.run("modload", "--json", name).out)["modules"][0]["size"]
    run = lab.run("lkmctl", "check", name)
    assert run == (0, f"a.o: ok, amd64, {size} bytes, entry a_lkmentry\n", "")


def test_against_an_image_no_kernel_is_needed(lab: DaemonLab, image: str) -> None:
    lab.daemon.stop()
    name = lab.misc("a")
    assert lab.run("lkmctl", "check", "-A", image, name).status == 0
    assert not Path(lab.daemon.socket).exists()


def test_all_that_is_wrong_is_said_in_one_line_an_object(lab: DaemonLab, image: str) -> None:
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
    assert (run.status, run.err, len(lines)) == (1, "", 9)
    assert lines[0].startswith("good.o: ok, amd64, ")
    assert lines[1] == "lost.o: undefined symbols one and two"
    assert lines[2] == "entry.o: entry point _entry_lkmentry not found in entry.o"
    assert lines[3].startswith("alien.o: ")
    assert lines[3].endswith("; this kernel is amd64")
    assert "thread-local" in lines[4]
    assert lines[5].startswith("text.o: ")
    assert lines[6].startswith("nothere.o: no file nothere.o")
    assert lines[7:] == ["7 objects: 1 ok, 6 would not load", "missing most often: one (1), two (1)"]


def test_relocations_the_linker_does_not_do_are_said(lab: DaemonLab, image: str) -> None:
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


def test_symbols_of_modules_loaded_with_s_count(lab: DaemonLab) -> None:
    lower = lab.misc("lower", more="int lower_get(void) { return 1; }")
    upper = lab.misc("upper", more="int lower_get(void); int upper_get(void) { return lower_get(); }")
    assert lab.run("lkmctl", "check", upper) == (1, "upper.o: undefined symbol lower_get\n", "")
    lab.run("modload", "-s", lower)
    assert lab.run("lkmctl", "check", upper).status == 0


def test_json_tells_kinds(lab: DaemonLab, image: str) -> None:
    bad = lab.misc("lost", more="int one(void); int use(void) { return one(); }")
    run = lab.run("lkmctl", "check", "--json", "-A", image, lab.misc("good"), bad)
    document = json.loads(run.out)
    assert (run.status, document["version"], document["machine"]) == (1, 1, "amd64")
    assert [row["ok"] for row in document["objects"]] == [True, False]
    (problem,) = document["objects"][1]["problems"]
    assert (problem["kind"], problem["text"]) == ("symbol", "one")


def missing(name: str, count: int) -> str:
    """A module that calls `count` functions nobody has, with names of 60 characters."""
    names = [f"{name}_{'x' * 50}_{number}" for number in range(count)]
    calls = " + ".join(f"{name}()" for name in names)
    return f"int {'(void), '.join(names)}(void); int {name}_use(void) {{ return {calls}; }}"


def test_a_line_is_short_however_much_is_wrong_and_json_has_it_all(lab: DaemonLab, image: str) -> None:
    obj = lab.compile(
        "bad", missing("bad", 400) + '__attribute__((constructor)) void first(void) { __asm__ volatile(""); }'
    )
    run = lab.run("lkmctl", "check", "-A", image, obj)
    (line,) = run.out.splitlines()
    assert line.startswith("bad.o: entry point _bad_lkmentry not found in bad.o; section .init_array holds ")
    assert line.endswith(" and 397 more")
    assert len(line) < 500
    run = lab.run("lkmctl", "check", "--json", "-A", image, obj)
    problems = json.loads(run.out)["objects"][0]["problems"]
    assert len([problem for problem in problems if problem["kind"] == "symbol"]) == 400


def test_json_has_the_first_use_and_what_to_do(lab: DaemonLab, image: str) -> None:
    """File and line, function, section and offset; a symbol that was meant; -e."""
    source = """
    int prinft(const char *);
    int begin_lkmentry(struct lkm_table *t, int cmd, int ver)
    {
        return prinft("x");
    }
    """
    run = lab.run("lkmctl", "check", "--json", "-A", image, lab.compile("m", source))
    (row,) = json.loads(run.out)["objects"]
    entry, symbol = row["problems"]
    assert (entry["kind"], entry["hint"], entry["first_use"]) == ("entry", "use -e begin_lkmentry", None)
    use = symbol["first_use"]
    assert (symbol["text"], symbol["hint"]) == ("prinft", "did you mean printf?")
    assert (use["section"], use["line"].rpartition(":")[2]) == (".text", "13")
    assert use["function"] == f"begin_lkmentry+{use['offset']:#x}"
    run = lab.run("lkmctl", "check", "-A", image, "m.o")
    assert run.out == (
        "m.o: entry point _m_lkmentry not found in m.o; use -e begin_lkmentry; "
        "undefined symbol prinft (did you mean printf?)\n"
    )


def test_q_prints_what_would_not_load_and_nothing_else(lab: DaemonLab, image: str) -> None:
    good, bad = lab.misc("good"), lab.misc("lost", more="int one(void); int use(void) { return one(); }")
    run = lab.run("lkmctl", "check", "-q", "-A", image, good, bad)
    assert run == (1, "lost.o: undefined symbol one\n", "")
    assert lab.run("lkmctl", "check", "-q", "-A", image, good, good) == (0, "", "")


def test_the_most_wanted_symbols_come_last_with_how_many_want_them(lab: DaemonLab, image: str) -> None:
    names = [f"s{number:02d}" for number in range(12)]
    objects = [
        lab.misc(
            f"m{n}", more="".join(f"int {s}(void); int u{s}(void) {{ return {s}(); }}" for s in names[n:])
        )
        for n in range(3)
    ]
    run = lab.run("lkmctl", "check", "-A", image, *objects)
    assert run.out.splitlines()[-2:] == [
        "3 objects: 0 ok, 3 would not load",
        f"missing most often: {', '.join(f'{s} (3)' for s in names[2:])} and 2 more",
    ]


LOWER = "int lower_get(void) { return 1; }"
UPPER = "int lower_get(void); int upper_get(void) { return lower_get(); }"


def test_the_objects_of_a_line_resolve_one_another_in_any_order(lab: DaemonLab, image: str) -> None:
    lower, upper = lab.misc("lower", more=LOWER), lab.misc("upper", more=UPPER)
    for objects in ((upper, lower), (lower, upper)):
        for option in ((), ("--closed",)):
            run = lab.run("lkmctl", "check", *option, "-A", image, *objects)
            assert run.status == 0
            found = [row for row in run.out.splitlines() if row.startswith("upper.o")]
            assert found[0].endswith(" bytes, entry upper_lkmentry; load it after lower.o, which needs -s")
    rows = json.loads(lab.run("lkmctl", "check", "--json", "-A", image, upper, lower).out)["objects"]
    assert [(row["ok"], row["needs"]) for row in rows] == [(True, ["lower.o"]), (True, [])]
    assert lab.run("modload", "-s", lower, upper).status == 0


def test_a_local_symbol_of_another_object_is_nothing_to_link_with(lab: DaemonLab, image: str) -> None:
    lower = lab.misc("lower", more=f"static {LOWER} int (*keep)(void) = lower_get;")
    run = lab.run("lkmctl", "check", "-q", "-A", image, lower, lab.misc("upper", more=UPPER))
    assert run == (1, "upper.o: undefined symbol lower_get\n", "")


def test_objects_that_need_each_other_load_in_no_order(lab: DaemonLab, image: str) -> None:
    """Nor does one that needs them; joined they are one module."""
    objects = [
        lab.misc("a", more="int b_f(void); int a_f(void) { return b_f(); }"),
        lab.misc("b", more="int a_f(void); int b_f(void) { return a_f(); }"),
        lab.misc("c", more="int a_f(void); int c_f(void) { return a_f(); }"),
    ]
    run = lab.run("lkmctl", "check", "-q", "-A", image, *objects)
    why = "which cannot be loaded before it; make one module of them with lkmcc -r"
    assert run == (1, f"a.o: needs b.o, {why}\nb.o: needs a.o, {why}\nc.o: needs a.o, {why}\n", "")


def test_closed_leaves_out_what_loaded_modules_have(lab: DaemonLab) -> None:
    """The kernel that runs has it, loaded with -s; one of the objects will do."""
    lower, upper = lab.misc("lower", more=LOWER), lab.misc("upper", more=UPPER)
    lab.run("modload", "-s", lower)
    assert lab.run("lkmctl", "check", upper).status == 0
    hint = "module 'lower', which is loaded, has it"
    assert lab.run("lkmctl", "check", "--closed", upper) == (
        1,
        f"upper.o: undefined symbol lower_get ({hint})\n",
        "",
    )
    assert lab.run("lkmctl", "check", "--closed", upper, lower).status == 0


def test_a_module_that_has_the_symbol_but_was_loaded_without_s_is_named(lab: DaemonLab) -> None:
    lab.run("modload", lab.misc("lower", more=LOWER))
    assert lab.run("lkmctl", "check", lab.misc("upper", more=UPPER)).out == (
        "upper.o: undefined symbol lower_get (module 'lower' has it but was loaded without -s)\n"
    )


def test_functions_that_are_declared_but_not_written_fail_a_check(lab: DaemonLab, image: str) -> None:
    """modload loads the object; a call of them would panic."""
    more = "void if_attach(void *), if_detach(void *); void use(void) { if_attach(0); if_detach(0); }"
    obj = lab.misc("net", more=more)
    run = lab.run("lkmctl", "check", "-A", image, obj)
    assert run == (1, "net.o: not implemented in this kernel: if_attach and if_detach\n", "")
    rows = json.loads(lab.run("lkmctl", "check", "--json", obj).out)["objects"][0]["problems"]
    assert [(row["kind"], row["text"]) for row in rows] == [
        ("unwritten", "if_attach"),
        ("unwritten", "if_detach"),
    ]
    assert rows[0]["first_use"]["line"].endswith(":10")
    assert lab.run("modload", obj).status == 0


def test_an_object_without_our_note_is_remarked_and_require_note_fails_it(lab: DaemonLab, image: str) -> None:
    """Compiled with the host's headers, say, and naming symbols of the kernel only."""
    made = lab.cc('int printf(const char *, ...); int m_lkmentry(void) { return printf("x"); }', name="m")
    Path(lab.dir, "m.o").write_bytes(made.read_bytes())
    remark = "compiled with other headers (no note)"
    run = lab.run("lkmctl", "check", "-A", image, "m.o")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith("m.o: ok, amd64, ")
    assert run.out.endswith(f" bytes, entry m_lkmentry; {remark}\n")
    run = lab.run("lkmctl", "check", "--require-note", "-A", image, "m.o", lab.misc("good"))
    assert run.status == 1
    assert run.out.splitlines()[0] == f"m.o: {remark}"
    assert run.out.splitlines()[2] == "2 objects: 1 ok, 1 would not load, 1 compiled with other headers"
    rows = json.loads(lab.run("lkmctl", "check", "--json", "-A", image, "m.o", "good.o").out)["objects"]
    assert [(row["interface"], row["dialect"]) for row in rows] == [(None, None), (2, "5.2")]


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (struct.pack("<III", 9, 4, 1) + b"lkmtools\0\0\0\0\1\0\0\0", "for interface 1"),
        (struct.pack("<III", 9, 4, 1) + b"lkmtools\0\0\0\0\1\0", "end past the section's end"),
        (
            struct.pack("<III", 9, 8, 1) + b"lkmtools\0\0\0\0\2\0\0\x009.9\0",
            "compiled for dialect '9.9' of lkmtools; this kernel has 1.4, 2.0, 4.0, 5.2, openbsd",
        ),
    ],
)
def test_a_note_that_is_damaged_or_of_another_interface_fails(
    lab: DaemonLab, image: str, note: bytes, why: str
) -> None:
    code = [Sec(".text", b"\xc3", flags=AX), Sec(".note.lkmtools", note, NOTE, 0, 4)]
    Path(lab.dir, "m.o").write_bytes(relocatable(code, [Sym("m_lkmentry", ".text")]))
    run = lab.run("lkmctl", "check", "-A", image, "m.o")
    assert run.status == 1
    assert why in run.out
    assert "no note" not in run.out
    refused = lab.run("modload", "m.o")
    assert refused.status == 1
    assert why in refused.err
    assert "LMINFO" not in refused.err


def test_a_directory_is_named_with_what_is_in_it(lab: DaemonLab, image: str) -> None:
    Path(lab.dir, "objects").mkdir()
    Path(lab.dir, "objects", "a.o").write_text("")
    assert lab.run("lkmctl", "check", "-A", image, "objects") == (
        1,
        "objects: module object must end in .o; objects is a directory; name the objects in it: "
        "objects/a.o\n",
        "",
    )


def test_an_image_that_cannot_be_read_is_status_2(place: Place) -> None:
    Path(place.dir, "bad.syms").write_text("no image\n")
    for name in ("bad.syms", "none.syms"):
        run = place.run("lkmctl", "check", "-A", name, "a.o")
        assert (run.status, run.out) == (2, "")
        assert name in run.err


def test_a_terminal_sees_how_far_it_is_when_the_lines_go_elsewhere(lab: DaemonLab, image: str) -> None:
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


@pytest.mark.parametrize(("words", "asks"), [([], False), (["--closed"], True)])
def test_only_closed_asks_the_supervisor_which_modules_there_are(
    lab: DaemonLab, words: list[str], asks: bool
) -> None:
    """The answer is JSON, and the reader of that a tenth of all that a check of one object imports."""
    run = lab.run("lkmctl", "check", *words, lab.misc("one"), env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert run.status == 0
    imported = {line.rpartition("|")[2].strip() for line in run.err.splitlines()}
    assert "lkmtools.modules.check" in imported
    assert ("json" in imported) == asks
