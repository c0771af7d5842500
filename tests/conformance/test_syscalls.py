"""System calls: NetBSD 5.2's numbers, names and argument counts, and the headers that are made from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.abi import syscall as abi
from lkmtools.abi.datamodel import ILP32_I386, LP64
from lkmtools.abi.syscalls_master import calls, names
from lkmtools.cc import INCLUDE
from lkmtools.kern.makesyscalls import syscall_h, syscallargs_h
from lkmtools.kern.rows import SYSCALLS
from lkmtools.machine import PORTS

# From sys/kern/syscalls.master of NetBSD 5.2.
KNOWN = {
    "exit": 1, "wait4": 7, "mknod": 14, "break": 17, "compat_40_mount": 21, "ptrace": 26, "setitimer": 83,
    "getitimer": 86, "select": 93, "gettimeofday": 116, "getrusage": 117, "settimeofday": 122, "utimes": 138,
    "sysarch": 165, "__sysctl": 202, "futimes": 206, "poll": 209, "clock_gettime": 232, "nanosleep": 240,
    "lutimes": 276, "kqueue": 344, "kevent": 345, "getvfsstat": 356, "pselect": 373, "pollts": 374,
    "__stat30": 387, "__fstat30": 388, "__lstat30": 389, "__getdents30": 390, "__mount50": 410,
    "__posix_fadvise50": 416,
}  # fmt: skip


def test_numbers_are_those_of_5_2() -> None:
    by_name = {name: number for number, name in names().items()}
    assert {name: by_name[name] for name in KNOWN} == KNOWN
    assert max(calls()) == 416 == abi.SYS_MAXSYSCALL - 1
    assert [name for name in by_name if name.endswith("50")] == ["__mount50", "__posix_fadvise50"]
    assert not set(range(abi.SYS_LKM_FIRST, abi.SYS_LKM_LAST + 1)) & set(calls())


def test_the_constants_of_python_are_the_tables() -> None:
    by_name = {f"SYS_{name}": number for number, name in names().items()}
    constants = {
        name: value for name, value in vars(abi).items() if name.startswith("SYS_") and not name.isupper()
    }
    constants = {name: value for name, value in constants.items() if not name.startswith("SYS_LKM")}
    assert constants.items() <= by_name.items()


@pytest.mark.parametrize("name", ["syscall.h", "syscallargs.h"])
def test_the_headers_are_the_generated_ones(name: str) -> None:
    """After a change: python -m lkmtools.kern.makesyscalls NAME > lkmtools/include/sys/NAME."""
    made = {"syscall.h": syscall_h, "syscallargs.h": syscallargs_h}[name]()
    assert Path(INCLUDE, "sys", name).read_text() == made


def test_what_is_written_has_the_names_and_the_arguments_of_the_table() -> None:
    for number, row in SYSCALLS.items():
        if number == abi.SYS_lkmwait:
            continue
        call = calls()[number]
        assert row.symbol == call.function
        for port in PORTS.values():
            assert row.args.bind(port).words == call.words(port.dm), call


def test_a_64_bit_argument_is_two_words_of_i386() -> None:
    pread = calls()[abi.SYS_pread]
    assert (pread.words(LP64), pread.words(ILP32_I386)) == (5, 6)
