"""lkmd --user-memory: module code that accesses user memory without copyin and copyout."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from lkmtools.abi.errno import EFAULT
from lkmtools.errors import KernelError
from lkmtools.kern.base.mapped_regions import MappedRegions
from lkmtools.kern.base.request import UserRegion
from support.compiling import Compile
from support.lab import Lab
from support.programs import Runner

NUMBER = 210
MODULE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
struct args { register_t op; register_t p; register_t n; };
char seen[3 * 4096];
static int direct(struct lwp *, const void *, register_t *);
static struct sysent ent = { 3, sizeof(struct args), 0, direct };

static int
direct(struct lwp *l, const void *v, register_t *retval)
{
	const struct args *a = v;
	char *p = (char *)(vaddr_t)a->p;
	register_t i, sum = 0;

	switch (a->op) {
	case 0:	/* instructions */
		for (i = 0; i < a->n; i++)
			sum += (u_char)p[i]++;
		*retval = sum;
		return 0;
	case 1:	/* kernel functions */
		memcpy(seen, p, a->n);
		memset(p, 'x', a->n);
		*retval = strlen(p);
		return 0;
	case 2:
		snprintf(seen, sizeof(seen), "%s of %d", p, (int)a->n);
		return 0;
	case 3:	/* what copyin sees, before and after */
		p[0] = 'A';
		if (copyin(p, seen, a->n) == 0 && copyout("12", p + 1, 2) == 0)
			*retval = p[1];
		return 0;
	case 4:	/* other processes run meanwhile */
		sum = p[0];
		tsleep(seen, PWAIT, "direct", 1);
		*retval = sum == p[0] ? sum : -1;
		return 0;
	case 5:
		return ((int (*)(void))p)();
	case 6:	/* a kernel function's structure, in two pages */
		microtime((struct timeval *)p);
		*retval = ((struct timeval *)p)->tv_sec != 0;
		return 0;
	}
	return EINVAL;
}
MOD_SYSCALL("direct", 210, &ent);
int direct_lkmentry(struct lkm_table *, int, int);
int
direct_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


@pytest.fixture
def lab(cc: Compile, machine: str) -> Iterator[Lab]:
    """A kernel with direct user memory and the module."""
    with closing(Lab(cc, machine, user_memory="direct")) as made:
        made.load(MODULE, "direct", whole=True)
        yield made


def _seen(lab: Lab, n: int) -> bytes:
    return bytes(lab.k.mem.read(lab.symbols["seen"], n))


def test_guarded_memory_is_a_panic_that_names_the_option(cc: Compile) -> None:
    """By default; by an instruction and in a kernel function."""
    with closing(Lab(cc, "i386")) as lab:
        for op in (0, 1):
            lab.load(MODULE, "direct", whole=True)
            panic = lab.panics(partial(lab.p.syscall, NUMBER, op, lab.p.buffer(b"abc"), 3))
            assert "copyin and copyout reach user memory, or lkmd --user-memory=direct)" in panic.reason


def test_instructions_read_and_write_the_callers_buffer(lab: Lab) -> None:
    """Across pages, too; what they wrote goes back to the client, and all pages are given back."""
    free = len(lab.k.frames.unused)
    for content in (b"abc", bytes(range(200)) * 50):
        buffer = lab.p.buffer(content)
        assert lab.p.syscall(NUMBER, 0, buffer, len(content))[0] == sum(content)
        assert bytes(buffer.data) == bytes([byte + 1 for byte in content])
    assert len(lab.k.frames.unused) == free


def test_kernel_functions_take_user_addresses(lab: Lab) -> None:
    """memcpy, memset, strlen, %s: each in more than one page."""
    content = b"user memory " * 600
    buffer = lab.p.buffer(content + b"\0")
    assert lab.p.syscall(NUMBER, 1, buffer, len(content))[0] == len(content)
    assert _seen(lab, len(content)) == content
    assert bytes(buffer.data) == b"x" * len(content) + b"\0"
    lab.p.syscall(NUMBER, 2, lab.p.buffer(b"word\0"), 7)
    assert _seen(lab, 10) == b"word of 7\0"


def test_copyin_and_instructions_see_the_same_bytes(lab: Lab) -> None:
    """In both directions, in one call."""
    buffer = lab.p.buffer(b"a..d")
    assert lab.p.syscall(NUMBER, 3, buffer, 4)[0] == ord("1")
    assert _seen(lab, 4) == b"A..d"
    assert bytes(buffer.data) == b"A12d"


def test_each_process_has_its_own_memory(lab: Lab) -> None:
    """Two that sleep in the same call, with other bytes at their addresses, find their own again."""
    callers = [lab.kernel.process(f"caller {i}") for i in range(2)]
    begun = [
        lab.start(p.syscall, NUMBER, 4, p.buffer(byte), 1)
        for p, byte in zip(callers, (b"1", b"2"), strict=True)
    ]
    lab.until(lambda: all(call.done for call in begun))
    assert [call.result()[0] for call in begun] == [ord("1"), ord("2")]


@pytest.mark.parametrize(
    ("op", "why"),
    [(0, "page fault: read of 1 byte at 0x"), (1, "in memcpy"), (5, "instruction fetch at 0x")],
)
def test_what_is_not_the_processes_is_a_panic(lab: Lab, op: int, why: str) -> None:
    """An address that was not handed over; user memory is not executed either."""
    buffer = lab.p.buffer(b"\xc3" * 16)
    argument = buffer if op == 5 else 0x7000
    panic = lab.panics(lambda: lab.p.syscall(NUMBER, op, argument, 16))
    assert why in panic.reason
    assert "(a user address that is not in the memory of the process)" in panic.reason


def test_bytes_that_no_client_has_are_named(lab: Lab) -> None:
    """A module that writes behind the buffer, in its page, loses them: the message buffer says so."""
    lab.p.syscall(NUMBER, 1, lab.p.buffer(b"abc"), 20)
    assert "pid 2 (lab), system call 210: what a module wrote to user memory at 0x" in lab.dmesg


def test_pages_that_memory_does_not_suffice_for_are_given_back(lab: Lab) -> None:
    """None is mapped then; with memory, all are."""
    frames = lab.k.frames
    kept, frames.unused[:] = frames.unused[1:], frames.unused[:1]
    regions = MappedRegions(frames, 1 << 30, (UserRegion(0x10000, bytearray(b"ab" * 4096)),))
    with pytest.raises(KernelError):
        regions.pages()
    assert len(frames.unused) == 1
    assert regions.read(0x10000, 2) == b"ab"
    frames.unused += kept
    free = len(frames.unused)
    assert regions.pages().read(0x11FFF, 1) == b"b"
    assert len(frames.unused) == free - 2
    assert regions.close() == 0
    assert len(frames.unused) == free


def test_the_pages_have_the_truth_until_the_call_ends(lab: Lab) -> None:
    """Regions that overlap, one whose page another shares, one that no user address means."""
    top = 1 << 30
    data = [bytearray(b"abcdef"), bytearray(b"defghi"), bytearray(b"far"), bytearray(b"out")]
    places = (0x10000, 0x10003, 0x10100, top)
    regions = MappedRegions(lab.k.frames, top, tuple(map(UserRegion, places, data)))
    pages = regions.pages()
    pages.write(0x10002, b"CD")
    assert regions.read(0x10000, 6) == b"abCDef"
    regions.write(0x10003, b"..")
    assert regions.read(0x10003, 6) == pages.read(0x10003, 6) == b"..fghi"
    regions.write(top + 1, b"?")
    assert regions.read(top, 3) == b"o?t"
    with pytest.raises(KernelError):
        regions.write(0x10102, b"xy")
    assert regions.read(0x10100, 3) == b"far"
    changed = {index: bytes(new) for index, _, new in regions.changed()}
    assert changed == {0: b"abC..f", 1: b"..fghi", 3: b"?"}
    assert [bytes(now) for now in data] == [b"abC..f", b"..fghi", b"far", b"o?t"]
    assert regions.close() == 0


PROGRAM = """
	static char page[3 * 4096] __attribute__((aligned(4096)));
	char *across = page + 4096 - 4;
	int status;

	strcpy(across, "parent's");
	if (fork() == 0) {
		printf("%ld ", (long)syscall(210, 0, across, 8));
		printf("%s\\n", across);
		return 0;
	}
	wait(&status);
	printf("%s ", across);
	printf("%ld\\n", (long)syscall(210, 6, across, 0));
