"""LMSTAT and LMUNLOAD (lkmlookup, lkmioctl of NetBSD 4.0.1 and 5.2): who is found, what is told."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab
from support.lkmraw import EBUSY, EFAULT, EINVAL, ENAMETOOLONG, ENOENT, Lkm, Stat, entry, place

LONG = "a234567890123456789012345678901"  # 31 characters
SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/lkm.h>
@TEXT@
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, @UNLOAD@, @STAT@);
}
"""


def load(
    lab: Lab,
    lkm: Lkm,
    text: str = "probe",
    unload: str = "lkm_nofunc",
    stat: str = "lkm_nofunc",
) -> tuple[int, Any]:
    """A module through the raw ioctls: its id and image. `text` is a name, or C with a MOD_ macro."""
    text = text if "\n" in text else f'MOD_MISC("{text}");'
    whole = SOURCE.replace("@TEXT@", text).replace("@UNLOAD@", unload).replace("@STAT@", stat)
    slot, image = place(lab, lkm, whole)
    lkm.send(image.data)
    lkm.ready(entry(image))
    return slot, image


@pytest.fixture
def lkm(lab: Lab) -> Lkm:
    return Lkm(lab.p)


@pytest.mark.parametrize("call", ["stat", "unload"])
def test_with_no_module_any_id_is_einval(lkm: Lkm, call: str) -> None:
    """Also while one is being loaded: it has an id, but it is not there."""
    lkm.reserve(100)
    assert [errno_of(getattr(lkm, call), ident) for ident in (0, 1, 1 << 30)] == [EINVAL] * 3


@pytest.mark.parametrize("call", ["stat", "unload"])
def test_a_hole_is_enoent_and_beyond_the_highest_is_einval(lab: Lab, lkm: Lkm, call: str) -> None:
    """Ids 0 and 2 are left; a reservation takes the hole, and is still no module."""
    for name in ("zero", "one", "two"):
        load(lab, lkm, name)
    lkm.unload(1)
    act = getattr(lkm, call)
    assert [errno_of(act, ident) for ident in (1, 3, 4)] == [ENOENT, EINVAL, EINVAL]
    assert lkm.reserve(100)[0] == 1
    assert errno_of(act, 1) == ENOENT
    lkm.unreserve()
    lkm.unload(2)
    assert errno_of(act, 1) == EINVAL


def test_ids_are_the_lowest_free(lab: Lab, lkm: Lkm) -> None:
    """Any number of modules; each hole is filled, the lowest first."""
    assert [load(lab, lkm)[0] for _ in range(25)] == list(range(25))
    for ident in (3, 17, 24):
        lkm.unload(ident)
    assert [load(lab, lkm)[0] for _ in range(4)] == [3, 17, 24, 25]


@pytest.mark.parametrize("ident", [-1, -2, -(1 << 31)])
def test_any_negative_id_means_by_name(lab: Lab, lkm: Lkm, ident: int) -> None:
    load(lab, lkm, "alpha")
    load(lab, lkm, "beta")
    assert lkm.stat(ident, b"beta").id == 1
    lkm.unload(ident, b"alpha\0")
    assert errno_of(lkm.stat, ident, b"alpha") == ENOENT
    assert errno_of(lkm.unload, ident, b"alpha\0") == ENOENT


def test_an_id_wins_over_a_name(lab: Lab, lkm: Lkm) -> None:
    """The name is looked at only when the id is negative: not even its pointer matters."""
    load(lab, lkm, "alpha")
    load(lab, lkm, "beta")
    assert lkm.stat(0, b"beta").name == b"alpha"
    assert lkm.stat(0, b"\xff" * 32).name == b"alpha"
    lkm.unload(0, addr=0xDEAD0000)
    assert lkm.stat(1).name == b"beta"


def test_a_name_where_nothing_is_loaded_is_einval(lab: Lab, lkm: Lkm) -> None:
    """The list is empty: lkmlookup() of 5.2 does not come to the name. So too while one is being loaded."""
    assert errno_of(lkm.stat, -1, b"x") == EINVAL
    assert errno_of(lkm.unload, -1, b"x\0") == EINVAL
    load(lab, lkm)
    assert errno_of(lkm.unload, -1, b"x\0") == ENOENT


