"""Which directories may hold the default socket."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkmtools.daemon.address import check_private, socket_path
from lkmtools.errors import DaemonError


def test_given_path_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """--socket, then LKM_SOCKET; both are made absolute."""
    monkeypatch.setenv("LKM_SOCKET", "/run/a")
    monkeypatch.chdir(tmp_path)
    assert [socket_path("b"), socket_path(None)] == [str(tmp_path / "b"), "/run/a"]


@pytest.mark.parametrize(("mode", "forbidden"), [(0o720, 0o022), (0o702, 0o022), (0o750, 0o077)])
def test_directory_with_a_forbidden_mode_is_refused(tmp_path: Path, mode: int, forbidden: int) -> None:
    """The error has directory and mode."""
    directory = tmp_path / "d"
    directory.mkdir()
    directory.chmod(mode)
    with pytest.raises(DaemonError, match=f"{directory}: has mode 0{mode:o}"):
        check_private(str(directory), forbidden)


def test_private_directory_is_taken(tmp_path: Path) -> None:
    """Mode 0700 and ours."""
    directory = tmp_path / "d"
    directory.mkdir(0o700)
    check_private(str(directory), 0o077)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make another's directory")
def test_directory_of_another_user_is_refused(tmp_path: Path) -> None:
    """Also for root, where it is the default in /tmp."""
    directory = tmp_path / "d"
    directory.mkdir(0o700)
    os.chown(directory, 12345, 12345)
    with pytest.raises(DaemonError, match="belongs to uid 12345, not to uid 0"):
        check_private(str(directory), 0o077)


def test_symbolic_link_is_refused_in_tmp(tmp_path: Path) -> None:
    """Whoever made the link says where it leads."""
    (tmp_path / "d").mkdir(0o700)
    (tmp_path / "link").symlink_to(tmp_path / "d")
    with pytest.raises(DaemonError, match="is not a directory"):
        check_private(str(tmp_path / "link"), 0o077)
