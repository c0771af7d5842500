"""sysctl(9) with arguments it cannot use: an errno and a line on the console, or a panic that names them."""

from __future__ import annotations

import pytest

from lkmtools.abi import errno
from lkmtools.abi.sysctl import CTL_DEBUG
from lkmtools.errors import KernelError
from support.lab import HEAD as ALL
from support.lab import Lab
from support.one_call import run

HEAD = """
#include <sys/sysctl.h>
static struct sysctllog *log;
static const struct sysctlnode *top, *leaf;
static int number;
static char longname[40] = "a_name_of_more_than_thirty_one_bytes";
static int answer(SYSCTLFN_ARGS) { return 0; }
"""
CREATE = (
    "sysctl_createv(&log, 0, NULL, &leaf, {flags}, {type}, {name}, NULL, {func}, 0, {data}, {size}, {path})"
)


def create(
    path: str = "CTL_DEBUG, CTL_CREATE, CTL_EOL",
    flags: str = "0",
    type: str = "CTLTYPE_INT",
    name: str = '"node"',
    func: str = "NULL",
    data: str = "&number",
    size: str = "0",
) -> str:
    return CREATE.format(path=path, flags=flags, type=type, name=name, func=func, data=data, size=size)


@pytest.mark.parametrize(
    ("call", "number", "step"),
    [
        (create(path="CTL_DEBUG, 77, CTL_CREATE, CTL_EOL"), errno.ENOENT, "locate"),
        (create(path="CTL_KERN, KERN_OSTYPE, CTL_CREATE, CTL_EOL"), errno.ENOTDIR, "create"),
        (create(path="CTL_KERN, CTL_CREATE", name='"ostype"'), errno.EEXIST, "create"),
        (create(path="CTL_KERN, KERN_OSTYPE, CTL_EOL"), errno.EEXIST, "create"),
        (create(path="CTL_EOL"), errno.EINVAL, "locate"),
        (create(path="CTL_DEBUG, -9, CTL_EOL"), errno.EINVAL, "locate"),
        (create(path="1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, CTL_EOL"), errno.ENAMETOOLONG, "locate"),
        (create(name="longname"), errno.ENAMETOOLONG, "locate"),
        (create(name='"two words"'), errno.EINVAL, "create"),
        (create(name='""'), errno.EINVAL, "create"),
        (create(type="9"), errno.EINVAL, "locate"),
        (create(size="8"), errno.EINVAL, "create"),
        (create(data="NULL"), errno.EINVAL, "create"),
        (create(type="CTLTYPE_STRUCT"), errno.EINVAL, "create"),
        (create(type="CTLTYPE_STRING", flags="CTLFLAG_IMMEDIATE"), errno.EINVAL, "create"),
        (create(type="CTLTYPE_STRUCT", flags="CTLFLAG_OWNDATA", size="(size_t)-1"), errno.ENOMEM, "create"),
        (create(type="CTLTYPE_NODE"), errno.EINVAL, "create"),
        (create(flags="CTLFLAG_IMMEDIATE | CTLFLAG_OWNDATA"), errno.EINVAL, "create"),
    ],
)
def test_what_cannot_be_created_is_an_errno(lab: Lab, call: str, number: int, step: str) -> None:
    """The console has the original's line; nothing is logged, and *cnode is as it was."""
    assert run(lab, f"int failed = {call}; return leaf || log ? -1 : failed;", HEAD) == number
    assert f"sysctl_createv: sysctl_{step}(" in lab.dmesg
    assert f") returned {number}\n" in lab.dmesg


