"""Clients cannot hurt the kernel: any system call and any ioctl ends in a result or an errno."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.abi import ksyms, lkm
from lkmtools.abi.datamodel import ILP32_I386, LP64
from lkmtools.abi.fcntl import O_NONBLOCK
from lkmtools.abi.ioccom import Ioctl
from lkmtools.abi.syscall import (
    SYS_NSYSENT,
    SYS_exit,
    SYS_kill,
    SYS_nanosleep,
    SYS_open,
    SYS_pipe,
    SYS_poll,
    SYS_select,
)
from lkmtools.errors import KernelError
from lkmtools.kern import rows
from lkmtools.local import LocalKernel

DEVICES = (
    "/dev/lkm",
    "/dev/ksyms",
    "/dev/mem",
    "/dev/kmem",
    "/dev/null",
    "/dev/zero",
    "/dev/console",
    "/dev",
)
PATHS = (
    *DEVICES,
    "/",
    "/tmp",
    "/tmp/x",
    "/tmp/x/y",
    "",
    "dev/lkm",
    "..",
    "/nowhere/at/all",
    "/dev/lkm/x",
    "x" * 600,
)
NO_TIME = bytes(16)  # a timeval or a timespec
# exit and kill end processes, this one too; a read of a pipe's empty end sleeps.
LEFT_OUT = {SYS_exit, SYS_kill, SYS_pipe}
WORDS = st.one_of(
    st.integers(0, 12),
    st.sampled_from(
        [0x10000, 0x20000, 0x10FFF, 0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 1 << 63, (1 << 64) - 1, 0xC0100000]
    ),
    st.integers(0, (1 << 64) - 1),
)
COMMANDS = sorted(
    row.code(dm)
    for module in (lkm, ksyms)
    for row in vars(module).values()
    if isinstance(row, Ioctl)
    for dm in (LP64, ILP32_I386)
)
CONTENT = st.one_of(
    st.sampled_from(PATHS).map(lambda path: path.encode("latin-1") + b"\0"),
    st.binary(max_size=200),
    st.lists(WORDS, max_size=12).map(lambda words: b"".join(w.to_bytes(8, "little") for w in words)),
)
CALLS = st.tuples(
    st.sampled_from(sorted(set(rows.SYSCALLS) - LEFT_OUT)),
    st.lists(WORDS | st.tuples(CONTENT), max_size=8),
)


@pytest.fixture(params=["amd64", "i386"], scope="module")
def lk(request: Any) -> Iterator[LocalKernel]:
    """One kernel for all examples: damage adds up."""
    with LocalKernel(inside=True, machine=request.param, ram=32 << 20) as made:
        yield made


def attempt(call: Any, *args: Any, **options: Any) -> None:
    """An errno is an answer; nothing else is."""
    with suppress(KernelError):
        call(*args, **options)


@given(calls=st.lists(CALLS, min_size=1, max_size=12), uid=st.sampled_from([0, 1000]))
@settings(max_examples=60, deadline=None)
def test_any_system_calls_are_answered(lk: LocalKernel, calls: list[tuple[int, list[Any]]], uid: int) -> None:
    """By a process with every device open; the kernel stays up and its tables are as at boot."""
    k = lk.kernel
    before = k.mem.read(k.system_calls.sysent, SYS_NSYSENT * k.system_calls.layout.size)
    with lk.process("fuzz", uid=uid) as p:
        for device in DEVICES:
            for flags in (2, 0):
                attempt(p.open, device, flags | O_NONBLOCK)
        for number, args in calls:
            missing = 5 if number in (SYS_open, SYS_poll, SYS_select) else 0
            words = [*args, *[0] * missing]  # what is not given is 0, too
            nonblocking = [flags_of(number, i, arg) for i, arg in enumerate(words[:8])]
            attempt(p.syscall, number, *nonblocking)
    assert lk.kernel is k
    assert k.mem.read(k.system_calls.sysent, SYS_NSYSENT * k.system_calls.layout.size) == before
    assert k.lkm.open is None
    assert len(k.procs) == 2


def flags_of(number: int, index: int, arg: Any) -> Any:
    """The argument; open gets O_NONBLOCK, poll, select and nanosleep no time: nothing sleeps for ever."""
    if (number, index) in {(SYS_select, 4), (SYS_nanosleep, 0)}:
        return NO_TIME
    if (number, index) == (SYS_poll, 2):
        return 0
    if (number, index) == (SYS_open, 1):
        return O_NONBLOCK if isinstance(arg, tuple) else arg | O_NONBLOCK
    return arg[0] if isinstance(arg, tuple) else arg


@given(
    commands=st.lists(
        st.tuples(
            st.sampled_from(COMMANDS)
            | st.integers(0, (1 << 32) - 1),
            st.lists(WORDS, max_size=14),
        ),
        max_size=15,
    ),
    device=st.sampled_from(DEVICES),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_any_ioctls_are_answered(lk: LocalKernel, commands: list[tuple[int, list[int]]], device: str) -> None:
    """Pointers in the argument may point into it; whatever was begun is given back."""
    k = lk.kernel
    with lk.process("fuzz") as p:
        fd = None
        for flags in (2, 0):
            try:
                fd = p.open(device, flags | O_NONBLOCK)
                break
            except KernelError:
                continue
        for command, words in commands:
            size = p.dm.pointer
            data = b"".join((word & p.dm.mask).to_bytes(size, "little") for word in words)
            buf = p.buffer(data.ljust(4096, b"\1"))
            attempt(p.ioctl, fd if fd is not None else 0, command, buf)
    assert lk.kernel is k
    assert k.lkm.open is None
    assert k.lkm.reserved == 0
