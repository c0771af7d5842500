"""A chain of calls in a module whose innermost function does what a test says, and how that panics."""

from __future__ import annotations

import re
from itertools import groupby

from lkmtools.errors import PanicError
from support.lab import HEAD, Lab

_FRAME = re.compile(r"    ([\w.]+)(?:\+0x[0-9a-f]+ \[\w+\]|\(\) \[kernel\])?( \?)?(?: \((\d+) times\))?$")
CHAIN = """
#include <sys/malloc.h>
#define NOINLINE __attribute__((noinline))
NOINLINE int probe_deep(int n);
NOINLINE int probe_middle(int n);
NOINLINE int probe_middle(int n) { return probe_deep(n) + 1; }
int probe_go(int n);
int probe_go(int n) { return probe_middle(n) * 3; }
"""
GO = "int probe_go(int n)"
ALL = ["probe_deep", "probe_middle", "probe_go"]


def frames(panic: PanicError) -> list[str]:
    """The functions of the backtrace, innermost first; a guess ends in "?", an address is "0x..."."""
    rows = []
    for line in panic.report.split("backtrace:\n")[1].splitlines():
        match = _FRAME.match(line)
        assert match, line
        rows.append((match[1] + ("?" if match[2] else ""), int(match[3] or 1)))
    out = []
    for times, cycle in groupby(rows, key=lambda row: row[1]):
        out += [name for name, _ in cycle] * times
    return out


def deep(body: str) -> str:
    return f"NOINLINE int probe_deep(int n) {{ {body} }}"


def crash(
    lab: Lab, body: str, argument: int = 0, flags: tuple[str, ...] = (), before: str = ""
) -> PanicError:
    """probe_go -> probe_middle -> probe_deep, which does `body`: how that panics."""
    lab.load(CHAIN + before + deep(body), flags=flags)
    return lab.panics(lambda: lab.call(GO, argument))


def check_blame(panic: PanicError, call: str) -> None:
    """A page fault in the kernel function of `call`, which probe_go() called."""
    name = call.partition("(")[0]
    assert panic.reason.startswith("page fault: "), call
    assert f" in {name}() called from probe_go+0x" in panic.reason, (call, panic.reason)


DRIVER = """
#include <sys/syscall.h>
int drv_fd;
int drv_ioctl(dev_t, u_long, void *, int, struct lwp *);
__attribute__((noinline)) int drv_fault(u_long *data);
__attribute__((noinline)) int drv_fault(u_long *data) { return *(volatile int *)(*data + 4); }
int drv_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)
{
	register_t args[8] = { drv_fd, cmd, *(u_long *)data }, retval[2];
	@IOCTL@
}
static const struct cdevsw drv_cdevsw = {
	nullopen, nullclose, noread, nowrite, drv_ioctl, nostop, notty, nopoll, nommap, nokqfilter, D_OTHER
};
MOD_DEV("drv", "drv", NULL, -1, &drv_cdevsw, -1);
int drv_lkmentry(struct lkm_table *, int, int);
int drv_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""
CALLER = """
#include <sys/syscall.h>
struct args { register_t fd, word; };
static int probe_call(struct lwp *l, struct args *v, register_t *retval)
{
	register_t args[8] = { v->fd, 0x20007801, v->word };
	int error = (*sysent[SYS_ioctl].sy_call)(l, args, retval);
	retval[0] = error ? -error : 1000;
	return 0;
}
static struct sysent ent = { 2, 2 * sizeof(register_t), 0, (sy_call_t *)probe_call };
MOD_SYSCALL("probe", -1, &ent);
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def stack(lab: Lab, ioctl: str) -> int:
    """The driver with this ioctl, a system call (210) that asks it, and a descriptor."""
    lab.load(HEAD + DRIVER.replace("@IOCTL@", ioctl), name="drv", whole=True)
    lab.load(HEAD + CALLER, name="probe", whole=True)
    lab.p.mknod("/dev/drv", 0o020666, 180 << 8)
    fd: int = lab.p.open("/dev/drv", 2)
    lab.k.mem.set_u32(lab.symbols["drv_fd"], fd)
    return fd
