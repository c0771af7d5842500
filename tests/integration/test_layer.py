"""hookfs, the file system layered over another one: every operation passes through, and asks."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EBUSY, EIO, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EROFS, EXDEV
from lkmtools.abi.fcntl import O_CREAT, O_RDWR
from lkmtools.abi.mount import MNT_FORCE, MNT_RDONLY
from lkmtools.abi.stat import S_IFCHR
from lkmtools.client import Process
from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab, get, put
from support.programs import HEAD

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def layer(lab: Lab) -> Lab:
    """memfs on /lower, hookfs over it on /upper."""
    lab.load(EXAMPLES / "memfs/memfs.c", name="memfs")
    lab.load(EXAMPLES / "stack/hook.c", name="hook", symbols=True)
    for path in ("/lower", "/upper"):
        lab.p.mkdir(path)
    lab.p.mount("memfs", "/lower")
    lab.p.mount("hookfs", "/upper", "/lower")
    return lab


def leave(lab: Lab, *places: str) -> None:
    """Unmount from the top and unload: no vnode, no node, no memory of the layer is left."""
    for place in places or ("/upper", "/lower"):
        lab.p.unmount(place)
    assert (lab.k.vfs.mounts, lab.k.vfs.vnodes) == ({}, set())
    assert "lost" not in lab.dmesg
    for name in ("hook", "memfs"):
        modules.unload(lab.p, name)
    assert lab.tables() == lab.boot_tables


def test_everything_passes_through_both_ways(layer: Lab) -> None:
    """What is made above is below, and the other way round; contents, names, links, attributes."""
    p = layer.p
    put(p, "/upper/f", b"from above")
    put(p, "/lower/g", b"from below")
    assert (get(p, "/lower/f"), get(p, "/upper/g")) == (b"from above", b"from below")
    p.mkdir("/upper/d")
    p.rename("/upper/f", "/upper/d/f")
    p.link("/upper/g", "/upper/d/hard")
    p.symlink("d/f", "/upper/soft")
    assert (get(p, "/upper/soft"), p.readlink("/lower/soft")) == (b"from above", "d/f")
    assert sorted(p.listdir("/upper/d/../d")) == ["f", "hard"]
    p.chmod("/upper/g", 0o600)
    p.truncate("/upper/g", 4)
    below, above = p.stat("/lower/g"), p.stat("/upper/g")
    assert (below.st_mode, below.st_size, below.st_ino) == (above.st_mode, above.st_size, above.st_ino)
    assert (above.st_mode & 0o777, above.st_size, above.st_nlink) == (0o600, 4, 2)
    assert below.st_dev != above.st_dev
    assert errno_of(lambda: p.rename("/upper/g", "/lower/h")) == EXDEV
    assert errno_of(lambda: p.rmdir("/upper/d")) == ENOTEMPTY
    assert errno_of(lambda: p.stat("/upper/none")) == ENOENT
    for name in ("soft", "g", "d/f", "d/hard"):
        p.unlink(f"/upper/{name}")
    p.rmdir("/upper/d")
    assert p.listdir("/lower") == []
    found = p.statvfs("/upper")
    assert [text.split(b"\0")[0] for text in (found.f_fstypename, found.f_mntfromname)] == [
        b"hookfs",
        b"/lower",
    ]
    assert found.f_bsize == 4096
    leave(layer)


def test_one_vnode_above_for_one_below_and_none_when_unused(layer: Lab) -> None:
    """Two descriptors share it; its lock is the lower one's; with the last descriptor both can go."""
    p = layer.p
    put(p, "/upper/f", b"x")
    idle = len(layer.k.vfs.vnodes)
    first, second = p.open("/upper/f"), p.open("/upper/f", O_RDWR)
    assert len(layer.k.vfs.vnodes) == idle + 1  # the lower one was there, unused
    p.unlink("/upper/f")
    assert (p.read(first, 9), p.fstat(second).st_nlink) == (b"x", 0)
    p.close(first)
    p.close(second)
    assert len(layer.k.vfs.vnodes) == idle - 1
    leave(layer)


