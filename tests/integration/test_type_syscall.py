"""SYSCALL modules: a slot of sysent[] while they are loaded, and the old entry back afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EEXIST, EFAULT, EINVAL, EIO, ENFILE, ENOENT, ENOSYS
from lkmtools.errors import KernelError
from lkmtools.modules.prepare import LoadError
from support.lab import Lab, transport

SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/lkm.h>
@BODY@
static struct sysent @NAME@_ent = { @NARG@, @NARG@ * sizeof(register_t), 0, (sy_call_t *)@NAME@_call };
MOD_SYSCALL("@NAME@", @SLOT@, &@NAME@_ent);
@HANDLERS@
int @NAME@_lkmentry(struct lkm_table *, int, int);
int @NAME@_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, @LOAD@, @UNLOAD@, lkm_nofunc);
}
"""
ADD = """
struct args { register_t a, b; };
int @NAME@_call(struct lwp *l, struct args *v, register_t *retval);
int @NAME@_call(struct lwp *l, struct args *v, register_t *retval)
{
	retval[0] = v->a + v->b + (@SLOT@ < 0 ? 0 : @SLOT@);
	retval[1] = l == curlwp ? l->l_proc->p_pid : -1;
	return v->a == 666 ? EIO : 0;
}
"""


def load(lab: Lab, name: str = "first", slot: int | str = -1, **parts: str) -> int:
    """Compile and load a SYSCALL module; its slot as LMSTAT tells it."""
    text = SOURCE.replace("@BODY@", parts.get("body", ADD))
    words = {"LOAD": "lkm_nofunc", "UNLOAD": "lkm_nofunc", "NARG": "2", "HANDLERS": ""} | parts
    for key, value in {**words, "NAME": name, "SLOT": str(slot)}.items():
        text = text.replace(f"@{key}@", value)
    loaded = lab.load(text, name=name, whole=True)
    offset: int = modules.stat(lab.p, loaded.id).offset
    return offset


def errno_of(lab: Lab, number: int, *args: Any) -> int:
    """The errno of a system call; 0 when it succeeds."""
    try:
        lab.p.syscall(number, *args)
    except KernelError as error:
        return error.errno
    return 0


def refused(lab: Lab, name: str, slot: int | str = -1, **parts: str) -> int:
    """The errno with which LMREADY refuses a module; it must leave the tables alone."""
    before = lab.tables()
    with pytest.raises(LoadError) as caught:
        load(lab, name, slot, **parts)
    assert lab.tables() == before
    assert caught.value.status == 14
    assert isinstance(caught.value.__cause__, KernelError)
    return caught.value.__cause__.errno


def test_a_free_slot_is_found_and_the_call_answers_at_once(lab: Lab) -> None:
    """210 is the first; a process that was there before sees it; both return registers come back."""
    other = lab.kernel.process("other")
    assert errno_of(lab, 210, 1, 2) == ENOSYS
    assert load(lab) == 210
    assert lab.p.syscall(210, 40, 2) == (42, lab.p.pid)
    assert other.syscall(210, -40, -2) == (-42, other.pid)
    assert errno_of(lab, 210, 666) == EIO
    assert modules.stat(lab.p, "first").type_name == "SYSCALL"


def test_after_unload_the_slot_is_free_and_the_call_enosys(lab: Lab) -> None:
    load(lab)
    modules.unload(lab.p, "first")
    assert errno_of(lab, 210, 1, 2) == ENOSYS
    assert lab.tables() == lab.boot_tables
    assert load(lab, "second") == 210


def test_the_old_entry_lies_in_the_modules_record(lab: Lab) -> None:
    """lkm_oldent has what stood in the slot, and sy_narg and sy_argsize of the new entry are in the table."""
    old = lab.k.mem.read(
        lab.k.system_calls.sysent + 20 * lab.k.system_calls.layout.size, lab.k.system_calls.layout.size
    )
    load(lab, "getpid", 20)
    image = next(m for m in lab.k.lkm.loaded())
    private = lab.k.lkm.view(image).private
    assert old in lab.k.mem.read(private, 128)
    entry = lab.k.mem.view(
        lab.k.system_calls.layout, lab.k.system_calls.sysent + 20 * lab.k.system_calls.layout.size
    )
    assert (entry.sy_narg, entry.sy_argsize, entry.sy_flags) == (2, 2 * lab.k.dm.pointer, 0)


