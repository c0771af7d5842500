"""sysctl(9): modules create nodes, processes read and set them, and sysctl_teardown() removes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi import errno
from lkmtools.abi.syscall import SYS___sysctl
from lkmtools.abi.sysctl import (
    CTL_DEBUG,
    CTL_KERN,
    CTL_MAXNAME,
    CTL_QUERY,
    CTL_VFS,
    KERN_OSTYPE,
)
from lkmtools.errors import KernelError
from support.lab import Lab

SOURCE = (Path(__file__).parent / "sysctl_probe.c").read_text()


@pytest.fixture(name="probe")
def _probe(lab: Lab) -> Lab:
    """A lab whose module has its nodes."""
    lab.load(SOURCE)
    assert lab.call("int probe_setup(void)") == 0
    return lab


def test_leaves_are_read_and_set_by_name(probe: Lab) -> None:
    """Of each type; setting changes the module's variable, and the old value is returned."""
    p = probe.p
    assert p.sysctl("debug.probe.number") == 7
    assert p.sysctl("debug.probe.number", -3) == 7
    assert probe.value("number") == -3 == p.sysctl("debug.probe.fixed")
    assert p.sysctl("debug.probe.word", "seven77") == "one"
    assert p.sysctl("debug.probe.word") == "seven77"
    assert p.sysctl("debug.probe.wide", 5) == 1 << 40
    assert p.sysctl("debug.probe.wide") == 5
    assert p.sysctl("debug.probe.pair") == b"\1\0\0\0\2\0\0\0"
    assert p.sysctl("debug.probe.flag", 0) == 1
    assert p.sysctl("debug.probe.flag") == 0
    assert p.sysctl("debug.probe.inside", 43) == 42
    assert p.sysctl("debug.probe.inside") == 43
    assert p.sysctl("debug.probe.copy") == "one"


def test_numbers_are_given_or_chosen(probe: Lab) -> None:
    """From 1024 on; children are in order of their numbers, and a node knows its parent."""
    assert probe.call("int probe_number(void)") == -1  # `leaf` has moved: "fixed" was put before it
    assert probe.call("int probe_children(void)") == 1005
    assert [node.num for node in probe.p.sysctl_nodes((CTL_DEBUG, 1024))] == [5, *range(1025, 1034)]
    assert probe.p.sysctl((CTL_DEBUG, 1024, 5)) == 7


def test_a_function_answers_for_its_node(probe: Lab) -> None:
    """It is asked each time, sees the new value, and its errno is the caller's."""
    p = probe.p
    assert p.sysctl("debug.probe.doubled", 21) == 7
    assert p.sysctl("debug.probe.doubled") == 42
    with pytest.raises(KernelError) as failed:
        p.sysctl("debug.probe.doubled", 99)
    assert (failed.value.errno, probe.value("calls"), probe.value("number")) == (errno.EDOM, 3, 42)


def test_teardown_removes_the_nodes_and_leaves_the_kernels(probe: Lab) -> None:
    """And frees what was theirs; another call does nothing."""
    assert probe.call("int probe_teardown(void)") == 1
    with pytest.raises(KeyError):
        probe.p.sysctl("debug.probe.number")
    assert [node.name for node in probe.p.sysctl_nodes((CTL_DEBUG,))] == []
    assert probe.p.sysctl("kern.ostype") == "NetBSD"
    assert probe.call("int probe_setup(void)") == 0
    assert probe.p.sysctl("debug.probe.number") == 7


def test_nodes_that_a_module_leaves_are_removed(probe: Lab) -> None:
    """None leads into freed memory; the console names them."""
    modules.unload(probe.p, "probe")
    assert "LKM 'probe': sysctl node debug.probe.number was not removed" in probe.dmesg
    assert "LKM 'probe': sysctl node debug.probe was not removed" in probe.dmesg
    assert probe.p.sysctl_nodes((CTL_DEBUG,)) == []


@pytest.mark.parametrize(
    ("name", "new", "number"),
    [
        ("debug.probe.fixed", 1, errno.EPERM),
        ("debug.probe.word", "more than 7", errno.EINVAL),
        ("debug.probe.number", b"\0" * 8, errno.EINVAL),
        ("debug.probe.pair", b"\0" * 8, errno.EPERM),
        ("debug.probe", None, errno.EISDIR),
        ("kern.ostype", "x", errno.EPERM),
        ((CTL_DEBUG, 1024, 5, 1), None, errno.ENOTDIR),
        ((CTL_DEBUG, 77), None, errno.ENOENT),
        ((CTL_DEBUG, 1024, -5), None, errno.EOPNOTSUPP),
    ],
)
def test_what_cannot_be_read_or_set(probe: Lab, name: str, new: object, number: int) -> None:
    """An errno, and the value is as it was."""
    with pytest.raises(KernelError) as failed:
        probe.p.sysctl(name, new)  # type: ignore[arg-type]
    assert failed.value.errno == number
    assert probe.p.sysctl("debug.probe.number") == 7


