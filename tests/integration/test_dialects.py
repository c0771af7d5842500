"""Sources for NetBSD 1.4, 2.0 and OpenBSD, compiled with lkmcc --api: what they do in the kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.errno import EBUSY, ENOENT, EROFS
from lkmtools.abi.fcntl import O_RDONLY, O_RDWR, O_WRONLY
from lkmtools.abi.stat import S_IFBLK, S_IFCHR
from lkmtools.abi.syscall import SYS_getpid
from lkmtools.cc.dialects import FLAGS, suggested
from lkmtools.errors import KernelError, LkmtoolsError
from support.compiling import Compile, CompileError
from support.errors import errno_of
from support.lab import HEAD, Lab, loads

SOURCES = {path.stem: path for path in sorted((Path(__file__).parent / "dialects").glob("*.c"))}
WEDGE = SOURCES.pop("misc_wedge")  # of several dialects
API = {
    "old_chardev": "1.4", "old_disk": "1.4", "old_patch": "1.4", "old_syscall": "1.4",
    "openbsd_chardev": "openbsd", "device_2_0": "2.0", "old_fs": "openbsd",
    "openbsd_nodes": "openbsd", "old_timeout": "1.4", "openbsd_timeout": "openbsd",
    "old_threads": "2.0",
}  # fmt: skip
NAMES = {
    "old_chardev": "old", "old_disk": "disk", "old_patch": "patch", "old_syscall": "who",
    "openbsd_chardev": "puffy", "device_2_0": "two",
    "old_fs": "oldfs", "openbsd_nodes": "nodes",
    "old_timeout": "timeouts", "openbsd_timeout": "timeouts",
    "old_threads": "threads",
}  # fmt: skip
OIOCPID = 0x40046F01


@pytest.fixture
def old(lab: Lab) -> Iterator[Callable[..., Lab]]:
    """Loads a source with its dialect."""
    yield from loads(lab, lambda source: (SOURCES[source], NAMES[source], FLAGS[API[source]]))


@contextmanager
def opened(lab: Lab, path: str, flags: int) -> Iterator[int]:
    """A descriptor, for a while."""
    fd = lab.p.open(path, flags)
    yield fd
    lab.p.close(fd)


@pytest.mark.parametrize("name", SOURCES)
def test_each_compiles_without_a_warning(each_cc: Compile, machine: str, name: str) -> None:
    assert each_cc(SOURCES[name], machine, name, (*FLAGS[API[name]], "-Werror")).exists()


@pytest.mark.parametrize("name", SOURCES)
def test_without_its_dialect_it_does_not_and_the_messages_tell_which_it_is(
    each_cc: Compile, machine: str, name: str
) -> None:
    """An error or a warning that lkmcc takes for a sign."""
    with pytest.raises(CompileError) as caught:
        each_cc(SOURCES[name], machine, name, ("-Werror",))
    assert suggested(str(caught.value), SOURCES[name].read_text()) == API[name]


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("#define TWO(a, b) ((a) + (b))\nint x = TWO(1);", None),
        ("int f(struct proc *p); int f(struct proc *p) { struct lwp *l = p; return l != 0; }", None),
        ("int f(struct lwp *); int g(struct proc *p);\nint g(struct proc *p) { return f(p); }", None),
        (
            "int aopen(dev_t dev, int flag, int mode, struct proc *p);\n"
            "const struct cdevsw a = { aopen, nullclose, noread, nowrite };",
            "2.0",
        ),
        ('MOD_DEV("a", LM_DT_CHARS, -1, 0)', "1.4"),
    ],
)
def test_what_is_a_sign_and_what_is_not(each_cc: Compile, machine: str, text: str, sign: str | None) -> None:
    """Any macro with too few arguments is none, nor is a struct proc outside of a switch."""
    source = f"{HEAD}#include <sys/proc.h>\n{text}\n#error the messages are wanted\n"
    with pytest.raises(CompileError) as caught:
        each_cc(source, machine, "x")
    assert suggested(str(caught.value), source) == sign


def test_a_character_device_of_netbsd_1_4(old: Callable[..., Lab]) -> None:
    """The first major that is kept for modules; struct proc in every entry; modstat shows both majors."""
    lab = old("old_chardev")
    assert "old: old has major 29\n" in lab.dmesg
    module = modules.stat(lab.p, "old")
    assert module.majors == (-1, 29)
    with opened(lab, lab.node("old", "/dev/old"), O_RDONLY) as fd:
        assert lab.p.read(fd, 100) == b"nineteen ninety-nine\n"
        answer = lab.p.buffer(4)
        lab.p.ioctl(fd, OIOCPID, answer)
        assert int.from_bytes(answer.data, "little") == lab.p.pid
    assert "old: lab opens major 29\n" in lab.dmesg
    assert "old: pid 1 closes\n" in lab.dmesg


def test_a_block_device_alone(old: Callable[..., Lab]) -> None:
    """At the major that it asks for; it needs no cdevsw."""
    lab = old("old_disk")
    assert modules.stat(lab.p, "disk").majors == (10, -1)
    path = lab.node("disk", "/dev/disk", S_IFBLK)
    with opened(lab, path, O_RDWR) as fd:
        lab.p.write(fd, b"block" * 100)
    with opened(lab, path, O_RDONLY) as fd:
        assert lab.p.read(fd, 500) == b"block" * 100


def test_a_major_that_does_not_exist(lab: Lab) -> None:
    """EINVAL, with the limits."""
    with pytest.raises(LkmtoolsError) as caught:
        lab.load(SOURCES["old_disk"], name="disk", flags=(*FLAGS["1.4"], "-DSLOT=20"))
    assert "major 20 of bdevsw is not between 0 and 19" in str(caught.value)


def test_a_module_that_writes_to_cdevsw(old: Callable[..., Lab]) -> None:
    """The place that it takes serves the major until it gives it back."""
    lab = old("old_patch")
    major = lab.value("patch_major")
    assert major == 29
    lab.p.mknod("/dev/patched", S_IFCHR | 0o666, makedev(major, 3))
    with opened(lab, "/dev/patched", O_RDWR) as fd:
        assert lab.p.read(fd, 10) == b"patched"
        assert errno_of(lab.p.write, fd, b"x") == EROFS


@pytest.mark.parametrize("source", ["old_chardev", "old_disk", "old_patch", "openbsd_chardev"])
def test_a_device_that_is_open_keeps_an_older_module(old: Callable[..., Lab], source: str) -> None:
    """Its struct was copied into the kernel's array: its functions tell whose it is."""
    lab, name = old(source), NAMES[source]
    if source == "old_patch":
        what, path = "character device 29", "/dev/patched"
        lab.p.mknod(path, S_IFCHR | 0o666, makedev(lab.value("patch_major"), 0))
    else:
        what = {"old_disk": "block device 10", "old_chardev": "character device 29"}.get(
            source, "character device 31"
        )
        path = lab.node(name, f"/dev/{name}", S_IFBLK if source == "old_disk" else S_IFCHR)
    with opened(lab, path, O_RDONLY), pytest.raises(KernelError) as caught:
        modules.unload(lab.p, name)
    assert (caught.value.errno, caught.value.reason) == (
        EBUSY,
        f"{what}, 0 of '{name}' is open, by pid {lab.p.pid} (lab)",
    )


