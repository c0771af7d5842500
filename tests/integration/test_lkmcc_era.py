"""Module sources in the styles of NetBSD 2.0 to 5 compile unchanged, with every compiler, for both machines."""

from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parent / "era").glob("*.c"))


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_source_of_the_era_compiles(each_cc, machine, source):
    """The style of the time is no error, whatever the compiler thinks of it."""
    assert each_cc(source, machine, name=source.stem).exists()