def test_the_list_of_modules_is_in_the_order_of_ids(lab: Lab, lkm: Lkm) -> None:
    """lkmods, as a module would walk it: one that gets the id of a hole is put there."""

    def walked() -> list[int]:
        layout = lab.k.lkm.layout
        table, out = lab.k.mem.ptr(lab.k.symbol("lkmods")), []
        while table:
            view = lab.k.mem.view(layout, table)
            out.append(view.id)
            table = view.tqe_next
        return out

    for name in "abcd":
        load(lab, lkm, name)
    for gone in (0, 2):
        lkm.unload(gone)
    assert walked() == [1, 3]
    load(lab, lkm, "e")
    assert walked() == [0, 1, 3]
    load(lab, lkm, "f")
    load(lab, lkm, "g")
    assert walked() == [0, 1, 2, 3, 4]
    for ident in (4, 0, 3, 1, 2):
        lkm.unload(ident)
    assert walked() == []


def test_lkmexists_is_true_of_the_module_itself_once_it_is_loaded(lab: Lab, lkm: Lkm) -> None:
    """Not in its load handler, which asks whether another has its name; but in its stat handler."""
    text = """
    int probe_saw[3];
    static int look(struct lkm_table *t, int cmd) { probe_saw[cmd - 1] = lkmexists(t); return 0; }
    MOD_MISC("probe");
    """
    whole = SOURCE.replace("@TEXT@", text).replace("lkm_nofunc, @UNLOAD@, @STAT@", "look, lkm_nofunc, look")
    _, image = place(lab, lkm, whole)
    lkm.send(image.data)
    lkm.ready(entry(image))
    lkm.stat(0)
    saw = entry(image, "probe_saw")
    assert [lab.k.mem.i32(saw + 4 * (cmd - 1)) for cmd in (1, 3)] == [0, 1]


def test_of_two_modules_of_one_name_the_first_is_meant(lab: Lab, lkm: Lkm) -> None:
    """MISC modules are not checked for their names."""
    load(lab, lkm)
    load(lab, lkm)
    assert lkm.stat(-1, b"probe").id == 0
    lkm.unload(-1, b"probe\0")
    assert lkm.stat(-1, b"probe").id == 1


def test_how_long_a_name_may_be(lab: Lab, lkm: Lkm) -> None:
    """31 bytes with the NUL for both; without a NUL in them ENAMETOOLONG."""
    load(lab, lkm, LONG[:30])
    assert lkm.stat(-1, LONG[:30].encode()).id == 0
    assert errno_of(lkm.stat, -1, LONG.encode()) == ENAMETOOLONG
    assert errno_of(lkm.stat, -1, b"x" * 32) == ENAMETOOLONG
    assert errno_of(lkm.stat, -1, b"") == ENOENT
    assert errno_of(lkm.unload, -1, LONG.encode() + b"\0") == ENAMETOOLONG
    assert errno_of(lkm.unload, -1, b"x" * 4000) == ENAMETOOLONG
    assert errno_of(lkm.unload, -1, b"\0") == ENOENT
    lkm.unload(-1, LONG[:30].encode() + b"\0")


def test_a_bad_name_pointer_is_efault(lab: Lab, lkm: Lkm) -> None:
    """NULL, an address outside, a kernel address, and a name that runs out of the process's memory."""
    _, image = load(lab, lkm)
    for addr in (0, 0xDEAD0000, image.base, lab.k.dm.mask):
        assert errno_of(lkm.unload, -1, addr=addr) == EFAULT
    assert errno_of(lkm.unload, -1, b"prob") == EFAULT


