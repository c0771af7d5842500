"""DEV modules: a driver in the device switch, opened, read, written and asked by client processes."""

from __future__ import annotations

import re
import struct
from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.conf import MAXDEVSW
from lkmtools.abi.errno import EBUSY, EEXIST, EFAULT, EINVAL, EIO, ENODEV, ENOMEM, ENOTTY, ENXIO
from lkmtools.abi.poll import POLLERR, POLLIN, POLLOUT
from lkmtools.errors import KernelError
from lkmtools.modules.prepare import LoadError
from support.lab import Lab
from support.lkmraw import errno_of

S_IFCHR, S_IFBLK = 0o020000, 0o060000
O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK = 0, 1, 2, 4
HEAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/errno.h>
#include <sys/ioctl.h>
#include <sys/proc.h>
#include <sys/uio.h>
#include <sys/lkm.h>
"""
TAIL = """
int drv_lkmentry(struct lkm_table *, int, int);
int drv_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, @LOAD@, lkm_nofunc, lkm_nofunc);
}
"""
DRIVER = """
struct pair { int a; int64_t b; char text[8]; };
#define GET	_IOR('x', 1, struct pair)
#define SET	_IOW('x', 2, struct pair)
#define BOTH	_IOWR('x', 3, struct pair)
#define NOTHING	_IO('x', 4)
#define BIG	_IOWR('x', 5, char[4096])
#define BUSY	_IO('x', 6)
int drv_opens, drv_closes, drv_flag, drv_mode, drv_ioflag, drv_dev;
static char mem[100];
static struct pair kept;
static int drv_open(dev_t dev, int flag, int mode, struct lwp *l)
{
	if (minor(dev) == 9)
		return EBUSY;
	drv_opens++; drv_flag = flag; drv_mode = mode; drv_dev = dev;
	return l == curlwp ? 0 : EIO;
}
static int drv_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	drv_closes++; drv_flag = flag; drv_mode = mode;
	return minor(dev) == 8 ? EIO : 0;
}
static int drv_read(dev_t dev, struct uio *uio, int ioflag)
{
	int error;
	drv_ioflag = ioflag;
	if (minor(dev) == 7) {	/* some bytes, then an error */
		error = uiomove(mem, 4, uio);
		return error ? error : EIO;
	}
	if (minor(dev) == 6) {	/* some bytes, then nothing more to come */
		error = uiomove(mem, 4, uio);
		return error ? error : EWOULDBLOCK;
	}
	if (uio->uio_offset < 0 || uio->uio_rw != UIO_READ)
		return EINVAL;
	if (uio->uio_offset >= sizeof mem)
		return 0;
	return uiomove(mem + uio->uio_offset, MIN(uio->uio_resid, sizeof mem - uio->uio_offset), uio);
}
static int drv_write(dev_t dev, struct uio *uio, int ioflag)
{
	if (uio->uio_offset >= sizeof mem)
		return ENOSPC;
	return uiomove(mem + uio->uio_offset, MIN(uio->uio_resid, sizeof mem - uio->uio_offset), uio);
}
static int drv_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)
{
	struct pair *p = data;
	int i;
	switch (cmd) {
	case GET:
		*p = kept;
		return 0;
	case SET:
		kept = *p;
		return 0;
	case BOTH:
		p->a = -p->a; p->b = -p->b; p->text[0]++;
		return p->a == 13 ? EBUSY : 0;
	case NOTHING:
		kept.a = *(u_long *)data;
		return 0;
	case BIG:
		for (i = 0; i < 4096; i++)
			((char *)data)[i] ^= 0x55;
		return 0;
	case BUSY:
		return EBUSY;
	}
	return EPASSTHROUGH;
}
static const struct cdevsw drv_cdevsw = {
	drv_open, drv_close, drv_read, drv_write, drv_ioctl, nostop, notty, nopoll, nommap, nokqfilter, D_OTHER
};
static const struct bdevsw drv_bdevsw = {
	drv_open, drv_close, (void *)enodev, drv_ioctl, nodump, nosize, D_DISK
};
void drv_detach(void);
void drv_detach(void) { devsw_detach(NULL, &drv_cdevsw); }
int drv_attach(void);
int drv_attach(void)
{
	devmajor_t b = -1, c = -1;
	return devsw_attach("drv", NULL, &b, &drv_cdevsw, &c);
}
"""


def source(
    name: str = "drv", bdev: str = "NULL", bmaj: int = -1, cdev: str = "&drv_cdevsw", cmaj: int = -1,
    devname: str = "", extra: str = "", load: str = "lkm_nofunc",
) -> str:  # fmt: skip
    macro = f'MOD_DEV("{name}", "{devname or name}", {bdev}, {bmaj}, {cdev}, {cmaj})\n'
    return HEAD + DRIVER + macro + extra + TAIL.replace("@LOAD@", load)


def load(lab: Lab, **options: Any) -> tuple[int, int]:
    """Load the driver; its block and char major as LMSTAT tells them."""
    loaded = lab.load(source(**options), name="drv", whole=True)
    majors = modules.stat(lab.p, loaded.id).majors
    assert majors is not None
    return majors


def refused(lab: Lab, **options: Any) -> int:
    """The errno with which the driver is refused; the tables stay as they were."""
    before = lab.tables()
    with pytest.raises(LoadError) as caught:
        load(lab, **options)
    assert lab.tables() == before
    assert isinstance(caught.value.__cause__, KernelError)
    return caught.value.__cause__.errno


def node(lab: Lab, major: int, minor: int = 0, kind: int = S_IFCHR, name: str = "/dev/drv0") -> str:
    lab.p.mknod(name, kind | 0o666, major << 8 | minor)
    return name


def value(lab: Lab, name: str) -> int:
    """An int of the module."""
    number: int = lab.k.mem.i32(lab.symbols[name])
    return number


@pytest.fixture
def fd(lab: Lab) -> int:
    """The driver is loaded, and its node open for reading and writing."""
    _, major = load(lab)
    return lab.p.open(node(lab, major), O_RDWR)


# -- majors --------------------------------------------------------------------------------------------------


def test_a_dynamic_char_major_is_the_first_above_the_kernels(lab: Lab) -> None:
    """-1/180, as modstat showed it on NetBSD; the block half stays absent."""
    assert load(lab) == (-1, 180)
    modules.unload(lab.p, "drv")
    assert lab.tables() == lab.boot_tables


def test_block_and_char_together_have_two_majors(lab: Lab) -> None:
    """Each table has the module's structure, and gives it back."""
    bmajor, cmajor = load(lab, bdev="&drv_bdevsw")
    assert (bmajor, cmajor) == (60, 180)
    pointer = lab.k.dm.pointer
    for table, maj, symbol in (("bdevsw0", bmajor, "drv_bdevsw"), ("cdevsw0", cmajor, "drv_cdevsw")):
        assert lab.k.mem.ptr(lab.k.symbol(table) + maj * pointer) == lab.symbols[symbol]
    modules.unload(lab.p, "drv")
    assert lab.tables() == lab.boot_tables


