"""The postinstall tools' command lines: options, modes, owners, and which names mean the kernel's /dev."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from lkmtools.cli.devtools import BIN, modes
from lkmtools.cli.devtools.commands import COMMANDS
from lkmtools.cli.devtools.words import Usage, device_path, parse


@pytest.mark.parametrize(
    ("text", "old", "expected"),
    [
        ("644", 0, 0o644), ("0", 0o777, 0), ("4755", 0, 0o4755), ("u=rw,g=r,o=", 0o777, 0o640),
        ("a+r", 0o600, 0o644), ("go-w", 0o666, 0o644), ("+x", 0o600, 0o711), ("=r", 0o777, 0o440),
        ("u+s", 0o755, 0o4755), ("+t", 0o777, 0o1777), ("g=u", 0o640, 0o660), ("a+X", 0o644, 0o644),
        ("a+X", 0o744, 0o755), ("u+w-x", 0o500, 0o600), ("ug=rw", 0, 0o660),
    ],
)  # fmt: skip
def test_modes_are_read_as_chmod_does(text: str, old: int, expected: int) -> None:
    """Octal and symbolic; without a who the umask (026) forbids."""
    assert modes.mode(text, old, 0o026 if text[0] in "+=" else 0) == expected


@pytest.mark.parametrize("text", ["", "8", "77777", "u", "z+r", "u+q", "+r,", "rw"])
def test_bad_modes_are_refused(text: str) -> None:
    with pytest.raises(Usage):
        modes.mode(text, 0, 0)


def test_owners_are_names_of_netbsd_or_numbers() -> None:
    assert modes.owner("root:kmem") == (0, 2)
    assert modes.owner("7.wheel") == (7, 0)
    assert modes.owner(":operator") == (-1, 5)
    assert modes.owner("12") == (12, -1)
    with pytest.raises(Usage, match="no such one: invalid user name"):
        modes.owner("no such one")


def test_options_end_where_operands_begin() -> None:
    """Values stand beside or behind their letter; `--` ends them; `-w` is a mode."""
    assert parse(["-rm", "600", "-F", "native", "x", "-c"], "F:m:r") == (
        {"r": "", "m": "600", "F": "native"},
        ["x", "-c"],
    )
    assert parse(["-m600", "--", "-x"], "m:") == ({"m": "600"}, ["-x"])
    assert parse(["-R", "-w", "f"], "Rh") == ({"R": ""}, ["-w", "f"])
    for words in (["-q"], ["-m"], ["--force", "x"]):
        with pytest.raises(Usage):
            parse(words, "m:f")


def test_names_that_lead_to_dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By text, by the working directory, and through the host's links."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PWD", str(tmp_path))
    os.symlink("/dev", "devices")
    cases = {
        "/dev/foo": "/dev/foo", "//dev//foo": "/dev/foo", "/tmp/../dev/foo": "/dev/foo", "/dev": "/dev",
        "devices/foo": "/dev/foo", "/dev/../etc/foo": None, "/device": None, "foo": None, "dev/foo": None,
        "/etc/dev": None,
    }  # fmt: skip
    assert {path: device_path(path) for path in cases} == cases
    monkeypatch.chdir("/dev")
    monkeypatch.setenv("PWD", "/dev")
    assert [device_path(path) for path in ("foo", "./a/b", "../tmp/x")] == ["/dev/foo", "/dev/a/b", None]


def test_every_tool_has_its_script() -> None:
    """Executable, and named as the row."""
    assert sorted(os.listdir(BIN)) == sorted(COMMANDS)
    for name in COMMANDS:
        assert os.access(f"{BIN}/{name}", os.X_OK)
        done = subprocess.run(
            [f"{BIN}/{name}"], env={"PATH": os.defpath}, capture_output=True, text=True, check=False
        )
        assert "LKM_PYTHON" in done.stderr
