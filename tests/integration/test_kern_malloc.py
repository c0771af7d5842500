"""malloc(9), realloc(9), free(9), kmem_alloc(9), called by compiled C; misuse panics and says what it was."""

from __future__ import annotations

import pytest

from lkmtools import modules
from support.lab import Lab

SOURCE = """
#include <sys/malloc.h>
#include <sys/kmem.h>
MALLOC_DEFINE(M_PROBE, "probe", "a type of this module");
static void *p[64];
static int all(const char *s, int c, size_t n) { while (n-- > 0) if (*s++ != (char)c) return 0; return 1; }

int
probe_many(void)
{
    static const int sizes[] = { 0, 1, 15, 16, 17, 100, 2048, 2049, 4096, 5000, 20000 };
    int i, j;

    for (i = 0; i < 44; i++) {
        p[i] = malloc(sizes[i % 11], M_PROBE, M_WAITOK);
        if (p[i] == NULL || ((u_long)p[i] & 15) != 0)
            return 100 + i;
        memset(p[i], i, sizes[i % 11]);
    }
    for (i = 0; i < 44; i++)
        if (!all(p[i], i, sizes[i % 11]))
            return 200 + i;
    for (j = 0; j < 44; j++)
        free(p[(j * 7) % 44], M_PROBE);
    return M_PROBE->ks_inuse != 0 || M_PROBE->ks_memuse != 0 ? 300 : M_PROBE->ks_calls;
}

int
probe_zero(void)
{
    char *a = malloc(500, M_TEMP, M_WAITOK), *b;

    memset(a, 7, 500);
    free(a, M_TEMP);
    b = malloc(500, M_TEMP, M_WAITOK | M_ZERO);
    if (b != a || !all(b, 0, 500))
        return 1;
    free(b, M_TEMP);
    b = kmem_zalloc(500, KM_SLEEP);
    if (!all(b, 0, 500))
        return 2;
    kmem_free(b, 500);
    b = kmem_alloc(5000, KM_NOSLEEP);
    memset(b, 1, 5000);
    kmem_free(b, 5000);
    return 0;
}

int
probe_realloc(void)
{
    char *a = realloc(NULL, 10, M_PROBE, M_WAITOK);

    memset(a, 'r', 10);
    a = realloc(a, 10000, M_PROBE, M_WAITOK);
    if (!all(a, 'r', 10))
        return 1;
    a = realloc(a, 5, M_PROBE, M_WAITOK);
    if (!all(a, 'r', 5) || M_PROBE->ks_memuse != 5)
        return 2;
    if (realloc(a, (u_long)1 << 30, M_PROBE, M_NOWAIT) != NULL || !all(a, 'r', 5))
        return 3;
    if (realloc(a, 0, M_PROBE, M_WAITOK) != NULL || M_PROBE->ks_inuse != 0)
        return 4;
    return 0;
}

int
probe_none(void)
{
    return malloc((u_long)1 << 30, M_TEMP, M_NOWAIT) != NULL || malloc(~0ul, M_TEMP, M_CANFAIL) != NULL ||
        kmem_alloc((size_t)1 << 30, KM_NOSLEEP) != NULL;
}

int
probe_bad(int n)
{
    char *a = malloc(40, M_TEMP, M_WAITOK);
    char *big = malloc(4096, M_TEMP, M_WAITOK);

    switch (n) {
    case 0: free(a, M_TEMP); free(a, M_TEMP); break;
    case 1: free(a + 16, M_TEMP); break;
    case 2: free(NULL, M_TEMP); break;
    case 3: kmem_free(kmem_alloc(8, KM_SLEEP), 9); break;
    case 4: kmem_alloc(0, KM_SLEEP); break;
    case 5: malloc((u_long)1 << 30, M_TEMP, M_WAITOK); break;
    case 6: kmem_alloc((size_t)1 << 30, KM_SLEEP); break;
    case 7: realloc(a + 1, 50, M_TEMP, M_WAITOK); break;
    case 8: kmem_free(a + 4, 40); break;
    case 9: big[4096] = 1; break;
    case 10: free(big, M_TEMP); return *(volatile char *)big;
    case 11: free(a, (struct malloc_type *)0x3000); break;
    }
    return 0;
}
"""
BAD = [
    "is already free", "is 16 bytes into the 40 bytes that were allocated at 0x",
    "free: 0x0 was never allocated: free takes no NULL pointer", "has 8 bytes, freed as 9",
    "kmem_alloc: size is 0", "malloc: out of space in kernel map: 1073741824 bytes asked for",
    "kmem_alloc: out of space in kernel map: 1073741824 bytes asked for; ",
    "is 1 bytes into the 40 bytes that were allocated at 0x",
    "is 4 bytes into the 40 bytes that were allocated at 0x",
    "page fault: write of 1 byte at", "page fault: read of 1 byte at", "page fault: read of {} bytes at 0x30",
]  # fmt: skip


def test_pieces_of_all_sizes_live_side_by_side(lab: Lab) -> None:
    """Aligned to 16, none overlaps another, the counters of the type return to 0 and count 44 calls."""
    lab.load(SOURCE)
    used = lab.k.kmap.used
    assert lab.call("int probe_many(void)") == 44
    assert lab.k.heap.used == sum(block.size for block in lab.k.heap.blocks.values())
    assert lab.k.kmap.used - used < 16 * 4096


def test_zeroed_memory_is_zero_even_where_something_was(lab: Lab) -> None:
    """M_ZERO and kmem_zalloc; the same piece comes again."""
    lab.load(SOURCE)
    assert lab.call("int probe_zero(void)") == 0


