"""Character devices of modules used by programs: mmap, sleeping reads, poll; d_mmap that answers nonsense."""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGTERM

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EINVAL, ENXIO
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.errors import KernelError
from support.board import BOARD, nodes
from support.compiling import Compile
from support.daemons import Daemon
from support.lab import Lab
from support.programs import Runner, spawn

MAP = "char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);"


def test_a_program_writes_to_the_drivers_page_and_reads_it(board: Lab, lab_runner: Runner) -> None:
    """What it stores, read(2) and a client see; what write(2) stores, it sees; also its child, after fork."""
    ran = lab_runner.main(f"""
        char b[32]; int st, fd = open("/dev/d1", O_RDWR); {MAP}
        write(fd, "posted", 6);
        printf("%s ", page);
        if (fork() == 0) {{ page[0] = 'P'; page[4000] = 'x'; _exit(0); }}
        wait(&st);
        printf("%c ", page[4000]);
        printf("%ld %.6s\\n", (long)read(fd, b, 32), page);
    """)
    assert ran.out == "posted x 6 Posted\n"
    fd = board.p.open("/dev/d1", O_RDWR)
    board.p.write(fd, b"q")
    assert board.p.read(fd, 10) == b"q"
    assert bytes(board.k.mem.read(board.symbols["page"] + 4096, 6)) == b"q\0sted"


def test_minors_are_told_apart(board: Lab) -> None:
    """Each board has its own page; the fifth is ENXIO."""
    for unit in range(4):
        fd = board.p.open(f"/dev/d{unit}", O_RDWR)
        board.p.write(fd, b"%d" % unit)
        board.p.close(fd)
    assert [bytes(board.k.mem.read(board.symbols["page"] + 4096 * i, 2)) for i in range(4)] == [
        b"0\0", b"1\0", b"2\0", b"3\0",
    ]  # fmt: skip
    with pytest.raises(KernelError) as caught:
        board.p.open("/dev/d4")
    assert caught.value.errno == ENXIO


def test_a_program_sleeps_in_read_until_another_process_writes(board: Lab, lab_runner: Runner) -> None:
    """Parent and child, on one device; before that O_NONBLOCK is EAGAIN, and poll says nothing."""
    ran = lab_runner.main("""
        char b[32]; int fd = open("/dev/d0", O_RDWR | O_NONBLOCK), slow = open("/dev/d0", O_RDONLY);
        struct pollfd p = { slow, POLLIN, 0 };
        printf("%ld ", (long)read(fd, b, 32)); printf("%d %d ", errno, poll(&p, 1, 0));
        if (fork() == 0) { write(fd, "wake up", 7); _exit(0); }
        printf("%ld %.7s\\n", (long)read(slow, b, 32), b);
    """)
    assert ran.out == "-1 35 0 7 wake up\n"


def test_poll_in_a_program_ends_when_a_client_writes(
    start_daemon: Callable[..., Daemon], cc: Compile, machine: str
) -> None:
    """examples/board/watch, with the node its postinstall script made."""
    daemon = start_daemon("--machine", machine)
    watch = cc.program((BOARD / "watch.c").read_text(), machine)
    obj = cc(BOARD / "board.c", machine, "board")
    assert daemon.run("modload", "-p", str(BOARD / "node.sh"), str(obj)).status == 0
    with daemon.connect() as p, daemon.popen("lkmctl", "exec", str(watch), "/dev/board0") as process:
        while not any(row["wmesg"] == "select" for row in p.control("ps")["processes"]):
            assert process.poll() is None
        assert daemon.run("modunload", "board").err.startswith("modunload: LMUNLOAD: Device busy\n")
        fd = p.open("/dev/board0", O_RDWR)
        p.write(fd, b"hello, all\n")
        assert process.stdout is not None
        assert process.stdout.read() == b"hello, all\n"
        assert process.wait() == 0
        assert p.read(fd, 100) == b"seen\n"


