"""docs/benchmarks.md is what bench/peers writes, and its plots show what they are given."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.measure import in_turn
from bench.peers import TITLES
from bench.peers.document import PLOTTED, page, pictures
from bench.peers.table import Row, Section
from bench.plot import draw, duration
from bench.smaps import Part, parts

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
