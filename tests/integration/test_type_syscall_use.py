"""SYSCALL modules used by programs: a call comes and goes, and ioctl(2) itself is replaced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EPERM
from lkmtools.errors import KernelError
from support.compiling import Compile
from support.daemons import Daemon
from support.lab import Lab
from support.programs import HEAD, Runner

EXAMPLES = Path(__file__).parents[2] / "examples"
ASK = """
#include <sys/lkm.h>
int main(int argc, char **argv)
{
	struct lmc_stat st = { .id = 0 };
	int fd = open("/dev/lkm", O_RDONLY), error = ioctl(fd, LMSTAT, &st);
	printf("%d %s\\n", error ? errno : 0, st.name);
	return 0;
}
"""
TWICE = """
char c; signal(SIGSYS, SIG_IGN);
printf("%ld", syscall(210, 42, 0, 0)); printf(" %d\\n", errno);
read(0, &c, 1);
errno = 0;
printf("%ld", syscall(210, 42, 0, 0)); printf(" %d\\n", errno);
"""


def test_a_program_sees_a_new_call_and_then_the_old_one(lab: Lab, lab_runner: Runner) -> None:
    """ENOSYS, the module's answer (three bits of 42), ENOSYS."""
    body = 'signal(SIGSYS, SIG_IGN); printf("%ld", syscall(210, 42, 0, 0)); printf(" %d\\n", errno);'
    assert lab_runner.main(body).out == "-1 78\n"
    lab.load(EXAMPLES / "newcall/newcall.c", name="newcall")
    assert lab_runner.main(body).out == "3 0\n"
    modules.unload(lab.p, "newcall")
    assert lab_runner.main(body).out == "-1 78\n"
    assert lab.tables() == lab.boot_tables


def test_a_running_program_sees_the_call_at_once(
    start_daemon: Callable[..., Daemon], cc: Compile, machine: str
) -> None:
    """The same process asks before the load and after it."""
    daemon = start_daemon("--machine", machine)
    text = f"{HEAD}\nint main(void) {{ {TWICE} return 0; }}"
    prog = cc.program(text, machine)
    with daemon.connect() as p, daemon.popen("lkmctl", "exec", str(prog)) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"-1 78\n"
        modules.load(p, cc(EXAMPLES / "newcall/newcall.c", machine, "newcall"))
        process.stdin.write(b"x")
        process.stdin.close()
        assert process.stdout.read() == b"3 0\n"


def test_countstat_counts_and_goes_through_itself(lab: Lab, lab_runner: Runner) -> None:
    """LMSTATs of a client and of a program; LMUNLOAD comes through the module, whose memory goes after it."""
    lab.load(EXAMPLES / "countstat/countstat.c", name="countstat")
    area = modules.stat(lab.p, "countstat").area
    assert lab.replaced() == {"ioctl": "countstat"}
    assert [m.name for m in modules.stat_all(lab.p)] == ["countstat"]
    assert lab_runner.run(ASK).out == "0 countstat\n"
    used = lab.k.kmap.used  # with the pages that malloc has taken for a program
    modules.unload(lab.p, "countstat")
    assert "countstat: 4 LMSTATs in all" in lab.dmesg  # one by name, 0 and 1 of the walk, the program's
    assert lab_runner.run(ASK).out == "22 \n"
    assert lab.tables() == lab.boot_tables
    assert lab.k.mem.protection(area) == 0
    assert lab.k.kmap.used < used


def test_another_process_inside_keeps_countstat(lab: Lab) -> None:
    """It sleeps in an ioctl of a driver, which it reached through the module."""
    lab.load(EXAMPLES / "countstat/countstat.c", name="countstat")
    lab.load(SLOW, name="slow", whole=True)
    other = lab.kernel.process("other")
    lab.p.mknod("/dev/slow", 0o020666, 200 << 8)
    fd = other.open("/dev/slow")
    asking = lab.start(other.ioctl, fd, 0x20007801)
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "countstat")
    assert caught.value.errno == EBUSY
    assert f"pid {other.pid} (other) sleeps in counting_ioctl+0x" in caught.value.reason
    other.exit()
    with pytest.raises(KernelError, match="interrupted"):
        asking.result()
    modules.unload(lab.p, "countstat")
    modules.unload(lab.p, "slow")
    assert lab.tables() == lab.boot_tables


SLOW = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/proc.h>
static int slow_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)
{
	return tsleep(&slow_ioctl, PWAIT | PCATCH, "slow", 0);
}
static const struct cdevsw slow_cdevsw = {
	nullopen, nullclose, noread, nowrite, slow_ioctl, nostop, notty, nopoll, nommap, nokqfilter, D_OTHER
};
MOD_DEV("slow", "slow", NULL, -1, &slow_cdevsw, 200);
int slow_lkmentry(struct lkm_table *, int, int);
int slow_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def test_two_in_the_place_of_ioctl_go_in_reverse_order_only(lab: Lab) -> None:
    """The older one is refused before its handler runs, and the reason names the younger one."""
    lab.load(EXAMPLES / "countstat/countstat.c", name="countstat")
    text = (EXAMPLES / "countstat/countstat.c").read_text().replace("countstat", "second")
    lab.load(text, name="second", whole=True)
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "countstat")
    assert caught.value.errno == EBUSY
    assert "LMSTATs in all" not in lab.dmesg
    # Both are on this stack; the one whose turn it is not has its code there for good.
    assert "countstat" in caught.value.reason
    modules.unload(lab.p, "second")
    modules.unload(lab.p, "countstat")
    assert lab.tables() == lab.boot_tables


def test_two_on_one_slot_name_who_has_it_now(lab: Lab) -> None:
    """The older module's unload handler is not called."""
    older = (EXAMPLES / "newcall/newcall.c").read_text()
    lab.load(older.replace('"newcall", -1', '"older", 215').replace("newcall_lkmentry", "older_lkmentry"),
             name="older", whole=True)  # fmt: skip
    lab.load(older.replace('"newcall", -1', '"newer", 215').replace("newcall_lkmentry", "newer_lkmentry"),
             name="newer", whole=True)  # fmt: skip
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "older")
    assert caught.value.reason == "system call 215 has been replaced again since; unload module 'newer' first"
    modules.unload(lab.p, "newer")
    modules.unload(lab.p, "older")
    assert lab.tables() == lab.boot_tables


def test_lockout_refuses_and_its_name_is_the_reason(lab: Lab) -> None:
    """EPERM of a module that gives no reason: the kernel says whose the call is."""
    lab.load(EXAMPLES / "countstat/lockout.c", name="lockout")
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "lockout")
    assert caught.value.errno == EPERM
    assert (
        caught.value.reason
        == "system call 54 (ioctl) has been replaced by module 'lockout', which returned EPERM"
    )


def test_sysentpatch_wraps_a_call_of_programs(lab: Lab, lab_runner: Runner) -> None:
    """A MISC module: the old call still works, and each removal is counted and said."""
    lab.load(EXAMPLES / "sysentpatch/sysentpatch.c", name="sysentpatch")
    body = 'printf("%d", unlink("/dev/nothing")); printf(" %d %d\\n", errno, unlink("/dev/zero"));'
    assert lab_runner.main(body).out == "-1 2 0\n"
    assert "prog[" in lab.dmesg
    assert lab.dmesg.count("removes /dev/") == 2
    modules.unload(lab.p, "sysentpatch")
    assert "sysentpatch: 2 calls of unlink, 1 of them failed" in lab.dmesg
    assert lab.tables() == lab.boot_tables
