"""What modload says beside an error: what was meant, who has what is missing, in what order objects load."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.daemon_lab import DaemonLab, lines
from support.elfwriter import AX, FUNC, Rel, Sec, Sym, relocatable

LOWER = "int lower_get(void) { return 1; } int lower_put(int a) { return a; }"
UPPER = "int lower_get(void), lower_put(int); int upper_get(void) { return lower_put(lower_get()); }"


@pytest.fixture
def pair(lab: DaemonLab) -> DaemonLab:
    """lower.o and upper.o, which needs it."""
    lab.misc("lower", more=LOWER)
    lab.misc("upper", more=UPPER)
    lab.misc("alone")
    return lab


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_an_object_later_on_the_line_that_has_the_symbol_is_named(
    pair: DaemonLab, dry: tuple[str, ...]
) -> None:
    """Next, or later; what has to be typed instead; and that -s is needed."""
    run = pair.run("modload", *dry, "upper.o", "lower.o")
    _, get, put, advice, left = run.err.splitlines()
    assert (run.status, run.out) == (1, "")
    assert get.startswith("modload: undefined symbol `lower_get', first used at ")
    assert get.endswith("; lower.o, next on the line, defines it")
    assert put.endswith("; lower.o, next on the line, defines it")
    assert advice == "modload: load lower.o first, with -s: modload -s lower.o upper.o"
    assert left == "modload: not loaded: upper.o lower.o"
    run = pair.run("modload", *dry, "-s", "upper.o", "nothere.o", "lower.o")
    assert run.err.splitlines()[1].endswith("; lower.o, later on the line, defines it")
    assert run.err.splitlines()[3] == "modload: load lower.o first: modload -s lower.o upper.o"
    assert pair.names() == []


def test_the_advice_is_right(pair: DaemonLab) -> None:
    assert pair.run("modload", "-s", "lower.o", "upper.o").status == 0


def test_a_dry_run_takes_with_s_what_an_object_before_has(pair: DaemonLab) -> None:
    """As the load would; without -s the load would fail, and so does the dry run."""
    run = pair.run("modload", "--dry-run", "-s", "lower.o", "alone.o", "upper.o")
    assert (run.status, run.err) == (0, "")
    taken = {row.split()[0]: row.split()[2] for row in run.out.splitlines() if row.startswith("  lower_")}
    assert taken == {"lower_get": "lower.o", "lower_put": "lower.o"}
    run = pair.run("modload", "--dry-run", "lower.o", "upper.o")
    assert run.status == 1
    assert run.err.splitlines()[1].endswith("; lower.o has it but would be loaded without -s")


def test_of_very_many_unknown_symbols_the_first_are_compared(lab: DaemonLab) -> None:
    """A name takes milliseconds, so the number of guesses has a limit, which is said."""
    names = [f"copyin{'x' * (i % 2)}_{i:02}" for i in range(60)]
    text = Sec(".text", bytes(16 * 61), flags=AX, relocs=[Rel(16 * i, 2, n, -4) for i, n in enumerate(names)])
    many = [Sym(name) for name in names]
    path = Path(lab.dir, "many.o")
    path.write_bytes(relocatable([text], [Sym("many_lkmentry", ".text", type=FUNC), *many, Sym("printfx")]))
    run = lab.run("modload", "many.o")
    assert run.err.count("undefined symbol `") == 60
    assert "modload: similar names were looked up only for the first 50 of 60 unknown symbols\n" in run.err


def test_a_misspelt_function_is_answered_with_the_kernel_s(lab: DaemonLab) -> None:
    obj = lab.misc(
        "m", load='prinft("x"); nothing_like_it(); return 0;', more="int prinft(const char *, ...);"
    )
    _, first, second = lab.run("modload", obj).err.splitlines()
    assert first.startswith("modload: undefined symbol `prinft', first used at ")
    assert first.endswith("; did you mean printf?")
    assert second.startswith("modload: undefined symbol `nothing_like_it'")
    assert "did you mean" not in second


def test_a_compiler_s_own_symbol_has_its_advice_and_no_guess(lab: DaemonLab) -> None:
    code = Sec(".text", bytes(8), flags=AX, relocs=[Rel(1, 2, "mcount")])
    Path(lab.dir, "m.o").write_bytes(
        relocatable([code], [Sym("m_lkmentry", ".text", type=FUNC), Sym("mcount")])
    )
    assert lab.run("modload", "m.o").err.splitlines()[1].endswith(" (compile without -pg)")


def test_symbols_of_a_file_are_guessed_from_the_file(lab: DaemonLab) -> None:
    """-A, also where the kernel has no /dev/ksyms to ask about anything."""
    assert lab.run("lkmctl", "ksyms", "-o", "saved.syms").status == 0
    assert lab.run("lkmctl", "ksyms", "--detach").status == 0
    run = lab.run("modload", "-A", "saved.syms", lab.misc("m", load="prinft();", more="int prinft(void);"))
    assert run.status == 1
    assert run.err.splitlines()[1].endswith("; did you mean printf?")


ENTRIES = {
    "static int m_lkmentry(void) { return 0; } int (*keep)(void) = m_lkmentry;": (
        "m_lkmentry is static in m.o: make it global"
    ),
    "int m_lkmentri(void) { return 0; }": "m.o defines m_lkmentri; use -e m_lkmentri",
    "int one(void) { return 0; } int two(void) { return 1; } int do_init(void) { return 2; }": (
        "looked for xxxinit and m_lkmentry; m.o has the global functions do_init, one and two: "
        "name its entry point with -e"
    ),
    "\n".join(f"int a{number}(void) {{ return {number}; }}" for number in range(1, 6)): (
        "looked for xxxinit and m_lkmentry; m.o has the global functions a1, a2, a3 and 2 more: "
        "name its entry point with -e"
    ),
    "int value = 1;": (
        "looked for xxxinit and m_lkmentry; m.o has no global function; "
        "if it is part of a module, join the parts with lkmcc -r"
    ),
}


@pytest.mark.parametrize(("source", "reason"), ENTRIES.items())
def test_an_object_without_an_entry_point_says_what_it_has(lab: DaemonLab, source: str, reason: str) -> None:
    expected = lines("entry point _m_lkmentry not found in m.o", reason)
    assert lab.run("modload", lab.compile("m", source)) == (1, "", expected)


def test_a_misspelt_e_is_answered_with_the_function(lab: DaemonLab) -> None:
    obj = lab.compile("m", "int begin_here(struct lkm_table *t, int cmd, int ver) { return EINVAL; }")
    expected = lines("entry point _begin_her not found in m.o", "m.o defines begin_here; use -e begin_here")
    assert lab.run("modload", "-e", "begin_her", obj) == (1, "", expected)
    assert lab.run("modload", "-e", "begin_here", obj).status == 14


def test_a_directory_is_named_with_what_is_in_it(lab: DaemonLab) -> None:
    full, empty, odd = lab.dir / "full", lab.dir / "empty", lab.dir / "odd.o"
    for folder in (full, empty, odd):
        folder.mkdir()
    for name in ("a.o", "b.o", "c.o", "d.o", "e.c"):
        (full / name).write_text("")
    suffix = "module object must end in .o"
    inside = "full/a.o, full/b.o, full/c.o and full/d.o"
    expected = lines(suffix, f"full is a directory; name the objects in it: {inside}")
    assert lab.run("modload", "full") == (2, "", expected)
    expected = lines(suffix, "empty is a directory without object files")
    assert lab.run("modload", "empty") == (2, "", expected)
    expected = lines("nlist odd.o: Is a directory", "odd.o is a directory without object files")
    assert lab.run("modload", "odd.o") == (1, "", expected)


def test_a_dry_run_fails_for_functions_that_are_not_written(lab: DaemonLab) -> None:
    """Each object is shown all the same; a load is not refused, since the call may never happen."""
    more = "void if_attach(void *); void use(void) { if_attach(0); }"
    objects = [
        lab.misc("net", more=more),
        lab.misc("good"),
        lab.misc("both", more=more.replace("use", "both")),
    ]
    run = lab.run("modload", "--dry-run", *objects)
    why = "if_attach is declared, but not implemented in this kernel: a call panics"
    assert (run.status, run.err) == (1, lines(f"net.o: {why}", f"both.o: {why}"))
    taken = [row.split(maxsplit=2) for row in run.out.splitlines() if row.startswith("  if_attach")]
    assert [where for _, _, where in taken] == ["kernel, not implemented"] * 2
    assert "good.o: " in run.out
    document = json.loads(lab.run("modload", "--dry-run", "--json", *objects).out)
    assert [row["unwritten"] for row in document["modules"]] == [["if_attach"], [], ["if_attach"]]
    assert (document["error"]["status"], document["not_loaded"]) == (1, [])
    assert lab.run("modload", *objects).status == 0


def test_a_script_may_give_a_function_that_is_not_written_an_address(lab: DaemonLab) -> None:
    obj = lab.misc("net", more="void if_attach(void *); void use(void) { if_attach(0); }")
    Path(lab.dir, "s.ld").write_text("if_attach = 0x1000;\n")
    assert lab.run("modload", "--dry-run", "-T", "s.ld", obj).status == 0