def test_fixed_majors_are_taken_as_given(lab: Lab) -> None:
    assert load(lab, bdev="&drv_bdevsw", bmaj=13, cmaj=511) == (13, 511)


@pytest.mark.parametrize("major", [0, 2, 28])
def test_a_major_of_the_kernel_is_eexist(lab: Lab, major: int) -> None:
    """cons, mem and lkm itself; the block half that was free is not left attached."""
    assert refused(lab, cmaj=major, bdev="&drv_bdevsw") == EEXIST


@pytest.mark.parametrize(("options", "errno"), [
    ({"cmaj": MAXDEVSW}, ENOMEM),
    ({"cmaj": 1 << 30}, ENOMEM),
    ({"bdev": "&drv_bdevsw", "bmaj": MAXDEVSW}, ENOMEM),
    ({"cdev": "NULL"}, EINVAL),
    ({"cdev": "NULL", "bdev": "&drv_bdevsw"}, EINVAL),
    ({"devname": "lkm", "cmaj": 29}, EINVAL),  # a known name with another major
    ({"devname": "lkm"}, EEXIST),  # a known name whose major is taken
    ({"devname": "lkm", "bdev": "&drv_bdevsw"}, EINVAL),  # a known name without a block major
])  # fmt: skip
def test_what_devsw_attach_refuses(lab: Lab, options: dict[str, Any], errno: int) -> None:
    """ENOMEM beyond the table, EINVAL without a char half or against the kept majors, EEXIST if taken."""
    assert refused(lab, **options) == errno


