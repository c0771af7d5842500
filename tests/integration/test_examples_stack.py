"""examples/stack: the right pair stays whole whatever is tried; the wrong one panics and says where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EBUSY, EINVAL, ENOENT, EPERM, ESRCH
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.abi.stat import S_IFCHR
from lkmtools.errors import KernelError, PanicError
from support.lab import Lab

STACK = Path(__file__).parents[2] / "examples" / "stack"
FILE = "/tmp/file"
UPPER = "/upper/file"


def load(lab: Lab, *names: str) -> None:
    """Load samples of this directory, with their symbols."""
    for name in names:
        lab.load(STACK / f"{name}.c", name=name, symbols=True)


def make_file(lab: Lab) -> None:
    lab.p.mknod(FILE, S_IFCHR | 0o666, makedev(2, 2))


def error_of(action: Any, *args: Any) -> KernelError:
    """The error with which `action` fails."""
    with pytest.raises(KernelError) as caught:
        action(*args)
    return caught.value


def refused(lab: Lab, name: str) -> str:
    """Unloading must be EBUSY: the reason."""
    error = error_of(modules.unload, lab.p, name)
    assert error.errno == EBUSY
    return error.reason


def guarded(lab: Lab, host: Path) -> Lab:
    """hook and guard loaded, /dev/guard made, a directory of the host on /lower, hookfs over it on /upper."""
    load(lab, "hook", "guard")
    lab.node("guard", "/dev/guard")
    (host / "file").write_text("content")
    for directory in ("/lower", "/upper"):
        lab.p.mkdir(directory)
    lab.p.mount("hostfs", "/lower", lab.kernel.share(str(host), writable=True))
    lab.p.mount("hookfs", "/upper", "/lower")
    return lab


@pytest.fixture
def pair(lab: Lab, tmp_path: Path) -> Lab:
    """The pair of modules at work."""
    return guarded(lab, tmp_path)


def leave(pair: Lab) -> None:
    """Unmount and unload from the top: nothing may be left."""
    pair.p.unmount("/upper")
    pair.p.unmount("/lower")
    assert (pair.k.vfs.mounts, pair.k.vfs.vnodes, pair.k.vfs.hostfs.inodes) == ({}, set(), {})
    modules.unload(pair.p, "guard")
    modules.unload(pair.p, "hook")
    assert pair.tables() == pair.boot_tables


def watch(pair: Lab, *operations: str) -> tuple[Any, int]:
    """A process that has the device open and is asked about these operations: (process, descriptor)."""
    user = pair.kernel.process("user")
    fd = user.open("/dev/guard", O_RDWR)
    user.write(fd, f"={','.join(operations)}".encode())
    return user, fd


def test_both_layers_are_listed_and_unload_from_the_top(pair: Lab) -> None:
    """One VFS and one DEV line; the lower is held by the upper, and by what is mounted."""
    rows = [(m.name, m.type_name) for m in modules.stat_all(pair.p)]
    assert rows == [("hook", "VFS"), ("guard", "DEV")]
    assert refused(pair, "hook") == "'hook' is in use by 'guard'"
    modules.unload(pair.p, "guard")
    assert refused(pair, "hook") == "file system 'hookfs' is mounted on /upper"
    load(pair, "guard")
    leave(pair)


def test_the_user_decides_whether_a_file_goes(pair: Lab, tmp_path: Path) -> None:
    """The question names operation, process, user, vnode and name; the answer is the system call's."""
    user, fd = watch(pair, "remove")
    for answer, errno in ((b"n", EPERM), (b"y\n", None)):
        asking = pair.start(pair.p.unlink, UPPER)
        operation, pid, uid, vnode, name = user.read(fd, 400).decode().rstrip("\n").split(" ")
        assert (operation, int(pid), uid, name) == ("remove", pair.p.pid, "0", "file")
        assert int(vnode, 16) in pair.k.vfs.vnodes
        assert not asking.done
        user.write(fd, answer)
        if errno is None:
            asking.result()
        else:
            assert error_of(asking.result).errno == errno
            assert (tmp_path / "file").exists()
    assert error_of(user.write, fd, b"y").errno == ESRCH
    assert not (tmp_path / "file").exists()
    user.close(fd)
    assert error_of(pair.p.unlink, UPPER).errno == ENOENT
    leave(pair)


def test_without_a_user_everything_is_allowed_also_for_who_waits(pair: Lab) -> None:
    user, fd = watch(pair, "remove")
    asking = pair.start(pair.p.unlink, UPPER)
    assert "EBUSY" in repr(error_of(pair.kernel.process("second").open, "/dev/guard", O_RDWR))
    user.close(fd)
    asking.result()
    leave(pair)


def test_neither_layer_unloads_while_a_question_is_open(pair: Lab) -> None:
    """unlink(2) sleeps in guard, called by hook; who has the device open, and dependents, come first."""
    user, fd = watch(pair, "remove")
    asking = pair.start(pair.kernel.process("asker").unlink, UPPER)
    assert refused(pair, "guard") != ""
    assert refused(pair, "hook") == "'hook' is in use by 'guard'"
    user.close(fd)
    asking.result()
    leave(pair)


