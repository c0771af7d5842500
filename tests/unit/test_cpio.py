"""The initial RAM disk of bench/peers/boots.py is one that cpio(1) unpacks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bench.peers.boots import cpio


@pytest.mark.skipif(shutil.which("cpio") is None, reason="there is no cpio(1) on this host")
def test_cpio_unpacks_what_the_benchmark_packs(tmp_path: Path) -> None:
    archive = b"".join(cpio({"init": b"12345", "other": b""}))
    subprocess.run(["cpio", "-i", "--quiet"], cwd=tmp_path, input=archive, check=True)
    assert (tmp_path / "init").read_bytes() == b"12345"
    assert (tmp_path / "init").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "other").read_bytes() == b""
