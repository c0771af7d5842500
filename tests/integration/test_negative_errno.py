"""A module that returns -EINVAL, as Linux has it: each reason says so."""

from __future__ import annotations

import pytest

from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.errors import KernelError
from lkmtools.modules.prepare import LoadError
from support.lab import Lab

DEVICE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/exec.h>
#include <sys/lkm.h>
static int neg_open(dev_t dev, int flag, int mode, struct lwp *l) { return 0; }
static int neg_close(dev_t dev, int flag, int mode, struct lwp *l) { return 0; }
static int neg_read(dev_t dev, struct uio *uio, int flag) { return -22; }
static int neg_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l) { return -5000; }
static const struct cdevsw neg_cdevsw = {
	neg_open, neg_close, neg_read, nowrite, neg_ioctl, nostop, notty, nopoll, nommap, nokqfilter, 0
};
MOD_DEV("NAME", "NAME", NULL, -1, &neg_cdevsw, MAJOR);
int neg_lkmentry(struct lkm_table *, int, int);
int neg_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc) }
"""
CALL = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/exec.h>
#include <sys/lkm.h>
static int neg_call(struct lwp *l, const void *v, register_t *r) { return -1; }
static struct sysent neg_sysent = { 0, 0, 0, neg_call };
MOD_SYSCALL("call", 210, &neg_sysent);
int call_lkmentry(struct lkm_table *, int, int);
int call_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc) }
"""
LOAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("load");
static int load(struct lkm_table *t, int cmd) { return -12; }
int load_lkmentry(struct lkm_table *, int, int);
int load_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, load, lkm_nofunc, lkm_nofunc) }
"""


def device(name: str, major: int = -1) -> str:
    """DEVICE with the name of its driver and its major."""
    return DEVICE.replace("NAME", name).replace("MAJOR", str(major))


def test_of_a_device(lab: Lab) -> None:
    """A number that is nobody's errno is only a number."""
    lab.load(device("neg"), name="neg", whole=True)
    fd = lab.p.open(lab.node("neg", "/dev/neg"), O_RDONLY)
    with pytest.raises(KernelError) as caught:
        lab.p.read(fd, 1)
    assert (
        caught.value.reason == "neg_read() [neg] returned -22; an errno is positive in NetBSD, EINVAL is 22"
    )
    with pytest.raises(KernelError) as caught:
        lab.p.ioctl(fd, 0x20006E01)
    assert caught.value.reason == "ioctl 0x20006e01 of the file returned -5000"


def test_of_a_system_call(lab: Lab) -> None:
    lab.load(CALL, name="call", whole=True)
    with pytest.raises(KernelError) as caught:
        lab.p.syscall(210)
    assert caught.value.reason == (
        "system call 210 has been replaced by module 'call', which returned -1; "
        "an errno is positive in NetBSD, EPERM is 1"
    )


def test_of_a_load_handler(lab: Lab) -> None:
    with pytest.raises(LoadError) as caught:
        lab.load(LOAD, name="load", whole=True)
    reason = "its entry point returned -12; an errno is positive in NetBSD, ENOMEM is 12"
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("major", "whose"), [(28, "driver 'lkm'"), (200, "driver 'first' of module 'first'")]
)
def test_a_major_that_is_taken_is_somebodys(lab: Lab, major: int, whose: str) -> None:
    """A driver's of the kernel or of a module."""
    lab.load(device("first", 200), name="neg", whole=True)
    with pytest.raises(LoadError) as caught:
        lab.load(device("second", major), name="neg", whole=True)
    assert caught.value.reason == f"driver 'second': major {major} of cdevsw is taken by {whose}"
