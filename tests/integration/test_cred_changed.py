"""A module writes to a process's credentials: the kernel checks what is there now."""

from __future__ import annotations

import pytest

from lkmtools.abi.errno import EPERM
from lkmtools.abi.syscall import SYS_getegid, SYS_geteuid, SYS_getuid, SYS_setuid
from lkmtools.errors import PanicError
from lkmtools.kern import status
from support.errors import errno_of
from support.lab import Lab

SOURCE = """
#include <sys/proc.h>
#include <sys/ucred.h>

int probe_become(int pid, int uid, int gid);
int
probe_become(int pid, int uid, int gid)
{
	struct proc *p = pfind(pid);

	p->p_ucred->cr_uid = uid;
	p->p_ucred->cr_gid = gid;
	return 0;
}

int probe_lend(int pid, long cred);
int
probe_lend(int pid, long cred)
{
	struct proc *p = pfind(pid);

	p->p_cred = cred ? (void *)cred : proc0.p_cred;
	return 0;
}
"""


@pytest.fixture
def other(lab: Lab) -> int:
    """The number of a user's process."""
    lab.load(SOURCE)
    lab.p = lab.kernel.process("user", uid=1000, gid=100)
    return lab.p.pid


def test_the_effective_ids_are_those_in_memory(lab: Lab, other: int) -> None:
    assert errno_of(lambda: lab.p.syscall(SYS_setuid, 55)) == EPERM
    lab.call("int probe_become(int pid, int uid, int gid)", other, 55, 66)
    assert [lab.p.syscall(number)[0] for number in (SYS_geteuid, SYS_getegid, SYS_getuid)] == [55, 66, 1000]
    assert [row["uid"] for row in status.processes(lab.k) if row["pid"] == other] == [55]
    lab.call("int probe_become(int pid, int uid, int gid)", other, 0, 0)
    lab.p.syscall(SYS_setuid, 7)
    assert lab.p.syscall(SYS_geteuid)[0] == lab.p.syscall(SYS_getuid)[0] == 7


def test_so_are_those_that_another_process_lends(lab: Lab, other: int) -> None:
    lab.call("int probe_lend(int pid, long cred)", other, 0)
    assert lab.p.syscall(SYS_geteuid)[0] == 0


def test_credentials_that_are_nowhere_are_a_panic(lab: Lab, other: int) -> None:
    p = lab.p
    lab.call("int probe_lend(int pid, long cred)", other, 0x10)
    with pytest.raises(PanicError, match=r"page fault: read of 4 bytes at 0x14 .* in sys_geteuid"):
        p.syscall(SYS_geteuid)
