"""Devices that clients map: one memory for the module, clients and programs, and nothing beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EACCES, EBUSY, EINVAL, ENOMEM, EPERM
from lkmtools.abi.fcntl import O_RDONLY, O_RDWR, O_WRONLY
from lkmtools.abi.mman import PROT_READ, PROT_WRITE
from lkmtools.abi.syscall import SYS_mmap
from lkmtools.abi.vmparam import PAGE_SIZE as PAGE
from lkmtools.client import Process
from lkmtools.errors import KernelError, PanicError
from lkmtools.kern import Kernel
from support.board import nodes
from support.errors import errno_of
from support.lab import Lab
from support.programs import Runner

MANY = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <machine/pmap.h>
#define PAGES	600
char pages[PAGES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
int many_calls;
static int many_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)
{
	if (cmd == _IO('m', 1))
		panic("asked for");
	pages[*(int *)data][0]++;
	return 0;
}
/* Minor 0: the pages backwards; minor 1: every offset is the first one; minor 2: a hole at the second. */
static paddr_t many_mmap(dev_t dev, off_t off, int prot)
{
	off_t n = off / PAGE_SIZE;
	many_calls++;
	if (off < 0 || (minor(dev) != 1 && n >= PAGES) || (minor(dev) == 2 && n == 1))
		return -1;
	return x86_btop(vtophys((vaddr_t)pages[minor(dev) == 0 ? PAGES - 1 - n : minor(dev) == 1 ? 0 : n]));
}
static const struct cdevsw many_cdevsw = {
	nullopen, nullclose, noread, nowrite, many_ioctl, nostop, notty, nopoll, many_mmap, nokqfilter, D_OTHER
};
MOD_DEV("many", "many", NULL, -1, &many_cdevsw, -1);
int many_lkmentry(struct lkm_table *, int, int);
int many_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""
TOUCH, PANIC = 0x80046D02, 0x20006D01  # _IOW('m', 2, int), _IO('m', 1)


@pytest.fixture
def many(lab: Lab) -> Lab:
    """A driver of 600 pages as /dev/d0 to /dev/d2."""
    nodes(lab.p, lab.load(MANY, name="many", whole=True).id, 3)
    return lab


def page(p: Process, path: str, prot: int = PROT_READ | PROT_WRITE, length: int = PAGE) -> tuple[int, Any]:
    """A device mapped and closed: the address, and a view."""
    fd = p.open(path, O_RDWR if prot & PROT_WRITE else O_RDONLY)
    addr = p.mmap(fd, length, 0, prot)
    p.close(fd)
    return addr, p.memory(addr, length)


def settled(k: Kernel) -> bool:
    """Nothing of RAM is shared with anybody."""
    return bool(k.mem.shared.total == 0)


# -- sharing -------------------------------------------------------------------------------------------------


def test_module_and_client_see_what_the_other_writes(board: Lab) -> None:
    """Both ways, without a system call in between; also what was there before."""
    other = board.kernel.process("other")
    fd = other.open("/dev/d1", O_RDWR)
    other.write(fd, b"posted")
    _, view = page(board.p, "/dev/d1")
    assert bytes(view[:7]) == b"posted\0"
    view[0:1] = b"P"
    assert other.read(fd, 32) == b"Posted"
    other.write(fd, b"again")
    assert bytes(view[:6]) == b"again\0"


def test_two_clients_and_a_program_share_one_page(board: Lab) -> None:
    """What each of them stores, the other two see; the program stores and looks by machine code."""
    other = board.kernel.process("other")
    _, mine = page(board.p, "/dev/d0")
    mine[0] = ord("1")
    _, theirs = page(other, "/dev/d0")
    theirs[1] = ord("2")
    ran = Runner(board.cc, board.machine, board.kernel).main("""
        int fd = open("/dev/d0", O_RDWR);
        char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        page[2] = '3';
        printf("%.3s\\n", page);
    """)
    assert ran.out == "123\n"
    assert bytes(mine[:4]) == bytes(theirs[:4]) == b"123\0"


def test_machine_code_runs_on_pages_that_were_moved(many: Lab) -> None:
    """The CPU has used them before; it counts in them before, while and after a client maps them."""
    fd = many.p.open("/dev/d0", O_RDWR)
    many.p.ioctl(fd, TOUCH, (5).to_bytes(4, "little"))
    addr, view = page(many.p, "/dev/d1", PROT_READ, PAGE)
    whole, pages = page(many.p, "/dev/d0", length=600 * PAGE)
    many.p.ioctl(fd, TOUCH, (5).to_bytes(4, "little"))
    assert pages[(599 - 5) * PAGE] == 2
    pages[(599 - 5) * PAGE] = 7
    many.p.munmap(whole, 600 * PAGE)
    many.p.ioctl(fd, TOUCH, (5).to_bytes(4, "little"))
    assert many.k.mem.read(many.symbols["pages"] + 5 * PAGE, 1) == b"\x08"
    many.p.munmap(addr, PAGE)
    assert settled(many.k)
    assert view[0] == 0


def test_pages_come_in_the_order_d_mmap_says(many: Lab) -> None:
    """Backwards, more than one message carries; and the same page at every offset."""
    many.k.mem.write(many.symbols["pages"] + 599 * PAGE, b"last")
    _, pages = page(many.p, "/dev/d0", length=600 * PAGE)
    for number in (0, 249, 250, 499, 500, 599):
        pages[number * PAGE + 8] = number & 0xFF
        assert many.k.mem.read(many.symbols["pages"] + (599 - number) * PAGE + 8, 1)[0] == number & 0xFF
    assert bytes(pages[:4]) == b"last"
    _, same = page(many.p, "/dev/d1", length=3 * PAGE)
    same[PAGE : PAGE + 4] = b"once"
    assert bytes(same[:4]) == bytes(same[2 * PAGE : 2 * PAGE + 4]) == b"once"


def test_only_the_pages_of_the_mapping_are_given_away(board: Lab) -> None:
    """Each is a memory file of one page; the neighbours are not in it."""
    view = page(board.p, "/dev/d1")[1]
    del view
    frame = (board.symbols["page"] + PAGE - board.k.mem.base) // PAGE
    assert board.k.mem.shared.total == 1
    (fd,) = board.k.mem.shared.open([frame], writable=True)
    assert os.fstat(fd).st_size == PAGE
    for size in (0, 2 * PAGE):
        with pytest.raises(PermissionError):
            os.ftruncate(fd, size)
    os.close(fd)


# -- what is refused -----------------------------------------------------------------------------------------


def test_a_device_open_for_reading_is_mapped_for_reading(board: Lab) -> None:
    """The view cannot be written, nor can its file; more than the file is open for is EACCES."""
    other = board.kernel.process("other")
    view = page(board.p, "/dev/d0", PROT_READ)[1]
    assert view.readonly
    page(other, "/dev/d0")[1][0] = 5
    assert view[0] == 5
    frame = (board.symbols["page"] - board.k.mem.base) // PAGE
    (fd,) = board.k.mem.shared.open([frame], writable=False)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.pwrite(fd, b"x", 0)
    os.close(fd)
    reading, writing = board.p.open("/dev/d0", O_RDONLY), board.p.open("/dev/d0", O_WRONLY)
    assert errno_of(board.p.mmap, reading, PAGE) == EACCES
    assert errno_of(board.p.mmap, writing, PAGE) == EACCES
    assert errno_of(board.p.mmap, reading, PAGE, 0, PROT_READ | 4) == EACCES


def test_what_a_clients_mmap_refuses(many: Lab) -> None:
    """No length, an odd offset, a hole (-1 of d_mmap), behind the end, a fixed address, too much."""
    p, hole, whole = many.p, many.p.open("/dev/d2", O_RDWR), many.p.open("/dev/d1", O_RDWR)
    assert errno_of(p.mmap, hole, 0) == EINVAL
    assert errno_of(p.mmap, hole, PAGE, 1) == EINVAL
    assert errno_of(p.mmap, hole, PAGE, -PAGE) == EINVAL
    assert errno_of(p.mmap, whole, 2 * PAGE, (1 << 63) - PAGE) == EINVAL
    assert errno_of(p.mmap, hole, 3 * PAGE) == EINVAL
    assert errno_of(p.mmap, hole, PAGE, 600 * PAGE) == EINVAL
    assert errno_of(p.mmap, whole, 1 << 31) == EINVAL
    assert errno_of(p.syscall, SYS_mmap, 0x10000, PAGE, 3, 0x11, whole, 0, *p.quad(0)) == EINVAL
    assert settled(many.k)
    assert bytes(p.memory(p.mmap(hole, 1), PAGE)[:1]) == b"\0"


def test_the_kernels_own_devices(lab: Lab) -> None:
    """mem, kmem and null have no d_mmap; /dev/zero is anonymous memory, which a client has none of here."""
    rows = [("/dev/mem", EINVAL), ("/dev/kmem", EINVAL), ("/dev/null", EINVAL), ("/dev/zero", EPERM)]
    for path, errno in rows:
        assert errno_of(lab.p.mmap, lab.p.open(path, O_RDONLY), PAGE, 0, PROT_READ) == errno


def test_more_pages_than_the_limit_are_enomem(many: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says how many there may be; what is mapped stays, and a page that is shared counts once."""
    monkeypatch.setattr("lkmtools.machine.shared.MOST", 2)
    page(many.p, "/dev/d2")
    with pytest.raises(KernelError, match="3 more pages for clients; 1 are shared, the limit is 2") as caught:
        page(many.p, "/dev/d0", length=3 * PAGE)
    assert caught.value.errno == ENOMEM
    page(many.p, "/dev/d1", length=3 * PAGE)
    assert many.k.mem.shared.total == 1