def test_realloc_keeps_the_content(lab: Lab) -> None:
    """Growing, shrinking; NULL is malloc, size 0 free; a failure leaves the old piece."""
    lab.load(SOURCE)
    assert lab.call("int probe_realloc(void)") == 0


def test_without_room_those_who_may_fail_get_null(lab: Lab) -> None:
    """M_NOWAIT, M_CANFAIL, KM_NOSLEEP."""
    lab.load(SOURCE)
    assert lab.call("int probe_none(void)") == 0


@pytest.mark.parametrize("n", range(len(BAD)), ids=lambda n: BAD[n])
def test_misuse_panics(lab: Lab, n: int) -> None:
    """Double free, wild free, wrong size, no room, overrun of a page, use after free, a type that is none."""
    lab.load(SOURCE)
    panic = lab.panics(lambda: lab.call("int probe_bad(int n)", n))
    assert BAD[n].format(lab.k.dm.pointer) in panic.reason
    assert "probe_bad+0x" in panic.report


def test_the_other_names_of_malloc(lab: Lab) -> None:
    """kern_malloc, kern_realloc and kern_free, which NetBSD's MALLOCLOG kernels use."""
    lab.load(
        "#include <sys/malloc.h>\nint probe_go(void) { char *a = kern_malloc(9, M_TEMP, M_WAITOK | M_ZERO);"
        " a[8] = 5; a = kern_realloc(a, 900, M_TEMP, M_WAITOK); if (a[8] != 5) return 1;"
        " kern_free(a, M_TEMP); return 0; }"
    )
    assert lab.call("int probe_go(void)") == 0


TYPES = """
#include <sys/malloc.h>
MALLOC_DEFINE(M_SET, "set", "one of the link set");
MALLOC_JUSTDEFINE(M_JUST, "just", "one that is attached by hand");
static struct malloc_type M_LATE[1] = { { .ks_magic = M_MAGIC, .ks_shortdesc = "late" } };
static struct malloc_type M_BAD[1];
static int listed(struct malloc_type *type)
{
	struct malloc_type *t;
	for (t = kmemstatistics; t != NULL; t = t->ks_next)
		if (t == type) return 1;
	return 0;
}
int types(int step);
int types(int step)
{
	struct malloc_type * const *in;
	__link_set_decl(malloc_types, struct malloc_type);
	switch (step) {
	case 0: return listed(M_TEMP) && listed(M_DEVBUF) && !listed(M_SET) && !listed(M_JUST);
	case 1:
		__link_set_foreach(in, malloc_types) malloc_type_attach(*in);
		return listed(M_SET) && __link_set_count(malloc_types) == 1;
	case 2: malloc_type_attach(M_JUST); malloc_type_attach(M_JUST); return listed(M_JUST) && listed(M_TEMP);
	case 3: free(malloc(10, M_LATE, M_WAITOK), M_LATE); return listed(M_LATE) && M_LATE->ks_calls == 1;
	case 4: malloc_type_detach(M_JUST); malloc_type_detach(M_JUST); return !listed(M_JUST) && listed(M_SET);
	case 5: malloc_type_detach(M_BAD); return 0;
	}
	return 0;
}
"""


def test_types_are_attached_by_link_set_by_hand_and_by_use(lab: Lab) -> None:
    """kmemstatistics has them until they are detached, or their module is unloaded."""
    at_boot = lab.k.mem.ptr(lab.k.symbol("kmemstatistics"))
    lab.load(TYPES)
    assert [lab.call("int types(int step)", step) for step in range(5)] == [1] * 5
    assert lab.k.mem.ptr(lab.k.symbol("kmemstatistics")) != at_boot
    modules.unload(lab.p, "probe")
    assert lab.k.mem.ptr(lab.k.symbol("kmemstatistics")) == at_boot
    lab.load(TYPES)
    assert lab.call("int types(int step)", 0) == 1


MANY_TYPES = """
#include <sys/malloc.h>
#define MANY 8000
static struct malloc_type many[MANY], *before;
void probe_attach(void);
int probe_detach(void);
void
probe_attach(void)
{
	int i;

	before = kmemstatistics;
	for (i = 0; i < MANY; i++) {
		many[i].ks_magic = M_MAGIC;
		malloc_type_attach(&many[i]);
	}
}

int
probe_detach(void)	/* the newest, the oldest, and every third; the list has the others, newest first */
{
	struct malloc_type *t;
	int i;

	for (i = 0; i < MANY; i++)
		if (i % 3 == 0 || i == MANY - 1)
			malloc_type_detach(&many[i]);
	t = kmemstatistics;
	for (i = MANY - 1; i >= 0; i--)
		if (i % 3 != 0 && i != MANY - 1) {
			if (t != &many[i])
				return i;
			t = t->ks_next;
		}
	return t == before ? 0 : -1;
}
"""


def test_thousands_of_types_are_attached_and_leave_in_any_order(lab: Lab) -> None:
    """Those that are still attached leave with their module."""
    at_boot = lab.k.mem.ptr(lab.k.symbol("kmemstatistics"))
    lab.load(MANY_TYPES)
    lab.call("void probe_attach(void)")
    assert lab.call("int probe_detach(void)") == 0
    modules.unload(lab.p, "probe")
    assert lab.k.mem.ptr(lab.k.symbol("kmemstatistics")) == at_boot


def test_what_is_not_a_malloc_type_is_a_panic(lab: Lab) -> None:
    lab.load(TYPES)
    panic = lab.panics(lambda: lab.call("int types(int step)", 5))
    assert "malloc_type_detach: bad magic: ks_magic of the type at 0x" in panic.reason