def test_only_root_sets_and_sees_private_nodes(probe: Lab) -> None:
    """A process of another user reads the others."""
    other = probe.kernel.process("other", uid=1000)
    assert other.sysctl("debug.probe.number") == 7
    for name, new in (("debug.probe.number", 8), ("debug.probe.secret", None)):
        with pytest.raises(KernelError) as failed:
            other.sysctl(name, new)
        assert failed.value.errno == errno.EPERM
    assert probe.p.sysctl("debug.probe.secret") == 7


def test_the_kernels_own_nodes_are_in_the_tree(probe: Lab) -> None:
    """Their names, types and values are found by asking."""
    names = {node.name for node in probe.p.sysctl_nodes((CTL_KERN,))}
    assert {"ostype", "securelevel", "boottime", "drivers"} <= names
    assert [node.name for node in probe.p.sysctl_nodes((CTL_VFS,))] == ["generic"]
    assert [node.num for node in probe.p.sysctl_nodes(())] == list(range(1, 14))


def test_a_node_has_the_description_that_it_was_given(probe: Lab) -> None:
    """SYSCTL_DESCR(), and a copy (CTLFLAG_OWNDESC)."""
    tree = probe.k.sysctl
    found = {
        node.name: tree.find((CTL_DEBUG, 1024, node.num)) for node in probe.p.sysctl_nodes((CTL_DEBUG, 1024))
    }
    described = {
        name: probe.k.mem.cstr(desc) for name, addr in found.items() if (desc := tree.view(addr).sysctl_desc)
    }
    assert described == {"number": b"a number", "copy": b"copied"}


@pytest.mark.parametrize("name", ["short", "h" * 256])
def test_what_a_module_writes_to_a_variable_is_what_its_node_shows(lab: Lab, name: str) -> None:
    """kern.hostname, also without a NUL, and hw.ncpu."""
    before = lab.p.sysctl("kern.hostname")
    lab.load("int probe(int n); int probe(int n) { hostname[0] = 'X'; ncpu = n; return 0; }")
    lab.call("int probe(int n)", 4)
    assert lab.p.sysctl("kern.hostname") == f"X{str(before)[1:]}"
    assert lab.p.sysctl("hw.ncpu") == 4
    lab.k.mem.write(lab.k.symbol("hostname"), name.encode().ljust(256, b"\0"))
    assert lab.p.sysctl("kern.hostname") == name


PRIVATE = """
#include <sys/sysctl.h>
const struct sysctlnode *below;
static int number = 7;
static int tail(SYSCTLFN_ARGS)
{
	struct sysctlnode node = *rnode;

	node.sysctl_flags = CTLTYPE_INT; node.sysctl_data = &number;
	return sysctl_lookup(NULL, 0, oldp, oldlenp, NULL, 0, oname, l, &node);
}
int make(void);
int make(void)
{
	sysctl_createv(NULL, 0, NULL, &below, CTLFLAG_PRIVATE, CTLTYPE_NODE, "secrets", NULL, NULL, 0, NULL, 0,
		CTL_DEBUG, 20, CTL_EOL);
	sysctl_createv(NULL, 0, &below, NULL, 0, CTLTYPE_INT, "plain", NULL, NULL, 0, &number, 0, 1, CTL_EOL);
	sysctl_createv(NULL, 0, NULL, NULL, CTLFLAG_PRIVATE, CTLTYPE_NODE, "served", NULL, tail, 0, NULL, 0,
		CTL_DEBUG, 21, CTL_EOL);
	return sysctl_createv(NULL, 0, NULL, NULL, CTLFLAG_PRIVATE | CTLFLAG_IMMEDIATE, CTLTYPE_INT, "inside",
		NULL, NULL, 4711, NULL, 0, CTL_DEBUG, 22, CTL_EOL);
}
static int name[] = { CTL_DEBUG, 20, 1 };
int find(int whole);
int find(int whole)
{
	const struct sysctlnode *node = whole ? NULL : below;
	int at;

	return sysctl_locate(curlwp, whole ? name : name + 2, whole ? 3 : 1, &node, &at);
}
int find_as_kernel(void);
int find_as_kernel(void)
{
	const struct sysctlnode *node = NULL;

	return sysctl_locate(NULL, name, 3, &node, NULL);
}
"""