def test_a_node_that_is_not_created_leaves_no_memory(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its own data, when its number is taken, nor itself, when its description finds no memory."""
    taken = create(path="CTL_KERN, KERN_OSTYPE, CTL_EOL", flags="CTLFLAG_OWNDATA")
    described = create(flags="CTLFLAG_OWNDATA | CTLFLAG_OWNDESC").replace("NULL, NULL, 0", '"text", NULL, 0')
    lab.load(f"{HEAD} int one(void); int one(void) {{ return {taken}; }}\n"
             f"int two(void); int two(void) {{ return {described}; }}\n"
             "int end(void); int end(void) { sysctl_teardown(&log); return 0; }")  # fmt: skip
    for call in ("int two(void)", "int end(void)"):  # the tree is there, and room for children of debug
        assert lab.call(call) == 0
    lab.remember()
    assert lab.call("int one(void)") == errno.EEXIST
    assert lab.same()
    alloc = lab.k.heap.alloc
    with monkeypatch.context() as patched:
        patched.setattr(lab.k.heap, "alloc", lambda size, *rest: 0 if size == 5 else alloc(size, *rest))
        assert lab.call("int two(void)") == errno.ENOMEM
    assert lab.same()
    assert lab.p.sysctl_nodes((CTL_DEBUG,)) == []
    assert lab.call("int two(void)") == 0


def test_the_same_node_again_is_the_node(lab: Lab) -> None:
    """With the same name and function; another function is EEXIST."""
    body = f"""
	const struct sysctlnode *first;
	if ({create()}) return 1;
	first = leaf;
	if ({create()} || leaf != first) return 2;
	if ({create(func="answer")} != EEXIST) return 3;
	sysctl_teardown(&log);
	return {create(path="CTL_DEBUG, 9, CTL_EOL")} || leaf->sysctl_num != 9;
"""
    assert run(lab, body, HEAD) == 0


FAULT = "page fault: read of 1 byte at 0x8 (NULL pointer) in sysctl_createv() called from probe_run+"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (
            "top = (void *)&number; return sysctl_createv(NULL, 0, &top, NULL, 0, CTLTYPE_INT, "
            '"n", NULL, NULL, 0, &number, 0, CTL_CREATE, CTL_EOL);',
            "sysctl_createv: 0x",
        ),
        (f"log = (void *)&number; return {create()};", "sysctl_createv: *log is 0x"),
        ("log = (void *)&number; sysctl_teardown(&log); return 0;", "sysctl_teardown: 0x"),
        (create(name="(char *)8").join(("return ", ";")), FAULT),
        (create(type="CTLTYPE_STRING", data="(void *)8").join(("return ", ";")), FAULT),
        ("return sysctl_destroyv((void *)8, 1, CTL_EOL);", "sysctl_destroyv: 0x8 is not a sysctl node"),
        (
            "size_t n = 4; return sysctl_string(NULL, &n, (void *)1, 1, longname, -1);",
            "sysctl_string: the length is -1",
        ),
    ],
)
def test_wrong_pointers_are_panics(lab: Lab, body: str, reason: str) -> None:
    """Of a parent, a log, a name, data."""
    panic = lab.panics(lambda: run(lab, body, HEAD))
    assert panic.reason.startswith(reason)


def test_a_damaged_tree_is_a_panic(lab: Lab) -> None:
    """A module has written over the number of children."""
    body = (
        f"if ({create()}) return 1; ((struct sysctlnode *)leaf->sysctl_parent)->sysctl_clen = 50; return 0;"
    )
    assert run(lab, body, HEAD) == 0
    panic = lab.panics(lambda: lab.p.sysctl("debug.node"))
    assert panic.reason == "the children of sysctl node debug are corrupted"


OLD = """
#include <sys/sysctl.h>
static int number = 5, others[2] = { 1, 2 };
static quad_t wide = 1LL << 40;
static char text[8] = "old";
int
hook(struct lwp *l, void *v, register_t *retval)
{
	register_t *a = v;
	void *oldp = (void *)a[1], *newp = (void *)a[3];
	size_t room = (size_t)a[2], size = (size_t)a[4];
	int failed;

	switch (a[0]) {
	case 0: failed = sysctl_int(oldp, &room, newp, size, &number); break;
	case 1: failed = sysctl_rdint(oldp, &room, newp, number); break;
	case 2: failed = sysctl_quad(oldp, &room, newp, size, &wide); break;
	case 3: failed = sysctl_rdquad(oldp, &room, newp, wide); break;
	case 4: failed = sysctl_string(oldp, &room, newp, size, text, sizeof(text)); break;
	case 5: failed = sysctl_rdstring(oldp, &room, newp, text); break;
	case 6: failed = sysctl_struct(oldp, &room, newp, size, others, sizeof(others)); break;
	default: failed = sysctl_rdstruct(oldp, &room, newp, others, sizeof(others)); break;
	}
	*retval = room;
	return failed;
}
static struct sysent row = { 5, 5 * sizeof(register_t), 0, (sy_call_t *)(void *)hook };
MOD_SYSCALL("old", 210, &row);
int old_lkmentry(struct lkm_table *, int, int);
int
old_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""
VALUES = {0: b"\x05\0\0\0", 2: b"\0\0\0\0\0\x01\0\0", 4: b"old\0", 6: b"\x01\0\0\0\x02\0\0\0"}


@pytest.mark.parametrize("which", range(8))
def test_the_functions_before_netbsd_2(lab: Lab, which: int) -> None:
    """Each copies the value out and in; rd ones refuse a new value; one without room copies nothing."""
    lab.load(ALL + OLD, name="old", whole=True)
    p, value = lab.p, VALUES[which & ~1]
    old = p.buffer(16)

    def call(room: int, new: bytes = b"") -> int:
        return p.syscall(210, which, old, room, p.buffer(new) if new else 0, len(new))[0]

    assert (call(16), bytes(old.data[: len(value)])) == (len(value), value)
    for arguments, number in (
        ((len(value) - 1,), errno.ENOMEM),
        ((16, b"\x01" * 9), errno.EINVAL if which % 2 == 0 else errno.EPERM),
    ):
        with pytest.raises(KernelError) as failed:
            call(*arguments)
        assert failed.value.errno == number
    if which % 2 == 0:
        new = b"\x02" * (3 if which == 4 else len(value))
        call(16, new)
        call(16)
        assert bytes(old.data[: len(new)]) == new
