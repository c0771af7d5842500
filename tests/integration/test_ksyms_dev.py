"""/dev/ksyms as the process that opens it sees it: a snapshot in its own memory."""

from __future__ import annotations

import ctypes
import io
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile

from lkmtools import modules
from lkmtools.abi import errno, stat
from lkmtools.abi.conf import major, makedev, minor
from lkmtools.abi.fcntl import O_RDONLY, O_RDWR, O_WRONLY, SEEK_CUR, SEEK_END, SEEK_SET
from lkmtools.abi.ksyms import FREEBSD_KIOCGADDR, KIOCGSIZE
from lkmtools.abi.syscall import SYS___fstat30
from lkmtools.abi.vmparam import PAGE_SIZE as PAGE
from lkmtools.errors import KernelError
from lkmtools.kern.lkm.kern_ksyms import SymbolTable
from lkmtools.kern.lkm.ksyms_dev import KsymsFile
from lkmtools.modules.ksyms import kernel_values
from support.ksyms import PROBE, Snapshot, names, symbols
from support.lab import Lab


def refused(number: int, action: Any, *args: Any) -> str:
    """`action` fails with this errno: the reason."""
    with pytest.raises(KernelError) as caught:
        action(*args)
    assert caught.value.errno == number
    return caught.value.reason


@contextmanager
def no_descriptors() -> Iterator[None]:
    """This process, which the kernel is in, gets no further descriptor."""
    free = os.dup(0)
    os.close(free)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def image_of(lab: Lab, snapshot: Snapshot) -> Any:
    """The kernel's image behind an open file."""
    file = lab.k.procs[snapshot.p.pid].files.get(snapshot.fd)
    assert isinstance(file, KsymsFile)
    return file.image


def test_the_image_lies_in_the_callers_memory(lab: Lab) -> None:
    """KIOCGADDR and KIOCGSIZE find it; ctypes and read(2) see the same bytes."""
    s = Snapshot(lab.p)
    assert ctypes.string_at(s.address, s.size) == s.image() == lab.p.pread(s.fd, s.size, 0)
    assert s.image()[:4] == b"\x7fELF"
    assert s.address + s.size < 1 << 32
    assert s.word(KIOCGSIZE) == s.size


def test_it_holds_every_symbol_of_the_kernel_with_type_and_size(lab: Lab) -> None:
    """Functions have the size of their slot, variables their own; values are the kernel's."""
    found = {s.name: s for s in symbols(Snapshot(lab.p).image())}
    assert set(lab.k.ksyms.kernel) == set(found)
    assert [name for name, value in lab.k.ksyms.kernel.items() if found[name]["st_value"] != value] == []
    assert (found["printf"]["st_size"], found["printf"]["st_info"]["type"]) == (16, "STT_FUNC")
    assert (found["hz"]["st_size"], found["hz"]["st_info"]["type"]) == (4, "STT_OBJECT")
    assert (found["printf"]["st_shndx"], found["hz"]["st_shndx"]) == (4, 5)


def test_its_header_is_that_of_the_simulated_machine(lab: Lab) -> None:
    """Class, byte order and machine, whatever the host is."""
    file = ELFFile(io.BytesIO(Snapshot(lab.p).image()))
    expected = {"amd64": (64, "EM_X86_64"), "i386": (32, "EM_386")}[lab.machine]
    assert (file.elfclass, file["e_machine"]) == expected
    assert (file["e_type"], file["e_entry"], file["e_flags"]) == ("ET_EXEC", 0, 0)
    assert file.little_endian
    assert file["e_ident"]["EI_OSABI"] == "ELFOSABI_SYSV"


def test_a_module_loaded_with_s_is_in_it_and_one_without_is_not(lab: Lab) -> None:
    """Its functions are .text, its variables .data, its addresses absolute."""
    lab.load(PROBE, symbols=True)
    lab.load("int other_run(void); int other_run(void) { return 1; }", name="other")
    found = {s.name: s for s in symbols(Snapshot(lab.p).image())}
    assert lab.symbols["probe_run"] == found["probe_run"]["st_value"]
    assert lab.symbols["probe_value"] == found["probe_value"]["st_value"]
    assert (found["probe_run"]["st_shndx"], found["probe_value"]["st_shndx"]) == (4, 5)
    assert (
        found["probe_value"]["st_size"], found["probe_value"]["st_info"]["type"],
    ) == (4, "STT_OBJECT")  # fmt: skip
    assert "other_run" not in found


