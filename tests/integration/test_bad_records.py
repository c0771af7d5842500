"""Modules that damage the kernel's record of them: an errno, a refusal or a panic, never anything else."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from lkmtools import modules
from lkmtools.errors import LkmtoolsError, PanicError
from lkmtools.evidence.show import kernel_status
from lkmtools.kern import Kernel
from support.lab import HEAD, Lab

# What is damaged, and with which words. sysent[500], which nobody calls, says which of them, and when.
FIELDS = [
    "t->refcnt = {}", "t->forced = {}", "t->entry = (void *){}",
    "t->private.lkm_any = (void *){}", "t->size = {}", "t->offset = {}", "t->area = {}", "t->syms = {}",
    "t->sym_size = {}", "t->sym_offset = {}", "t->sym_symsize = {}", "t->id = {}",
    "t->link.tqe_next = (void *){}", "t->link.tqe_prev = (void *){}", "_module.lkm_type = {}",
    "_module.lkm_name = (void *){}", "_module.lkm_offset = {}", "_module.lkm_modver = {}",
    "_module.lkm_envver = (void *){}", "_module.lkm_sysent = (void *){}",
    "_module.lkm_oldent.sy_call = (void *){}", "sysent[210].sy_call = (void *){}", "lkmods = {}",
    "lkmdispatch(t, LKM_E_UNLOAD); _module.lkm_offset = {}", "lkmdispatch((void *){}, LKM_E_LOAD)",
]  # fmt: skip
WORDS = ("0", "-1", "0x10", "0x1234", "(u_long)bad_go", "(u_long)sysent", "(u_long)t", "0x7fffffff")
NOW, LATER = 1, 2
SOURCE = """
static struct sysent ent = { 0, 0, 0, (sy_call_t *)nullop };
MOD_SYSCALL("bad", -1, &ent);
extern u_long lkmods;
static struct lkm_table *table;
int bad_go(int when);
int bad_go(int when)
{
	struct lkm_table *t = table;
	u_long words[] = { @WORDS@ }, word = words[sysent[500].sy_argsize];
	if (sysent[500].sy_flags == when)
		switch (sysent[500].sy_narg) {
		@CASES@
		}
	return 0;
}
static int load(struct lkm_table *t, int cmd) { table = t; return bad_go(1); }
int bad_lkmentry(struct lkm_table *, int, int);
int bad_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, load, lkm_nofunc, lkm_nofunc);
}
"""
CASES = "\n".join(f"case {i}: {field.format('word')}; break;" for i, field in enumerate(FIELDS))


def steps(lab: Lab, when: int) -> list[Callable[[], object]]:
    """Load, damage, then everything that looks at the records."""
    text = SOURCE.replace("@WORDS@", ", ".join(WORDS)).replace("@CASES@", CASES)
    return [
        lambda: lab.load(HEAD + text, name="bad", whole=True),
        lambda: lab.call("int bad_go(int when)", LATER) if when == LATER else None,
        lambda: modules.stat_all(lab.p),
        lambda: modules.stat(lab.p, "bad"),
        lambda: lab.load("", name="other"),
        lambda: lab.p.syscall(210),
        lambda: modules.unload(lab.p, "other"),
        lambda: modules.unload(lab.p, "bad"),
        lambda: modules.unload(lab.p, 0),
        lambda: lab.load("", name="last"),
        lambda: show(lab.k),
    ]


def show(k: Kernel) -> None:
    """Everything that is shown of a kernel."""
    k.vitals.update()
    json.dumps([k.vitals.text(), [module.title for module in k.lkm.loaded()], k.lkm.reserved])
    json.dumps(kernel_status(k.evidence, "any", k.bootno))


def survive(lab: Lab, field: int, word: int, when: int) -> None:
    """Every step ends in a result, an errno or a panic; a panic ends the sequence."""
    size = lab.k.system_calls.layout.size
    packed = lab.k.system_calls.layout.pack(sy_narg=field, sy_argsize=word, sy_flags=when)
    lab.k.mem.write(lab.k.system_calls.sysent + 500 * size, packed)
    for step in steps(lab, when):
        try:
            step()
        except PanicError:
            return
        except LkmtoolsError:
            continue


@pytest.mark.parametrize("when", [NOW, LATER], ids=["in its entry", "later"])
@pytest.mark.parametrize("field", range(len(FIELDS)), ids=[name.split(" = ")[0] for name in FIELDS])
def test_whatever_a_module_writes_to_its_records(lab: Lab, field: int, when: int) -> None:
    """After it a new process can list and load, in this kernel or in the next."""
    for word in range(len(WORDS)):
        boot = lab.k.bootno
        survive(lab, field, word, when)
        if lab.k.bootno == boot:
            lab.kernel.reboot()
        lab.p = lab.kernel.process("lab")
        assert lab.tables() == lab.boot_tables
        assert modules.stat_all(lab.p) == []