def test_a_taken_major_of_another_module_is_eexist(lab: Lab) -> None:
    load(lab, cmaj=200)
    assert refused(lab, name="two", cmaj=200) == EEXIST
    assert refused(lab, name="drv") == EEXIST


def test_a_reload_gets_the_same_majors(lab: Lab) -> None:
    """The name keeps them, also when another driver came meanwhile; which gets the next free ones."""
    assert load(lab, bdev="&drv_bdevsw") == (60, 180)
    modules.unload(lab.p, "drv")
    assert load(lab, name="two", bdev="&drv_bdevsw") == (61, 181)
    assert load(lab, name="drv", bdev="&drv_bdevsw") == (60, 180)
    modules.unload(lab.p, "drv")
    assert refused(lab, name="drv") == EINVAL  # it had a block half
    assert refused(lab, name="drv", bdev="&drv_bdevsw", cmaj=190) == EINVAL


def test_a_failing_load_handler_takes_the_driver_out(lab: Lab) -> None:
    extra = "static int fail(struct lkm_table *t, int cmd) { return _module.lkm_cdevmaj; }\n"
    assert refused(lab, extra=extra, load="fail") == 180


def test_attach_and_detach_by_hand(lab: Lab) -> None:
    """A MISC module that calls devsw_attach and devsw_detach itself, and looks its driver up."""
    by_hand = """
int by_hand(void);
int by_hand(void)
{
	devmajor_t b = -1, c = -1;
	int error = devsw_attach("byhand", NULL, &b, &drv_cdevsw, &c);
	if (error)
		return -error;
	return cdevsw_lookup(makedev(c, 0)) == &drv_cdevsw && bdevsw_lookup(makedev(c, 0)) == NULL ? c : -1;
}
MOD_MISC("drv")
"""
    lab.load(HEAD + DRIVER + by_hand + TAIL.replace("@LOAD@", "lkm_nofunc"), name="drv", whole=True)
    assert lab.call("int by_hand(void)") == 180
    assert lab.call("int by_hand(void)") == -EEXIST
    lab.call("void drv_detach(void)")
    assert lab.tables()["cdevsw"] == lab.boot_tables["cdevsw"]
    assert lab.call("int by_hand(void)") == 180


# -- open and close ------------------------------------------------------------------------------------------


def test_open_gets_device_flags_and_mode(lab: Lab) -> None:
    """dev_t, FREAD 1 and FWRITE 2 and FNONBLOCK 4, S_IFCHR; close at the last close only."""
    _, major = load(lab)
    path = node(lab, major, 3)
    first = lab.p.open(path, O_RDONLY)
    assert (value(lab, "drv_flag"), value(lab, "drv_mode")) == (1, S_IFCHR)
    assert value(lab, "drv_dev") == major << 8 | 3
    second = lab.p.open(path, O_RDWR | O_NONBLOCK)
    assert value(lab, "drv_flag") == 7
    lab.p.close(lab.p.dup(first))
    lab.p.close(first)
    assert (value(lab, "drv_opens"), value(lab, "drv_closes")) == (2, 0)
    lab.p.close(second)
    assert (value(lab, "drv_opens"), value(lab, "drv_closes")) == (2, 1)


def test_errors_of_open_and_close_reach_the_client(lab: Lab) -> None:
    """A failed open is not counted; a descriptor is gone although its close failed."""
    _, major = load(lab)
    assert errno_of(lab.p.open, node(lab, major, 9, name="/dev/d9")) == EBUSY
    fd = lab.p.open(node(lab, major, 8, name="/dev/d8"))
    assert errno_of(lab.p.close, fd) == EIO
    assert errno_of(lab.p.close, fd) == 9
    assert (value(lab, "drv_opens"), value(lab, "drv_closes")) == (1, 1)


def test_the_death_of_a_client_closes_its_devices(lab: Lab, fd: int) -> None:
    other = lab.kernel.process("other")
    other.open("/dev/drv0", O_RDWR)
    lab.p.close(fd)
    assert value(lab, "drv_closes") == 0
    other.exit()
    assert value(lab, "drv_closes") == 1


