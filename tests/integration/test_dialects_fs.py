"""File systems for NetBSD 1.4 to 4.0 and OpenBSD, compiled with lkmcc --api: what they do in the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.datamodel import Struct
from lkmtools.abi.errno import EACCES, ENODEV, ENOENT, ENOMEM, EROFS
from lkmtools.abi.fcntl import O_RDONLY, O_WRONLY
from lkmtools.abi.mount import vfsops
from lkmtools.abi.mount_old import VFSOPS, componentname, nameidata, vfsconf
from lkmtools.cc.dialects import FLAGS, suggested
from lkmtools.errors import KernelError, LkmtoolsError
from lkmtools.machine import port
from lkmtools.modules.prepare import LoadError
from support.compiling import Compile, CompileError
from support.errors import errno_of
from support.lab import Lab

OLD_FS = Path(__file__).parent / "dialects/old_fs.c"


@pytest.mark.parametrize("api", ["2.0", "3.0", "4.0"])
def test_file_systems_of_each_system_compile_without_a_warning(
    each_cc: Compile, machine: str, api: str
) -> None:
    """And without --api the messages tell which it is."""
    flags = (*FLAGS["2.0"], "-DSNAPSHOTS") if api == "3.0" else FLAGS[api]
    assert each_cc(OLD_FS, machine, "old_fs", (*flags, "-Werror")).exists()
    other = "4.0" if api == "4.0" else "2.0"
    text = OLD_FS.read_text().replace("__NetBSD_Version__", f"{other[0]}00000000")
    if other == "4.0":
        text = text.replace("struct proc *", "struct lwp *")
    with pytest.raises(CompileError) as caught:
        each_cc(text, machine, "old_fs", ("-Werror",))
    words = "int mount(struct proc *p);" if other == "2.0" else "int mount(struct lwp *l);"
    assert suggested(str(caught.value), words) == other


@pytest.mark.parametrize("api", ["1.4", "openbsd", "2.0", "3.0", "4.0"])
def test_a_file_system_with_struct_proc(lab: Lab, api: str) -> None:
    """Its own struct vfsops, the caller in every operation, OpenBSD's vfsconf and no locks."""
    flags = (*FLAGS["2.0"], "-DSNAPSHOTS") if api == "3.0" else FLAGS[api]
    lab.load(OLD_FS, name="oldfs", flags=flags)
    assert "old_init: oldfs\n" in lab.dmesg
    text = "what mount(2) brings\n"
    lab.p.mkdir("/old")
    lab.p.mount("oldfs", "/old", text)
    assert "old_start: called by curproc\n" in lab.dmesg
    fd = lab.p.open("/old/file", O_RDONLY)
    assert lab.p.read(fd, 100) == text.encode()
    lab.p.fsync(fd)
    lab.p.close(fd)
    assert lab.p.stat("/old/file").st_size == len(text)
    assert lab.p.stat("/old").st_ino == 2
    assert lab.p.listdir("/old") == ["file"]
    assert errno_of(lab.p.open, "/old/file", O_WRONLY) == EACCES
    assert errno_of(lab.p.open, "/old/none", O_RDONLY) == ENOENT
    assert lab.p.statvfs("/old").f_blocks == 3
    assert errno_of(lab.p.mkdir, "/old/made") == EROFS
    assert lab.k.heap.lent == set()
    with pytest.raises(KernelError) as caught:
        modules.unload(lab.p, "oldfs")
    assert "file system 'oldfs' is mounted on /old" in caught.value.reason
    lab.p.unmount("/old")
    modules.unload(lab.p, "oldfs")
    assert (lab.k.vfs.vnodes, lab.k.vfs.given, lab.k.vfs.explicit) == (set(), {}, {})
    assert ("old_done: oldfs\n" in lab.dmesg) == (api[0] in "234")
    assert errno_of(lambda: lab.p.mount("oldfs", "/old")) == ENODEV


def test_openbsds_vfs_init_is_called_when_the_type_is_known(lab: Lab) -> None:
    """And only then: of a type whose name is taken it is not."""
    lab.load(OLD_FS, name="oldfs", flags=FLAGS["openbsd"])
    assert "old_init: it is known\n" in lab.dmesg
    before = lab.dmesg.count("old_init")
    lab.remember()
    with pytest.raises(LkmtoolsError) as caught:
        lab.load(OLD_FS, name="oldfs", flags=(*FLAGS["openbsd"], '-DMODULE="other"'))
    assert "file system type 'oldfs' already exists" in str(caught.value)
    assert lab.dmesg.count("old_init") == before
    assert lab.same()
    modules.unload(lab.p, "oldfs")
    assert lab.tables() == lab.boot_tables


