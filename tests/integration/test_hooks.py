"""Functions that the kernel calls when a process forks, executes and ends; helpers of devices."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EFAULT, EINVAL
from lkmtools.abi.lkm import LKM_CHAR_MAJOR
from lkmtools.abi.stat import S_IFCHR
from lkmtools.abi.syscall import SYS_read
from lkmtools.cc.dialects import FLAGS
from support.errors import errno_of
from support.lab import HEAD, Lab
from support.programs import Runner

HOOKS = """
static void *exec_hook, *exit_hook, *fork_hook, *first;
static int tag = 40;
static void
executed(struct proc *p, void *arg)
{
    printf("exec: %d %s %d\\n", p->p_pid, p->p_comm, *(int *)arg);
}
static void ended(struct proc *p, void *arg) { printf("exit: %d %d\\n", p->p_pid, ++*(int *)arg); }
static void
before(struct proc *p, void *arg)
{
    printf("exit: the younger hook\\n");
    exithook_disestablish(first);
}
static void forked(struct proc *c, struct proc *p) { printf("fork: %d of %d\\n", c->p_pid, p->p_pid); }
int establish(void);
int
establish(void)
{
    exec_hook = exechook_establish(executed, &tag);
    exit_hook = exithook_establish(ended, &tag);
    fork_hook = forkhook_establish(forked);
    return exec_hook != NULL && exit_hook != NULL && fork_hook != NULL;
}
int disestablish(void);
int
disestablish(void)
{
    exechook_disestablish(exec_hook);
    exithook_disestablish(exit_hook);
    forkhook_disestablish(fork_hook);
    return 0;
}
int other(int what);
int
other(int what)
{
    switch (what) {
    case 0: exithook_disestablish(exec_hook); break;
    case 1: exechook_establish(NULL, NULL); break;
    case 2: first = exit_hook; exithook_establish(before, NULL); break;
    }
    return 0;
}
"""


def test_the_life_of_a_program(lab: Lab) -> None:
    """The hooks see the child and its parent, the new name, and the end; removed, they see nothing."""
    lab.load(HOOKS)
    assert lab.call("int establish(void)") == 1
    runner = Runner(lab.cc, lab.machine, lab.kernel)
    run = 'int st; if (fork() == 0) _exit(3); wait(&st); printf("%d", WEXITSTATUS(st));'
    assert runner.main(run).out == "3"
    lines = [line for line in lab.dmesg.splitlines() if line.startswith(("exec: ", "exit: ", "fork: "))]
    parent = lines[0].split()[1]
    child = lines[1].split()[1]
    assert lines[0].endswith(" 40")
    assert lines[1:4] == [f"fork: {child} of {parent}", f"exit: {child} 41", f"exit: {parent} 42"]
    assert lab.call("int disestablish(void)") == 0
    before = lab.dmesg
    assert runner.main(run).out == "3"
    assert lab.dmesg == before
    assert lab.k.hooks == {}


def test_a_client_ends_too(lab: Lab) -> None:
    lab.load(HOOKS)
    lab.call("int establish(void)")
    other = lab.kernel.process("other")
    pid = other.pid
    other.exit()
    lab.settle()
    assert f"exit: {pid} 41\n" in lab.dmesg


def test_a_hook_that_removes_an_older_one(lab: Lab) -> None:
    """The youngest is called first."""
    lab.load(HOOKS)
    lab.call("int establish(void)")
    lab.call("int other(int what)", 2)
    lab.kernel.process("other").exit()
    lab.settle()
    assert "exit: the younger hook\n" in lab.dmesg
    assert "exit: 2" not in lab.dmesg


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (0, "is not a cookie that exithook_establish() returned"),
        (1, "exechook_establish: the function is NULL"),
    ],
)
def test_mistakes(lab: Lab, what: int, why: str) -> None:
    lab.load(HOOKS)
    lab.call("int establish(void)")
    assert why in lab.panics(lambda: lab.call("int other(int what)", what)).report


def test_hooks_of_an_unloaded_module_are_removed(lab: Lab) -> None:
    """And a line says so."""
    lab.load(HOOKS)
    lab.call("int establish(void)")
    modules.unload(lab.p, "probe")
    for kind in ("exec", "exit", "fork"):
        assert f"LKM 'probe': its {kind} hook was not disestablished\n" in lab.dmesg
    lab.kernel.process("other").exit()
    lab.settle()
    assert not lab.k.hooks


@pytest.mark.parametrize("api", ["2.0", "5.2"])
def test_those_that_nobody_calls(lab: Lab, api: str) -> None:
    """Before NetBSD 4.0 a power hook had no name."""
    lab.load(
        """
        static void down(void *arg) { panic("down"); }
        static void power(int why, void *arg) { panic("power %d", why); }
        static void root(struct device *dev) { panic("root"); }
        int probe(void);
        int
        probe(void)
        {
            void *cookies[] = {
                shutdownhook_establish(down, NULL), mountroothook_establish(root, NULL),
        #if __NetBSD_Version__ < 400000000
                powerhook_establish(power, NULL),
        #else
                powerhook_establish("probe", power, NULL),
        #endif
            };

            if (cookies[0] == NULL || cookies[1] == NULL || cookies[2] == NULL)
                return PWR_SUSPEND;
            shutdownhook_disestablish(cookies[0]);
            mountroothook_disestablish(cookies[1]);
            powerhook_disestablish(cookies[2]);
            return PWR_RESUME;
        }
        """,
        flags=FLAGS[api],
    )
    assert lab.call("int probe(void)") == 0


TEXT = (
    HEAD
    + """