def test_the_block_half_opens_and_answers_ioctls(lab: Lab) -> None:
    """Mode S_IFBLK; poll finds it ready; reading is ENODEV without a strategy routine, and so is mmap."""
    bmajor, _ = load(lab, bdev="&drv_bdevsw")
    fd = lab.p.open(node(lab, bmajor, 0, S_IFBLK), O_RDWR)
    assert value(lab, "drv_mode") == S_IFBLK
    assert errno_of(lab.p.ioctl, fd, 0x20007806) == EBUSY
    assert errno_of(lab.p.read, fd, 10) == ENODEV
    assert lab.p.poll([(fd, POLLIN | POLLOUT)]) == [(fd, POLLIN | POLLOUT)]
    assert errno_of(lab.p.mmap, fd, 4096) == ENODEV


# -- data ----------------------------------------------------------------------------------------------------


def test_what_is_written_is_read(lab: Lab, fd: int) -> None:
    """At the file's offset, which moves; at another with pread; part of it at the end, then end of file."""
    p = lab.p
    assert p.write(fd, b"hello, world") == 12
    assert p.lseek(fd, 0) == 0
    assert (p.read(fd, 5), p.read(fd, 100)) == (b"hello", b", world" + bytes(88))
    assert (p.read(fd, 1), p.lseek(fd, 0, 1)) == (b"", 100)
    assert p.pwrite(fd, b"xyzzy", 97) == 3
    assert p.pread(fd, 10, 95) == b"\0\0xyz"
    assert p.lseek(fd, 0, 1) == 100
    assert errno_of(p.write, fd, b"z") == 28
    assert p.read(fd, 0) == b""


def test_a_bad_buffer_is_efault_and_moves_nothing(lab: Lab, fd: int) -> None:
    p = lab.p
    assert errno_of(p.syscall, 3, fd, 0xDEAD000, 10) == EFAULT
    assert errno_of(p.syscall, 4, fd, p.buffer(4), 10) == EFAULT
    assert p.lseek(fd, 0, 1) == 0


def test_an_error_after_some_bytes_counts_unless_it_means_wait(lab: Lab) -> None:
    """EIO is reported although four bytes moved; EWOULDBLOCK, EINTR and ERESTART then give the four."""
    _, major = load(lab)
    fd = lab.p.open(node(lab, major, 7, name="/dev/d7"), O_RDWR)
    lab.p.write(fd, b"abcdef")
    assert errno_of(lab.p.pread, fd, 10, 0) == EIO
    fd = lab.p.open(node(lab, major, 6, name="/dev/d6"), O_RDWR | O_NONBLOCK)
    assert lab.p.read(fd, 10) == b"abcd"
    assert value(lab, "drv_ioflag") == 0x100  # IO_NDELAY


def test_access_modes_are_checked_before_the_driver(lab: Lab, fd: int) -> None:
    assert errno_of(lab.p.write, lab.p.open("/dev/drv0", O_RDONLY), b"x") == 9
    assert errno_of(lab.p.read, lab.p.open("/dev/drv0", O_WRONLY), 1) == 9


# -- ioctl ---------------------------------------------------------------------------------------------------


def commands(lab: Lab) -> tuple[str, int]:
    """The layout of struct pair, and its size."""
    form = "<i4xq8s" if lab.k.dm.align64 == 8 else "<iq8s"
    return form, struct.calcsize(form)


def test_ioctl_arguments_are_copied_as_the_command_says(lab: Lab, fd: int) -> None:
    """IOW in, IOR out, IOWR both, IO nothing: its argument word itself."""
    form, size = commands(lab)
    p = lab.p
    p.ioctl(fd, 0x80007802 | size << 16, struct.pack(form, -5, 1 << 40, b"text"))
    buf = p.buffer(b"\xff" * size)
    p.ioctl(fd, 0x40007801 | size << 16, buf)
    assert struct.unpack(form, buf.data) == (-5, 1 << 40, b"text\0\0\0\0")
    p.ioctl(fd, 0xC0007803 | size << 16, buf)
    assert struct.unpack(form, buf.data) == (5, -(1 << 40), b"uext\0\0\0\0")
    p.ioctl(fd, 0x20007804, 77)
    p.ioctl(fd, 0x40007801 | size << 16, buf)
    assert struct.unpack(form, buf.data)[0] == 77


def test_a_failing_ioctl_copies_nothing_out(lab: Lab, fd: int) -> None:
    form, size = commands(lab)
    before = struct.pack(form, -13, 1, b"text")
    buf = lab.p.buffer(before)
    assert errno_of(lab.p.ioctl, fd, 0xC0007803 | size << 16, buf) == EBUSY
    assert buf.data == before