def test_mounted_twice_and_over_itself(layer: Lab) -> None:
    """A layer over a layer, two over the same directory, and one on the very directory that it shows."""
    p = layer.p
    for path in ("/third", "/fourth"):
        p.mkdir(path)
    p.mount("hookfs", "/third", "/upper")
    p.mount("hookfs", "/fourth", "/lower")
    p.mount("hookfs", "/lower", "/lower")
    put(p, "/third/f", b"deep")
    assert [get(p, f"{top}/f") for top in ("/lower", "/upper", "/fourth")] == [b"deep"] * 3
    p.rename("/fourth/f", "/fourth/g")
    assert p.listdir("/third") == ["g"]
    assert errno_of(lambda: p.unmount("/upper")) == EBUSY
    leave(layer, "/lower", "/fourth", "/third", "/upper", "/lower")


def test_a_part_of_a_file_system_is_shown_and_no_more(layer: Lab) -> None:
    """`..` of the layer's root leads to what it is mounted in."""
    p = layer.p
    p.mkdir("/lower/sub")
    put(p, "/lower/secret", b"s")
    p.mkdir("/part")
    p.mount("hookfs", "/part", "/lower/sub")
    put(p, "/part/f", b"x")
    assert errno_of(lambda: p.open("/part/../secret")) == ENOENT
    assert p.listdir("/lower/sub") == ["f"]
    assert errno_of(lambda: p.mount("hookfs", "/part", "/lower/secret")) == ENOTDIR
    assert errno_of(lambda: p.mount("hookfs", "/part", "/none")) == ENOENT
    leave(layer, "/part", "/upper", "/lower")


def test_read_only_above_is_not_read_only_below(layer: Lab) -> None:
    p = layer.p
    p.unmount("/upper")
    p.mount("hookfs", "/upper", "/lower", MNT_RDONLY)
    put(p, "/lower/f", b"x")
    assert errno_of(lambda: p.unlink("/upper/f")) == EROFS
    assert errno_of(lambda: p.open("/upper/f", O_RDWR)) == EROFS
    assert errno_of(lambda: p.mkdir("/upper/d")) == EROFS
    assert get(p, "/upper/f") == b"x"
    leave(layer)


def test_unmount_is_busy_while_a_file_is_open_and_force_makes_it_dead(layer: Lab) -> None:
    p = layer.p
    put(p, "/upper/f", b"x")
    fd = p.open("/upper/f")
    assert errno_of(lambda: p.unmount("/upper")) == EBUSY
    p.unmount("/upper", MNT_FORCE)
    assert errno_of(lambda: p.read(fd, 1)) == EIO
    p.close(fd)
    leave(layer, "/lower")


POLICY = """
#include <sys/kauth.h>
#include <sys/namei.h>
#include <sys/vnode.h>
#include "%s"
static char asked[4096];
static int deny;
static int fn(const struct hook_question *q)
{
	const char *op = q->q_op->vdesc_name + 4;

	if (strlen(asked) + strlen(op) + 2 < sizeof(asked)) {
		strlcat(asked, op, sizeof(asked));
		strlcat(asked, " ", sizeof(asked));
	}
	return q->q_cnp != NULL && q->q_cnp->cn_namelen == 0 ? EINVAL : deny == q->q_op->vdesc_offset ? EPERM : 0;
}
int policy_start(void); int policy_stop(void); unsigned long policy_asked(void); int policy_deny(int op);
int policy_start(void) { return hook_register("policy", fn); }
int policy_stop(void) { return hook_deregister(fn); }
unsigned long policy_asked(void) { return (unsigned long)asked; }
int policy_deny(int op) { deny = op; asked[0] = 0; return 0; }
""" % (EXAMPLES / "stack/hook.h")