def test_two_that_take_the_next_place_each(old: Callable[..., Lab]) -> None:
    """One by lkmdispatch, one by hand."""
    lab = old("old_patch")
    old("old_chardev")
    assert modules.stat(lab.p, "old").majors == (-1, 30)
    with opened(lab, lab.node("old", "/dev/old"), O_RDONLY) as fd:
        assert lab.p.read(fd, 8) == b"nineteen"


def test_a_system_call_of_netbsd_1_4(old: Callable[..., Lab]) -> None:
    """Three members of struct sysent, and a struct proc."""
    lab = old("old_syscall")
    buffer = lab.p.buffer(16)
    assert lab.p.syscall(210, buffer, 16)[0] == lab.p.pid
    assert bytes(buffer.data).rstrip(b"\0") == b"lab"
    assert "root@lkm\n" in lab.dmesg


def test_openbsds_order_of_struct_cdevsw(old: Callable[..., Lab], lab: Lab) -> None:
    """d_kqfilter comes last; cdev_kqfilter(9) of another module finds it."""
    old("openbsd_chardev")
    assert modules.stat(lab.p, "puffy").majors == (-1, 31)
    with opened(lab, lab.node("puffy", "/dev/puffy"), O_RDONLY) as fd:
        assert lab.p.read(fd, 9) == b"puffy"
    lab.load("int probe(int dev); int probe(int dev) { return cdev_kqfilter(dev, NULL); }")
    assert lab.call("int probe(int dev)", makedev(31, 0)) == 99
    modules.unload(lab.p, "probe")


