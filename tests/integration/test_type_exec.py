"""EXEC modules: execution formats, in their order, not to be unloaded from under a program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, ENOENT, ENOEXEC
from lkmtools.kern.status import processes
from support.emulations import EXAMPLES, Running, WaitStatus, load_toys, run, toy_image
from support.errors import failure
from support.lab import Lab

NAP = """
#include <unistd.h>
int main(void) { syscall(2, 1, "sleeping\\n", 9); syscall(8, 1000000); return 3; }
"""
ROW = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/exec_elf.h>
#include <sys/mman.h>
#include <sys/vnode.h>
#include <sys/lkm.h>
@BODY@
static struct execsw row = { .es_hdrsz = @HDR@, .es_makecmds = @MAKE@, .es_emul = @EMUL@, .es_prio = @PRIO@,
    .es_arglen = @ARGLEN@ };
MOD_EXEC("@NAME@", -1, &row, "netbsd");
int @NAME@_lkmentry(struct lkm_table *, int, int);
int @NAME@_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""
MAKE = """
static int make(struct lwp *l, struct exec_package *epp)
{
	const char *h = epp->ep_hdr;
	if (epp->ep_hdrvalid < 4 || memcmp(h, "@NAME@", 4) != 0) return ENOEXEC;
	@WORK@
	return 0;
}
"""


def load_row(lab: Lab, name: str = "fmt1", **parts: str) -> Any:
    """An EXEC module with one row; `work` is what es_makecmds does with a file that begins with its name."""
    words = {
        "HDR": "64", "MAKE": "make", "EMUL": "NULL", "PRIO": "EXECSW_PRIO_ANY", "WORK": "", "ARGLEN": "0",
    } | parts  # fmt: skip
    text = ROW.replace("@BODY@", words.pop("BODY", MAKE))
    for key, value in {**words, "NAME": name}.items():
        text = text.replace(f"@{key}@", value)
    return lab.load(text, name=name, whole=True)


def test_the_toy_format_is_executed_until_it_is_unloaded(lab: Lab, tmp_path: Path) -> None:
    """ENOEXEC, then output and exit status, then ENOEXEC again; all tables as at boot."""
    image = toy_image(lab, EXAMPLES / "toyexec/prog.c", tmp_path)
    assert run(lab, image)[2:] == (ENOEXEC, "not an ELF file")
    load_toys(lab)
    assert [m.type_name for m in modules.stat_all(lab.p)] == ["COMPAT", "EXEC"]
    ran = run(lab, image)
    text = "a toy program called prog, counted\nno call 99: error 1078\nno /etc/motd: error 1002\n"
    assert ran == WaitStatus(7 << 8, text, 0, "")
    modules.unload(lab.p, "toyexec")
    assert run(lab, image).errno == ENOEXEC
    modules.unload(lab.p, "toy")
    assert lab.tables() == lab.boot_tables


def test_a_format_without_its_emulation_is_enoent(lab: Lab) -> None:
    """And the reason says what to load first."""
    error = failure(lambda: lab.load(EXAMPLES / "toyexec/toyexec.c", name="toyexec"))
    assert (error.errno, error.reason) == (
        ENOENT, "there is no emulation 'toy': load its COMPAT module first",
    )  # fmt: skip
    assert lab.tables() == lab.boot_tables


def test_a_format_stays_while_its_program_runs(lab: Lab, tmp_path: Path) -> None:
    """EBUSY names the process; when it is gone the module goes."""
    load_toys(lab)
    running = Running(lab, toy_image(lab, NAP, tmp_path))
    error = failure(lambda: modules.unload(lab.p, "toyexec"))
    assert error.errno == EBUSY
    assert error.reason == f"pid {running.proc.pid} (prog) runs a program that 'toyexec' loaded"
    assert [row["emul"] for row in processes(lab.k) if row["comm"] == "prog"] == ["toy"]
    assert running.kill().status == 9
    modules.unload(lab.p, "toyexec")
    modules.unload(lab.p, "toy")
    assert lab.tables() == lab.boot_tables


def test_rows_are_asked_by_priority(lab: Lab) -> None:
    """FIRST before the native one, ANY before the first LAST; exec_maxhdrsz is the largest."""
    native = lab.k.formats.rows()
    for name, prio in (
        ("last", "LAST"),
        ("some", "ANY"),
        ("frst", "FIRST"),
        ("more", "ANY"),
        ("end_", "LAST"),
    ):
        load_row(lab, name, PRIO=f"EXECSW_PRIO_{prio}", HDR="200" if name == "more" else "16")
    rows = [lab.k.modules.at(es) for es in lab.k.formats.rows()]
    assert [row.title if row else "native" for row in rows] == [
        "frst", "native", "some", "more", "last", "end_",
    ]  # fmt: skip
    assert lab.k.mem.u32(lab.k.symbol("exec_maxhdrsz")) == 200
    for name in ("some", "last", "frst", "end_", "more"):
        modules.unload(lab.p, name)
    assert lab.k.formats.rows() == native
    assert lab.tables() == lab.boot_tables


@pytest.mark.parametrize(
    ("parts", "errno", "why"),
    [
        ({"PRIO": "7"}, EINVAL, "es_prio is 7"),
        ({"HDR": "5000"}, EINVAL, "es_hdrsz is 5000"),
        ({"BODY": "", "MAKE": "@NATIVE@", "EMUL": "&emul_netbsd"}, EEXIST, "is already registered"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(lab: Lab, parts: dict[str, str], errno: int, why: str) -> None:
    """The tables stay as they were."""
    native = f"exec_elf{8 * lab.k.dm.pointer}_makecmds, .u.elf_probe_func = "
    native += f"netbsd_elf{8 * lab.k.dm.pointer}_probe"
    parts = {key: value.replace("@NATIVE@", native) for key, value in parts.items()}
    error = failure(lambda: load_row(lab, **parts))
    assert (error.errno, why in error.reason) == (errno, True)
    assert lab.tables() == lab.boot_tables


@pytest.mark.parametrize(
    ("work", "errno", "why"),
    [
        ("return EPERM;", 1, "make() refuses"),
        ("return ENOEXEC;", ENOEXEC, "not an ELF file"),
        ("epp->ep_entry = 0;", ENOEXEC, "ep_entry to 0x0"),
        ("epp->ep_entry = (vaddr_t)-1;", ENOEXEC, "ep_entry"),
        ("epp->ep_entry = 4096; epp->ep_taddr = (vaddr_t)-8192; epp->ep_tsize = 4096;", ENOEXEC, "ends text"),
        ("epp->ep_entry = 4096; epp->ep_ssize = 1; epp->ep_minsaddr = 1;", ENOEXEC, "ep_minsaddr"),
        (
            "epp->ep_entry = 4096; NEW_VMCMD(&epp->ep_vmcmds, vmcmd_map_zero, 1, (u_long)-8192, NULL, 0, 7);",
            EINVAL, "not a range of user pages",
        ),
        (
            "epp->ep_entry = 4096;"
            "NEW_VMCMD(&epp->ep_vmcmds, vmcmd_map_readvn, 999, 4096, epp->ep_vp, 0, 7);",
            ENOEXEC, "999 bytes",
        ),
    ],
)  # fmt: skip
def test_what_a_format_asks_for_must_be_possible(lab: Lab, work: str, errno: int, why: str) -> None:
    """exec fails with an errno, and nothing of it is left."""
    load_row(lab, WORK=work)
    ran = run(lab, b"fmt1 and more")
    assert (ran.errno, why in ran.reason, ran.reason) == (errno, True, ran.reason)
    modules.unload(lab.p, "fmt1")
    assert lab.tables() == lab.boot_tables
    assert lab.k.formats.executing == {}


@pytest.mark.parametrize(
    ("work", "why"),
    [
        ("epp->ep_emul_arg = (void *)64;", "free: 0x40 was never allocated"),
        ("epp->ep_vmcmds.evs_cmds = (void *)64;", "kill_vmcmds: evs_cmds 0x40"),
        ("epp->ep_entry = 4096; epp->ep_vmcmds.evs_used = 99;", "evs_used is 99"),
        (
            "epp->ep_entry = 4096; NEW_VMCMD(&epp->ep_vmcmds, vmcmd_map_readvn, 9, 4096, (void *)64, 0, 7);",
            "0x40 is not the ep_vp",
        ),
        ("((int (*)(void))(vaddr_t)64)();", "instruction fetch at 0x40"),
    ],
)
def test_a_format_that_breaks_the_kernels_own_is_a_panic(lab: Lab, work: str, why: str) -> None:
    """The reason says what is wrong; the next boot is as the first."""
    load_row(lab, WORK=work)
    panic = lab.panics(lambda: run(lab, b"fmt1 and more"))
    assert why in panic.reason


def test_a_foreign_elf_program_is_not_executed_natively(lab: Lab) -> None:
    """Without NetBSD's note it is another system's; a row with a probe of its own may take it (ET_EXEC).

    Nor is one of our C library that was linked for another interface.
    """
    image = lab.cc.program("int main(void) { return 5; }", lab.machine).read_bytes()
    foreign = image.replace(b"NetBSD\0", b"OtherO\0", 1)
    ran = run(lab, foreign)
    assert (ran.errno, ran.reason) == (
        ENOEXEC, "it has no NetBSD note, so it is a program of another system",
    )  # fmt: skip
    other = image.replace(b"lkmtools\0\0\0\0\2", b"lkmtools\0\0\0\0\1", 1)
    ran = run(lab, other)
    assert (ran.errno, ran.reason) == (
        ENOEXEC, "compiled for interface 1 of lkmtools; this kernel has 2; compile it again",
    )  # fmt: skip
    make = f"exec_elf{8 * lab.k.dm.pointer}_makecmds, .u.elf_probe_func = probe"
    body = """
static int probe(struct lwp *l, struct exec_package *epp, void *eh0, char *itp, vaddr_t *pos)
{
	Elf_Ehdr *eh = eh0;
	return eh->e_machine == ELF_MACHINE ? 0 : ENOEXEC;
}
"""
    load_row(lab, "elfs", BODY=body, MAKE=make, HDR="sizeof(Elf_Ehdr)")
    assert run(lab, foreign).status == 5 << 8
    modules.unload(lab.p, "elfs")
    assert lab.tables() == lab.boot_tables