def test_a_private_node_hides_what_is_below_it(lab: Lab) -> None:
    """From a process of another user: values, names, and for sysctl_locate(); also the values in nodes."""
    lab.load(PRIVATE)
    assert lab.call("int make(void)") == 0
    other = lab.kernel.process("other", uid=1000)
    for mib in ((CTL_DEBUG, 20, 1), (CTL_DEBUG, 20, CTL_QUERY), (CTL_DEBUG, 21, 5), (CTL_DEBUG, 22)):
        with pytest.raises(KernelError) as failed:
            other.sysctl(mib)
        assert failed.value.errno == errno.EPERM
        lab.p.sysctl(mib)
    seen, known = (p.sysctl((CTL_DEBUG, CTL_QUERY)) for p in (other, lab.p))
    assert isinstance(seen, bytes)
    assert isinstance(known, bytes)
    value = (4711).to_bytes(4, "little")
    assert (value in seen, value in known) == (False, True)
    assert lab.call("int find_as_kernel(void)") == 0
    for whole in (0, 1):
        assert lab.call("int find(int whole)", whole) == 0
        assert lab.begin("int find(int whole)", whole, p=other).result() == errno.EPERM


def test_the_leaves_of_all_nodes_are_listed_without_private_ones(lab: Lab) -> None:
    """Below a private node itself it is an error."""
    lab.load(PRIVATE)
    lab.call("int make(void)")
    other = lab.kernel.process("other", uid=1000)
    assert "debug.secrets.plain" in lab.p.sysctl_leaves()
    leaves = other.sysctl_leaves()
    assert "debug.secrets.plain" not in leaves
    assert "hw.ncpu" in leaves
    with pytest.raises(KernelError) as failed:
        other.sysctl_leaves((CTL_DEBUG, 20), "debug.secrets")
    assert failed.value.errno == errno.EPERM


NUMBERED = """
#include <sys/sysctl.h>
static struct sysctllog *first, *second;
static int number = 7;
static const struct sysctlnode *at;
static int leaf(struct sysctllog **log, const char *name, int num)
{
	return sysctl_createv(log, 0, NULL, &at, 0, CTLTYPE_INT, name, NULL, NULL, 0, &number, 0, CTL_DEBUG, num,
		CTL_EOL);
}
int chosen(void);
int chosen(void)
{
	int num;

	if (leaf(&first, "gone", CTL_CREATE) != 0)
		return 1;
	num = at->sysctl_num;
	if (sysctl_destroyv(NULL, CTL_DEBUG, num, CTL_EOL) != 0)
		return 2;
	if (leaf(&second, "other", CTL_CREATE) != 0 || at->sysctl_num != num + 1)
		return 3;
	if (leaf(&second, "taken", num + 2) != 0 || leaf(&second, "third", CTL_CREATE) != 0)
		return 4;
	sysctl_teardown(&first);
	return 0;
}
int below(int depth);
int below(int depth)
{
	const struct sysctlnode *node = NULL;
	int i, error = 0;

	for (i = 0; i < depth && error == 0; i++)
		error = sysctl_createv(&first, 0, &node, &node, 0, CTLTYPE_NODE, "deep", NULL, NULL, 0, NULL, 0, 40,
			CTL_EOL);
	return error;
}
static int family(int num)
{
	const struct sysctlnode *top = NULL;
	char name[8];
	int error;

	snprintf(name, sizeof(name), "n%d", num);
	error = sysctl_createv(&first, 0, NULL, &top, 0, CTLTYPE_NODE, name, NULL, NULL, 0, NULL, 0,
		CTL_DEBUG, num, CTL_EOL);
	return error ? error : sysctl_createv(&first, 0, &top, NULL, 0, CTLTYPE_INT, "leaf", NULL, NULL, 0,
		&number, 0, 1, CTL_EOL);
}
int many(int n);
int many(int n)
{
	int i, error = 0;

	for (i = 0; i < n && error == 0; i++)	/* 0 n-1 1 n-2 ... */
		error = family(100 + (i % 2 ? n - 1 - i / 2 : i / 2));
	return error;
}
int teardown(void);
int teardown(void) { sysctl_teardown(&first); return 0; }
"""


def test_a_number_that_was_given_is_not_given_again(lab: Lab) -> None:
    """The log of a node that is gone removes no other; a number that is taken is left out."""
    lab.load(NUMBERED)
    assert lab.call("int chosen(void)") == 0
    assert [node.name for node in lab.p.sysctl_nodes((CTL_DEBUG,))] == ["other", "taken", "third"]


