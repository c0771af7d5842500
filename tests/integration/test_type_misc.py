"""MISC modules: they patch the kernel's tables themselves, and put them back."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, ENOSYS, EPERM
from lkmtools.errors import KernelError
from support.lab import Lab

SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/syscall.h>
#include <sys/syscallargs.h>
#include <sys/lkm.h>
@BODY@
MOD_MISC("patch");
int patch_lkmentry(struct lkm_table *, int, int);
int patch_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, @LOAD@, @UNLOAD@, lkm_nofunc);
}
"""
NEW_CALL = """
extern struct sysent sysent[];
static struct sysent saved;
int patch_calls;
struct args { register_t number; };
static int mycall(struct lwp *l, struct args *v, register_t *retval)
{
	patch_calls++;
	retval[0] = v->number * 2;
	return 0;
}
static int load(struct lkm_table *t, int cmd)
{
	if (sysent[215].sy_call != sys_lkmnosys)
		return EBUSY;
	saved = sysent[215];
	sysent[215].sy_narg = 1;
	sysent[215].sy_argsize = sizeof(struct args);
	sysent[215].sy_call = (sy_call_t *)mycall;
	return 0;
}
static int unload(struct lkm_table *t, int cmd)
{
	if (sysent[215].sy_call != (sy_call_t *)mycall)
		return EAGAIN;
	sysent[215] = saved;
	return 0;
}
"""
HOOKED_IOCTL = """
int patch_ioctls, patch_lmstats;
static sy_call_t *old;
static int myioctl(struct lwp *l, const void *v, register_t *retval)
{
	const struct sys_ioctl_args *uap = v;
	int error;
	patch_ioctls++;
	error = (*old)(l, v, retval);
	if ((SCARG(uap, com) & 0xffff) == ('K' << 8 | 11) && error == 0)
		patch_lmstats++;
	return error;
}
static int load(struct lkm_table *t, int cmd)
{
	old = sysent[SYS_ioctl].sy_call;
	sysent[SYS_ioctl].sy_call = myioctl;
	return old == (sy_call_t *)sys_ioctl ? 0 : EINVAL;
}
static int unload(struct lkm_table *t, int cmd)
{
	sysent[SYS_ioctl].sy_call = old;
	return 0;
}
void patch_restore(void);
void patch_restore(void) { sysent[SYS_ioctl].sy_call = old; }
"""


def load(lab: Lab, body: str, on_load: str = "load", on_unload: str = "unload") -> None:
    text = SOURCE.replace("@BODY@", body).replace("@LOAD@", on_load).replace("@UNLOAD@", on_unload)
    lab.load(text, name="patch", whole=True)


def test_a_module_that_replaces_a_slot_by_hand_answers_clients(lab: Lab) -> None:
    """It saves and replaces sysent[215]; a client's call runs it; after unload the table is as at boot."""
    other = lab.kernel.process("other")
    load(lab, NEW_CALL)
    assert other.syscall(215, 21)[0] == 42
    assert lab.p.syscall(215, -3)[0] == -6
    assert lab.value("patch_calls") == 2
    modules.unload(lab.p, "patch")
    assert lab.tables() == lab.boot_tables
    with pytest.raises(KernelError) as caught:
        other.syscall(215, 21)
    assert caught.value.errno == ENOSYS


def test_a_hooked_ioctl_sees_lmstat_and_passes_it_on(lab: Lab) -> None:
    """modstat works through it; the LMREADY that loaded the module began before it was there."""
    load(lab, HOOKED_IOCTL)
    assert lab.value("patch_ioctls") == 0
    assert [(m.id, m.name, m.type_name, m.offset) for m in modules.stat_all(lab.p)] == [
        (0, "patch", "MISC", -1)
    ]
    assert lab.value("patch_ioctls") == 3  # LMSTATS is refused; the second LMSTAT is beyond the highest ID
    assert lab.value("patch_lmstats") == 1


