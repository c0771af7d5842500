"""namei() with WANTPARENT, trees whose prototypes end without a semicolon, and members that went away."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools.cc.dialects import FLAGS
from support.lab import Lab
from support.programs import Runner

OLD_FS = Path(__file__).parent / "dialects/old_fs.c"

PARENT = """
#include <sys/proc.h>
#include <sys/namei.h>
#include <sys/vnode.h>
#include <sys/mount.h>

int probe_parent(int which);
int
probe_parent(int which)
{
	static const char *paths[] = { "/tmp", "/", "/dev/null" };
	int leaf = which > 2 ? LOCKLEAF : 0;
	struct nameidata nd;
	int error, same;

	NDINIT(&nd, LOOKUP, FOLLOW | WANTPARENT | leaf, UIO_SYSSPACE, paths[which % 3], __lkm_self);
	if ((error = namei(&nd)) != 0)
		return error;
	same = nd.ni_vp == nd.ni_dvp;
	if (nd.ni_dvp == NULL || same != (which % 3 == 1))
		return 1000;
	if ((VOP_ISLOCKED(nd.ni_vp) != 0) != (leaf != 0) || (VOP_ISLOCKED(nd.ni_dvp) != 0) != (same && leaf))
		return 1001;
	vrele(nd.ni_dvp);
	if (leaf)
		vput(nd.ni_vp);
	else
		vrele(nd.ni_vp);
	return 0;
}
"""
SELF = {"1.4": "curproc", "2.0": "curproc", "openbsd": "curproc", "4.0": "curlwp"}


@pytest.mark.parametrize("api", SELF)
def test_the_directory_is_wanted_but_not_locked(lab: Lab, api: str) -> None:
    """Of a file, of the root directory, which is its own, and of a device; the leaf locked, and not."""
    lab.load(PARENT.replace("__lkm_self", SELF[api]), flags=(*FLAGS[api], "-Werror"))
    assert [lab.call("int probe_parent(int which)", which) for which in range(6)] == [0] * 6


CALLER = """
#include <sys/proc.h>
#include <sys/mount.h>
#include <sys/namei.h>
#include <sys/vnode.h>

int probe_caller(int mounted);
int
probe_caller(int mounted)
{
	struct componentname cn;
	struct nameidata nd;
	int error;

	NDINIT(&nd, LOOKUP, FOLLOW, UIO_SYSSPACE, mounted ? "/old/file" : "/tmp", __lkm_self);
	if (nd.ni_cnd.__lkm_member != __lkm_self)
		return 1000;
	if ((error = namei(&nd)) != 0)
		return error;
	vrele(nd.ni_vp);
	cn.__lkm_member = nd.ni_cnd.__lkm_member;
	cn.cn_cred = nd.ni_cnd.cn_cred;
	return cn.__lkm_member == __lkm_self && cn.cn_cred == kauth_cred_get() ? 0 : 1001;
}
"""


@pytest.mark.parametrize("api", SELF)
def test_a_name_knows_who_looks_it_up(lab: Lab, api: str) -> None:
    """A module's own, and what a file system gets of a module, of a client and of a program."""
    member = "cn_lwp" if api == "4.0" else "cn_proc"
    flags = FLAGS[api]
    lab.load(OLD_FS, name="oldfs", flags=flags)  # its lookup refuses a name of any but the current process
    lab.p.mkdir("/old")
    lab.p.mount("oldfs", "/old", "text")
    text = CALLER.replace("__lkm_self", SELF[api]).replace("__lkm_member", member)
    lab.load(text, flags=(*flags, "-Werror"))
    assert [lab.call("int probe_caller(int mounted)", mounted) for mounted in (0, 1)] == [0, 0]
    assert lab.p.stat("/old/file").st_size == len("text")
    runner = Runner(lab.cc, lab.machine, lab.kernel)
    read = 'char b[9] = ""; int fd = open("/old/file", 0); read(fd, b, 8); printf("%s %d", b, errno);'
    assert runner.main(read).out == "text 0"


TREE = """
#include <sys/tree.h>
#include <sys/mount.h>
#include <sys/proc.h>

struct node { RB_ENTRY(node) by; SPLAY_ENTRY(node) near; int number; };
static int order(struct node *a, struct node *b) { return a->number - b->number; }
RB_HEAD(tree, node);
RB_PROTOTYPE(tree, node, by, order)
RB_GENERATE(tree, node, by, order)
SPLAY_HEAD(splay, node);
SPLAY_PROTOTYPE(splay, node, near, order)
SPLAY_GENERATE(splay, node, near, order)
RB_HEAD(other, node);
RB_PROTOTYPE(other, node, by, order);
RB_GENERATE(other, node, by, order);

int probe_tree(void);
int
probe_tree(void)
{
	static struct node nodes[3];
	struct tree tree = RB_INITIALIZER(&tree);
	struct other other = RB_INITIALIZER(&other);
	struct splay splay = SPLAY_INITIALIZER(&splay);
	int i;

	for (i = 0; i < 3; i++) {
		nodes[i].number = 30 - i;
		RB_INSERT(tree, &tree, &nodes[i]);
		SPLAY_INSERT(splay, &splay, &nodes[i]);
	}
	return RB_MIN(tree, &tree)->number + SPLAY_MIN(splay, &splay)->number + (RB_MIN(other, &other) == NULL);
}

#if __LKM_API < 200
int probe_type(void);
int
probe_type(void)
{
	struct statfs sb;

	sb.f_type = 7;
	return sizeof(sb) == sizeof(struct statvfs) ? sb.f_type : -1;
}
#endif
"""


@pytest.mark.parametrize("api", FLAGS)
def test_prototypes_of_trees_end_by_themselves(lab: Lab, api: str) -> None:
    """With a semicolon behind them, too."""
    lab.load(TREE, flags=(*FLAGS[api], "-Werror"))
    assert lab.call("int probe_tree(void)") == 28 + 28 + 1
    if api in ("1.4", "openbsd"):
        assert lab.call("int probe_type(void)") == 7


QUEUE = """
#include <sys/proc.h>

static struct selinfo waiting;
static struct knote note;

cdev_decl(queue);
int queueopen(dev_t dev, int flag, int mode, struct proc *p) { return 0; }
int queuekqfilter(dev_t dev, struct knote *kn) { return kn == NULL ? 99 : 0; }
struct cdevsw probe_switch = {
	queueopen, (dev_type_close((*))) nullop, (dev_type_read((*))) enodev, (dev_type_write((*))) enodev,
	(dev_type_ioctl((*))) enodev, (dev_type_stop((*))) enodev, 0, seltrue, (dev_type_mmap((*))) enodev,
	D_TTY, D_KQFILTER, queuekqfilter
};
int probe_flags(void);
int
probe_flags(void)
{
	SLIST_INSERT_HEAD(&waiting.si_note, &note, kn_selnext);
	return SLIST_FIRST(&waiting.si_note) == &note ? probe_switch.d_flags : -1;
}
"""


def test_openbsds_switch_says_that_it_has_a_filter(lab: Lab) -> None:
    """<sys/proc.h> has struct selinfo and struct knote there."""
    lab.load(QUEUE, flags=(*FLAGS["openbsd"], "-Werror"))
    assert lab.call("int probe_flags(void)") == 0x20