def test_later_loads_and_unloads_do_not_change_it(lab: Lab) -> None:
    """The open snapshot shows what was; the next one what is."""
    other = lab.kernel.process("reader")
    s = Snapshot(other)
    before = ctypes.string_at(s.address, s.size)
    lab.load(PROBE, symbols=True)
    assert ctypes.string_at(s.address, s.size) == before == other.pread(s.fd, s.size, 0)
    s.close()
    s = Snapshot(other)
    loaded = s.image()
    assert "probe_run" in names(loaded)
    modules.unload(lab.p, "probe")
    assert ctypes.string_at(s.address, s.size) == loaded
    s.close()
    assert before == Snapshot(other).image()


def test_scribbling_harms_nobody_else(lab: Lab) -> None:
    """The mapping is private and writable; another process, read(2) and the next open see the true image."""
    s, other = Snapshot(lab.p), Snapshot(lab.kernel.process("other"))
    lab.p.memory(s.address, s.size)[:] = bytes(s.size)
    assert s.image() == bytes(s.size)
    assert other.image()[:4] == lab.p.pread(s.fd, 4, 0) == b"\x7fELF"
    s.close()
    assert Snapshot(lab.p).image() == other.image()


def test_the_file_beneath_is_sealed(lab: Lab) -> None:
    """Nobody writes, shrinks or grows it."""
    import fcntl

    Snapshot(lab.p)
    image = lab.k.ksyms.image()
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    assert seals == fcntl.fcntl(image.fd, fcntl.F_GET_SEALS)
    image.release()


def test_all_openers_of_a_generation_share_one_file(lab: Lab) -> None:
    """Only a load or unload with symbols makes another; the old one stays while it is open."""
    first, second = (Snapshot(lab.kernel.process(name)) for name in ("first", "second"))
    image = image_of(lab, first)
    assert image is image_of(lab, second)
    lab.load("int x;", name="quiet")
    second.close()
    second = Snapshot(second.p)
    assert image is image_of(lab, second)
    lab.load(PROBE, symbols=True)
    third = Snapshot(lab.kernel.process("third"))
    assert image is not image_of(lab, third)
    assert third.image() != first.image() == second.image()
    first.close()
    assert image.refs == 1
    second.close()
    assert image.refs == 0


def test_a_process_has_it_open_once(lab: Lab) -> None:
    """EBUSY until it is closed; another process is another matter."""
    s = Snapshot(lab.p)
    assert "which can open it only once" in refused(errno.EBUSY, Snapshot, lab.p)
    Snapshot(lab.kernel.process("other")).close()
    s.close()
    Snapshot(lab.p).close()


def test_a_duplicate_keeps_it_open(lab: Lab) -> None:
    """The snapshot goes with the last descriptor."""
    s = Snapshot(lab.p)
    twin = lab.p.dup(s.fd)
    s.close()
    assert lab.p.pread(twin, 4, 0) == b"\x7fELF"
    refused(errno.EBUSY, Snapshot, lab.p)
    lab.p.close(twin)
    Snapshot(lab.p).close()


def test_exit_frees_it(lab: Lab) -> None:
    """Nothing is left of a process that ended without closing."""
    other = lab.kernel.process("other")
    Snapshot(other)
    image = lab.k.ksyms.image()
    other.exit()
    assert (image.refs, lab.k.ksyms.softc.open) == (2, set())
    image.release()


def test_close_unmaps(lab: Lab) -> None:
    """The address means nothing any more."""
    s = Snapshot(lab.p)
    s.close()
    with pytest.raises(ValueError, match="not mapped"):
        lab.p.memory(s.address, 1)


@pytest.mark.parametrize("flags", [O_WRONLY, O_RDWR])
def test_it_cannot_be_opened_for_writing(lab: Lab, flags: int) -> None:
    """EPERM, root or not; and nothing is open then."""
    refused(errno.EPERM, lab.p.open, "/dev/ksyms", flags)
    assert lab.k.ksyms.softc.open == set()