@pytest.mark.parametrize("slot", [0, 20, 210, 219, 416])
def test_an_explicit_slot_is_replaced_and_restored(lab: Lab, slot: int) -> None:
    """Free or taken: getpid (20) answers otherwise while the module is there."""
    pid = lab.p.getpid()
    assert load(lab, "there", slot) == slot
    assert lab.p.syscall(slot, 1, 2)[0] == 3 + slot
    modules.unload(lab.p, "there")
    assert lab.p.getpid() == pid
    assert lab.tables() == lab.boot_tables


@pytest.mark.parametrize("slot", [417, 511, 1 << 20, -2, -(1 << 31)])
def test_a_slot_out_of_range_is_einval(lab: Lab, slot: int) -> None:
    """SYS_MAXSYSCALL is 417 in 5.2; only -1 means any."""
    assert refused(lab, "there", slot) == EINVAL


def test_when_all_ten_slots_are_taken_the_next_is_enfile(lab: Lab) -> None:
    """210 to 219 in order; the one that goes makes room for the next."""
    assert [load(lab, f"call{i}") for i in range(10)] == list(range(210, 220))
    assert refused(lab, "eleventh") == ENFILE
    modules.unload(lab.p, "call5")
    assert load(lab, "eleventh") == 215
    for name in ("eleventh", *(f"call{i}" for i in range(10) if i != 5)):
        modules.unload(lab.p, name)
    assert lab.tables() == lab.boot_tables


def test_a_name_that_is_loaded_is_eexist(lab: Lab) -> None:
    """Also when a module of another type has it: lkmexists looks at names only."""
    load(lab)
    assert refused(lab, "first") == EEXIST
    lab.load("", name="misc")
    assert refused(lab, "misc") == EEXIST
    assert lab.p.syscall(210, 1, 2)[0] == 3


def test_a_failing_load_handler_undoes_the_wiring(lab: Lab) -> None:
    """DISPATCH wires first; the handler saw its slot, then it was gone."""
    handlers = """
int first_slot;
static int fail(struct lkm_table *t, int cmd)
{
	first_slot = _module.mod.lkm_offset;
	return ENOENT + first_slot - 210;
}
"""
    assert refused(lab, "first", HANDLERS=handlers, LOAD="fail") == ENOENT
    assert errno_of(lab, 210, 1, 2) == ENOSYS


def test_the_wrong_order_of_unloading_is_refused(lab: Lab) -> None:
    """Two modules on one slot: the younger one would put the older one's entry back when that is gone."""
    load(lab, "older", 215)
    load(lab, "younger", 215)
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "older")
    assert caught.value.errno == EBUSY
    assert "system call 215 has been replaced again since" in caught.value.reason
    assert lab.p.syscall(215, 1, 2)[0] == 218
    modules.unload(lab.p, "younger")
    modules.unload(lab.p, "older")
    assert lab.tables() == lab.boot_tables


def test_wiring_twice_is_refused(lab: Lab) -> None:
    """A load handler that calls lkmdispatch once more would save its own entry as the old one."""
    handlers = "static int again(struct lkm_table *t, int cmd) { return lkmdispatch(t, cmd); }"
    assert refused(lab, "first", HANDLERS=handlers, LOAD="again") == EEXIST


def test_one_module_may_bring_two_calls(lab: Lab) -> None:
    """Its handlers wire a second private struct by hand."""
    handlers = """
static struct sysent more = { 2, 2 * sizeof(register_t), 0, (sy_call_t *)nullop };
static struct lkm_syscall second = { __LKM_MOD(LM_SYSCALL, "first", -1), &more, { 0 } };
static int both(struct lkm_table *t, int cmd)
{
	int error;
	t->private.lkm_syscall = &second;
	error = lkmdispatch(t, cmd);
	t->private.lkm_syscall = &_module;
	return error;
}
"""
    assert load(lab, "first", HANDLERS=handlers, LOAD="both", UNLOAD="both") == 210
    assert (errno_of(lab, 210, 1, 2), errno_of(lab, 211), errno_of(lab, 212)) == (0, 0, ENOSYS)
    modules.unload(lab.p, "first")
    assert lab.tables() == lab.boot_tables


