"""docs/benchmarks.md is what bench/peers writes, and its plots show what they are given."""

from __future__ import annotations

import io
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.measure import Result, in_turn, pair
from bench.peers import TITLES, boots, reads, venv
from bench.peers.document import PLOTTED, page, pictures
from bench.peers.samples import generated
from bench.peers.table import Row, Section
from bench.peers.venv import Worker
from bench.peers.worker import main as work
from bench.plot import draw, duration
from bench.smaps import Part, parts
from lkmtools.link import load_object

DOCS = Path(__file__).parents[2] / "docs"
SVG = "{http://www.w3.org/2000/svg}"
LINEAR = [(10.0, 100.0), (100.0, 1000.0), (1000.0, 10000.0)]
SMAPS = """\
7f0000000000-7f0000200000 rw-s 00000000 00:01 42 /dev/zero (deleted)
Size:              65536 kB
Rss:                  12 kB
Pss:                   6 kB
Shared_Clean:          0 kB
Shared_Dirty:         12 kB
Private_Clean:         0 kB
Private_Dirty:         0 kB
VmFlags: rd wr sh
7f1000000000-7f1000001000 rw-p 00000000 00:00 0
Size:                  8 kB
Pss:                   8 kB
Shared_Clean:          0 kB
Shared_Dirty:          0 kB
Private_Clean:         4 kB
Private_Dirty:         4 kB
7f2000000000-7f2000001000 r-xp 00000000 08:01 7  /x/unicorn/lib/libunicorn.so.2
Size:                  4 kB
Pss:                   2 kB
Shared_Clean:          4 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:         0 kB
"""


def test_the_document_has_the_sections_that_the_script_writes() -> None:
    text = (DOCS / "benchmarks.md").read_text()
    assert tuple(re.findall("^## (.*)$", text, re.MULTILINE)) == TITLES


def test_every_table_of_the_document_is_a_rectangle_with_figures() -> None:
    blocks = re.findall(r"(?:^\|.*\n)+", (DOCS / "benchmarks.md").read_text(), re.MULTILINE)
    assert len(blocks) >= len(TITLES) - 2
    for block in blocks:
        rows = [line.strip("|\n").split(" | ") for line in block.splitlines()]
        assert len(rows) > 2
        assert {len(row) for row in rows} == {len(rows[0])}
        assert all(cell.strip() for row in rows[2:] for cell in row)


@pytest.mark.parametrize("unit", PLOTTED)
def test_the_document_shows_a_plot_for_each_unit(unit: str) -> None:
    assert f"(bench-{unit}.svg)" in (DOCS / "benchmarks.md").read_text()
    svg = ElementTree.fromstring((DOCS / f"bench-{unit}.svg").read_text())
    assert svg.findall(f".//{SVG}polyline")


def test_a_section_is_a_heading_a_table_and_what_was_skipped() -> None:
    section = Section("Links", "All.", [Row("m.o", {"lkmtools": 2e3, "ld": 1e3})], ["mold: there is none"])
    assert list(section.lines()) == [
        "", "## Links", "", "All.", "",
        "|  | lkmtools | ld |", "| --- | ---: | ---: |", "| m.o | 2 ms | 1 ms (2) |",
        "", "Skipped: mold: there is none.",
    ]  # fmt: skip
    assert list(page([section]))[1:] == list(section.lines())


def test_a_peer_that_could_not_do_a_row_has_a_dash() -> None:
    rows = [Row("a", {"lkmtools": 1.0, "cle": 4.0}), Row("b", {"lkmtools": 300.0, "native": 2.0})]
    assert list(Section("Reads", "All.", rows).lines())[-1] == "| b | 300 us | - | 2 us (150) |"
    assert [(result.name, result.ratio) for row in rows for result in row.results()] == [
        ("a: lkmtools / cle", 0.25),
        ("b: lkmtools / native", 150),
    ]


def test_a_plot_draws_each_point_of_each_series_and_its_name() -> None:
    svg = ElementTree.fromstring(
        draw("Time", "modules", {"a<b": LINEAR, "flat": [(10.0, 100.0), (1000.0, 100.0)]})
    )
    lines = [line.attrib["points"].split() for line in svg.findall(f".//{SVG}polyline")]
    assert [len(points) for points in lines] == [3, 2]
    assert len(svg.findall(f".//{SVG}circle")) == 5
    texts = [text.text for text in svg.findall(f".//{SVG}text")]
    assert {"Time", "modules", "a<b", "flat", "10", "1,000", "100 us", "10 ms"} <= set(texts)


def test_both_axes_of_a_plot_are_logarithmic() -> None:
    svg = ElementTree.fromstring(draw("Time", "modules", {"linear": LINEAR}))
    line = svg.find(f".//{SVG}polyline")
    assert line is not None
    first, middle, last = (tuple(map(float, point.split(","))) for point in line.attrib["points"].split())
    assert middle == pytest.approx([(a + b) / 2 for a, b in zip(first, last, strict=True)], abs=0.1)
    assert last[1] < first[1]  # up


