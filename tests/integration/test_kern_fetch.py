"""fubyte(9), subyte(9), hashinit(9) and uvm_km_alloc(9), called by modules."""

from __future__ import annotations

import pytest

from lkmtools.client.core import Buffer
from support.lab import HEAD as ALL
from support.lab import Lab
from support.one_call import run

FETCH = """
int
hook(struct lwp *l, void *v, register_t *retval)
{
	register_t *a = v;
	void *where = (void *)a[1];

	switch (a[0]) {
	case 0: *retval = fubyte(where); break;
	case 1: *retval = fusword(where); break;
	case 2: *retval = fuswintr(where); break;
	case 3: *retval = fuword(where); break;
	case 4: *retval = subyte(where, a[2]); break;
	case 5: *retval = susword(where, a[2]); break;
	case 6: *retval = suswintr(where, a[2]); break;
	default: *retval = suword(where, a[2]); break;
	}
	return 0;
}
static struct sysent row = { 3, 3 * sizeof(register_t), 0, (sy_call_t *)(void *)hook };
MOD_SYSCALL("fetch", 210, &row);
int fetch_lkmentry(struct lkm_table *, int, int);
int
fetch_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def test_numbers_of_the_process_are_fetched_and_stored(lab: Lab) -> None:
    """Of each width, without a sign but for the long; -1 where there is no memory."""
    lab.load(ALL + FETCH, name="fetch", whole=True)
    word = lab.p.dm.pointer
    memory = lab.p.buffer(b"\xff" * 8)

    def call(which: int, value: int = 0, where: int | Buffer = memory) -> int:
        result = lab.p.syscall(210, which, where, value)[0] & (1 << 8 * word) - 1
        return result - (1 << 8 * word) if result >> 8 * word - 1 else result

    assert [call(which) for which in range(4)] == [255, 65535, 65535, -1]
    for which, size in ((4, 1), (5, 2), (6, 2), (7, word)):
        memory.data[:] = b"\xff" * 8
        assert call(which, 0x01020304) == 0
        stored = (0x01020304 & (1 << 8 * size) - 1).to_bytes(size, "little")
        assert bytes(memory.data) == stored + b"\xff" * (8 - size)
    assert [call(which, where=8) for which in range(8)] == [-1] * 8


def test_a_hash_table_has_empty_lists(lab: Lab) -> None:
    """A power of two of them; a TAILQ's head points to itself."""
    body = """
	LIST_HEAD(, proc) *lists;
	TAILQ_HEAD(, proc) *tails;
	u_long mask, other;
	int i;

	lists = hashinit(5, HASH_LIST, true, &mask);
	tails = hashinit(4, HASH_TAILQ, false, &other);
	if (mask != 7 || other != 3) return 1;
	for (i = 0; i <= mask; i++) if (!LIST_EMPTY(&lists[i])) return 2;
	for (i = 0; i <= other; i++)
		if (!TAILQ_EMPTY(&tails[i]) || tails[i].tqh_last != &tails[i].tqh_first) return 3;
	hashdone(lists, HASH_LIST, mask);
	hashdone(tails, HASH_TAILQ, other);
	return hashinit(0x40000000, HASH_TAILQ, false, &mask) != NULL;
"""
    assert run(lab, body) == 0
    lab.remember()
    assert lab.call("int64_t probe_run(void)") == 0
    assert lab.same()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("hashinit(0, HASH_LIST, true, &m);", "hashinit: elements is 0; it must be 1 or more"),
        ("hashinit(1, 7, true, &m);", "hashinit: invalid table type 7"),
        ("hashinit(0x40000000, 0, true, &m);", "hashinit: out of space in kernel map"),
        ("hashdone(hashinit(4, HASH_LIST, true, &m), HASH_LIST, 7);", "hashdone: the table at 0x"),
        ("hashdone(&m, HASH_LIST, 7);", "hashdone: 0x"),
        (
            "uvm_km_alloc(NULL, 1, 0, UVM_KMF_WIRED);",
            "uvm_km_alloc: the map 0x0 is neither kernel_map nor kmem_map",
        ),
        ("uvm_km_alloc(kernel_map, 1, 0, 0);", "uvm_km_alloc: the flags 0x0 must have one of"),
        ("uvm_km_alloc(kernel_map, 0, 0, UVM_KMF_WIRED);", "uvm_km_alloc: size is 0"),
        ("uvm_km_alloc(kernel_map, 1, 8192, UVM_KMF_WIRED);", "uvm_km_alloc: the alignment is 8192"),
        ("uvm_km_alloc(kernel_map, -1, 0, UVM_KMF_WIRED);", "uvm_km_alloc: out of space in kernel map"),
        ("uvm_km_free(kernel_map, 4096, 4096, UVM_KMF_WIRED);", "uvm_km_free: 0x1000 was not allocated"),
        (
            "uvm_km_free(kernel_map, uvm_km_alloc(kernel_map, 1, 0, UVM_KMF_WIRED), 8192, UVM_KMF_WIRED);",
            "uvm_km_free: 0x",
        ),
    ],
)
def test_arguments_that_make_no_sense_are_panics(lab: Lab, body: str, reason: str) -> None:
    """Each names the function, the argument and its value."""
    head = "#include <uvm/uvm_extern.h>"
    panic = lab.panics(lambda: run(lab, f"u_long m = 0; {body} return m;", head))
    assert panic.reason.startswith(reason)


def test_pages_of_the_kernel_map(lab: Lab) -> None:
    """Zeroed, of the size asked for and no more; freed, they are gone; too many are 0 with CANFAIL."""
    body = """
	vaddr_t a = uvm_km_alloc(kernel_map, 5000, 0, UVM_KMF_WIRED | UVM_KMF_ZERO), b;
	char *p = (char *)a;

	if (a % PAGE_SIZE || p[0] || p[8191]) return 1;
	p[8191] = 1;
	b = uvm_km_alloc(kmem_map, 1, PAGE_SIZE, UVM_KMF_PAGEABLE | UVM_KMF_EXEC);
	uvm_km_free(kernel_map, a, 5000, UVM_KMF_WIRED);
	uvm_km_free(kmem_map, b, 1, UVM_KMF_PAGEABLE);
	return uvm_km_alloc(kernel_map, 1UL << 31, 0, UVM_KMF_VAONLY | UVM_KMF_CANFAIL) != 0;
"""
    assert run(lab, body, "#include <uvm/uvm_extern.h>") == 0
    panic = lab.panics(
        lambda: run(
            lab,
            "char *p = (char *)uvm_km_alloc(kernel_map, 1, 0, UVM_KMF_WIRED); return p[4096];",
            "#include <uvm/uvm_extern.h>",
        )
    )
    assert "probe_run" in panic.report
