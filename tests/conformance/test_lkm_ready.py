"""LMREADY and LMLOADSYMS (lkmioctl, NetBSD 5.2): what is refused, and what a failure leaves."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab
from support.lkm_modules import HEAD, PLAIN, source
from support.lkmraw import EEXIST, EINVAL, ENXIO, EPROGMISMATCH, Lkm, entry, place

CALL = 'static struct sysent ent = { 0, 0, 0, (sy_call_t *)nullop };\nMOD_SYSCALL("probe", -1, &ent);\n'


@pytest.mark.parametrize("where", [-1, 0x4000_0000, "end", 0])
def test_an_entry_point_outside_the_module_is_einval(clean: Lab, where: Any) -> None:
    """It is never called; everything is given back."""
    lkm = Lkm(clean.p)
    _, image = place(clean, lkm, PLAIN)
    lkm.send(image.data)
    address = {-1: image.base - 1, "end": image.base + image.size}.get(where, where)
    assert errno_of(lkm.ready, address) == EINVAL
    assert errno_of(lkm.ready, entry(image)) == ENXIO
    lkm.close()
    assert clean.same()


@pytest.mark.parametrize("errno", [1, 5, 16, 17, 99, 255])
def test_the_errno_of_a_failing_entry_comes_back_unchanged(clean: Lab, errno: int) -> None:
    """From the load handler: what lkmdispatch wired is undone, memory and id are free."""
    lkm = Lkm(clean.p)
    text = f"static int fail(struct lkm_table *t, int cmd) {{ return {errno}; }}\n"
    slot, image = place(clean, lkm, source(CALL + text, "fail"))
    lkm.send(image.data)
    with pytest.raises(KernelError) as caught:
        lkm.ready(entry(image))
    assert (caught.value.errno, slot) == (errno, 0)
    assert str(errno) in caught.value.reason
    lkm.close()
    assert clean.same()


CARELESS = """
static struct sysent ent = { 0, 0, 0, (sy_call_t *)nullop };
MOD_SYSCALL("probe", -1, &ent);
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	t->private.lkm_any = (struct lkm_any *)(void *)&_module;
	if (cmd == LKM_E_LOAD) {
		if (lkmdispatch(t, cmd) != 0)
			return 1;
		%s;
		return 7;
	}
	return 0;
}
"""


@pytest.mark.parametrize(
    "then",
    [
        "",
        "t->private.lkm_any = 0",
        "_module.lkm_type = 99",
        "lkmdispatch(t, LKM_E_UNLOAD)",
        "_module.lkm_offset = -1",
        "ent.sy_narg = 3",
    ],
)
def test_what_a_failing_entry_wired_is_undone_for_it(clean: Lab, then: str) -> None:
    """Whatever it did to its own records after lkmdispatch."""
    lkm = Lkm(clean.p)
    _, image = place(clean, lkm, HEAD + CARELESS % then)
    lkm.send(image.data)
    assert errno_of(lkm.ready, entry(image)) == 7
    lkm.close()
    assert clean.same()


def test_an_entry_that_forgets_private_is_refused(clean: Lab) -> None:
    """EINVAL: LMSTAT and LMUNLOAD would follow the pointer."""
    text = "int probe_lkmentry(void *, int, int);\nint probe_lkmentry(void *t, int c, int v) { return 0; }"
    lkm = Lkm(clean.p)
    _, image = place(clean, lkm, text)
    lkm.send(image.data)
    assert errno_of(lkm.ready, entry(image)) == EINVAL
    lkm.close()
    assert clean.same()


VERSIONED = """
static struct lkm_misc _module = { { { LM_MISC, "probe", (u_long)-1, %(mod)s, %(sys)s, %(env)s } } };
"""
KERNEL = 502000000  # __NetBSD_Version__ of NetBSD 5.2
MISMATCHES = [  # modver, sysver, envver, console
    (1, KERNEL, '""', "LKM 'probe': LKM version mismatch - LKM 1, kernel 2"),
    (3, 400000003, '",DEBUG"', "LKM 'probe': LKM version mismatch - LKM 3, kernel 2"),
    (2, 400000003, '""', f"LKM 'probe': kernel version mismatch - LKM 400000003, kernel {KERNEL}"),
    (2, 502000001, '",DEBUG"', f"LKM 'probe': kernel version mismatch - LKM 502000001, kernel {KERNEL}"),
    (2, KERNEL, '",DEBUG,MALLOCLOG"',
     "LKM 'probe': environment compile options mismatch - LKM 'DEBUG,MALLOCLOG', kernel ''"),
]  # fmt: skip


def versioned(mod: int, sys: int, env: str) -> str:
    return source(VERSIONED % {"mod": mod, "sys": sys, "env": env})


@pytest.mark.parametrize(("mod", "sys", "env", "text"), MISMATCHES)
def test_a_module_for_another_kernel_is_refused_with_the_historic_text(
    clean: Lab, mod: int, sys: int, env: str, text: str
) -> None:
    """EPROGMISMATCH, and the reason on the console."""
    lkm = Lkm(clean.p)
    _, image = place(clean, lkm, versioned(mod, sys, env))
    lkm.send(image.data)
    assert errno_of(lkm.ready, entry(image)) == EPROGMISMATCH
    assert clean.dmesg.splitlines()[-1] == text
    lkm.close()
    assert clean.same()


@pytest.mark.parametrize(("mod", "sys", "env", "text"), MISMATCHES)
def test_lmforce_skips_all_but_the_lkm_version(lab: Lab, mod: int, sys: int, env: str, text: str) -> None:
    """The forced load is announced; another LKM_VERSION is still refused."""
    lkm = Lkm(lab.p)
    _, image = place(lab, lkm, versioned(mod, sys, env))
    lkm.word("LMFORCE", 1)
    lkm.send(image.data)
    if mod != 2:
        assert errno_of(lkm.ready, entry(image)) == EPROGMISMATCH
        assert lab.dmesg.splitlines()[-1] == text
        return
    lkm.ready(entry(image))
    assert lab.dmesg.splitlines()[-1] == "LKM 'probe': forced load, skipping compatibility checks"


def test_lmforce_with_0_forces_nothing_and_ends_with_the_reservation(lab: Lab) -> None:
    """It takes a force back, and none survives LMUNRESRV."""
    lkm = Lkm(lab.p)
    for force in (
        lambda: lkm.word("LMFORCE", 0),
        lambda: (lkm.word("LMFORCE", 1), lkm.word("LMFORCE", 0)),
        lambda: (lkm.word("LMFORCE", 1), lkm.unreserve()),
    ):
        _, image = place(lab, lkm, versioned(2, 400000003, '""'))
        force()
        _, image = place(lab, lkm, versioned(2, 400000003, '""'))
        lkm.send(image.data)
        assert errno_of(lkm.ready, entry(image)) == EPROGMISMATCH


def test_the_entry_gets_the_table_load_and_version_2(lab: Lab) -> None:
    """entry(lkmtp, LKM_E_LOAD 1, LKM_VERSION 2); refcnt is 0 then and 1 afterwards."""
    text = """