@pytest.mark.parametrize("free", [True, False])
def test_a_module_of_another_type_makes_vectors_and_takes_them_with_it(lab: Lab, free: bool) -> None:
    """Those of vfs_opv_init_explicit() of a MISC module; also when it has given them back itself."""
    lab.load(OLD_FS, name="oldfs", flags=FLAGS["openbsd"])
    kept = dict(lab.k.vfs.explicit)
    lab.remember()
    lab.load(
        """
        #include <sys/vnode.h>
        int (**ops)(void *);
        int nothing(void *v);
        int nothing(void *v) { return 0; }
        struct vnodeopv_entry_desc entries[] = { { &vop_default_desc, nothing }, { NULL, NULL } };
        struct vnodeopv_desc desc = { &ops, entries };
        struct vnodeopv_desc *descs[] = { &desc, NULL };
        int probe(int free);
        int probe(int free)
        {
            vfs_opv_init_explicit(&desc);
            vfs_opv_init_default(&desc);
            if (free)
                vfs_opv_free((void *)descs);
            return ops == NULL;
        }
        """,
        flags=FLAGS["openbsd"],
    )
    assert lab.call("int probe(int free)", free) == free
    assert len(lab.k.vfs.explicit) == len(kept) + (not free)
    modules.unload(lab.p, "probe")
    assert lab.k.vfs.explicit == kept
    assert lab.same()


@pytest.mark.parametrize("api", ["1.4", "openbsd"])
def test_a_file_system_without_memory_for_its_type(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    """ENOMEM, and nothing is left."""
    size, alloc = vfsops.layout(lab.k.dm).size, lab.k.heap.alloc
    lab.load(OLD_FS, name="oldfs", flags=FLAGS[api])
    modules.unload(lab.p, "oldfs")
    lab.remember()
    with monkeypatch.context() as patch:
        patch.setattr(lab.k.heap, "alloc", lambda n, *args: 0 if n == size else alloc(n, *args))
        with pytest.raises(LoadError) as caught:
            lab.load(OLD_FS, name="oldfs", flags=FLAGS[api])
    assert (caught.value.errno, caught.value.reason) == (ENOMEM, "no kernel memory for a struct vfsops")
    assert lab.same()


def test_lookups_that_sleep_when_they_have_unlocked_the_directory(lab: Lab) -> None:
    """Others lock it meanwhile, and wait for the file; each has it again when its lookup returns."""
    lab.load(OLD_FS, name="oldfs", flags=(*FLAGS["1.4"], "-DSLEEPS"))
    lab.p.mkdir("/old")
    lab.p.mount("oldfs", "/old", "text")
    processes = [lab.kernel.process(f"p{n}") for n in range(4)]
    opens = [lab.start(p.open, "/old/file", O_RDONLY) for p in processes]
    lab.until(lambda: all(one.done for one in opens))
    for p, one in zip(processes, opens, strict=True):
        fd = one.result()
        assert p.read(fd, 10) == b"text"
        p.close(fd)
    lab.p.unmount("/old")
    modules.unload(lab.p, "oldfs")
    assert lab.k.vfs.vnodes == set()


@pytest.mark.parametrize(
    ("api", "structs"),
    [
        (api, [VFSOPS[api], componentname, nameidata, *([vfsconf] if api == "openbsd" else [])])
        for api in VFSOPS
    ],
    ids=VFSOPS,
)
def test_the_layouts_of_older_file_systems_are_their_headers(
    cc: Compile, machine: str, api: str, structs: list[Struct]
) -> None:
    """Each member of Python's layouts."""
    lines = ["#include <sys/param.h>", "#include <sys/mount.h>", "#include <sys/namei.h>"]
    for one in structs:
        layout = one.layout(port(machine).dm)
        lines += [f'_Static_assert(sizeof(struct {one.name}) == {layout.size}, "size");'] + [
            f'_Static_assert(__builtin_offsetof(struct {one.name}, {member}) == {field.offset}, "{member}");'
            for member, field in layout.fields.items()
        ]
    assert cc("\n".join(lines), machine, flags=FLAGS[api]).exists()
