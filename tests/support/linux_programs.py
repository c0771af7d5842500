"""Linux programs for the emulation: a distribution's static BusyBox, C with musl, and the two modules."""

from __future__ import annotations

import importlib.util
import os
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.client import Process
from support.compiling import Compile

LINUX = Path(__file__).parents[2] / "examples/linux"
TARGETS = {"amd64": "x86_64-linux-musl", "i386": "x86-linux-musl"}
E_MACHINE = {"amd64": 62, "i386": 3}
PT_INTERP = 3


def build(cc: Compile, machine: str) -> tuple[Path, Path]:
    """compat_linux.o and exec_linux_elf.o, as examples/linux/README says."""
    sources = sorted(LINUX.glob("*linux*.c"))
    headers = "".join(path.read_text() for path in sorted(LINUX.glob("*.h")))
    define = f"-DHEADERS={zlib.crc32(headers.encode())}"  # so that a changed header compiles anew
    parts = [cc(path, machine=machine, name=path.stem, flags=(define,)) for path in sources]
    of = {part.stem: part for part in parts}
    interpreter = of.pop("exec_linux_elf")
    return cc.join(*of.values(), machine=machine, name="compat_linux"), interpreter


def load(p: Process, cc: Compile, machine: str) -> None:
    """Load the two modules."""
    for path in build(cc, machine):
        modules.load(p, path)


def musl(cc: Compile, source: str, machine: str) -> Path:
    """A static Linux program of C text and musl; skipped without zig's compiler.

    zig compiles musl first, with all processors: that takes a minute for each machine. So for the second one
    LKM_TEST_LONG is needed.
    """
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("no C library for Linux programs: zig's compiler is not here")
    if machine != "amd64" and not os.environ.get("LKM_TEST_LONG"):
        pytest.skip(f"zig builds a C library for {machine} for a minute: make test-long does that")
    command = [sys.executable, "-m", "ziglang", "cc", "-target", TARGETS[machine], "-static", "-O1"]
    path: Path = cc._make(
        "prog",
        "\0".join([*command, source]),
        lambda out: [[*command, "-fno-sanitize=all", "-x", "c", "-", "-o", str(out)]],
        source,
    )
    return path


def natively(argv: list[str], stdin: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a Linux program on this host; skipped where it runs no programs of that machine."""
    try:
        return subprocess.run(argv, input=stdin, capture_output=True, check=False, **options)
    except OSError as error:
        pytest.skip(f"this host does not run {argv[0]}: {error.strerror}")


def is_static(path: Path, machine: str) -> bool:
    """Is it a static ELF program of that machine?"""
    data = path.read_bytes()
    if data[:4] != b"\x7fELF" or len(data) < 64 or data[18] != E_MACHINE[machine]:
        return False
    wide = machine == "amd64"
    phoff = struct.unpack_from("<Q" if wide else "<I", data, 32 if wide else 28)[0]
    size, count = struct.unpack_from("<2H", data, 54 if wide else 42)
    kinds = [struct.unpack_from("<I", data, phoff + index * size)[0] for index in range(count)]
    return PT_INTERP not in kinds


def busybox(cc: Compile, machine: str) -> Path:
    """A distribution's static BusyBox: the host's own, or Debian's; skipped where neither is to be had."""
    own = shutil.which("busybox")
    if own is not None and is_static(Path(own), machine):
        return Path(own)
    kept = Path(cc.directory) / f"busybox-{machine}"
    if not kept.exists():
        _fetch(kept, machine)
    if not kept.stat().st_size:
        pytest.skip(f"no static BusyBox of {machine} here, and the package index gave none")
    return kept


def _fetch(kept: Path, machine: str) -> None:
    """Ask the package index once a session, with lists of our own; an empty file says that it had none."""
    work = kept.with_name(f".{kept.name}.{os.getpid()}")
    for name in ("lists/partial", "cache/archives/partial"):
        (work / name).mkdir(parents=True)
    settings = {
        "APT::Architecture": machine, "APT::Architectures": machine, "Dir::State::Lists": f"{work}/lists",
        "Dir::Cache": f"{work}/cache", "Dir::State::status": "/dev/null", "Acquire::Languages": "none",
        "Acquire::http::Timeout": "20", "Acquire::Retries": "0", "APT::Sandbox::User": "",
    }  # fmt: skip
    options = [word for item in settings.items() for word in ("-o", "=".join(item))]
    data = b""
    try:
        for command in (["update", "-qq"], ["download", "busybox-static"]):
            subprocess.run(
                ["apt-get", *options, *command], cwd=work, capture_output=True, timeout=120, check=False
            )
        for package in work.glob("busybox-static_*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(work / "tree")], check=True)
            data = next((work / "tree").glob("**/bin/busybox")).read_bytes()
    except (OSError, subprocess.SubprocessError, StopIteration):
        data = b""  # no such package manager, or no network
    program = work / "busybox"
    program.write_bytes(data)
    program.chmod(0o755)
    program.rename(kept)
    shutil.rmtree(work)