int probe_saw[8];
static struct lkm_table *table;
int probe_refcnt(void) { return table->refcnt; }
MOD_MISC("probe");
static int load(struct lkm_table *t, int cmd)
{
	table = t;
	probe_saw[0] = cmd; probe_saw[1] = t->refcnt; probe_saw[2] = t->id;
	probe_saw[3] = t->private.lkm_any->lkm_type;
	probe_saw[4] = t->area <= (u_long)&probe_saw && (u_long)&probe_saw < t->area + t->size;
	probe_saw[5] = t->private.lkm_any == (void *)&_module;
	probe_saw[6] = t->forced; probe_saw[7] = lkmexists(t);
	return 0;
}
"""
    lkm = Lkm(lab.p)
    _, image = place(lab, lkm, source(text, "load"))
    lkm.send(image.data)
    lkm.ready(entry(image))
    lkm.close()
    saw = lab.k.mem.read(entry(image, "probe_saw"), 32)
    assert [int.from_bytes(saw[i : i + 4], "little") for i in range(0, 32, 4)] == [1, 0, 0, 6, 1, 1, 0, 0]
    lab.symbols["probe_refcnt"] = entry(image, "probe_refcnt")
    assert lab.call("int probe_refcnt(void)") == 1


def symtab(lkm: Lkm, rows: list[tuple[int, int]], strings: bytes) -> tuple[bytes, bytes]:
    """An ELF symbol table of global functions: (st_name, st_value) rows, and its string table."""
    import struct

    if lkm.wide:
        table = b"".join(struct.pack("<IBBHQQ", name, 0x12, 0, 1, value, 4) for name, value in rows)
    else:
        table = b"".join(struct.pack("<IIIBBH", name, value, 4, 0x12, 0, 1) for name, value in rows)
    return table, strings


@pytest.mark.parametrize(
    ("rows", "strings", "cut"),
    [
        ([(1, 5)], b"\0fun", 0),  # no NUL at the end
        ([(9, 5)], b"\0fun\0", 0),  # the name lies behind the strings
        ([(1, 5)], b"\0fun\0", 3),  # not made of whole entries
        ([(1, 5)], b"", 0),  # no strings at all
    ],
)
def test_a_bad_symbol_table_is_einval_and_undoes_the_load(
    clean: Lab, rows: list[tuple[int, int]], strings: bytes, cut: int
) -> None:
    """The module's entry has succeeded by then: it is called again to unload."""
    lkm = Lkm(clean.p)
    table, text = symtab(lkm, rows, strings)
    sizes: dict[str, Any] = {"sym_size": len(table) - cut + len(text), "sym_symsize": len(table) - cut}
    _, image = place(clean, lkm, source(CALL), **sizes)
    lkm.send(image.data)
    lkm.loadsyms(table[cut:] + text)
    assert errno_of(lkm.ready, entry(image)) == EINVAL
    lkm.close()
    assert clean.same()