def test_a_call_that_copies_in_and_out(lab: Lab) -> None:
    """Strings and buffers of the caller, bad pointers as EFAULT, and eight argument words."""
    body = """
struct args { const char *in; char *out; register_t n[6]; };
int first_call(struct lwp *l, struct args *v, register_t *retval);
int first_call(struct lwp *l, struct args *v, register_t *retval)
{
	char text[32];
	size_t done;
	int i, error = copyinstr(v->in, text, sizeof text, &done);
	if (error)
		return error;
	for (i = 0; i < 6; i++)
		retval[0] = retval[0] * 10 + v->n[i];
	for (i = 0; text[i]; i++)
		text[i] -= 'a' - 'A';
	return copyout(text, v->out, done);
}
"""
    number = load(lab, body=body, NARG="8")
    out = lab.p.buffer(8)
    assert lab.p.syscall(number, "stressed", lab.p.buffer(16), 1, 2, 3, 4, 5, 6)[0] == 123456
    assert errno_of(lab, number, "stressed", out, 0, 0, 0, 0, 0, 0) == EFAULT
    assert errno_of(lab, number, 0, out, 0, 0, 0, 0, 0, 0) == EFAULT
    out = lab.p.buffer(b"untouched")
    lab.p.syscall(number, "shout", out, 0, 0, 0, 0, 0, 0)
    assert out.data == b"SHOUT\0hed"


def test_return_registers_are_zero_unless_they_are_set(lab: Lab) -> None:
    """What an earlier call left is not seen."""
    body = "int first_call(struct lwp *l, void *v, register_t *r);\n"
    body += "int first_call(struct lwp *l, void *v, register_t *r) { return 0; }"
    number = load(lab, body=body)
    lab.p.lseek(lab.p.open("/dev/null"), 0x123456789AB)
    assert lab.p.syscall(number) == (0, 0)


def test_a_process_that_sleeps_in_the_call_keeps_the_module(lab: Lab) -> None:
    """EBUSY names who sleeps and where; also when it has been woken but not run."""
    from lkmtools.proto import Syscall

    body = """
int first_call(struct lwp *l, register_t *v, register_t *retval);
int first_call(struct lwp *l, register_t *v, register_t *retval)
{
	if (v[0] == 1) {
		wakeup(first_call);
		return 0;
	}
	return tsleep(first_call, PWAIT, "inside", 0);
}
"""
    number = load(lab, body=body)
    other = lab.kernel.process("sleeper")
    transport(other).send(Syscall(number, (0,), ()))
    lab.kernel.run()
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "first")
    assert caught.value.errno == EBUSY
    assert f"pid {other.pid} (sleeper)" in caught.value.reason
    assert "first_call+0x" in caught.value.reason
    lab.p.syscall(number, 1)
    assert transport(other).receive().errno == 0
    modules.unload(lab.p, "first")
    assert lab.tables() == lab.boot_tables


def test_modules_see_every_call_of_5_2_in_the_tables(lab: Lab) -> None:
    """Arguments and names also of calls that are not written."""
    lab.load(
        "#include <sys/syscall.h>\n#include <sys/syscallargs.h>\n#include <sys/syscallvar.h>\n"
        "int probe_narg(int n) { return sysent[n].sy_narg * 1000 + sysent[n].sy_argsize; }\n"
        "int probe_nosys(int n) { return sysent[n].sy_call == sys_nosys; }\n"
        'int probe_name(int n) { printf("<%s>", syscallnames[n]); return 0; }\n'
        "int probe_size(void) { return sizeof(struct sys_sendto_args); }\n"
    )
    word = lab.k.dm.pointer
    wide = 1 if word == 8 else 2
    for number, words in ((7, 4), (133, 6), (173, 4 + wide), (411, 5), (210, 0), (416, 3 + 2 * wide)):
        assert lab.call("int probe_narg(int n)", number) == words * 1000 + words * word
    assert [lab.call("int probe_nosys(int n)", n) for n in (133, 416, 11, 7, 210)] == [1, 1, 1, 0, 0]
    for number in (0, 17, 133, 387, 11, 480, 511):
        lab.call("int probe_name(int n)", number)
    assert "<syscall><break><sendto><__stat30><#11><lkmwait><#511>" in lab.dmesg
    assert lab.call("int probe_size(void)") == 6 * word