def test_only_minor_0_exists(lab: Lab) -> None:
    """ENXIO."""
    dev = makedev(major(lab.p.stat("/dev/ksyms").st_rdev), 1)
    lab.p.mknod("/dev/ksyms1", stat.S_IFCHR | 0o444, dev)
    refused(errno.ENXIO, lab.p.open, "/dev/ksyms1", O_RDONLY)
    assert lab.k.ksyms.softc.open == set()


def test_reads_end_at_the_exact_size(lab: Lab) -> None:
    """Short near it, nothing at it, EFAULT behind it and before 0."""
    s = Snapshot(lab.p)
    assert lab.p.pread(s.fd, 100, s.size - 7) == s.image()[-7:]
    assert lab.p.pread(s.fd, 100, s.size) == b""
    for offset in (s.size + 1, -1):
        refused(errno.EFAULT, lab.p.pread, s.fd, 1, offset)


def test_read_moves_the_offset_and_lseek_sets_it(lab: Lab) -> None:
    """From the beginning, from where it is, from the end; reading beyond the size is EFAULT there too."""
    s = Snapshot(lab.p)
    assert lab.p.read(s.fd, 4) + lab.p.read(s.fd, 4) == s.image()[:8]
    assert lab.p.lseek(s.fd, -4, SEEK_CUR) == 4
    assert lab.p.read(s.fd, 4) == s.image()[4:8]
    assert lab.p.lseek(s.fd, -3, SEEK_END) == s.size - 3
    assert lab.p.read(s.fd, 10) == s.image()[-3:]
    assert lab.p.read(s.fd, 10) == b""
    assert lab.p.lseek(s.fd, s.size + 1, SEEK_SET) == s.size + 1
    refused(errno.EFAULT, lab.p.read, s.fd, 1)


def test_fstat_knows_its_size(lab: Lab) -> None:
    """st_size of the open file is the image's, its mode the node's."""
    s = Snapshot(lab.p)
    layout = stat.stat.layout(lab.p.dm)
    buf = lab.p.buffer(layout.size)
    lab.p.syscall(SYS___fstat30, s.fd, buf)
    found = layout.unpack(buf.data)
    assert (s.size, stat.S_IFCHR | 0o444) == (found.st_size, found.st_mode)


def test_an_unknown_command_is_ENOTTY(lab: Lab) -> None:
    """Whatever its group."""
    s = Snapshot(lab.p)
    for command in (0x20006C07, 0xC0086C04, 0x4004667F):
        assert "/dev/ksyms does not support ioctl" in refused(
            errno.ENOTTY, lab.p.ioctl, s.fd, command, lab.p.buffer(8)
        )


def test_mmap_maps_it_again(lab: Lab) -> None:
    """At another address, whole or from a page of it; each mapping is its own."""
    lab.load("\n".join(f"int variable_{i};" for i in range(300)), symbols=True)
    s = Snapshot(lab.p)
    again = lab.p.mmap(s.fd, s.size)
    assert again != s.address
    assert bytes(lab.p.memory(again, s.size)) == s.image()
    second_page = lab.p.mmap(s.fd, PAGE, PAGE)
    assert bytes(lab.p.memory(second_page, PAGE)) == s.image()[PAGE : 2 * PAGE]
    lab.p.memory(again, 4)[:] = b"mine"
    assert s.image()[:4] == b"\x7fELF"
    lab.p.munmap(again, s.size)
    with pytest.raises(ValueError, match="not mapped"):
        lab.p.memory(again, 1)


