"""What modload decides by itself: the postinstall arguments and linker scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.abi.lkm import LKM_MAKEMAJOR, LM_DEV, LM_MISC, LM_SYSCALL
from lkmtools.cli.ldscript import read_script
from lkmtools.cli.postinstall import arguments
from lkmtools.errors import LinkError
from lkmtools.modules import Module


@pytest.mark.parametrize(
    ("kind", "offset", "expected"),
    [
        (LM_SYSCALL, 210, ["./post", "3", "0x0", "210"]),
        (LM_DEV, LKM_MAKEMAJOR(-1, 180), ["./post", "3", "0x2", "180", "-1"]),
        (LM_DEV, LKM_MAKEMAJOR(19, 180), ["./post", "3", "0x2", "180", "19"]),
        (LM_MISC, -1, ["./post", "3", "0x6", "-1"]),
    ],
)
def test_a_postinstall_program_gets_the_arguments_of_netbsd_2_and_later(
    kind: int, offset: int, expected: list[str]
) -> None:
    assert expected == arguments("./post", Module(3, "m", kind, offset, 0, 4, 0, 2))


def test_a_script_may_assign_numbers_to_symbols(tmp_path: Path) -> None:
    script = tmp_path / "s.ld"
    text = "/* two\nlines */ ENTRY(main)\nbase = 0xC0000000; size=4K ;\n oct = 017;;\nm = 2M;"
    expected = {"base": 0xC0000000, "size": 4096, "oct": 15, "m": 2 << 20}
    for bytes_ in (text.encode(), text.replace("\n", "\r\n").encode("utf-8-sig")):
        script.write_bytes(bytes_)
        assert expected == read_script(str(script))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1;\nSECTIONS { }", ":2: SECTIONS { }: not supported"),
        ("a = b;", ":1: a = b;: not supported"),
        ("/* open", ":1: /* open: not supported"),
        ("a = 09;", ":1: 09: not an octal number"),
    ],
)
def test_anything_else_in_a_script_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    script = tmp_path / "s.ld"
    script.write_text(text)
    with pytest.raises(LinkError) as caught:
        read_script(str(script))
    assert place in str(caught.value)
