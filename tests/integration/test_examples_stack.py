"""examples/stack: the right pair stays whole whatever is tried; the wrong one panics and says where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EBUSY, EINVAL, ENOENT, EPERM, ESRCH
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.abi.lkm import LKM_CHAR_MAJOR
from lkmtools.abi.stat import S_IFCHR
from lkmtools.errors import KernelError, PanicError

STACK = Path(__file__).parents[2] / "examples" / "stack"
FILE = "/tmp/file"


def load(lab: Any, *names: str) -> None:
    """Load samples of this directory, with their symbols."""
    for name in names:
        lab.load(STACK / f"{name}.c", name=name, symbols=True)


def make_file(lab: Any) -> None:
    lab.p.mknod(FILE, S_IFCHR | 0o666, makedev(2, 2))


def error_of(action: Any, *args: Any) -> KernelError:
    """The error with which `action` fails."""
    with pytest.raises(KernelError) as caught:
        action(*args)
    return caught.value


def refused(lab: Any, name: str) -> str:
    """Unloading must be EBUSY: the reason."""
    error = error_of(modules.unload, lab.p, name)
    assert error.errno == EBUSY
    return error.reason


@pytest.fixture
def pair(lab: Any) -> Any:
    """hook and guard loaded, /dev/guard and a file made."""
    load(lab, "hook", "guard")
    major = LKM_CHAR_MAJOR(modules.stat(lab.p, "guard").offset)
    lab.p.mknod("/dev/guard", S_IFCHR | 0o600, makedev(major, 0))
    make_file(lab)
    return lab


def test_both_layers_are_listed_and_unload_from_the_top(pair: Any) -> None:
    rows = [(m.name, m.type_name) for m in modules.stat_all(pair.p)]
    assert rows == [("hook", "MISC"), ("guard", "DEV")]
    assert refused(pair, "hook") == "'hook' is in use by 'guard'"
    modules.unload(pair.p, "guard")
    modules.unload(pair.p, "hook")
    pair.p.unlink("/dev/guard")
    assert pair.tables() == pair.boot_tables


def test_the_user_decides_whether_a_file_goes(pair: Any) -> None:
    user = pair.kernel.process("user")
    fd = user.open("/dev/guard", O_RDWR)
    for answer, errno in ((b"n", EPERM), (b"y\n", None)):
        asking = pair.start(pair.p.unlink, FILE)
        assert user.read(fd, 100) == b"/tmp/file\n"
        assert not asking.done
        user.write(fd, answer)
        if errno is None:
            asking.result()
        else:
            assert error_of(asking.result).errno == errno
    assert error_of(user.write, fd, b"y").errno == ESRCH
    user.close(fd)
    assert error_of(pair.p.unlink, FILE).errno == ENOENT


def test_without_a_user_everything_is_allowed_also_for_who_waits(pair: Any) -> None:
    user = pair.kernel.process("user")
    fd = user.open("/dev/guard", O_RDWR)
    asking = pair.start(pair.p.unlink, FILE)
    assert "EBUSY" in repr(error_of(pair.kernel.process("second").open, "/dev/guard", O_RDWR))
    user.close(fd)
    asking.result()
    make_file(pair)
    pair.p.unlink(FILE)


def test_neither_layer_unloads_while_a_question_is_open(pair: Any) -> None:
    """unlink(2) sleeps in guard, called by hook; reference and dependent come first for hook."""
    user, asker = pair.kernel.process("user"), pair.kernel.process("asker")
    fd = user.open("/dev/guard", O_RDWR)
    asking = pair.start(asker.unlink, FILE)
    assert refused(pair, "guard").startswith(f"pid {asker.pid} (asker) sleeps in guard_ask+0x")
    assert refused(pair, "hook") == "'hook' is in use by 'guard'"
    user.close(fd)
    asking.result()
    modules.unload(pair.p, "guard")
    modules.unload(pair.p, "hook")


CLIENT = """
#include <sys/proc.h>
typedef int hook_fn(struct lwp *, const char *);
static int fn(struct lwp *l, const char *path) { return 0; }
int client_call(int (*f)(const char *, hook_fn *));
int client_call(int (*f)(const char *, hook_fn *)) { return f("client", fn); }
int client_drop(int (*f)(hook_fn *));
int client_drop(int (*f)(hook_fn *)) { return f(fn); }
"""


def test_a_client_that_was_handed_a_pointer_keeps_hook_loaded_too(lab: Any) -> None:
    """It is not linked against hook: only the reference is in the way, and names for whom it is."""
    load(lab, "hook")
    lab.load(CLIENT, name="client")
    register, drop = lab.symbols["hook_register"], lab.symbols["hook_deregister"]
    call = "int client_call(unsigned long f)"
    assert lab.call(call, register) == 0
    assert lab.call(call, register) == EBUSY
    assert refused(lab, "hook") == "'hook' is held by itself for 'client' (1 time)"
    assert lab.call("int client_drop(unsigned long f)", drop) == 0
    assert lab.call("int client_drop(unsigned long f)", drop) == EINVAL
    modules.unload(lab.p, "hook")
    modules.unload(lab.p, "client")
    assert lab.tables() == lab.boot_tables


def test_who_has_the_hook_is_told_and_a_second_client_refused(pair: Any) -> None:
    pair.load(CLIENT, name="client")
    assert pair.call("int client_call(unsigned long f)", pair.symbols["hook_register"]) == EBUSY
    who = pair.call("unsigned long hook_holder(void)")
    assert pair.k.mem.cstr(who) == b"guard"


def asleep_between_test_and_call(lab: Any, client: str) -> Any:
    """The wrong pair, with unlink(2) of another process asleep in barehook; the client unloaded meanwhile."""
    load(lab, "barehook", client)
    make_file(lab)
    lab.slot = modules.stat(lab.p, "barehook").offset
    lab.p.syscall(lab.slot, 1)
    lab.start(lab.kernel.process("rm").unlink, FILE)
    name = modules.stat_all(lab.p)[1].name
    modules.unload(lab.p, name)
    return lab


def go_on(lab: Any) -> PanicError:
    """Wake it: the kernel must panic."""
    panic: PanicError = lab.panics(lambda: (lab.p.syscall(lab.slot, 0), lab.settle()))
    return panic


def test_barehook_unloads_last_and_works_as_long_as_nobody_sleeps(lab: Any) -> None:
    load(lab, "barehook", "bareguard")
    make_file(lab)
    lab.p.unlink(FILE)
    assert lab.dmesg.endswith(f"bareguard: lab[{lab.p.pid}] removes /tmp/file\n")
    assert refused(lab, "barehook") == "'barehook' is in use by 'bareguard'"
    modules.unload(lab.p, "bareguard")
    modules.unload(lab.p, "barehook")
    assert lab.tables() == lab.boot_tables


def test_the_bare_pointer_is_called_through_null(lab: Any) -> None:
    panic = go_on(asleep_between_test_and_call(lab, "bareguard"))
    assert panic.reason.startswith("page fault: instruction fetch at 0x0 (NULL pointer)")
    assert "barehook_unlink+0x" in panic.reason
    assert "(rm)" in panic.report


def test_the_forgotten_pointer_leads_into_a_module_that_is_gone(lab: Any) -> None:
    panic = go_on(asleep_between_test_and_call(lab, "forgetful"))
    assert panic.reason.startswith("page fault: instruction fetch at 0x")
    assert "(memory of module bareguard, which was unloaded)" in panic.reason
    assert "barehook_unlink+0x" in panic.reason