CLIENT = """
#include <sys/kauth.h>
#include <sys/proc.h>
#include "%s"
static int fn(const struct hook_question *q) { return 0; }
int client_call(int (*f)(const char *, hook_fn *));
int client_call(int (*f)(const char *, hook_fn *)) { return f("client", fn); }
int client_drop(int (*f)(hook_fn *));
int client_drop(int (*f)(hook_fn *)) { return f(fn); }
""" % (STACK / "hook.h")


SLEEPS = """{
	extern int client_armed;
	if (client_armed != 0)
		tsleep(&client_armed, PWAIT, "client", 0);
	return 0;
}"""
WAKES = """
int client_armed;
int client_arm(void), client_wake(void);
int client_arm(void) { return client_armed = 1; }
int client_wake(void) { client_armed = 0; wakeup(&client_armed); return 0; }
"""


def test_a_client_that_was_handed_a_pointer_keeps_hook_loaded_too(lab: Lab) -> None:
    """It is not linked against hook: only the reference is in the way, and names for whom it is."""
    load(lab, "hook")
    lab.load(CLIENT, name="client")
    register, drop = lab.symbols["hook_register"], lab.symbols["hook_deregister"]
    call = "int client_call(unsigned long f)"
    assert lab.call(call, register) == 0
    assert lab.call(call, register) == EBUSY
    assert refused(lab, "hook") == "'hook' holds a reference to itself, taken for 'client'"
    assert lab.call("int client_drop(unsigned long f)", drop) == 0
    assert lab.call("int client_drop(unsigned long f)", drop) == EINVAL
    modules.unload(lab.p, "hook")
    modules.unload(lab.p, "client")
    assert lab.tables() == lab.boot_tables


def test_who_has_the_hook_is_told_and_a_second_client_refused(pair: Lab) -> None:
    pair.load(CLIENT, name="client")
    assert pair.call("int client_call(unsigned long f)", pair.symbols["hook_register"]) == EBUSY
    who = pair.call("unsigned long hook_holder(void)")
    assert pair.k.mem.cstr(who) == b"guard"


def test_deregistering_waits_for_calls_in_progress(pair: Lab) -> None:
    """The client's function sleeps in unlink(2): until it has returned, the client may not go."""
    modules.unload(pair.p, "guard")
    pair.load(CLIENT.replace("{ return 0; }", SLEEPS) + WAKES, name="client")
    register, drop = pair.symbols["hook_register"], pair.symbols["hook_deregister"]
    assert pair.call("int client_call(unsigned long f)", register) == 0
    pair.call("int client_arm(void)")
    asking = pair.start(pair.kernel.process("asker").unlink, UPPER)
    dropping = pair.begin("int client_drop(unsigned long f)", drop)
    assert (asking.done, dropping.done) == (False, False)
    assert pair.call("unsigned long hook_holder(void)") == 0
    assert refused(pair, "hook").startswith("'hook' holds a reference to itself, taken for 'client'")
    pair.call("int client_wake(void)")
    asking.result()
    assert dropping.result() == 0
    modules.unload(pair.p, "client")
    load(pair, "guard")
    leave(pair)


def panic_between_test_and_call(lab: Lab, client: str) -> PanicError:
    """Of the wrong pair: another process's unlink(2) sleeps in barehook, the client unloads, and it wakes."""
    load(lab, "barehook", client)
    make_file(lab)
    slot = modules.stat(lab.p, "barehook").offset
    lab.p.syscall(slot, 1)
    lab.start(lab.kernel.process("rm").unlink, FILE)
    name = modules.stat_all(lab.p)[1].name
    modules.unload(lab.p, name)
    return lab.panics(lambda: (lab.p.syscall(slot, 0), lab.settle()))


def test_barehook_unloads_last_and_works_as_long_as_nobody_sleeps(lab: Lab) -> None:
    load(lab, "barehook", "bareguard")
    make_file(lab)
    lab.p.unlink(FILE)
    assert lab.dmesg.endswith(f"bareguard: lab[{lab.p.pid}] removes /tmp/file\n")
    assert refused(lab, "barehook") == "'barehook' is in use by 'bareguard'"
    modules.unload(lab.p, "bareguard")
    modules.unload(lab.p, "barehook")
    assert lab.tables() == lab.boot_tables


def test_the_bare_pointer_is_called_through_null(lab: Lab) -> None:
    panic = panic_between_test_and_call(lab, "bareguard")
    assert panic.reason.startswith("page fault: instruction fetch at 0x0 (NULL pointer)")
    assert "barehook_unlink+0x" in panic.reason
    assert "(rm)" in panic.report


def test_the_forgotten_pointer_leads_into_a_module_that_is_gone(lab: Lab) -> None:
    panic = panic_between_test_and_call(lab, "forgetful")
    assert panic.reason.startswith("page fault: instruction fetch at 0x")
    assert "(memory of module bareguard, which was unloaded)" in panic.reason
    assert "barehook_unlink+0x" in panic.reason