def test_a_symbol_table_of_a_name_that_exists_is_eexist(clean: Lab) -> None:
    """MISC modules may share a name, their symbol tables may not; the first keeps its own to the end."""
    lkm = Lkm(clean.p)

    def load(symbols: bool) -> None:
        table, text = symtab(lkm, [(1, 0xC0FFEE)], b"\0probe_fun\0")
        sizes = (len(table) + len(text), len(table)) if symbols else (0, 0)
        _, image = place(clean, lkm, PLAIN, sym_size=sizes[0], sym_symsize=sizes[1])
        lkm.send(image.data)
        if symbols:
            lkm.loadsyms(table + text)
        lkm.ready(entry(image))

    load(symbols=True)
    assert clean.k.ksyms.value("probe_fun") == 0xC0FFEE
    assert errno_of(load, symbols=True) == EEXIST
    load(symbols=False)
    lkm.unload(1)
    assert clean.k.ksyms.value("probe_fun") == 0xC0FFEE
    lkm.unload(0)
    assert clean.k.ksyms.value("probe_fun") is None
    lkm.close()
    assert clean.same()


def test_reserving_needs_no_more_than_the_object_says(lab: Lab) -> None:
    """LMSTAT's size is what was reserved, in KB: 4 for a page."""
    lkm = Lkm(lab.p)
    slot, image = place(lab, lkm, PLAIN)
    lkm.send(image.data)
    lkm.ready(entry(image))
    assert lkm.stat(slot).size == image.size // 1024
    assert re.fullmatch("[0-9a-f]{4}", f"{lkm.stat(slot).size:04x}")
