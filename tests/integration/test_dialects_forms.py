"""struct sysent and struct cdevsw changed within a dialect: lkmcc --api counts what a source initialises."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.cc.dialects import FLAGS
from lkmtools.cc.initialisers import forms
from support.lab import Lab

CALL = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/exec.h>
#include <sys/conf.h>
#include <sys/lkm.h>

struct twice_args { int number; };

static int
twice(struct proc *p, void *v, register_t *retval)
{
	*retval = 2 * ((struct twice_args *)v)->number;
	return 0;
}

static struct sysent ent[] = {
	{ 1, sizeof(struct twice_args), %s }, /* { one, two } */
};
MOD_SYSCALL("forms", 210, &ent[0])

int
forms_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc)
}
"""
SWITCH = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/event.h>
#include <sys/lkm.h>
#include "queues.h"

static struct cdevsw sw = cdev_queues_init(1, queues);
MOD_DEV("forms", LM_DT_CHAR, 31, &sw)

int queuesopen(dev_t dev, int flag, int mode, struct proc *p) { return 0; }
int queuesclose(dev_t dev, int flag, int mode, struct proc *p) { return 0; }
int queuesfilter(dev_t dev, struct knote *kn) { return 99; }

int
forms_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc)
}
"""
QUEUES = """
#define cdev_queues_init(c, n) {{ \\
	dev_init(c,n,open), dev_init(c,n,close), (dev_type_read((*))) enodev, (dev_type_write((*))) enodev, \\
	(dev_type_ioctl((*))) enodev, (dev_type_stop((*))) enodev, 0, (dev_type_select((*))) seltrue, \\
	(dev_type_mmap((*))) enodev, {members} }}
int queuesfilter(dev_t, struct knote *);
cdev_decl(queues);
"""


def load(lab: Lab, api: str, directory: Path, text: str) -> None:
    """Compile a module as lkmcc --api does, and load it."""
    source = directory / "forms.c"
    source.write_text(text)
    flags = (*FLAGS[api], *forms(api, [str(source)]), "-Werror", "-Wall")
    lab.load(source, name="forms", flags=flags)


@pytest.mark.parametrize("api", ["1.4", "openbsd"])
@pytest.mark.parametrize("members", ["twice", "0, twice", "SYCALL_MPSAFE, twice"])
def test_a_system_call_with_and_without_flags(lab: Lab, api: str, members: str, tmp_path: Path) -> None:
    load(lab, api, tmp_path, CALL % members)
    assert lab.p.syscall(210, 21)[0] == 42


@pytest.mark.parametrize("members", ["0, queuesfilter", "D_TTY, 0, queuesfilter"])
def test_a_switch_of_openbsd_with_and_without_flags(lab: Lab, members: str, tmp_path: Path) -> None:
    """A macro of the module's own header has the members; cdev_kqfilter(9) finds d_kqfilter."""
    (tmp_path / "queues.h").write_text(QUEUES.format(members=members))
    load(lab, "openbsd", tmp_path, SWITCH)
    lab.load("int probe(int dev); int probe(int dev) { return cdev_kqfilter(dev, NULL); }")
    assert lab.call("int probe(int dev)", 31 << 8) == 99


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("struct sysent a = { 1, 2, f };", ["-D__LKM_SYSENT=3"]),
        ("struct sysent a[2] = { { 1, sizeof(struct { int a, b; }), 0, f, }, };", ["-D__LKM_SYSENT=4"]),
        ("struct sysent a = { 1, 2, f }; struct sysent b = { 1, 2, 0, f };", []),
        ("struct sysent a = { .sy_narg = 1, .sy_call = f, .sy_argsize = 3 };", []),
        ('struct sysent a = { 1, /* 2, */ 3, f("{,") };', ["-D__LKM_SYSENT=3"]),
        ("struct sysent a = { 1, 2, f", []),
        ("struct sysent a; struct sysent *b = &a;", []),
    ],
)
def test_what_is_counted(text: str, found: list[str], tmp_path: Path) -> None:
    source = tmp_path / "a.c"
    source.write_text(text)
    assert forms("openbsd", [str(source), "missing.c"]) == found
    assert forms("2.0", [str(source)]) == []