def test_netbsd_2_0_has_struct_proc_in_devices_and_struct_lwp_in_system_calls(
    old: Callable[..., Lab],
) -> None:
    """And so has a driver that another module calls with its struct lwp."""
    lab = old("device_2_0")
    path = lab.node("two", "/dev/two")
    with opened(lab, path, O_WRONLY) as fd:
        lab.p.ioctl(fd, 0x20007401)
    assert lab.p.syscall(218)[0] == lab.p.pid
    lab.load("int probe(int dev); int probe(int dev) { return cdev_open(dev, 0, 0, curlwp); }")
    assert lab.call("int probe(int dev)", lab.p.stat(path).st_rdev) == 0
    modules.unload(lab.p, "probe")


def test_a_uio_of_netbsd_2_0_has_uio_segflg_and_uio_procp(old: Callable[..., Lab]) -> None:
    """The module's own moves bytes within the kernel; the kernel's has the process that reads."""
    lab = old("device_2_0")
    path = lab.node("two", "/dev/two")
    with opened(lab, path, O_RDONLY) as fd:
        assert lab.p.read(fd, 10) == b"five\0"


def test_a_place_that_another_took_since_is_busy(lab: Lab) -> None:
    """An old module's unload that would bring back what is no longer there."""
    lab.load(SOURCES["old_chardev"], name="old", flags=FLAGS["1.4"])
    lab.load("int grab(struct cdevsw *d); int grab(struct cdevsw *d) { d->d_read = 0; return 0; }")
    lab.call(
        "int grab(struct cdevsw *d)", lab.k.symbol("lkm_cdevsw") + 29 * (88 if lab.k.dm.pointer == 8 else 44)
    )
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "old")
    assert caught.value.errno == EBUSY
    why = "major 29 of cdevsw has been replaced again since; unload what replaced it first"
    assert caught.value.reason == why


def test_of_two_older_modules_at_one_major_the_newer_goes_first(old: Callable[..., Lab]) -> None:
    """It is named, and the unload function of the older one is not called."""
    lab = old("old_chardev")
    old("openbsd_chardev", "-DSLOT=29")
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "old")
    why = "major 29 of cdevsw has been replaced again since; unload module 'puffy' first"
    assert (caught.value.errno, caught.value.reason) == (EBUSY, why)
    assert "old: unload" not in lab.dmesg
    assert modules.stat(lab.p, "puffy").majors == (-1, 29)


def test_the_first_free_major_is_none_that_devsw_attach_has_given_away(old: Callable[..., Lab]) -> None:
    """A driver of NetBSD 5.2 may have one of those that are kept for older modules."""
    lab = old("device_2_0", "-DCHAR_MAJOR=29")
    old("old_chardev")
    assert modules.stat(lab.p, "two").majors == (-1, 29)
    assert modules.stat(lab.p, "old").majors == (-1, 30)
    with opened(lab, lab.node("old", "/dev/old"), O_RDONLY) as fd:
        assert lab.p.read(fd, 8) == b"nineteen"


