"""docs/relocations.md is what the linker's tables say."""

from __future__ import annotations

from pathlib import Path

from lkmtools.link import doc

PAGE = Path(__file__).parents[2] / "docs" / "relocations.md"


def test_the_committed_page_is_the_generated_one() -> None:
    """After a change of a row: python -m lkmtools.link.doc > docs/relocations.md."""
    assert PAGE.read_text() == doc.text()


def test_the_page_shows_the_formulas_of_the_rows() -> None:
    page = doc.text()
    assert "| 2 | R_X86_64_PC32 | 4 | S + A - P | signed: -0x80000000..0x7fffffff |" in page
    assert "| 3 | R_386_GOT32 | 4 | G + A + (GOT unless a register holds it) | any |" in page