def test_what_mmap_refuses(board: Lab, lab_runner: Runner) -> None:
    """Behind the page, executable, writing when open for reading, no d_mmap; mprotect gives no more."""
    ran = lab_runner.main(f"""
        #define TRY(len, prot, how, f, off) \\
            (errno = 0, mmap(0, len, prot, how, f, off), printf("%d ", errno))
        int fd = open("/dev/d0", O_RDWR), ro = open("/dev/d0", O_RDONLY), nul = open("/dev/null", O_RDWR);
        TRY(8192, PROT_READ, MAP_SHARED, fd, 0); TRY(1, PROT_READ, MAP_SHARED, fd, 4096);
        TRY(1, PROT_READ, MAP_SHARED, fd, 1); TRY(1, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0);
        TRY(1, PROT_EXEC, MAP_SHARED, fd, 0); TRY(1, PROT_WRITE, MAP_SHARED, ro, 0);
        TRY(1, PROT_READ, MAP_SHARED, nul, 0);
        char *p = mmap(0, 1, PROT_READ, MAP_SHARED, ro, 0);
        errno = 0; mprotect(p, 4096, PROT_READ | PROT_WRITE); printf("%d ", errno);
        {MAP} errno = 0; mprotect(page, 4096, PROT_READ | PROT_EXEC); printf("%d\\n", errno);
    """)
    assert ran.out == "22 22 22 22 13 13 22 13 13\n"


def test_a_device_is_shared_whatever_the_flags_say(board: Lab, lab_runner: Runner) -> None:
    """MAP_PRIVATE, and neither, are MAP_SHARED; /dev/zero is fresh memory."""
    ran = lab_runner.main("""
        int fd = open("/dev/d0", O_RDWR), zero = open("/dev/zero", O_RDWR);
        char *one = mmap(0, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
        char *two = mmap(0, 1, PROT_READ, 0, fd, 0);
        char *three = mmap(0, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
        one[0] = 'x'; three[5]++;
        printf("%c%d%d\\n", two[0], three[0], three[5]);
    """)
    assert ran.out == "x01\n"


def test_a_mapping_keeps_the_driver_although_the_file_is_closed(board: Lab, lab_runner: Runner) -> None:
    """A program that maps the page, closes the device and sleeps; when it ends, nothing is left."""
    free = len(board.k.frames.unused)
    body = f"""
        int fd = open("/dev/d2", O_RDWR); {MAP}
        close(fd); page[1] = 'k'; poll(0, 0, -1);
    """
    image = lab_runner.build(f"int main(void) {{ {body} }}")
    ended, proc = spawn(board, image)
    with pytest.raises(KernelError) as caught:
        modules.unload(board.p, "board")
    assert caught.value.errno == EBUSY
    assert caught.value.reason == f"character device 180, 2 of 'board' is mapped by pid {proc.pid} (prog)"
    board.k.signal(proc, SIGTERM)
    board.settle()
    assert ended[0].status == SIGTERM
    assert len(board.k.frames.unused) == free
    assert bytes(board.k.mem.read(board.symbols["page"] + 2 * 4096, 3)) == b"\0k\0"
    modules.unload(board.p, "board")
    with pytest.raises(KernelError):
        board.p.open("/dev/d0")
    assert board.tables() == board.boot_tables


NONSENSE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <machine/pmap.h>
static int code_mmap(void) { return 0; }
static paddr_t bad_mmap(dev_t dev, off_t off, int prot)
{
	switch (minor(dev)) {
	case 0: return -2;
	case 1: return 0x7fffffff;
	case 2: return x86_btop(vtophys((vaddr_t)code_mmap));
	case 3: return 0x10000;
	case 4: return vtophys((vaddr_t)code_mmap);
	case 5: return 28000;
	case 6: return x86_btop(vtophys((vaddr_t)dev));
	}
	return ENODEV;
}
static const struct cdevsw bad_cdevsw = {
	nullopen, nullclose, noread, nowrite, noioctl, nostop, notty, nopoll, bad_mmap, nokqfilter, D_OTHER
};
MOD_DEV("bad", "bad", NULL, -1, &bad_cdevsw, -1);
int bad_lkmentry(struct lkm_table *, int, int);
int bad_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


def test_a_d_mmap_that_answers_nonsense_is_einval(lab: Lab) -> None:
    """Beyond RAM, memory of programs, the kernel's code, an address instead of a frame: no page of it."""
    nodes(lab.p, lab.load(NONSENSE, name="bad", whole=True).id, 8)
    ran = Runner(lab.cc, lab.machine, lab.kernel).main("""
        char name[] = "/dev/d0";
        for (; name[6] < '8'; name[6]++) {
            int fd = open(name, O_RDWR);
            errno = 0;
            mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            printf("%d ", errno);
        }
    """)
    assert ran.out == f"{EINVAL} " * 8
    modules.unload(lab.p, "bad")
