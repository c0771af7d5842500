"""The directory of crashes: numbers are never used again, few are kept, and nobody else's is trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lkmtools.cli.lkmctl.crash import spans
from lkmtools.conf.places import crash_directory
from lkmtools.crash import directory
from lkmtools.crash.directory import MOST, SUMMARY, TEXT, VERSION, CrashDirectory, CrashError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "above" / "crashes"


@pytest.fixture
def crashes(path: Path) -> Iterator[CrashDirectory]:
    made = CrashDirectory(str(path), make=True)
    yield made
    made.close()


def keep(crashes: CrashDirectory, size: int = 10, summary: str = "") -> int:
    """One more crash, whose report has so many bytes."""
    with crashes.locked():
        number = crashes.begin()
        with crashes.create(number, TEXT) as file:
            file.write(b"x" * size)
        if summary:
            with crashes.create(number, SUMMARY) as file:
                file.write(summary.encode())
        crashes.finish(number)
    return number


def test_it_is_made_private_as_are_its_files(crashes: CrashDirectory, path: Path) -> None:
    number = keep(crashes)
    modes = {str(p.relative_to(path)): p.stat().st_mode & 0o777 for p in path.rglob("*")}
    assert modes == {"lock": 0o600, "next": 0o600, f"{number}": 0o700, f"{number}/{TEXT}": 0o600}
    assert path.stat().st_mode & 0o777 == 0o700


def test_numbers_are_not_used_again(crashes: CrashDirectory, path: Path) -> None:
    """Not even when all crashes are gone, or the file with the next number is, or is damaged."""
    assert [keep(crashes) for _ in range(3)] == [1, 2, 3]
    for number in crashes.numbers():
        os.unlink(path / str(number) / TEXT)
        os.rmdir(path / str(number))
    assert keep(crashes) == 4
    (path / "next").unlink()
    assert keep(crashes) == 5
    (path / "next").write_bytes(b"\xff" * 1000)
    assert keep(crashes) == 6


def test_so_many_are_kept(crashes: CrashDirectory) -> None:
    for _ in range(30):
        keep(crashes)
    assert crashes.numbers() == list(range(31 - MOST, 31))


def test_so_much_is_kept(crashes: CrashDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    """On disk: holes do not count. The newest is kept in any case."""
    monkeypatch.setattr(directory, "LIMIT", 100 << 10)
    for _ in range(8):
        keep(crashes, 30 << 10)
    assert crashes.numbers() == [6, 7, 8]
    with crashes.locked():
        number = crashes.begin()
        with crashes.create(number, "core") as file:
            file.truncate(1 << 30)
        crashes.finish(number)
    assert crashes.numbers() == [6, 7, 8, 9]
    keep(crashes, 200 << 10)
    assert crashes.numbers() == [10]


def test_what_was_not_finished_is_not_seen_and_goes(crashes: CrashDirectory, path: Path) -> None:
    with crashes.locked():
        assert crashes.begin() == 1
        with crashes.create(1, TEXT) as file:
            file.write(b"half")
    assert crashes.numbers() == []
    assert keep(crashes) == 2
    assert sorted(os.listdir(path)) == ["2", "lock", "next"]


def test_one_writes_at_a_time(crashes: CrashDirectory, path: Path) -> None:
    other = CrashDirectory(str(path))
    with crashes.locked() as alone, other.locked(wait=False) as too:
        assert (alone, too) == (True, False)
    with other.locked(wait=False) as alone:
        assert alone
    other.close()


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
def test_one_that_others_can_enter_is_refused(path: Path, mode: int) -> None:
    path.mkdir(parents=True)
    path.chmod(mode)
    for make in (True, False):
        with pytest.raises(CrashError, match=f"{path}: has mode {mode:04o}; the limit is 0700: chmod 700"):
            CrashDirectory(str(path), make)


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    """Not to the directory itself, nor from a file of it."""
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CrashError, match=str(path)):
        CrashDirectory(str(path), make=True)
    assert os.listdir(tmp_path / "elsewhere") == []


def test_links_in_it_are_not_followed(crashes: CrashDirectory, path: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("untouched")
    (path / "next").symlink_to(target)
    with pytest.raises(OSError, match=r"symbolic links"):
        keep(crashes)
    (path / "next").unlink()
    (path / ".new-7").symlink_to(tmp_path)
    (path / "5").mkdir()
    (path / "5" / TEXT).symlink_to(target)
    with pytest.raises(CrashError, match=r"5/report\.txt: Too many levels of symbolic links"):
        crashes.text(5, TEXT)
    assert not crashes.has(5, TEXT)
    assert target.read_text() == "untouched"


def test_another_user_s_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.mkdir(parents=True, mode=0o700)
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(CrashError, match=f"belongs to uid {owner}, not to uid {owner + 1}"):
        CrashDirectory(str(path))


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CrashError, match=str(path)):
            CrashDirectory(str(path), make=True)


GOOD = {
    "version": VERSION, "number": 1, "time": 5.0, "boot": 2, "kind": "panic", "machine": "i386",
    "reason": "why", "core": "", "modules": [],
}  # fmt: skip
MODULE = {"name": "m", "path": "/m.o", "area": 1, "size": 2, "checksum": 3, "unloaded": False}


def test_summaries_are_read(crashes: CrashDirectory) -> None:
    keep(crashes, summary=json.dumps({**GOOD, "modules": [MODULE]}))
    found = crashes.summary(1)
    assert (found.number, found.time, found.boot, found.kind, found.machine) == (1, 5.0, 2, "panic", "i386")
    assert found.modules[0]._asdict() == MODULE


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "[" * 100000, "null", "{}", "\0", json.dumps({**GOOD, "version": 99}),
        *(json.dumps({name: value for name, value in GOOD.items() if name != missing})
          for missing in GOOD if missing != "number"),
        *(json.dumps({**GOOD, name: {}}) for name in GOOD if name not in ("number", "modules")),
        json.dumps({**GOOD, "modules": [{}]}), json.dumps({**GOOD, "modules": 7}),
        json.dumps({**GOOD, "modules": [{**MODULE, "area": "x"}]}),
        json.dumps({**GOOD, "modules": [{**MODULE, "more": 1}]}),
    ],
)  # fmt: skip
def test_damaged_summaries_are_named(crashes: CrashDirectory, path: Path, text: str) -> None:
    keep(crashes, summary=text)
    with pytest.raises(CrashError, match=f"^{path}/1/crash.json: the file is damaged: .") as info:
        crashes.summary(1)
    assert len(str(info.value)) < 300


def test_names_that_are_no_numbers_are_no_crashes(crashes: CrashDirectory, path: Path) -> None:
    for name in ("0", "01", "-1", "x", "\N{FULLWIDTH DIGIT ONE}", "99999999999", "4294967296", "7 "):
        (path / name).mkdir()
    assert crashes.numbers() == []
    assert keep(crashes) == 1


def test_numbers_in_words() -> None:
    assert [spans(n) for n in ([1], [1, 2], [1, 3, 4, 5, 9])] == ["1", "1 to 2", "1, 3 to 5, 9"]


def test_sockets_have_directories_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    found = crash_directory("/run/user/1000/lkmd.sock")
    assert found is not None
    assert found.startswith("/state/lkmtools/crash/run_user_1000_lkmd.sock-")
    names = ["/a/b", "/a_b", "/a//b", "/" + "x" * 300, "/" + "x" * 301, "/é", "/\udcff", "/\n", "/.."]
    made = [crash_directory(name, "/base") or "" for name in names]
    assert len(set(made)) == len(names)
    assert all(os.path.dirname(path) == "/base" and len(os.path.basename(path)) < 60 for path in made)
    assert crash_directory("/a", "") is None
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/x")
    assert (crash_directory("/a") or "").startswith("/home/x/.local/state/lkmtools/crash/a-")


def test_what_goes_wrong_with_the_lock_is_heard(crashes: CrashDirectory) -> None:
    """Also an error of the kind that the lock has when somebody else holds it."""

    def fail() -> None:
        with crashes.locked():
            raise BlockingIOError

    with pytest.raises(BlockingIOError):
        fail()
    with crashes.locked(wait=False) as alone:
        assert alone