def test_mmap_past_the_rounded_end_is_EINVAL(lab: Lab) -> None:
    """So are an odd offset and no length, and a device that cannot be mapped."""
    s = Snapshot(lab.p)
    rounded = -(-s.size // PAGE) * PAGE
    lab.p.mmap(s.fd, rounded)
    for length, offset in ((rounded + 1, 0), (PAGE, rounded), (PAGE, 7), (0, 0)):
        refused(errno.EINVAL, lab.p.mmap, s.fd, length, offset)
    refused(errno.EINVAL, lab.p.mmap, lab.p.open("/dev/null", O_RDWR), PAGE)
    refused(errno.EINVAL, lab.p.munmap, s.address, 1 << 20)
    assert s.image()[:4] == b"\x7fELF"  # the snapshot itself is still there


def test_a_process_without_memory_of_its_own_has_ENOMEM(lab: Lab) -> None:
    """Nobody gave a mapper: it cannot be told an address, and can ask again; read(2) needs none."""
    from lkmtools.kern.uvm.uvm_map import Vmspace

    other = lab.kernel.process("bare")
    proc = lab.k.procs[other.pid]
    kept, proc.vm = proc.vm, Vmspace(None)
    fd = other.open("/dev/ksyms")
    word = other.buffer(other.dm.pointer)
    command = FREEBSD_KIOCGADDR.code(other.dm)
    assert "no address space" in refused(errno.ENOMEM, other.ioctl, fd, command, word)
    assert other.read(fd, 4) == b"\x7fELF"
    proc.vm = kept
    other.ioctl(fd, command, word)
    assert bytes(other.memory(int.from_bytes(word.data, "little"), 4)) == b"\x7fELF"
    other.close(fd)


def test_a_host_that_gives_no_memory_file_is_ENOMEM(lab: Lab) -> None:
    """The daemon has as many descriptors as it may: nothing of the snapshot is seen, and all of it later."""
    fd = lab.p.open("/dev/ksyms")
    with no_descriptors():
        reason = refused(errno.ENOMEM, lab.p.read, fd, 4)
        refused(errno.ENOMEM, lab.p.lseek, fd, 0, SEEK_END)
    assert reason == "no memory file for the symbols: Too many open files"
    assert lab.p.read(fd, 4) == b"\x7fELF"
    lab.p.close(fd)


def test_a_snapshot_for_which_there_was_no_memory_when_symbols_came_is_lost(lab: Lab) -> None:
    """The module is loaded; whoever had the device open has ENOMEM until it is closed."""
    reader = lab.kernel.process("reader")
    fd = reader.open("/dev/ksyms")
    table = SymbolTable(lab.k.ksyms.codec, "late", [], 0, 0)
    with no_descriptors():
        lab.k.ksyms.add(table)
    refused(errno.ENOMEM, reader.read, fd, 4)
    reader.close(fd)
    Snapshot(reader).close()
    lab.k.ksyms.remove(table)


def test_opening_and_asking_for_values_makes_no_image(lab: Lab) -> None:
    """Nor does a load after that; one that comes while somebody has it open does, before it is changed."""
    lab.load(PROBE, symbols=True)
    assert kernel_values(lab.p, ["probe_run"]) == {"probe_run": lab.symbols["probe_run"]}
    image = lab.k.ksyms.image()
    image.release()
    assert image.fd == -1
    fd = lab.p.open("/dev/ksyms")
    modules.unload(lab.kernel.process("other"), "probe")
    assert image.fd >= 0
    assert "probe_run" in names(lab.p.read(fd, 1 << 20))
    lab.p.close(fd)
    assert (image.fd, image.refs) == (-1, 0)


def test_the_node_is_read_only_for_everybody(lab: Lab) -> None:
    """cr--r--r-- root wheel, with the major of the machine's NetBSD."""
    node = lab.p.stat("/dev/ksyms")
    assert (node.st_mode, node.st_uid, node.st_gid) == (stat.S_IFCHR | 0o444, 0, 0)
    assert {"amd64": 85, "i386": 101}[lab.machine] == major(node.st_rdev)
    assert minor(node.st_rdev) == 0
    nobody = lab.kernel.process("nobody", uid=1000, gid=1000)
    assert Snapshot(nobody).image()[:4] == b"\x7fELF"


def test_a_snapshot_that_open_never_took_goes_with_its_process(lab: Lab) -> None:
    """A module calls the driver's d_open itself: the file has no descriptor, and is closed at exit."""
    lab.load(
        """int ksymsopen(dev_t, int, int, struct lwp *);
        int probe_open(unsigned long dev);
        int probe_open(unsigned long dev) { return ksymsopen(dev, 1, 0, curlwp); }"""
    )
    other = lab.kernel.process("other")
    dev = lab.p.stat("/dev/ksyms").st_rdev
    started = lab.begin("int probe_open(unsigned long dev)", dev, p=other)
    assert started.result() == errno.EMOVEFD
    assert lab.k.ksyms.softc.open == {lab.k.procs[other.pid]}
    other.exit()
    assert lab.k.ksyms.softc.open == set()