def test_there_is_a_picture_for_each_unit() -> None:
    assert list(pictures({"modules": {"a": LINEAR}, "symbols": {"b": LINEAR}})) == [
        "bench-modules.svg",
        "bench-symbols.svg",
    ]


@pytest.mark.parametrize(
    ("micros", "text"), [(0.5, "0.5 us"), (12.345, "12.3 us"), (2e3, "2 ms"), (1e7, "10 s")]
)
def test_a_duration_has_three_digits_and_a_unit(micros: float, text: str) -> None:
    assert duration(micros) == text


def test_mappings_are_added_up_by_what_they_are() -> None:
    assert parts(SMAPS) == {
        "memory without a file: Python's objects, buffers": Part(8, 8, 0),
        "RAM of the kernel": Part(6, 0, 12),
        "libunicorn": Part(2, 0, 4),
    }


def test_medians_are_of_what_the_actions_answer_after_a_warm_up() -> None:
    cold = iter([100.0, 1.0, 3.0, 2.0])
    assert in_turn({"a": lambda: next(cold)}, 3) == {"a": 2.0}


def failing(after: int) -> Callable[[], float]:
    """An action that does no more after some runs."""
    times = iter([1.0] * after)

    def action() -> float:
        try:
            return next(times)
        except StopIteration:
            raise RuntimeError("it takes too long") from None

    return action


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_peer_that_fails_in_any_run_is_left_out_and_the_reason_is_said(after: int) -> None:
    skipped: list[str] = []
    actions = {"lkmtools": failing(4), "cle": failing(after), "ld": failing(4)}
    assert in_turn(actions, 3, skipped) == {"lkmtools": 1.0, "ld": 1.0}
    assert skipped == ["cle: it takes too long"]


def test_our_own_failure_is_an_error_and_a_peer_s_where_none_may_be_missing() -> None:
    for actions, skipped in (
        ({"lkmtools": failing(3), "ld": failing(4)}, ["mold: there is none"]),
        ({"lkmtools": failing(4), "ld": failing(3)}, None),
    ):
        with pytest.raises(RuntimeError, match="it takes too long"):
            in_turn(actions, 3, skipped)


def test_pair_is_the_medians_of_two_each_for_what_a_run_does() -> None:
    assert pair("two", lambda: None, lambda: None, 2, 1, clock=iter(range(0, 80, 10)).__next__) == Result(
        "two", 1e7, 1e7, 2
    )
    assert pair("ten", lambda: None, lambda: None, None, 1, 10, iter(range(8)).__next__).ours == 1e5


def test_a_peer_that_fails_is_not_ended_later_for_the_time_it_took(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm of a task would end another one, or the process while it waits for a task."""
    monkeypatch.setattr("sys.stdin", io.StringIO("pyelftools /nowhere\n"))
    work()
    assert signal.alarm(0) == 0
    assert json.loads(capsys.readouterr().out) == {"error": "[Errno 2] No such file or directory: '/nowhere'"}


@pytest.fixture
def peer() -> Iterator[Worker]:
    """A process with the peers of this environment: pyelftools."""
    with venv.worker(Path(sys.executable)) as made:
        yield made


def test_a_peer_that_cannot_do_it_has_no_time_but_a_reason(peer: Worker, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="No such file or directory"):
        peer.micros("pyelftools", tmp_path / "nowhere")


def symbols(path: Path) -> int:
    return len(load_object(path.read_bytes(), path.name).symbols)


def test_what_peers_do_not_read_is_said_with_the_reason(
    peer: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is not here, one that fails, and an object that would take them minutes."""
    monkeypatch.setattr(reads, "MOST", 10)
    small, large = generated(tmp_path, 8), generated(tmp_path, 40)
    section = reads.section([small, large], peer, {"lief": "pip cannot install it"})
    assert [(row.subject, sorted(row.medians)) for row in section.rows] == [
        (f"generated-8.o, {symbols(small)} symbols, 8 relocations", ["lkmtools", "pyelftools"])
    ]
    assert section.skipped == [
        "lief: pip cannot install it",
        "generated-8.o, cle: No module named 'cle'",
        "generated-40.o: the peers take minutes for 40 relocations",
    ]


def test_a_peer_that_finds_something_else_is_left_out_with_all_numbers(
    peer: Worker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "_count", lambda _: (1234, 8))
    missing = {"lief": "not here", "cle": "not here"}
    path = generated(tmp_path, 8)
    found = f"it finds {symbols(path)} symbols, 8 relocations, not 1,234 symbols, 8 relocations"
    assert reads.section([path], peer, missing).skipped[-1] == f"generated-8.o, pyelftools: {found}"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo no such image; echo really", "its output begins with: no such image"),
        ("exit 1", "it has no output"),
    ],
)
def test_a_kernel_that_ends_before_init_starts_is_not_said_to_have_had_all_the_time(
    script: str, reason: str
) -> None:
    pattern = rf"^it ran for [0-9.]+ m?s, and init did not start \({reason}\)$"
    with pytest.raises(RuntimeError, match=pattern):
        boots.up(["sh", "-c", script])
