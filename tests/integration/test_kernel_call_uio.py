"""Transfers of kernel functions that cannot be: without end, or of more than there is memory."""

from __future__ import annotations

import re
from pathlib import Path

from support.lab import Lab
from support.one_call import run


def test_a_transfer_without_iovecs_ends_at_once(lab: Lab, tmp_path: Path) -> None:
    """hostfs_write() went on for ever: nothing moved, and uio_resid stayed."""
    lab.p.mount("hostfs", "/mnt", lab.kernel.share(str(tmp_path), writable=True))
    head = "#include <sys/namei.h>\n#include <sys/fcntl.h>"
    body = """
	struct nameidata nd; struct uio u = { 0 }; int e, w, r;
	NDINIT(&nd, LOOKUP, NOFOLLOW, UIO_SYSSPACE, "/mnt/file");
	if ((e = vn_open(&nd, FREAD | FWRITE | O_CREAT, 0644)) != 0)
		return e;
	u.uio_resid = 1; UIO_SETUP_SYSSPACE(&u);
	u.uio_rw = UIO_WRITE;
	w = VOP_WRITE(nd.ni_vp, &u, 0, curlwp->l_cred);
	u.uio_rw = UIO_READ;
	r = VOP_READ(nd.ni_vp, &u, 0, curlwp->l_cred);
	VOP_UNLOCK(nd.ni_vp, 0);
	vn_close(nd.ni_vp, FREAD | FWRITE, curlwp->l_cred);
	return w + r + 1000 * (u.uio_resid != 1);
"""
    assert run(lab, body, head) == 0


def test_endless_zeros_end_where_memory_does(lab: Lab) -> None:
    """mmrw() of /dev/zero, called with a uio of more bytes than there are: it was a MemoryError."""
    head = "int mmrw(dev_t, struct uio *, int);"
    body = """
	static char c[100]; struct iovec v; struct uio u = { 0 };
	v.iov_base = c; v.iov_len = (size_t)-1 / 2;
	u.uio_iov = &v; u.uio_iovcnt = 1; u.uio_resid = v.iov_len; u.uio_rw = UIO_READ;
	UIO_SETUP_SYSSPACE(&u);
	return mmrw(makedev(2, 12), &u, 0);
"""
    panic = lab.panics(lambda: run(lab, body, head))
    assert re.match(r"page fault: write of \d+ bytes at 0x", panic.reason)
    assert " in mmrw() called from probe_run+0x" in panic.reason


def test_a_transfer_of_more_than_there_is_memory_is_a_panic(lab: Lab) -> None:
    """By an array of iovecs that all mean the same."""
    body = """
	static struct iovec v[3000]; struct uio u = { 0 };
	char *p = malloc(1 << 16, M_TEMP, M_WAITOK);
	int i;
	for (i = 0; i < 3000; i++) { v[i].iov_base = p; v[i].iov_len = 1 << 16; }
	u.uio_iov = v; u.uio_iovcnt = 3000; u.uio_resid = 3000 << 16; u.uio_rw = UIO_WRITE;
	UIO_SETUP_SYSSPACE(&u);
	return cnwrite(0, &u, 0);
"""
    panic = lab.panics(lambda: run(lab, body, "int cnwrite(dev_t, struct uio *, int);"))
    assert panic.reason.startswith("cnwrite: what the uio at 0x")
    assert panic.reason.endswith("; the limit is the size of RAM, 134217728")


UIO = """
	static struct iovec v[%d]; struct uio u = { 0 };
	char *p = malloc(1 << 16, M_TEMP, M_WAITOK);
	int i;
	for (i = 0; i < %d; i++) { v[i].iov_base = p; v[i].iov_len = %d; }
	u.uio_iov = v; u.uio_iovcnt = %d; u.uio_resid = 0x7fff0000; u.uio_rw = UIO_READ;
	UIO_SETUP_SYSSPACE(&u);
"""


def test_zeros_for_more_than_twice_the_memory_are_a_panic(lab: Lab) -> None:
    """Piece by piece: each is less than there is memory."""
    body = UIO % (5000, 5000, 1 << 16, 5000) + "return mmrw(makedev(2, 12), &u, 0);"
    panic = lab.panics(lambda: run(lab, body, "int mmrw(dev_t, struct uio *, int);"))
    assert panic.reason.startswith("mmrw: the transfer of the uio at 0x")
    assert panic.reason.endswith("it has more than 4096 elements")


def test_a_file_read_for_more_than_twice_the_memory_is_a_panic(lab: Lab, tmp_path: Path) -> None:
    """A file of the host with holes, into the same memory over and over."""
    with (tmp_path / "file").open("wb") as file:
        file.truncate(1 << 30)
    lab.p.mount("hostfs", "/mnt", lab.kernel.share(str(tmp_path)))
    head = "#include <sys/namei.h>\n#include <sys/fcntl.h>"
    body = (
        UIO % (5000, 5000, 1 << 16, 5000)
        + """
	struct nameidata nd; int e;
	NDINIT(&nd, LOOKUP, NOFOLLOW, UIO_SYSSPACE, "/mnt/file");
	if ((e = vn_open(&nd, FREAD, 0)) != 0)
		return e;
	return VOP_READ(nd.ni_vp, &u, 0, curlwp->l_cred);
"""
    )
    panic = lab.panics(lambda: run(lab, body, head))
    assert panic.reason.startswith("VOP_READ: the transfer of the uio at 0x")
    assert panic.reason.endswith("it has more than 4096 elements")


def test_physio_of_an_endless_array_of_empty_iovecs_is_a_panic(lab: Lab) -> None:
    """It skips those without a length."""
    count = 8192 + (128 << 20) // 512 + 8
    body = f"""
	struct iovec *v = malloc({count} * sizeof(*v), M_TEMP, M_WAITOK | M_ZERO); struct uio u = {{ 0 }};
	u.uio_iov = v; u.uio_iovcnt = {count}; u.uio_resid = 512;
	return physio((void *)bdev_strategy, NULL, 0, 0, minphys, &u);
"""
    panic = lab.panics(lambda: run(lab, body, "#include <sys/buf.h>"))
    assert panic.reason.startswith("physio: the transfer of the uio at 0x")