def test_a_node_has_as_many_numbers_as_a_name_can(lab: Lab) -> None:
    """CTL_MAXNAME; one below it is ENAMETOOLONG, which the console tells."""
    lab.load(NUMBERED)
    assert lab.call("int below(int depth)", CTL_MAXNAME) == 0
    assert len(lab.p.sysctl_nodes((40,) * (CTL_MAXNAME - 1))) == 1
    lab.call("int teardown(void)")
    assert lab.call("int below(int depth)", CTL_MAXNAME + 1) == errno.ENAMETOOLONG
    assert f"sysctl_create(deep) returned {errno.ENAMETOOLONG}\n" in lab.dmesg
    lab.call("int teardown(void)")
    with pytest.raises(KernelError):
        lab.p.sysctl_nodes((40,))


@pytest.mark.parametrize("remove", ["teardown", "unload"])
def test_nodes_that_move_keep_their_children(lab: Lab, remove: str) -> None:
    """Others are put before them and taken away; all are in the order of their numbers."""
    many = 200
    lab.load(NUMBERED)
    assert lab.call("int many(int n)", many) == 0
    assert [node.num for node in lab.p.sysctl_nodes((CTL_DEBUG,))] == [*range(100, 100 + many)]
    leaves = lab.p.sysctl_leaves((CTL_DEBUG,), "debug")
    assert list(leaves) == [f"debug.n{num}.leaf" for num in range(100, 100 + many)]
    tree = lab.k.sysctl
    addresses = [tree.find((CTL_DEBUG, num, 1)) for num in range(100, 100 + many)]
    assert [tree.mib(addr) for addr in addresses] == [(CTL_DEBUG, num, 1) for num in range(100, 100 + many)]
    if remove == "teardown":
        lab.call("int teardown(void)")
    else:
        modules.unload(lab.p, "probe")
        told = [line for line in lab.dmesg.splitlines() if "was not removed" in line]
        assert [line.split()[4] for line in told[:4]] == [
            "debug.n100.leaf", "debug.n100", "debug.n101.leaf", "debug.n101"
        ]  # fmt: skip
    assert lab.p.sysctl_nodes((CTL_DEBUG,)) == []


IN_KERNEL = """
#include <sys/sysctl.h>
static int name[] = { CTL_KERN, KERN_OSTYPE }, leaf[] = { CTL_DEBUG, 20 };
static char word[] = "long";
int seen;
static int ask(SYSCTLFN_ARGS)
{
	seen = oldlenp != NULL && *oldlenp == 0;
	return sysctl_lookup(SYSCTLFN_CALL(rnode));
}
int make(void);
int make(void)
{
	const struct sysctlnode *top = NULL;

	sysctl_createv(NULL, 0, NULL, &top, 0, CTLTYPE_NODE, "top", NULL, NULL, 0, NULL, 0, CTL_DEBUG, 22,
		CTL_EOL);
	sysctl_createv(NULL, 0, &top, NULL, 0, CTLTYPE_NODE, "below", NULL, NULL, 0, NULL, 0, 1, CTL_EOL);
	return sysctl_createv(NULL, 0, NULL, NULL, 0, CTLTYPE_STRING, "word", NULL, ask, 0, word, sizeof(word),
		CTL_DEBUG, 20, CTL_EOL);
}
int asks(int which);
int asks(int which)
{
	char old[3] = { 0 };
	size_t size = 2;
	int error = sysctl_dispatch(which ? leaf : name, 2, old, &size, NULL, 0, name, NULL, NULL);

	return error ? -error : size * 10000 + old[0] * 100 + old[2];
}
int destroy(int top, int num);
int destroy(int top, int num) { return sysctl_destroyv(NULL, top, num, CTL_EOL); }
"""


def test_the_kernel_itself_is_told_how_long_a_value_is(lab: Lab) -> None:
    """No error: what fits is copied. A function has a place for the size also when the process gives none."""
    lab.load(IN_KERNEL)
    assert lab.call("int make(void)") == 0
    assert lab.call("int asks(int which)", 0) == 70000 + ord("N") * 100
    assert lab.call("int asks(int which)", 1) == 50000 + ord("l") * 100
    numbers = lab.p.buffer(b"\5\0\0\0\x14\0\0\0")
    lab.p.syscall(SYS___sysctl, numbers, 2, 0, 0, 0, 0)
    assert lab.value("seen") == 1


def test_removing_a_node_that_cannot_go_is_no_error(lab: Lab) -> None:
    """One that is not there, one with others below it; a permanent one is EPERM."""
    lab.load(IN_KERNEL)
    assert lab.call("int make(void)") == 0
    for num in (21, 22):
        assert lab.call("int destroy(int top, int num)", CTL_DEBUG, num) == 0
    assert lab.call("int destroy(int top, int num)", CTL_KERN, KERN_OSTYPE) == errno.EPERM
    assert lab.call("int destroy(int top, int num)", CTL_DEBUG, 20) == 0
    assert [node.name for node in lab.p.sysctl_nodes((CTL_DEBUG,))] == ["top"]
