"""lkm.conf(5): the original grammar, what is new, and what is said about mistakes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from lkmtools.conf.lkmconf import Entry, Mistake, parse, read

FILE = "lkm.conf"


def entry(line: str) -> Entry:
    """The one entry of a line without mistakes."""
    conf = parse(line, FILE)
    assert conf.mistakes == ()
    (found,) = conf.entries
    return found


def mistake(line: str) -> Mistake:
    """The one mistake of a line that asks for nothing."""
    conf = parse(line, FILE)
    assert conf.entries == ()
    (found,) = conf.mistakes
    return found


def test_six_fields_separated_by_blanks() -> None:
    assert entry("/lkm/a.o\t-ds  a_entry /bin/post TEMP AFTERMOUNT ") == Entry(
        FILE, 1, "/lkm/a.o", ("-ds",), "a_entry", "/bin/post", "TEMP", "AFTERMOUNT"
    )


def test_a_dash_is_an_empty_field_and_the_first_stage() -> None:
    assert entry("a.o - - - - -") == Entry(FILE, 1, "a.o", (), None, None, None, "BEFORENET")


def test_comments_and_empty_lines_are_skipped_and_order_is_kept() -> None:
    conf = parse("# a\n\n  \t\n  # b\nz.o - - - - -\na.o - - - - -\n", FILE)
    assert [(row.line, row.path) for row in conf.entries] == [(5, "z.o"), (6, "a.o")]
    assert conf.mistakes == ()


def test_a_comment_may_follow_the_last_field() -> None:
    assert entry("a.o - - - - AFTERMOUNT # last").when == "AFTERMOUNT"


def test_quotes_hold_several_options_together() -> None:
    assert entry("a.o '-s -v' - - - -").options == ("-s", "-v")
    assert entry('"my \\"mod\\".o" "" - "" - -')[2:6] == ('my "mod".o', (), None, None)


def test_quotes_inside_a_field_are_characters_of_it() -> None:
    """An old file may have them."""
    assert entry("don't.o - - - - -").path == "don't.o"


def test_a_quoted_dash_is_a_dash() -> None:
    assert entry("a.o - - '-' - -").postinstall == "-"


@pytest.mark.parametrize(
    ("line", "field", "text"),
    [
        ("a.o - - - AFTERMOUNT", "when", "is missing"),
        ("a.o", "options", "is missing"),
        ("a.o - - - - BEFORNET", "when", "did you mean BEFORENET?"),
        ("a.o - - - - aftermount", "when", "did you mean AFTERMOUNT?"),
        (
            "a.o - - - - LATER",
            "when",
            "'LATER' is not a stage of the boot (BEFORENET, BEFOREMOUNT, AFTERMOUNT)",
        ),
        ("a.o - - - - AFTERMOUNT now", "when", "'now' follows"),
        ("- - - - - -", "path", "is empty"),
        ("'' - - - - -", "path", "is empty"),
        ("a.o '-s - - - -", "options", "the quote ' is not closed"),
        ("a.o '-s'v - - - -", "options", "comes 'v'"),
        ("a\0.o - - - - -", "path", "NUL"),
    ],
)
def test_a_mistake_names_file_line_and_field(line: str, field: str, text: str) -> None:
    """And the lines around it are read."""
    found = mistake(line)
    assert (found.file, found.line, found.field) == (FILE, 1, field)
    assert text in found.text
    assert str(found).startswith(f"lkm.conf:1: {field}: ")
    around = parse(f"x.o - - - - -\n{line}\ny.o - - - - -", FILE)
    assert [row.path for row in around.entries] == ["x.o", "y.o"]
    assert [row.line for row in around.mistakes] == [2]


OLD = r"""
# comment \
swallowed.o - - - - -
  /lkm/if_ipl.o - - - - -
a\ b.o -v ent\\ry - TEMP BEFOREMOUNT
c.o -ds \
   c_entry - - AFTERMOUNT
it's.o - - /x/"y" - AFTERMOUNT
last.o - - - - -"""


def test_an_old_file_is_read_as_the_shell_reads_it() -> None:
    """`read` without -r is what the original reads it with."""
    sh = shutil.which("sh")
    assert sh
    script = r"""while read path options entry postinstall output when || [ -n "$path" ]; do
        case "$path" in ""|\#*) continue;; esac
        printf '%s\n' "$path|$options|$entry|$postinstall|$output|$when"
    done"""
    out = subprocess.run([sh, "-c", script], input=OLD, capture_output=True, text=True, check=True).stdout
    conf = parse(OLD, FILE)
    ours = [
        "|".join([e.path, "".join(e.options) or "-", *(x or "-" for x in e[4:7]), e.when])
        for e in conf.entries
    ]
    theirs = [line.rsplit("|", 1) for line in out.splitlines()]
    assert ours == [f"{rest}|{'BEFORENET' if when == '-' else when}" for rest, when in theirs]
    assert conf.mistakes == ()


def test_what_editors_of_other_systems_leave_counts_for_nothing(tmp_path: Path) -> None:
    """A byte order mark, and carriage returns after fields, comments and a backslash, and in empty lines."""
    file = tmp_path / "lkm.conf"
    lines = ["a.o - - - - AFTERMOUNT", "", "# comment", "b.o - - - - -", "c.o - - \\", "- - -"]
    file.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    conf = read(str(file))
    assert conf.mistakes == ()
    assert [(row.path, row.when) for row in conf.entries] == [
        ("a.o", "AFTERMOUNT"), ("b.o", "BEFORENET"), ("c.o", "BEFORENET"),
    ]  # fmt: skip


def test_the_example_is_a_whole_lkm_conf() -> None:
    """lkm.conf.example asks for the sample modules and has no mistake."""
    text = (Path(__file__).parents[2] / "lkm.conf.example").read_text()
    assert parse(text, FILE).mistakes == ()
