"""A time_t ends in 2038, and a dev_t has 32 bits: times and devices of the host that do not fit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EINVAL
from lkmtools.abi.fcntl import O_CREAT, O_RDONLY, O_WRONLY
from lkmtools.abi.syscall import SYS_gettimeofday
from lkmtools.abi.time import TIME_MAX, TIME_MIN, nearest, timeval, wrapped
from support.errors import errno_of
from support.lab import Lab
from support.programs import Runner

LATE = TIME_MAX + 1000  # in 2038


def test_wrapped_and_nearest() -> None:
    """One goes on as C does, the other stays at the end."""
    assert [wrapped(n) for n in (-1, 0, TIME_MAX, TIME_MAX + 1, 2**32)] == [-1, 0, TIME_MAX, TIME_MIN, 0]
    assert [nearest(n) for n in (-(2**40), -1, TIME_MAX + 1)] == [TIME_MIN, -1, TIME_MAX]


def test_files_of_the_host_show_the_nearest_time(lab: Lab, tmp_path: Path) -> None:
    for name, seconds in (("late", LATE), ("early", -(2**33)), ("now", 10**9)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (seconds, seconds))
    lab.p.mount("hostfs", "/mnt", lab.kernel.share(str(tmp_path)))
    shown = [lab.p.stat(f"/mnt/{name}").st_mtimespec_tv_sec for name in ("late", "early", "now")]
    real = int((tmp_path / "early").stat().st_mtime)  # the host's file system has limits of its own
    assert shown == [TIME_MAX, nearest(real), 10**9]
    lab.p.unmount("/mnt")


def test_a_device_of_the_host_has_the_number_of_its_major_and_minor(lab: Lab) -> None:
    """/dev/null of Linux is 1, 3."""
    host = os.stat("/dev/null")
    lab.p.mount("hostfs", "/mnt", lab.kernel.share("/dev"))
    assert lab.p.stat("/mnt/null").st_rdev == makedev(os.major(host.st_rdev), os.minor(host.st_rdev))
    lab.p.unmount("/mnt")


def test_utimes_of_a_time_after_2038_is_EINVAL(lab: Lab) -> None:
    """Also from the bytes of a program, in a timeval whose tv_sec is wider."""
    lab.p.close(lab.p.open("/tmp/f", O_WRONLY | O_CREAT, 0o644))
    lab.p.utimes("/tmp/f", (TIME_MAX, TIME_MAX))
    assert lab.p.stat("/tmp/f").st_mtimespec_tv_sec == TIME_MAX
    assert errno_of(lambda: lab.p.utimes("/tmp/f", (0, LATE))) == EINVAL
    assert lab.p.stat("/tmp/f").st_mtimespec_tv_sec == TIME_MAX


def test_a_program_cannot_set_them_either(one_runner: Runner) -> None:
    """On i386 a long cannot hold them."""
    body = """
    struct timeval tv[2] = { { 5, 0 }, { 5, 0 } };
    close(open("/tmp/g", O_CREAT | O_WRONLY, 0644));
    printf("%d ", utimes("/tmp/g", tv));
    tv[1].tv_sec = (long)0x80000000UL;
    printf("%d ", utimes("/tmp/g", tv));
    printf("%d\\n", errno == EINVAL);
    """
    assert one_runner.main(body, before="#include <sys/time.h>").out == "0 -1 1\n"


def test_after_2038_the_clock_of_the_kernel_goes_on_in_1901(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As NetBSD 5.2's does."""
    lab.load(
        "int probe_at(void) { struct timeval tv; microtime(&tv); return tv.tv_sec; }\n"
        "int probe_second(void) { return time_second; }\n"
    )
    monkeypatch.setattr(type(lab.k), "now", lambda _: LATE + 0.5)
    lab.k.clock.due = 0.0
    assert lab.call("int probe_at(void)") == wrapped(LATE)
    assert lab.call("int probe_second(void)") == wrapped(LATE)
    buf = lab.p.buffer(timeval.layout(lab.k.dm).size)
    lab.p.syscall(SYS_gettimeofday, buf, 0)
    assert timeval.layout(lab.k.dm).unpack(bytes(buf.data)).tv_sec == wrapped(LATE)
    fd = lab.p.open("/tmp/new", O_CREAT | O_RDONLY, 0o644)
    assert lab.p.fstat(fd).st_mtimespec_tv_sec == wrapped(LATE)
