"""tree(3) and extent(9): trees keep order and balance, ranges of numbers are given and taken back."""

from __future__ import annotations

import pytest

from lkmtools.abi.errno import EAGAIN, ENOMEM
from support.lab import Lab
from support.one_call import run

TREES = r"""
#include <sys/tree.h>
#define COUNT 60
struct node { int key, in; RB_ENTRY(node) rb; SPLAY_ENTRY(node) sp; };
static int compare(struct node *a, struct node *b) { return a->key - b->key; }
RB_HEAD(redblack, node);
RB_GENERATE_STATIC(redblack, node, rb, compare)
SPLAY_HEAD(splay, node);
SPLAY_GENERATE(splay, node, sp, compare)
static struct node nodes[COUNT];
static struct redblack red = RB_INITIALIZER(&red);
static struct splay play = SPLAY_INITIALIZER(&play);

/* The black nodes on every way down; -1 when two ways differ, or a red node has a red child. */
static int
blacks(struct node *x)
{
	int left, right;

	if (x == NULL)
		return 0;
	left = blacks(RB_LEFT(x, rb));
	right = blacks(RB_RIGHT(x, rb));
	if (left < 0 || left != right)
		return -1;
	if (RB_COLOR(x, rb) == RB_RED && RB_PARENT(x, rb) != NULL && RB_COLOR(RB_PARENT(x, rb), rb) == RB_RED)
		return -1;
	return left + (RB_COLOR(x, rb) == RB_BLACK);
}

static int
wrong(int count)
{
	struct node *x, key;
	int last = -1, n = 0;

	if (blacks(RB_ROOT(&red)) < 0)
		return 1;
	RB_FOREACH(x, redblack, &red) {
		if (x->key <= last || !x->in)
			return 2;
		last = x->key;
		n++;
	}
	RB_FOREACH_REVERSE(x, redblack, &red)
		n--;
	last = -1;
	SPLAY_FOREACH(x, splay, &play) {
		if (x->key <= last || !x->in)
			return 3;
		last = x->key;
		n++;
	}
	if (n != count)
		return 4;
	for (key.key = 0; key.key < COUNT; key.key++) {
		x = nodes[key.key].in ? &nodes[key.key] : NULL;
		if (RB_FIND(redblack, &red, &key) != x || SPLAY_FIND(splay, &play, &key) != x)
			return 5;
		if (x != NULL && RB_NFIND(redblack, &red, &key) != x)
			return 6;
	}
	return 0;
}

int
probe_trees(u_int seed)
{
	struct node *x, same;
	int i, count = 0, failed;

	for (i = 0; i < COUNT; i++)
		nodes[i].key = i;
	for (i = 0; i < 400; i++) {
		seed = seed * 1103515245 + 12345;
		x = &nodes[(seed >> 16) % COUNT];
		same.key = x->key;
		if (x->in) {
			if (RB_REMOVE(redblack, &red, x) != x || SPLAY_REMOVE(splay, &play, x) != x)
				return 10;
			count--;
		} else {
			if (RB_INSERT(redblack, &red, x) != NULL || SPLAY_INSERT(splay, &play, x) != NULL)
				return 11;
			if (RB_INSERT(redblack, &red, &same) != x || SPLAY_INSERT(splay, &play, &same) != x)
				return 12;
			count++;
		}
		x->in = !x->in;
		if (i % 8 == 0 && (failed = wrong(count)) != 0)
			return failed;
	}
	return 0;
}
"""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_trees_keep_order_and_balance(lab: Lab, seed: int) -> None:
    """Through 400 insertions and removals, which find what is equal."""
    lab.load(TREES)
    assert lab.call("int probe_trees(unsigned int seed)", seed) == 0


HEAD = """
#include <sys/extent.h>
#define NEW(flags) extent_create("irq", 100, 199, M_DEVBUF, NULL, 0, flags)
#define TAKE(size, align, skew, bound) extent_alloc1(ex, size, align, skew, bound, EX_NOWAIT, &at)
"""


def test_numbers_are_taken_and_given_back(lab: Lab) -> None:
    """The lowest that fit, by alignment, skew and boundary; neighbours are one region."""
    body = """
	u_long at, heap;
	struct extent *ex = NEW(0);

	if (TAKE(10, EX_NOALIGN, 0, EX_NOBOUNDARY) || at != 100) return 1;
	if (TAKE(8, 16, 0, EX_NOBOUNDARY) || at != 112) return 2;
	if (TAKE(4, 16, 3, EX_NOBOUNDARY) || at != 131) return 3;
	if (TAKE(16, EX_NOALIGN, 0, 16) || at != 148) return 4;
	if (extent_alloc_region(ex, 110, 2, EX_NOWAIT)) return 5;
	if (extent_alloc_region(ex, 111, 1, EX_NOWAIT) != EAGAIN) return 6;
	extent_print(ex);
	if (extent_free(ex, 104, 2, EX_NOWAIT) || extent_alloc_region(ex, 104, 2, EX_NOWAIT)) return 7;
	if (TAKE(60, EX_NOALIGN, 0, EX_NOBOUNDARY) != EAGAIN) return 8;
	if (extent_alloc_subregion(ex, 190, 199, 5, EX_NOALIGN, 0, EX_NOWAIT, &at) || at != 190) return 9;
	extent_destroy(ex);
	return 0;
"""
    assert run(lab, body, HEAD) == 0
    assert lab.dmesg.endswith(
        "extent `irq' (0x64 - 0xc7), flags = 0x0\n     0x64 - 0x77\n     0x83 - 0x86\n     0x94 - 0xa3\n"
    )
    lab.remember()
    assert lab.call("int64_t probe_run(void)") == 0
    assert lab.same()


