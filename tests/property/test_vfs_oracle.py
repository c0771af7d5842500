"""File systems do what the host's does: random sequences of file operations, with the host as the oracle.

The same operations go to a directory of the host and to a file system of the kernel; each must succeed or
fail alike, and in the end the same tree must be there.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.abi.errno import ELOOP, ENOENT, ENOTDIR
from lkmtools.abi.fcntl import O_APPEND, O_CREAT, O_EXCL, O_TRUNC
from lkmtools.local import LocalKernel
from support.file_systems import SUBJECTS, Host, begin, end

NAME = st.sampled_from("abc")
EITHER = {-ENOENT, -ENOTDIR, -ELOOP}  # which of two bad paths is looked at first is nobody's promise
PATH = st.lists(NAME, min_size=1, max_size=3).map("/".join)
ROUND = st.tuples(PATH, NAME).map(lambda t: f"{t[0]}/../{t[1]}")  # up again
ANY = PATH | ROUND
OPEN = st.sets(st.sampled_from([O_APPEND, O_CREAT, O_EXCL, O_TRUNC])).map(sum)
DATA = st.binary(min_size=1, max_size=9)
OPERATION = st.one_of(
    st.tuples(st.just("mkdir"), ANY),
    st.tuples(st.just("rmdir"), PATH),
    st.tuples(st.just("unlink"), PATH),
    st.tuples(st.just("rename"), PATH, PATH),
    st.tuples(st.just("link"), PATH, PATH),
    st.tuples(st.just("symlink"), st.sampled_from(["a", "b/c", "c/../b", "none"]), PATH),
    st.tuples(st.just("readlink"), ANY),
    st.tuples(st.just("chmod"), ANY, st.sampled_from([0o600, 0o755])),
    st.tuples(st.just("truncate"), ANY, st.integers(0, 20)),
    st.tuples(st.just("make"), ANY, DATA),
    st.tuples(st.just("open"), ANY, OPEN),
    st.tuples(st.just("write"), DATA),
    st.tuples(st.just("pwrite"), DATA, st.integers(0, 5000)),
    st.tuples(st.just("pread"), st.integers(1, 9000), st.integers(0, 20)),
    st.tuples(st.just("close")),
)


@pytest.mark.parametrize("subject", SUBJECTS)
@given(operations=st.lists(OPERATION, min_size=5, max_size=30))
@settings(max_examples=20, deadline=None)
def test_a_file_system_does_what_the_hosts_does(
    memfs_kernel: LocalKernel, subject: str, operations: list[tuple[Any, ...]]
) -> None:
    """Every operation ends alike, with the same errno; then both trees are the same."""
    p = memfs_kernel.process("oracle")
    with tempfile.TemporaryDirectory() as top, tempfile.TemporaryDirectory() as shown:
        guest, oracle = begin(memfs_kernel, p, subject, shown), Host(top)
        mask = os.umask(0o022)
        try:
            for operation in operations:
                if operation[0] in ("write", "pwrite", "pread") and oracle.fd < 0:
                    continue
                results = guest.do(*operation), oracle.do(*operation)
                if operation[0] not in ("link", "rename") or not EITHER.issuperset(results):
                    assert (operation, results[0]) == (operation, results[1])
            assert guest.tree() == oracle.tree()
        finally:
            os.umask(mask)
            oracle.close()
            end(memfs_kernel, guest, subject)
            p.exit()