def test_vnode_operations_that_openbsd_calls(lab: Lab) -> None:
    """VOP_MKNOD keeps the vnode, so that the node can be removed at unload; the session is there."""
    lab.load(SOURCES["openbsd_nodes"], name="nodes", flags=FLAGS["openbsd"])
    assert "nodes: login 'root', session of pid " in lab.dmesg
    assert lab.p.stat("/dev/made").st_rdev == makedev(2, 2)
    modules.unload(lab.p, "nodes")
    assert errno_of(lab.p.stat, "/dev/made") == ENOENT


@pytest.mark.parametrize("source", ["old_timeout", "openbsd_timeout"])
def test_timeouts_fire_repeat_and_are_cancelled(old: Callable[..., Lab], source: str) -> None:
    """None is left afterwards."""
    lab = old(source)
    fired = lab.symbols["fired"]
    lab.until(lambda: lab.k.mem.i32(fired) == 3 and lab.k.mem.i32(fired + 4) == 1)
    lab.settle()
    assert [lab.k.mem.i32(fired + 4 * i) for i in range(3)] == [3, 1, 0]
    assert lab.k.timeouts.pending == 0


@pytest.mark.parametrize("api", ["1.4", "2.0", "4.0", "5.2"])
def test_a_place_in_sysent_taken_by_hand_and_a_call_that_is_wrapped(lab: Lab, api: str) -> None:
    """The kernel's calls are declared as in each system, and take that system's caller."""
    lab.load(WEDGE, name="wedge", flags=(*FLAGS[api], "-Werror"))
    assert modules.stat(lab.p, "wedge").offset == 210
    assert lab.p.syscall(210)[0] == lab.p.pid
    assert lab.p.syscall(SYS_getpid)[0] == lab.p.pid + 1000
    modules.unload(lab.p, "wedge")
    assert lab.tables() == lab.boot_tables


@pytest.mark.parametrize("api", ["1.4", "2.0", "4.0", "openbsd"])
def test_hash_tables_have_the_arguments_of_malloc(lab: Lab, api: str) -> None:
    """hashinit() and hashdone() before NetBSD 5."""
    kind = "HASH_LIST, " if api in ("2.0", "4.0") else ""
    lab.load(
        f"""#include <sys/malloc.h>
        int probe(int n);
        int probe(int n)
        {{
            u_long mask = 0;
            void *table = hashinit(n, {kind}M_TEMP, M_WAITOK, &mask);
            int empty = *(void **)table == NULL;
            hashdone(table, M_TEMP);
            return empty ? mask : -1;
        }}""",
        flags=FLAGS[api],
    )
    assert lab.call("int probe(int n)", 100) == 127


@pytest.mark.parametrize("api", ["2.0", "4.0"])
def test_threads_soft_interrupts_and_the_list_of_processes(lab: Lab, api: str) -> None:
    """kthread_create1 gives a struct proc, softintr_schedule wakes it, proclist_lock_read is there."""
    lab.load(SOURCES["old_threads"], name="threads", flags=FLAGS[api])
    assert "threads: the worker is listed\n" in lab.dmesg
    lab.settle()
    assert lab.value("rounds") == 7
    modules.unload(lab.p, "threads")
    lab.settle()
    assert lab.tables() == lab.boot_tables


def test_a_process_as_a_local_variable_is_no_sign_of_2_0() -> None:
    """Where devices have a struct lwp."""
    text = "int aopen(dev_t d, int f, int m, struct lwp *l) { struct proc *p = l->l_proc; }"
    assert suggested("unknown type name 'caddr_t'", text) == "4.0"
    assert (
        suggested("unknown type name 'caddr_t'", text.replace("struct lwp *l)", "struct proc *p)")) == "2.0"
    )