"""


def test_programs(lab_runner: Runner) -> None:
    """Their pages, those that a fork shares too, and a structure in two of them; none is left."""
    ran = lab_runner.main(PROGRAM)
    total = sum(b"parent's")
    changed = bytes([byte + 1 for byte in b"parent's"]).decode()
    assert (ran.status, ran.out) == (0, f"{total} {changed}\nparent's 1\n")
    lab_runner.close()


STRINGS = """
int probe_out(void);
int
probe_out(void)
{
	char to[8] = "";
	size_t done = 0;
	int error = copyoutstr("cows", to, sizeof(to), &done);

	return error != 0 ? error : done == 5 && strcmp(to, "cows") == 0 ? 0 : -1;
}

int probe_in(void);
int
probe_in(void)
{
	char to[3];
	size_t done = 0;
	int error = copyinstr("cows", to, sizeof(to), &done);

	return error == ENAMETOOLONG && done == 3 && to[2] == 'w' ? 0 : error;
}
"""


@pytest.mark.parametrize(("memory", "errno"), [("guarded", EFAULT), ("direct", 0)])
def test_strings_of_the_kernel(cc: Compile, machine: str, memory: str, errno: int) -> None:
    """copyinstr() and copyoutstr() between kernel addresses, as drivers used them on an ioctl's data."""
    with closing(Lab(cc, machine, user_memory=memory)) as lab:
        lab.load(STRINGS)
        assert lab.call("int probe_out(void)") == errno
        assert lab.call("int probe_in(void)") == errno