# -- how long a mapping lasts --------------------------------------------------------------------------------


def test_a_mapping_keeps_the_driver_although_the_file_is_closed(board: Lab) -> None:
    """EBUSY names who maps it; munmap of all of it, or the end of the client, frees it."""
    addr, _ = page(board.p, "/dev/d2")
    other = board.kernel.process("other")
    page(other, "/dev/d3")
    with pytest.raises(KernelError) as caught:
        modules.unload(board.p, "board")
    assert caught.value.errno == EBUSY
    reason = f"character device 180, 2 of 'board' is mapped by pid {board.p.pid} (lab)"
    assert caught.value.reason == reason
    assert errno_of(board.p.munmap, addr, 2 * PAGE) == EINVAL
    board.p.munmap(addr, PAGE)
    with pytest.raises(KernelError, match=rf"mapped by pid {other.pid} \(other\)"):
        modules.unload(board.p, "board")
    other.exit()
    assert settled(board.k)
    modules.unload(board.p, "board")
    assert board.tables() == board.boot_tables


def test_who_keeps_a_page_after_munmap_has_a_copy(board: Lab) -> None:
    """A view, or the file, reaches nothing of the kernel's any more, nor does the kernel see it."""
    addr, view = page(board.p, "/dev/d0")
    view[:4] = b"mine"
    board.p.munmap(addr, PAGE)
    view[:4] = b"kept"
    at = board.symbols["page"]
    assert board.k.mem.read(at, 4) == b"mine"
    board.k.mem.write(at, b"ours")
    assert bytes(view[:4]) == b"kept"
    assert bytes(page(board.p, "/dev/d0")[1][:4]) == b"ours"


def test_a_panic_leaves_the_client_its_old_page(many: Lab) -> None:
    """The new kernel has fresh memory; no descriptor of the old one is left."""
    _, view = page(many.p, "/dev/d0", length=300 * PAGE)
    view[:3] = b"old"
    with pytest.raises(PanicError):
        many.p.ioctl(many.p.open("/dev/d0", O_RDWR), PANIC)
    assert bytes(view[:3]) == b"old"
    assert settled(many.kernel.kernel)
    view[:3] = b"mad"
    links = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    assert [link for link in links if "lkm-page" in link] == []