def test_a_hook_cannot_be_unloaded_through_itself(lab: Lab) -> None:
    """LMUNLOAD would return into the memory it frees: EBUSY says so, until the hook is out of the way."""
    load(lab, HOOKED_IOCTL)
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "patch")
    assert caught.value.errno == EBUSY
    assert "myioctl+0x" in caught.value.reason
    assert [m.name for m in modules.stat_all(lab.p)] == ["patch"]
    lab.call("void patch_restore(void)")
    modules.unload(lab.p, "patch")
    assert lab.tables() == lab.boot_tables


@pytest.mark.parametrize("errno", ["EBUSY", "EPERM", "EWOULDBLOCK"])
def test_an_unload_handler_that_refuses_is_ebusy(lab: Lab, errno: str) -> None:
    """Any errno becomes EBUSY at the ioctl; the reason has the handler's."""
    handlers = f"static int refuse(struct lkm_table *t, int cmd) {{ return {errno}; }}"
    load(lab, handlers, "lkm_nofunc", "refuse")
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "patch")
    assert caught.value.errno == EBUSY
    number = {"EBUSY": 16, "EPERM": 1, "EWOULDBLOCK": 35}[errno]
    assert f"LKM 'patch' refused: its entry point returned {number}" in caught.value.reason
    assert [m.name for m in modules.stat_all(lab.p)] == ["patch"]


def test_a_hook_in_the_way_makes_its_module_refuse(lab: Lab) -> None:
    """Two modules hook one call by hand; the older sees that it is not on top and says so."""
    load(lab, NEW_CALL)
    second = NEW_CALL.replace("!= sys_lkmnosys", "== sys_lkmnosys")
    load(lab, second.replace("patch_calls", "patch_others"))
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, 0)
    assert caught.value.errno == EBUSY
    modules.unload(lab.p, 1)
    modules.unload(lab.p, 0)
    assert lab.tables() == lab.boot_tables


def test_a_module_may_change_kernel_variables(lab: Lab) -> None:
    """securelevel is one; raised by a module it stops every further change, also the module's own unload."""
    body = """
static int load(struct lkm_table *t, int cmd) { securelevel = 1; return 0; }
void patch_lower(void);
void patch_lower(void) { securelevel = 0; }
"""
    load(lab, body, "load", "lkm_nofunc")
    assert lab.p.sysctl("kern.securelevel") == 1
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "patch")
    assert caught.value.errno == EPERM
    assert [m.name for m in modules.stat_all(lab.p)] == ["patch"]
    lab.call("void patch_lower(void)")
    modules.unload(lab.p, "patch")
    assert lab.tables() == lab.boot_tables


def test_a_slot_left_behind_is_a_panic_that_names_the_module(lab: Lab) -> None:
    """An unload handler that forgets its hook: the next call runs into memory that is gone."""
    load(lab, NEW_CALL, "load", "lkm_nofunc")
    modules.unload(lab.p, "patch")
    panic = lab.panics(lambda: lab.p.syscall(215, 1))
    assert "page fault: instruction fetch at 0x" in panic.reason
    assert "memory of module patch, which was unloaded" in panic.reason


def test_a_module_that_calls_system_calls_through_the_table(lab: Lab) -> None:
    """Kernel stubs are callable C functions: getpid through sysent[] for the current process."""
    body = """
int patch_getpid(void);
int patch_getpid(void)
{
	register_t args[8] = { 0 }, retval[2] = { 0, 0 };
	int error = (*sysent[SYS_getpid].sy_call)(curlwp, args, retval);
	return error ? -error : retval[0];
}
"""
    load(lab, body, "lkm_nofunc", "lkm_nofunc")
    assert lab.call("int patch_getpid(void)") == lab.p.pid


def test_an_address_kept_from_an_earlier_load_is_new_code_after_a_reload(lab: Lab) -> None:
    """Twenty times the same address, each time other machine code: nothing translated before is run."""
    addresses = set()
    for i in range(20):
        lab.load(f"int probe_answer(void);\nint probe_answer(void) {{ return {i * 1000 + 7}; }}")
        addresses.add(lab.symbols["probe_answer"])
        assert lab.call("int probe_answer(void)") == i * 1000 + 7
        modules.unload(lab.p, "probe")
    assert len(addresses) == 1
