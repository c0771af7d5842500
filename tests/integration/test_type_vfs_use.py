"""A file system of module code from load to unload, used by a program that lkmcc's runtime is linked to."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, ENODEV
from lkmtools.errors import KernelError
from support.lab import Lab
from support.programs import Ran, Runner

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAM = """
#include <sys/dirent.h>
#include <sys/mount.h>

static int failed;

#define WANT(call, wanted) want(#call, (long)(call), wanted)

/* A call has that result; below zero, it fails with that errno. */
static void want(const char *call, long got, long wanted)
{
	if (got == -1 && wanted < 0)
		got = -errno;
	if (got != wanted) {
		printf("%s: %d, not %d\\n", call, (int)got, (int)wanted);
		failed = 1;
	}
}

static int names(const char *path)
{
	char buf[1024];
	int fd = open(path, O_RDONLY), n = 0;
	long got, at;

	while ((got = getdents(fd, buf, sizeof(buf))) > 0)
		for (at = 0; at < got; at += ((struct dirent *)(buf + at))->d_reclen)
			n++;
	close(fd);
	return n;
}

static void use(void)
{
	char buf[16];
	struct stat st;
	int fd, fd2;

	WANT(mkdir("/mnt/a", 0755), 0);
	WANT(mkdir("/mnt/b", 0755), 0);
	WANT(mkdir("/mnt/a", 0755), -EEXIST);
	WANT(fd = open("/mnt/a/f", O_RDWR | O_CREAT | O_EXCL, 0640), 3);
	WANT(write(fd, "0123456789", 10), 10);
	WANT(pread(fd, buf, 4, 3), 4);
	WANT(memcmp(buf, "3456", 4), 0);
	WANT(pwrite(fd, (void *)16, 10, 8), -EFAULT);
	WANT(rename("/mnt/a/f", "/mnt/b/g"), 0);
	WANT(stat("/mnt/a/f", &st), -ENOENT);
	WANT(stat("/mnt/b/g", &st), 0);
	WANT(st.st_size, 10);
	WANT(st.st_mode, S_IFREG | 0640);
	WANT(link("/mnt/b/g", "/mnt/a/h"), 0);
	WANT(symlink("../b/g", "/mnt/a/soft"), 0);
	WANT(readlink("/mnt/a/soft", buf, sizeof(buf)), 6);
	WANT(write(fd2 = open("/mnt/a/soft", O_WRONLY | O_TRUNC), "short", 5), 5);
	WANT(close(fd2), 0);
	WANT(chmod("/mnt/a/soft", 0600), 0);
	WANT(names("/mnt/a"), 4);
	WANT(unlink("/mnt/b/g"), 0);
	WANT(unlink("/mnt/a/h"), 0);
	WANT(fstat(fd, &st), 0);
	WANT(st.st_nlink, 0);
	WANT(pread(fd, buf, 16, 0), 5);
	WANT(unmount("/mnt", 0), -EBUSY);
	WANT(close(fd), 0);
	WANT(rmdir("/mnt/a"), -ENOTEMPTY);
	WANT(rename("/mnt/b", "/tmp/b"), -EXDEV);
}

int main(int argc, char **argv)
{
	if (strcmp(argv[1], "nodev") == 0)
		WANT(mount("memfs", "/mnt", 0, NULL, 0), -ENODEV);
	else if (strcmp(argv[1], "mount") == 0) {
		WANT(mount("memfs", "/mnt", 0, NULL, 0), 0);
		use();
	} else
		WANT(unmount("/mnt", 0), 0);
	WANT(open("/mnt/a/none", O_RDONLY), -ENOENT);
	return failed;
}
"""
DETACH = """
#include <sys/mount.h>
int probe_detach(void);
int probe_detach(void)
{
	struct vfsops *ops = vfs_getopsbyname("memfs");

	vfs_delref(ops);
	return vfs_detach(ops);
}
"""


def errno_of(lab: Lab) -> int:
    """The errno with which memfs refuses to be unloaded."""
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "memfs")
    return caught.value.errno


def test_a_program_uses_the_file_system_of_a_module(lab: Lab) -> None:
    """No such type; load, mount, use; EBUSY while mounted, from vfs_detach() too; then as at boot."""
    runner = Runner(lab.cc, lab.machine, lab.kernel)
    image = runner.build(PROGRAM)
    fine = Ran(0, 0, "", "")
    assert runner.run(image, "nodev") == fine
    lab.load(EXAMPLES / "memfs/memfs.c", name="memfs")
    assert runner.run(image, "mount") == fine
    assert errno_of(lab) == EBUSY
    lab.load(DETACH)
    assert lab.call("int probe_detach(void)") == EBUSY
    modules.unload(lab.p, "probe")
    assert runner.run(image, "unmount") == fine
    modules.unload(lab.p, "memfs")
    assert runner.run(image, "nodev") == fine
    with pytest.raises(KernelError) as caught:
        lab.p.mount("memfs", "/mnt")
    assert caught.value.errno == ENODEV
    assert lab.tables() == lab.boot_tables
    assert lab.k.vfs.vnodes == set()