def test_how_large_an_ioctl_argument_may_be(lab: Lab, fd: int) -> None:
    """IOCPARM_MAX is a page; a command with more is ENOTTY before the driver sees it."""
    content = bytes(range(256)) * 17
    buf = lab.p.buffer(content)
    lab.p.ioctl(fd, 0xC0007805 | 4096 << 16, buf)
    assert bytes(buf.data) == bytes(b ^ 0x55 for b in content[:4096]) + content[4096:]
    assert errno_of(lab.p.ioctl, fd, 0xC0007805 | 4097 << 16, buf) == ENOTTY


def test_an_unknown_ioctl_is_enotty(lab: Lab, fd: int) -> None:
    """EPASSTHROUGH of the driver becomes ENOTTY; a bad pointer is EFAULT before the driver is asked."""
    assert errno_of(lab.p.ioctl, fd, 0x200078FF) == ENOTTY
    assert errno_of(lab.p.ioctl, fd, 0xC0107803, 0xDEAD000) == EFAULT


# -- unload and detach ---------------------------------------------------------------------------------------


def test_an_open_device_keeps_its_driver(lab: Lab, fd: int) -> None:
    """EBUSY names the device and who opened it; a descriptor that a dead client had does not count."""
    other = lab.kernel.process("other")
    other.open("/dev/drv0", O_RDWR)
    lab.p.close(fd)
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "drv")
    assert caught.value.errno == EBUSY
    assert re.fullmatch(
        rf"character device \d+, 0 of 'drv' is open, by pid {other.pid} \(other\)", caught.value.reason
    )
    other.exit()
    modules.unload(lab.p, "drv")
    assert errno_of(lab.p.open, "/dev/drv0") == ENXIO
    assert lab.tables() == lab.boot_tables


def test_an_open_block_device_keeps_its_driver_too(lab: Lab) -> None:
    bmajor, _ = load(lab, bdev="&drv_bdevsw")
    fd = lab.p.open(node(lab, bmajor, 3, S_IFBLK))
    with pytest.raises(KernelError, match=f"block device {bmajor}, 3 of 'drv' is open"):
        modules.unload(lab.p, "drv")
    lab.p.close(fd)
    modules.unload(lab.p, "drv")


def test_after_a_detach_the_node_is_enxio(lab: Lab, fd: int) -> None:
    """For new opens and for who had it open; closing is ENXIO too, and the descriptor is gone."""
    lab.call("void drv_detach(void)")
    assert errno_of(lab.p.open, "/dev/drv0") == ENXIO
    assert errno_of(lab.p.read, fd, 1) == ENXIO
    assert errno_of(lab.p.ioctl, fd, 0x20007804) == ENXIO
    assert lab.p.poll([(fd, POLLIN)], 0) == [(fd, POLLERR)]
    lab.kernel.process("other").exit()
    assert errno_of(lab.p.close, fd) == ENXIO
    assert errno_of(lab.p.close, fd) == 9
    modules.unload(lab.p, "drv")
    assert lab.tables() == lab.boot_tables


def test_a_driver_that_comes_back_serves_the_old_descriptor(lab: Lab, fd: int) -> None:
    """The switch is asked anew by every call, and the major is the same."""
    lab.call("void drv_detach(void)")
    assert lab.call("int drv_attach(void)") == 0
    assert lab.p.write(fd, b"again") == 5
    lab.p.close(fd)
    assert value(lab, "drv_closes") == 1


def test_a_client_that_dies_after_the_detach_leaves_nothing(lab: Lab, fd: int) -> None:
    """Its exit closes a device without a driver; the console says so."""
    other = lab.kernel.process("other")
    other.open("/dev/drv0")
    lab.p.close(fd)
    lab.call("void drv_detach(void)")
    other.exit()
    assert lab.k.vfs.open_devices == {}
    assert "other" in lab.dmesg.splitlines()[-1]


def test_two_processes_share_a_device_and_have_their_own_offsets(lab: Lab, fd: int) -> None:
    other = lab.kernel.process("other")
    fd = other.open("/dev/drv0", O_RDWR)
    lab.p.write(fd, b"from lab")
    assert other.read(fd, 8) == b"from lab"
    assert lab.p.lseek(fd, 0, 1) == 8