class Policy:
    """A client of the hook that notes what it is asked, and refuses one operation."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        lab.load(POLICY, name="policy")
        assert lab.call("int policy_start(void)") == 0

    def deny(self, place: int) -> None:
        """Refuse the operation with that place in the vectors; 0: none. Forget what was asked."""
        self.lab.call("int policy_deny(int op)", place)

    def asked(self) -> list[str]:
        """The operations asked about, in order."""
        text: bytes = self.lab.k.mem.cstr(self.lab.call("unsigned long policy_asked(void)"))
        return text.decode().split()

    def stop(self) -> None:
        assert self.lab.call("int policy_stop(void)") == 0
        modules.unload(self.lab.p, "policy")


def attempt(action: Callable[[], object]) -> None:
    """It may be refused, but not because something is broken."""
    try:
        action()
    except KernelError as error:
        if error.errno == EIO:
            raise


def use(p: Process, fd: int) -> None:
    """Everything that is done with an open file."""
    for action in (
        lambda: p.write(fd, b"data"), lambda: p.pread(fd, 9, 0), lambda: p.fsync(fd), lambda: p.fstat(fd),
        lambda: p.ioctl(fd, 0x20004B00), lambda: p.poll([(fd, 1)], 0), lambda: p.close(fd),
    ):  # fmt: skip
        attempt(action)


def exercise(p: Process) -> None:
    """Something of everything; whatever is refused is refused."""
    for action in (
        lambda: use(p, p.open("/upper/f", O_RDWR | O_CREAT, 0o644)),
        lambda: p.mkdir("/upper/d"), lambda: p.listdir("/upper/d"), lambda: p.link("/upper/f", "/upper/h"),
        lambda: p.symlink("f", "/upper/s"), lambda: p.readlink("/upper/s"),
        lambda: p.chmod("/upper/f", 0o600), lambda: p.mknod("/upper/n", S_IFCHR | 0o666, 0),
        lambda: p.rename("/upper/f", "/upper/d/g"), lambda: p.rename("/upper/h", "/upper/d/g"),
        lambda: p.access("/upper/d", 4),
    ):  # fmt: skip
        attempt(action)
    clear(p, "/upper")


def clear(p: Process, top: str) -> None:
    """Remove what exercise() makes."""
    for name in ("f", "h", "s", "n", "d/g"):
        attempt(lambda name=name: p.unlink(f"{top}/{name}"))  # type: ignore[misc]
    attempt(lambda: p.rmdir(f"{top}/d"))


def test_every_operation_asks_and_a_refused_one_leaves_nothing_behind(layer: Lab) -> None:
    """One after the other is refused while all are used: no lock is left, no reference, no panic."""
    p, policy = layer.p, Policy(layer)
    policy.deny(0)
    exercise(p)
    asked = set(policy.asked())
    assert asked >= {
        "lookup", "create", "mknod", "open", "close", "access", "getattr", "setattr", "read", "write",
        "ioctl", "poll", "fsync", "remove", "link", "rename", "mkdir", "rmdir", "symlink", "readdir",
        "readlink",
    }  # fmt: skip
    for name in sorted(asked):
        policy.deny(layer.k.vfs.operations[name].place // layer.k.dm.pointer)
        exercise(p)
        assert name in policy.asked()
        policy.deny(0)
        clear(p, "/lower")
        assert p.listdir("/lower") == []
    policy.stop()
    leave(layer)


PROGRAM = """
/* The parent decides what its child may do. */
int main(void)
{
	char line[400], op[20], name[100];
	int fd = open("/dev/guard", O_RDWR), pid, status, i;

	if (fd < 0 || write(fd, "=remove,read", 12) != 12)
		return 1;
	if ((pid = fork()) == 0) {
		close(fd);
		printf("unlink: %d\\n", unlink("/upper/f") < 0 ? errno : 0);
		fd = open("/upper/f", O_RDONLY);
		printf("read: %d\\n", (int)read(fd, line, sizeof(line)));
		printf("unlink: %d\\n", unlink("/upper/f") < 0 ? errno : 0);
		return 0;
	}
	for (i = 0; i < 3; i++) {
		line[read(fd, line, sizeof(line) - 1)] = 0;
		printf("%.*s %d\\n", (int)(strchr(line, ' ') - line), line, atoi(strchr(line, ' ') + 1) == pid);
		write(fd, i == 0 ? "n" : "y", 1);
	}
	wait4(pid, &status, 0, NULL);
	return status >> 8;
}
"""


def test_a_user_program_decides_through_the_device(layer: Lab) -> None:
    """It denies the first removal of its child, allows the read and the second one."""
    layer.load(EXAMPLES / "stack/guard.c", name="guard")
    layer.node("guard", "/dev/guard")
    put(layer.p, "/upper/f", b"text")
    image = layer.cc.program(HEAD + PROGRAM, layer.machine).read_bytes()
    with tempfile.TemporaryFile() as out:
        ended = layer.kernel.execute(image, stdio=(0, out.fileno(), out.fileno()))
        out.seek(0)
        lines = sorted(out.read().decode().splitlines())
    assert (ended.status, ended.errno) == (0, 0)
    assert lines == sorted(["remove 1", f"unlink: {EPERM}", "read 1", "read: 4", "remove 1", "unlink: 0"])
    assert layer.p.listdir("/lower") == []
    layer.p.unlink("/dev/guard")
    modules.unload(layer.p, "guard")
    leave(layer)


def test_over_the_root_file_system(layer: Lab) -> None:
    """Its files have vnodes when somebody wants them: devices open, links, names and modes pass through."""
    p = layer.p
    p.mkdir("/top")
    p.mount("hookfs", "/top", "/")
    assert {"dev", "tmp", "lower", "top"} <= set(p.listdir("/top"))
    assert (p.listdir("/top/top"), p.listdir("/top/lower")) == ([], [])  # what is mounted is not seen
    fd = p.open("/top/dev/zero", O_RDWR)
    assert p.read(fd, 3) == b"\0\0\0"
    assert p.fstat(fd).st_rdev == p.stat("/dev/zero").st_rdev
    assert errno_of(lambda: p.unmount("/top")) == EBUSY
    p.close(fd)
    p.mknod("/top/dev/mine", S_IFCHR | 0o600, makedev(2, 2))
    assert get(p, "/dev/mine") == b""
    p.rename("/top/dev/mine", "/top/tmp/mine")
    p.symlink("mine", "/top/tmp/soft")
    p.link("/top/tmp/mine", "/top/tmp/hard")
    assert (p.readlink("/tmp/soft"), p.stat("/tmp/hard").st_nlink) == ("mine", 2)
    assert get(p, "/top/tmp/soft") == b""
    p.chmod("/top/tmp/mine", 0o640)
    p.chown("/top/tmp/mine", 3, 4)
    found = p.stat("/tmp/mine")
    assert (found.st_mode & 0o777, found.st_uid, found.st_gid) == (0o640, 3, 4)
    put(p, "/top/tmp/file", b"through a layer")
    assert (get(p, "/tmp/file"), get(p, "/top/tmp/file")) == (b"through a layer",) * 2
    assert errno_of(lambda: p.rename("/top/tmp", "/top/tmp/x")) == 22
    assert errno_of(lambda: p.rmdir("/top/lower")) == EBUSY
    for name in ("mine", "soft", "hard", "file"):
        p.unlink(f"/top/tmp/{name}")
    assert p.listdir("/tmp") == []
    policy = Policy(layer)
    policy.deny(layer.k.vfs.operations["open"].place // layer.k.dm.pointer)
    assert errno_of(lambda: p.open("/top/dev/null")) == EPERM
    policy.stop()
    for place in ("/top", "/upper", "/lower"):
        p.unmount(place)
    assert (layer.k.vfs.vnodes, layer.k.vfs.rootfs.vnodes) == (set(), {})


def test_device_nodes_on_a_file_system_of_a_module(layer: Lab) -> None:
    """They open their driver, keep their file system busy, and have no length; not with nodev."""
    p = layer.p
    p.mknod("/lower/null", S_IFCHR | 0o666, makedev(2, 2))
    p.mknod("/lower/none", S_IFCHR | 0o666, makedev(77, 0))
    put(p, "/upper/null", b"gone")
    fd = p.open("/lower/null", O_RDWR)
    found = p.fstat(fd)
    assert (p.read(fd, 9), found.st_rdev) == (b"", makedev(2, 2))
    assert found.st_ino == p.stat("/lower/null").st_ino
    p.unmount("/upper")
    assert errno_of(lambda: p.unmount("/lower")) == EBUSY
    p.close(fd)
    assert errno_of(lambda: p.open("/lower/none")) == 6
    leave(layer, "/lower")
