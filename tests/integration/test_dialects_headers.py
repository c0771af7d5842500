"""The headers in every dialect of lkmcc --api: all of them, in whatever order a source includes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.cc.dialects import FLAGS
from lkmtools.cc.flags import INCLUDE
from support.compiling import Compile

HEADERS = sorted(str(path.relative_to(INCLUDE)) for path in Path(INCLUDE).rglob("*.h"))


@pytest.mark.parametrize("api", FLAGS)
@pytest.mark.parametrize("backwards", [False, True])
def test_they_go_together_in_both_orders(cc: Compile, machine: str, api: str, backwards: bool) -> None:
    names = reversed(HEADERS) if backwards else HEADERS
    text = "".join(f"#include <{name}>\n" for name in ["sys/param.h", *names])
    assert cc(text, machine, "headers", (*FLAGS[api], "-Werror")).exists()


@pytest.mark.parametrize("api", FLAGS)
def test_the_device_switch_after_file_systems(cc: Compile, machine: str, api: str) -> None:
    """Both have a type for their caller."""
    text = "#include <sys/param.h>\n#include <sys/systm.h>\n#include <sys/mount.h>\n#include <sys/conf.h>\n"
    assert cc(text, machine, "orders", (*FLAGS[api], "-Werror")).exists()