@pytest.mark.parametrize(
    ("start", "numbers", "at"),
    [
        (100, "16, 8, 4, 16, 0", 100),
        (101, "16, 8, 4, 16, 0", 116),
        (100, "16, 8, 0, 16, 0", 0),
        (100, "16, 8, 0, 16, EX_BOUNDZERO", 112),
        (100, "16, 8, 4, 16, EX_BOUNDZERO", 0),
        (110, "8, 4, 0, 16, 0", 116),
        (100, "8, 16, 0, 8, EX_BOUNDZERO", 112),
        (100, "8, 16, 0, 8, 0", 0),
    ],
)
def test_no_region_crosses_the_boundary(lab: Lab, start: int, numbers: str, at: int) -> None:
    """EAGAIN (here 0) where none can lie between two multiples, counted from the extent's start or from 0."""
    body = f"""
	u_long at;
	struct extent *ex = NEW(0);

	return extent_alloc_subregion1(ex, {start}, 199, {numbers} | EX_NOWAIT, &at) ? 0 : at;
"""
    assert run(lab, body, HEAD) == at


def test_a_region_that_cannot_be_divided_stays(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOMEM without memory for the second part."""
    lab.load(
        HEAD
        + """
static struct extent *ex;
int probe_take(void) { ex = NEW(0); return extent_alloc_region(ex, 110, 30, 0); }
int probe_free(void) { return extent_free(ex, 115, 5, 0); }
void probe_print(void) { extent_print(ex); }
"""
    )
    assert lab.call("int probe_take(void)") == 0
    with monkeypatch.context() as full:
        full.setattr(lab.k.heap, "alloc", lambda *args: 0)
        assert lab.call("int probe_free(void)") == ENOMEM
    lab.call("void probe_print(void)")
    assert lab.dmesg.endswith("flags = 0x0\n     0x6e - 0x8b\n")
    assert lab.call("int probe_free(void)") == 0
    lab.call("void probe_print(void)")
    assert lab.dmesg.endswith("flags = 0x0\n     0x6e - 0x72\n     0x78 - 0x8b\n")


def test_a_thread_waits_for_space(lab: Lab) -> None:
    """EX_WAITSPACE sleeps until a region is given back."""
    lab.load(
        HEAD.replace("100, 199", "0, 9")
        + """
static struct extent *ex;
static u_long at;
int probe_all(void) { ex = NEW(0); return TAKE(10, 1, 0, 0); }
int probe_wait(void) { return extent_alloc1(ex, 5, 1, 0, 0, EX_WAITSPACE, &at) ? -1 : (int)at; }
int probe_now(void) { return TAKE(5, 1, 0, 0); }
int probe_free(void) { return extent_free(ex, 3, 6, 0); }
"""
    )
    assert lab.call("int probe_all(void)") == 0
    assert lab.call("int probe_now(void)") == EAGAIN
    waiting = lab.begin("int probe_wait(void)")
    assert not waiting.done
    assert lab.call("int probe_free(void)") == 0
    lab.settle()
    assert waiting.result() == 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('extent_create("x", 5, 4, M_DEVBUF, NULL, 0, 0);', "extent_create: the extent 'x' ends at 0x4"),
        ("TAKE(0, 1, 0, 0);", "extent_alloc_subregion: the size is 0"),
        ("TAKE(1, 3, 0, 0);", "extent_alloc_subregion: the alignment 3 is not a power of two"),
        ("TAKE(9, 1, 0, 8);", "extent_alloc_subregion: the size 9 is more than the boundary 8"),
        ("extent_alloc_region(ex, 99, 2, 0);", "extent_alloc_region: 0x63 to 0x64 is not in extent 'irq'"),
        ("extent_alloc_region(ex, 190, (u_long)-1, 0);", "extent_alloc_region: 0xbe to 0x"),
        ("extent_free(ex, 100, 1, 0);", "extent_free: 0x64 to 0x64 of extent 'irq' is not one region"),
        (
            "ex = NEW(EX_NOCOALESCE); extent_alloc_region(ex, 100, 4, 0); extent_free(ex, 101, 1, 0);",
            "extent_free: 0x65 to 0x65 is a part of a region of extent 'irq'",
        ),
        ("extent_destroy((void *)nodes);", "extent_destroy: 0x"),
    ],
)
def test_ranges_that_make_no_sense_are_panics(lab: Lab, body: str, reason: str) -> None:
    """Each names the function, the numbers and the extent."""
    text = f"static long nodes[40]; u_long at = 0; struct extent *ex = NEW(0); {body} return at;"
    assert lab.panics(lambda: run(lab, text, HEAD)).reason.startswith(reason)