def test_what_lmstat_tells_of_a_misc_module(lab: Lab, lkm: Lkm) -> None:
    """id, name, offset -1, type 6, area, size in KB, the address of its private struct, version 2."""
    _, image = load(lab, lkm)
    found = lkm.stat(0)
    private = lab.k.mem.ptr(lab.k.modules.by_id[0].table + (16 if lkm.wide else 8))
    minus_1 = lab.k.dm.mask
    assert found == Stat(0, b"probe", minus_1, 6, image.base, image.size // 1024, private, 2)
    assert image.base <= private < image.base + image.size
    assert lab.k.mem.u32(private) == 6


def test_lmstat_tells_at_most_30_characters_of_a_name(lab: Lab, lkm: Lkm) -> None:
    """Of a longer one too; it can be unloaded by id only."""
    load(lab, lkm, "n" * 60)
    assert lkm.stat(0).name == b"n" * 30
    assert errno_of(lkm.stat, -1, b"n" * 30) == ENOENT
    lkm.unload(0)


def test_the_size_is_the_reserved_one_in_kb(lab: Lab, lkm: Lkm) -> None:
    """Rounded down: an object in 100 bytes more than a page has 4."""
    whole = SOURCE.replace("@TEXT@", 'MOD_MISC("probe");').replace("@UNLOAD@", "lkm_nofunc")
    _, image = place(lab, lkm, whole.replace("@STAT@", "lkm_nofunc"))
    lkm.unreserve()
    _, addr, _ = lkm.reserve(image.size + 3 * 4096 + 1100)
    assert addr == image.base
    lkm.send(image.data)
    lkm.ready(entry(image))
    assert lkm.stat(0).size == image.size // 1024 + 13


def test_a_stat_handler_may_refuse(lab: Lab, lkm: Lkm) -> None:
    """Its errno comes back unchanged, and the module stays."""
    text = "static int refuse(struct lkm_table *t, int cmd) { return cmd == LKM_E_STAT ? 13 : 99; }\n"
    load(lab, lkm, text + 'MOD_MISC("shy");', stat="refuse")
    assert errno_of(lkm.stat, 0) == 13
    lkm.unload(0)


def test_any_error_of_an_unload_handler_is_ebusy(lab: Lab, lkm: Lkm) -> None:
    """The reason tells the module's own errno; the module stays wired, and goes when it agrees."""
    text = """
int probe_answer = 5;
static int refuse(struct lkm_table *t, int cmd) { return cmd == LKM_E_UNLOAD ? probe_answer : 99; }
static struct sysent ent = { 0, 0, 0, (sy_call_t *)nullop };
MOD_SYSCALL("shy", -1, &ent);
"""
    _, image = load(lab, lkm, text, unload="refuse")
    tables = lab.tables()
    for errno, name in ((5, "EIO"), (16, "EBUSY"), (1000, "1000"), (-1, "-1")):
        lab.k.mem.set_u32(entry(image, "probe_answer"), errno)
        with pytest.raises(KernelError) as caught:
            lkm.unload(0)
        assert caught.value.errno == EBUSY
        assert name in caught.value.reason
        assert lab.tables() == tables
    lab.k.mem.set_u32(entry(image, "probe_answer"), 0)
    lkm.unload(0)
    assert lab.tables() == lab.boot_tables


def test_lmunload_writes_nothing_back(lab: Lab, lkm: Lkm) -> None:
    """`status` is declared and never set."""
    load(lab, lkm)
    request = lkm.pack("lmc_unload", 0, 0x1234, 0x5678)
    assert lkm.ioctl("LMUNLOAD", request) == request


def test_a_module_that_damages_its_name_panics_when_it_is_looked_at(lab: Lab, lkm: Lkm) -> None:
    """The kernel follows the pointer, as the original did: the report says whose and where."""
    text = """
static int load(struct lkm_table *t, int cmd);
MOD_MISC("liar");
static int liar(struct lkm_table *t, int cmd) { _module.lkm_name = (char *)16; return 0; }
"""
    load(lab, lkm, text, stat="liar")
    panic = lab.panics(lambda: lkm.stat(0))
    assert "page fault: read of 1 byte at 0x10 (NULL pointer) in lkmioctl()" in panic.reason
