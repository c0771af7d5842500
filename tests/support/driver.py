"""A driver that notes what it is asked, as a DEV module."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools import modules
from support.lab import Lab

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


def node(lab: Lab, major: int, minor: int = 0, kind: int = S_IFCHR, name: str = "/dev/drv0") -> str:
    lab.p.mknod(name, kind | 0o666, major << 8 | minor)
    return name


@pytest.fixture
def driver_fd(lab: Lab) -> int:
    """The driver is loaded, and its node open for reading and writing."""
    _, major = load(lab)
    return lab.p.open(node(lab, major), O_RDWR)
