"""The native system calls: each that programs of NetBSD live on, with its conventions and its errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi import syscall as nr
from lkmtools.kern.proc.syscall import SystemCalls
from support.programs import Ran, Runner

PROGRAMS = Path(__file__).with_name("native")
MEMFS = Path(__file__).parents[2] / "examples/memfs/memfs.c"
CHECKS = """
#include <sys/dirent.h>
#include <sys/filio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sysctl.h>
#define CHECK(c) do { errno = 0; if (!(c)) \\
    printf("line %d: not %s (errno %d)\\n", __LINE__, #c, errno); } while (0)
#define FAILS(c, e) do { errno = 0; if ((c) != -1 || errno != (e)) \\
    printf("line %d: %s has errno %d, not %s\\n", __LINE__, #c, errno, #e); } while (0)
#line 1
"""
LISTED = """
    exit fork execve wait4 read write readv writev pread pwrite open close lseek dup dup2 fcntl ioctl
    pipe __stat30 __fstat30 __lstat30 access mkdir rmdir unlink link rename readlink symlink mknod
    chmod chdir __getcwd __getdents30 __mount50 unmount sync mmap munmap mprotect break getpid getppid
    getuid geteuid getgid getegid kill __sigaction_sigtramp setcontext nanosleep gettimeofday
    clock_gettime __sysctl poll select setitimer getitimer getrusage
"""


def check(one_runner: Runner, name: str, *args: str) -> None:
    """Run native/NAME.c, which prints what is not as it should be."""
    source = CHECKS + (PROGRAMS / f"{name}.c").read_text()
    assert one_runner.run(source, *args) == Ran(0, 0, "", "")


def test_every_call_does_what_its_manual_says(
    one_runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five programs check themselves; together they make every call of the list."""
    made: set[int] = set()
    enter = SystemCalls.enter

    def seen(calls: SystemCalls, lwp: Any, number: int, *rest: Any) -> tuple[int, int]:
        made.add(number)
        return enter(calls, lwp, number, *rest)

    monkeypatch.setattr(SystemCalls, "enter", seen)
    share = tmp_path / "share"
    share.mkdir()
    (tmp_path / "share/as").write_text("a" * 6000)
    p = one_runner.lk.process("mount")
    p.mount("hostfs", "/mnt", one_runner.lk.share(str(share), writable=True))
    try:
        check(one_runner, "files", "/mnt")
        check(one_runner, "memory", "/mnt/as")
    finally:
        p.unmount("/mnt")
    check(one_runner, "descriptors")
    check(one_runner, "signals")
    check(one_runner, "processes")
    assert {name for name in LISTED.split() if getattr(nr, f"SYS_{name}") not in made} == set()


@pytest.mark.parametrize("size", ["32", "512"])
def test_a_directory_is_read_while_it_changes(one_runner: Runner, tmp_path: Path, size: str) -> None:
    """What stays is seen once, and a program can remove what it reads: in every file system."""
    p = one_runner.lk.process("mount")
    modules.load(p, one_runner.cc(MEMFS, machine=one_runner.machine, name="memfs"))
    p.mkdir("/mem")
    p.mount("memfs", "/mem")
    p.mount("hostfs", "/mnt", one_runner.lk.share(str(tmp_path), writable=True))
    try:
        check(one_runner, "removing", size, "/tmp", "/dev", "/mem", "/mnt")
    finally:
        p.unmount("/mnt")
        p.unmount("/mem")
        p.rmdir("/mem")
        modules.unload(p, "memfs")
        p.exit()
