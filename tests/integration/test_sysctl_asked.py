"""Nodes of sysctl(9) as clients ask for them: by numbers and type, each once, into buffers of any size."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lkmtools.abi import errno
from lkmtools.abi.syscall import SYS___sysctl
from lkmtools.abi.sysctl import (
    CTL_DEBUG,
    CTL_KERN,
    CTL_QUERY,
    CTLTYPE_INT,
    CTLTYPE_STRING,
    KERN_OSTYPE,
    KERN_SECURELVL,
)
from lkmtools.client import Process
from lkmtools.errors import KernelError
from support.lab import Lab

SOURCE = (Path(__file__).parent / "sysctl_probe.c").read_text()
lkmctl_sysctl = import_module("lkmtools.cli.lkmctl.sysctl")


@pytest.fixture(name="probe")
def _probe(lab: Lab) -> Lab:
    """A lab whose module has its nodes."""
    lab.load(SOURCE)
    assert lab.call("int probe_setup(void)") == 0
    return lab


def test_each_leaf_is_read_by_its_numbers_and_type(probe: Lab) -> None:
    """With the value that it has by its name."""
    p = probe.p
    assert p.sysctl_leaves()["kern.ostype"] == ((CTL_KERN, 1), CTLTYPE_STRING)
    leaves = p.sysctl_leaves((CTL_DEBUG,), "debug")
    assert leaves["debug.probe.number"] == ((CTL_DEBUG, 1024, 1025), CTLTYPE_INT)
    assert {name: p.sysctl(mib, kind=kind) for name, (mib, kind) in leaves.items()} == {
        name: p.sysctl(name) for name in leaves
    }


def test_lkmctl_asks_once_for_each_value_and_leaves_out_what_goes_meanwhile(
    probe: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its requests are as many as there are nodes."""
    requests: list[object] = []
    printed = _printed(probe, monkeypatch, requests, lambda: None)
    assert len(printed) == 10
    assert len(requests) == len(["the root", "debug", "debug.probe"]) + len(printed)
    assert _printed(probe, monkeypatch, [], lambda: probe.call("int probe_teardown(void)")) == []


def _printed(
    probe: Lab, monkeypatch: pytest.MonkeyPatch, requests: list[object], before: Callable[[], object]
) -> list[str]:
    """The lines of `lkmctl sysctl debug`; its requests; `before` is done before it reads values."""
    p = probe.kernel.process("lkmctl")
    leaves, request = p.sysctl_leaves, p._sysctl

    def find(*args: Any) -> dict[str, tuple[tuple[int, ...], int]]:
        if not args[0][1:]:
            return (leaves(*args), before())[0]
        return leaves(*args)

    def count(mib: Any, new: bytes) -> bytes:
        requests.append(mib)
        return request(mib, new)

    monkeypatch.setattr(p, "sysctl_leaves", find)
    monkeypatch.setattr(p, "_sysctl", count)
    monkeypatch.setattr(lkmctl_sysctl, "process", lambda socket: p)
    result = CliRunner().invoke(lkmctl_sysctl.sysctl, ["debug"], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output.splitlines()


def raw_sysctl(p: Process, mib: tuple[int, ...], room: int, new: bytes = b"") -> tuple[int, bytes, int]:
    """__sysctl(2) with a buffer of `room` bytes: the errno, the buffer, and the size that it tells."""
    numbers = p.buffer(b"".join(number.to_bytes(4, "little", signed=True) for number in mib))
    old, length = p.buffer(b"\xff" * room), p.buffer(room.to_bytes(p.dm.pointer, "little"))
    number = 0
    try:
        p.syscall(SYS___sysctl, numbers, len(mib), old, length, p.buffer(new) if new else 0, len(new))
    except KernelError as error:
        number = error.errno
    return number, bytes(old.data), int.from_bytes(length.data, "little")


@pytest.mark.parametrize("mib", [(CTL_KERN, KERN_SECURELVL), (CTL_DEBUG, 1024, 1025)])
def test_a_value_that_does_not_fit_is_cut_and_the_new_one_set(probe: Lab, mib: tuple[int, ...]) -> None:
    """Of a leaf of the kernel's own and of a module: ENOMEM, and the size that it has."""
    before, new = raw_sysctl(probe.p, mib, 4)[1], (9).to_bytes(4, "little")
    assert raw_sysctl(probe.p, mib, 2, new) == (errno.ENOMEM, before[:2], 4)
    assert raw_sysctl(probe.p, mib, 4) == (0, new, 4)
    other = probe.kernel.process("other", uid=1000)
    assert raw_sysctl(other, mib, 4, before) == (errno.EPERM, b"\xff" * 4, 4)
    assert raw_sysctl(probe.p, mib, 4) == (0, new, 4)


@pytest.mark.parametrize("mib", [(CTL_KERN, KERN_OSTYPE), (CTL_DEBUG, 1024, 1025)])
def test_asking_for_the_nodes_below_a_leaf(probe: Lab, mib: tuple[int, ...]) -> None:
    """ENOTDIR."""
    assert raw_sysctl(probe.p, (*mib, CTL_QUERY), 4)[0] == errno.ENOTDIR
    assert raw_sysctl(probe.p, (*mib, 1), 4)[0] == errno.ENOTDIR
