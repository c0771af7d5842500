"""kern.securelevel at 1: every door through which a module could come, and who may change the level."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.errors import KernelError
from lkmtools.kern import Request, UserRegion
from lkmtools.modules.prepare import LoadError
from support.errors import errno_of
from support.lab import Lab
from support.lkmraw import EPERM, O_RDWR, Lkm, entry, place

SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("probe");
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""
FRIEND = """
int friend_call(struct lwp *l, const void *v, register_t *retval);
int friend_call(struct lwp *l, const void *v, register_t *retval) { *retval = 42; return 0; }
static struct sysent friend_sysent = { 0, 0, 0, friend_call };
static struct lkm_syscall friend_module = {
    LM_SYSCALL, "friend", 210, LKM_VERSION, __NetBSD_Version__, "", &friend_sysent };
static struct lkm_table friend_table;
int probe_befriend(void);
int probe_befriend(void) {
    friend_table.private.lkm_syscall = &friend_module;
    return lkmdispatch(&friend_table, LKM_E_LOAD);
}
void probe_lower(void);
void probe_lower(void) { securelevel = 0; }
"""


def raise_level(lab: Lab, level: int = 1) -> None:
    """As an administrator does: another process, by sysctl(3)."""
    with lab.kernel.process("root") as root:
        root.sysctl("kern.securelevel", level)


def test_a_descriptor_opened_before_loads_and_unloads_nothing(lab: Lab) -> None:
    """The level is asked at each ioctl, not when the device was opened; looking goes on."""
    module = modules.load(lab.p, lab.cc(SOURCE, machine=lab.machine, name="probe"))
    lkm = Lkm(lab.p)
    raise_level(lab)
    assert errno_of(lkm.reserve, 4096) == EPERM
    assert errno_of(lkm.unload, module.id) == EPERM
    assert lkm.stat(module.id).name == b"probe"
    fd = lab.p.open("/dev/ksyms")
    assert lab.p.read(fd, 4) == b"\x7fELF"


def test_a_load_begun_before_is_not_finished_after(lab: Lab) -> None:
    """Neither more of it, nor its symbols, nor LMREADY, nor by force; the end of the file gives it back."""
    used = lab.k.kmap.used
    lkm = Lkm(lab.p)
    _, image = place(lab, lkm, SOURCE)
    lkm.send(image.data[:512])
    raise_level(lab)
    refused = [
        errno_of(lkm.loadbuf, image.data[512:]),
        errno_of(lkm.loadsyms, b"x"),
        errno_of(lkm.word, "LMFORCE", 1),
        errno_of(lkm.ready, entry(image)),
        errno_of(lkm.unreserve),
    ]
    assert refused == [EPERM] * 5
    lkm.close()
    assert (lab.k.kmap.used, lab.k.lkm.reserved) == (used, 0)


def test_force_and_the_python_api_do_not_load_either(lab: Lab) -> None:
    """EPERM, with securelevel as the reason."""
    obj = lab.cc(SOURCE, machine=lab.machine, name="probe")
    raise_level(lab)
    every: list[dict[str, Any]] = [{}, {"force": True}, {"symbols": True}]
    for options in every:
        with pytest.raises(LoadError) as caught:
            modules.load(lab.p, obj, **options)
        assert (caught.value.errno, caught.value.reason) == (
            EPERM, "securelevel is 1: modules cannot be loaded or unloaded",
        )  # fmt: skip


def test_another_node_of_the_device_is_the_same_device(lab: Lab) -> None:
    raise_level(lab)
    lab.p.mknod("/tmp/lkm", 0o020666, 28 << 8)
    fd = lab.p.open("/tmp/lkm", O_RDWR)
    lkm = Lkm.__new__(Lkm)
    lkm.p, lkm.fd, lkm.wide = lab.p, fd, lab.p.dm.pointer == 8
    assert errno_of(lkm.reserve, 4096) == EPERM


@pytest.mark.parametrize("path", ["/dev/mem", "/dev/kmem"])
def test_memory_opened_before_cannot_be_written_after(lab: Lab, path: str) -> None:
    """Otherwise the level itself could be."""
    address = lab.k.symbol("securelevel")
    offset = address - lab.k.mem.base if path == "/dev/mem" else address
    fd = lab.p.open(path, O_RDWR)
    raise_level(lab)
    assert errno_of(lab.p.pwrite, fd, bytes(4), offset) == EPERM
    assert struct.unpack("<i", lab.p.pread(fd, 4, offset)) == (1,)


def test_a_module_is_the_kernel_and_still_can(lab: Lab) -> None:
    """lkmdispatch() for code it has brought along, and writing the variable: lkm(4) says so."""
    lab.load(FRIEND)
    raise_level(lab)
    assert lab.call("int probe_befriend(void)") == 0
    assert lab.p.syscall(210)[0] == 42
    lab.call("void probe_lower(void)")
    assert lab.p.sysctl("kern.securelevel") == 0


def test_root_raises_it_and_only_process_1_lowers_it(lab: Lab) -> None:
    """Also above 2, where the original has no limit; others may read it."""
    p = lab.p
    assert errno_of(lab.kernel.process("user", uid=1000).sysctl, "kern.securelevel", 1) == EPERM
    for level in (1, 1, 2, 7):
        p.sysctl("kern.securelevel", level)
    for level in (6, 0, -1):
        assert errno_of(p.sysctl, "kern.securelevel", level) == EPERM
    assert lab.kernel.process("user", uid=1000).sysctl("kern.securelevel") == 7
    name, value = struct.pack("<2i", 1, 9), struct.pack("<i", -1)
    regions = (UserRegion(0x10000, bytearray(name)), UserRegion(0x20000, bytearray(value)))
    request = Request(202, (0x10000, 2, 0, 0, 0x20000, 4), regions)
    lab.k.submit(lab.k.procs[1], request, lambda reply: None)
    lab.settle()
    assert p.sysctl("kern.securelevel") == -1


def test_nothing_new_is_mounted_at_level_2(lab: Lab) -> None:
    """EPERM before anything else is looked at."""
    raise_level(lab, 2)
    with pytest.raises(KernelError) as caught:
        lab.p.mount("any", "/tmp")
    assert (caught.value.errno, caught.value.reason) == (
        EPERM,
        "securelevel is 2: no file system can be mounted",
    )
