"""Modules used by programs and clients: a system call into one, and reading through its devices.

Microseconds for one call, or for one MiB (1,000,000 over them is MiB/s). Next to reading a MiB stands, for
programs, copying one with memcpy in the same emulator, and for clients, reading one from /dev/zero.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.exec import LOOP, RUNS, program, system_call
from bench.measure import Result, pair
from bench.samples import EXAMPLES, compiled, private_socket
from lkmtools import client, modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.stat import S_IFBLK, S_IFCHR
from lkmtools.client import Process
from lkmtools.local import LocalKernel
from lkmtools.machine import PORTS

MIB = 4
NOTHING = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/lkm.h>
static int nothing(struct lwp *l, const void *v, register_t *r) { return 0; }
static struct sysent ent = { 0, 0, 0, nothing };
MOD_SYSCALL("nothing", 24, &ent);	/* in place of getuid */
int nothing_lkmentry(struct lkm_table *, int, int);
int nothing_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""
MEMORY = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/lkm.h>
#include <sys/uio.h>
static char memory[131072];
static int memory_read(dev_t dev, struct uio *uio, int flag)
{
	return uiomove(memory + uio->uio_offset % 65536, MIN(uio->uio_resid, 65536), uio);
}
static const struct cdevsw memory_cdevsw = {
	nullopen, nullclose, memory_read, nowrite, noioctl, nostop, notty, nopoll, nommap, nokqfilter, D_OTHER
};
MOD_DEV("memory", "memory", NULL, -1, &memory_cdevsw, 200);
int memory_lkmentry(struct lkm_table *, int, int);
int memory_lkmentry(struct lkm_table *t, int cmd, int ver)
{ DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""
READER = """
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static char a[65536], b[65536];
int main(int argc, char **argv)
{
	int i, fd = open(argv[1], O_RDONLY), n = atoi(argv[2]) * 16;
	for (i = 0; i < n; i++) {
		if (argv[1][0] == '-')
			memcpy(a, b, sizeof(a));
		else if (pread(fd, a, sizeof(a), i % 2 * sizeof(a)) != sizeof(a))
			return 1;
	}
	return 0;
}
"""
DEVICES = {
    "/dev/memory": ("character device (uiomove)", S_IFCHR, 200),
    "/dev/rramdisk": ("raw device (physio)", S_IFCHR, 180),
    "/dev/ramdisk": ("block device (buffers that are kept)", S_IFBLK, 60),
}


def run(directory: Path) -> Iterator[Result]:
    """A line for the system call and one a device for each machine, then the client's."""
    for machine in PORTS:
        image = program(directory, LOOP, "loop", machine).read_bytes()
        module = compiled(directory, NOTHING, "nothing", machine)
        yield system_call("system call into a module", image, machine, module)
    for machine in PORTS:
        yield from _programs(directory, machine)
    yield from _client(directory)


def _drivers(directory: Path, machine: str, p: Process) -> None:
    """Load them, and make their nodes."""
    modules.load(p, compiled(directory, EXAMPLES / "ramdisk" / "ramdisk.c", "ramdisk", machine))
    modules.load(p, compiled(directory, MEMORY, "memory", machine))
    for path, (_, kind, major) in DEVICES.items():
        p.mknod(path, kind | 0o666, makedev(major, 0))


def _programs(directory: Path, machine: str) -> Iterator[Result]:
    image = program(directory, READER, "reader", machine).read_bytes()
    with LocalKernel(inside=True, machine=machine) as lk, open(os.devnull, "r+b") as null:
        _drivers(directory, machine, lk.process())
        files = (null.fileno(), null.fileno(), null.fileno())

        def read(path: str) -> None:
            ended = lk.execute(image, path, str(MIB), stdio=files)
            assert ended.status == 0

        for path, (what, _, _) in DEVICES.items():
            name = f"program reads a MiB, {what} / memcpy, {machine}"
            yield pair(name, lambda path=path: read(path), lambda: read("-"), None, RUNS, MIB)  # type: ignore[misc]


def _client(directory: Path) -> Iterator[Result]:
    with private_socket() as env, client.connect(env["LKM_SOCKET"]) as p:
        _drivers(directory, "amd64", p)
        zero = p.open("/dev/zero", O_RDONLY)

        def read(fd: int) -> None:
            for i in range(16 * MIB):
                assert len(p.pread(fd, 65536, i % 2 * 65536)) == 65536

        for path, (what, _, _) in DEVICES.items():
            fd = p.open(path, O_RDONLY)
            name = f"client reads a MiB, {what} / from /dev/zero"
            yield pair(name, lambda fd=fd: read(fd), lambda: read(zero), None, RUNS, MIB)  # type: ignore[misc]
