"""Who is asked before an unload: the manuals say what the table says, and its order is what happens."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY
from lkmtools.errors import KernelError
from lkmtools.kern.lkm.lkm_busy import NEEDS, in_use
from support.lab import Lab, Started

ROOT = Path(__file__).parents[2]
# All that can be needed of one module: functions, a system call, a device, a type of file system (the
# operations of memfs under another name), an emulation, and a format in memory that is not its own.
ALL = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/errno.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/malloc.h>
#include <sys/mount.h>
#include <sys/proc.h>
static const struct vnodeopv_desc *none[] = { NULL };
static struct vfsops fs;
static struct emul emulation;
static struct execsw *row;
static int major = -1, block = -1, chan;
static const struct cdevsw device = {
	nullopen, nullclose, noread, nowrite, noioctl, nostop, notty, nopoll, nommap, nokqfilter, D_OTHER
};
static int make(struct lwp *l, struct exec_package *epp) { return ENOEXEC; }
static int call(struct lwp *l, const void *v, register_t *retval) { return 0; }
static struct sysent entry = { 0, 0, 0, call };
MOD_SYSCALL("all", 215, &entry);
int all_get(void), all_major(void), all_sleep(void), all_wake(void), all_adopt(void), all_forget(void);
int all_get(void) { return 1; }
int all_major(void) { return major; }
int all_sleep(void) { return tsleep(&chan, PWAIT, "all", 0); }
int all_wake(void) { wakeup(&chan); return 0; }
int all_adopt(void) { curlwp->l_proc->p_emul = &emulation; return 0; }
int all_forget(void) { int error = exec_remove(row); free(row, M_TEMP); return error; }
static int start(struct lkm_table *lkmtp, int cmd)
{
	struct vfsops *memfs = vfs_getopsbyname("memfs");
	int error;
	fs = *memfs;
	vfs_delref(memfs);
	fs.vfs_refcount = 0;
	fs.vfs_name = "allfs";
	fs.vfs_opv_descs = none;
	emulation = emul_netbsd;
	emulation.e_name = "all";
	row = malloc(sizeof(*row), M_TEMP, M_WAITOK | M_ZERO);
	row->es_makecmds = make;
	row->es_emul = &emulation;
	if ((error = exec_add(row, "all")) != 0 || (error = vfs_attach(&fs)) != 0)
		return error;
	return devsw_attach("all", NULL, &block, &device, &major);
}
static int stop(struct lkm_table *lkmtp, int cmd)
{
	devsw_detach(NULL, &device);
	return vfs_detach(&fs);
}
int all_lkmentry(struct lkm_table *, int, int);
int all_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, start, stop, lkm_nofunc);
}
"""
NEWER = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/exec.h>
#include <sys/lkm.h>
static int call(struct lwp *l, const void *v, register_t *retval) { return 0; }
static struct sysent entry = { 0, 0, 0, call };
MOD_SYSCALL("newer", 215, &entry);
int newer_lkmentry(struct lkm_table *, int, int);
int newer_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""
USER = "int all_get(void); int user_get(void) { return all_get(); }"
HOLDER = """
int hold(const void *p) { return lkm_hold_addr(p); }
int rele(const void *p) { return lkm_rele_addr(p); }
"""


def plain(items: str) -> str:
    """The text of some lines of mdoc."""
    text = re.sub(r"^\.Pq Fn (\w+) *(.*)$", r"(\1())\2", items.strip(), flags=re.MULTILINE)
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("page", ["modunload.8", "lkm.4"])
def test_the_manuals_list_what_the_table_has_in_its_order(page: str) -> None:
    text = (ROOT / "man" / page).read_text()
    (found,) = re.findall(r"^\.Bl -enum -compact\n(.*?)^\.El", text, re.MULTILINE | re.DOTALL)
    items = [plain(item) for item in found.split(".It\n")[1:]]
    assert items == [f"{need.sentence};" for need in NEEDS[:-1]] + [f"{NEEDS[-1].sentence}."]


def test_the_docstring_names_what_the_table_has_in_its_order() -> None:
    assert f"in this order: {', '.join(need.name for need in NEEDS)}." in (in_use.__doc__ or "")


def needed(lab: Lab) -> dict[str, tuple[str, Callable[[], object]]]:
    """Load a module that is needed in each way of the table: by name, the reason, and how to end it."""
    p = lab.p
    lab.load(ROOT / "examples/memfs/memfs.c", name="memfs")
    addr = lab.load(ALL, name="all", whole=True, symbols=True).entry
    lab.load(NEWER, name="newer", whole=True)
    lab.load(USER, name="user")
    lab.load(HOLDER, name="holder")
    major = lab.call("int all_major(void)")
    p.mknod("/dev/all", 0o020666, major << 8)
    fd = p.open("/dev/all")
    p.mount("allfs", "/mnt")
    adopted, sleeper = lab.kernel.process("adopted"), lab.kernel.process("sleeper")
    lab.begin("int all_adopt(void)", p=adopted).result()
    sleeping: Started = lab.begin("int all_sleep(void)", p=sleeper)
    assert lab.call("int hold(const void *p)", addr) == 0

    def wake() -> None:
        lab.call("int all_wake(void)")
        sleeping.result()

    return {
        "dependents": ("'all' is in use by 'user'", lambda: modules.unload(p, "user")),
        "references": (
            "'all' is held by 'holder' (1 time)",
            lambda: lab.call("int rele(const void *p)", addr),
        ),
        "mounts": ("/mnt", lambda: p.unmount("/mnt")),
        "processes": (f"pid {adopted.pid} (adopted) runs under emulation 'all'", adopted.exit),
        "formats": (
            "the execution format of the kernel uses the emulation of 'all'",
            lambda: lab.call("int all_forget(void)"),
        ),
        "calls": (f"pid {sleeper.pid} (sleeper) sleeps in all_sleep+", wake),
        "devices": (f"character device {major}, 0 of 'all' is open, by pid {p.pid}", lambda: p.close(fd)),
        "tables": (
            "system call 215 has been replaced again since; unload module 'newer' first",
            lambda: modules.unload(p, "newer"),
        ),
    }


def test_of_all_that_need_a_module_the_first_of_the_table_gives_the_reason(lab: Lab) -> None:
    """One module that is needed in every way: the reasons come off one by one, in the table's order."""
    ways = needed(lab)
    assert list(ways) == [need.name for need in NEEDS]
    module = lab.k.modules.by_name("all")[0]
    for i, (reason, end) in enumerate(ways.values()):
        assert [bool(need.why(lab.k, module)) for need in NEEDS] == [j >= i for j in range(len(NEEDS))]
        with pytest.raises(KernelError) as caught:
            modules.unload(lab.p, "all")
        assert (caught.value.errno, reason in caught.value.reason, caught.value.reason) == (
            EBUSY, True, caught.value.reason,
        )  # fmt: skip
        end()
    for name in ("all", "holder", "memfs"):
        modules.unload(lab.p, name)
    assert lab.tables() == lab.boot_tables