#include <sys/fcntl.h>
#include <sys/uio.h>
static char text[] = "a text";
static int
textread(dev_t dev, struct uio *uio, int flag)
{
    int error = 0;

    if (minor(dev) == 0)
        return uiomove_frombuf(text, sizeof(text) - 1, uio);
    if (minor(dev) == 2)
        uio->uio_offset = -1;
    if (minor(dev) == 2)
        return uiomove_frombuf(text, sizeof(text) - 1, uio);
    while (uio->uio_resid > 0 && error == 0)
        error = ureadc('x', uio);
    return minor(dev) == 3 ? ureadc('x', uio) : error;
}
static const struct cdevsw text_cdevsw = {
    nullopen, nullclose, textread, nowrite, noioctl, nostop, notty, nopoll, nommap, nokqfilter, D_OTHER,
};
MOD_DEV("text", "text", NULL, -1, &text_cdevsw, -1);
int text_lkmentry(struct lkm_table *, int, int);
int
text_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
    DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
int copies(const void *uaddr);
int
copies(const void *uaddr)
{
    char to[4] = "";

    if (ioctl_copyin(FREAD | FKIOCTL, "in", to, 3) != 0 || strcmp(to, "in") != 0)
        return 1;
    if (ioctl_copyout(FREAD | FKIOCTL, "ou", to, 3) != 0 || strcmp(to, "ou") != 0)
        return 2;
    return ioctl_copyin(FREAD, uaddr, to, 3);
}
"""
)


def test_reads_of_a_text_and_of_single_bytes(lab: Lab) -> None:
    """uiomove_frombuf() is a file's content, at an offset that exists; ureadc() is one byte."""
    lab.load(TEXT, name="text", whole=True)
    offset = modules.stat(lab.p, "text").offset
    fds = []
    for unit in range(4):
        lab.p.mknod(f"/dev/text{unit}", S_IFCHR | 0o666, makedev(LKM_CHAR_MAJOR(offset), unit))
        fds.append(lab.p.open(f"/dev/text{unit}"))
    assert [lab.p.read(fds[0], 4), lab.p.read(fds[0], 4), lab.p.read(fds[0], 4)] == [b"a te", b"xt", b""]
    assert lab.p.pread(fds[0], 9, 5) == b"t"
    assert lab.p.read(fds[1], 3) == b"xxx"
    assert errno_of(lab.p.read, fds[2], 3) == EINVAL
    assert errno_of(lab.p.syscall, SYS_read, fds[1], 0xDEAD000, 1) == EFAULT
    assert "ureadc: uio_resid is not positive" in lab.panics(lambda: lab.p.read(fds[3], 1)).report


def test_copies_of_an_ioctl(lab: Lab) -> None:
    """Within the kernel for FKIOCTL, else with the caller's memory."""
    lab.load(TEXT, name="text", whole=True)
    assert lab.call("int copies(const void *uaddr)", 0x2000) == EFAULT
