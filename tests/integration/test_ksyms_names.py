"""The symbol table behind /dev/ksyms: names, addresses, NetBSD's ioctls, the driver's own life."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi import elf, errno, stat
from lkmtools.abi import ksyms as abi
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.module import MOD_LOAD, MOD_QUIESCE, MOD_SHUTDOWN, MOD_UNLOAD
from lkmtools.errors import KernelError
from lkmtools.kern.lkm import kern_ksyms
from lkmtools.kern.lkm.kern_ksyms import SymbolTable
from lkmtools.kern.lkm.ksyms_dev import ksyms_modevent
from lkmtools.kern.lkm.ksyms_image import TEXT, KsymsSymbol
from lkmtools.modules.prepare import LoadError
from support.ksyms import PROBE, Snapshot, symbols
from support.lab import Lab


def value_of(s: Snapshot, name: str, old: bool = False) -> int:
    """KIOCGVALUE_60 in its new or its old form."""
    p = s.p
    text = p.buffer(name.encode() + b"\0")
    if old:
        answer = p.buffer(p.dm.pointer)
        layout = abi.ksyms_gsymbol.layout(p.dm)
        request = p.buffer(layout.pack(kg_name=text.addr, kg_sym=answer.addr))
        p.ioctl(s.fd, abi.KIOCGVALUE.code(p.dm), request, text, answer)
        return int.from_bytes(answer.data, p.dm.byteorder)
    layout = abi.ksyms_gvalue.layout(p.dm)
    request = p.buffer(layout.pack(kv_name=text.addr))
    p.ioctl(s.fd, abi.KIOCGVALUE_60.code(p.dm), request, text)
    found: int = layout.get(request.data, 0, "kv_value")
    return found


def symbol_of(s: Snapshot, name: str, old: bool = False) -> Any:
    """KIOCGSYMBOL_60 in its new or its old form: the Elf_Sym."""
    p = s.p
    text = p.buffer(name.encode() + b"\0")
    wide = p.dm.pointer == 8
    sym = (abi.elf64_sym if wide else abi.elf32_sym).layout(p.dm)
    if old:
        answer = p.buffer(sym.size)
        request = p.buffer(abi.ksyms_gsymbol.layout(p.dm).pack(kg_name=text.addr, kg_sym=answer.addr))
        p.ioctl(s.fd, abi.KIOCGSYMBOL.code(p.dm), request, text, answer)
        return sym.unpack(answer.data)
    command = abi.KIOCGSYMBOL64 if wide else abi.KIOCGSYMBOL32
    layout = (abi.ksyms_gsymbol64 if wide else abi.ksyms_gsymbol32).layout(p.dm)
    request = p.buffer(layout.pack(kg_name=text.addr))
    p.ioctl(s.fd, command.code(p.dm), request, text)
    return sym.unpack(request.data, layout.size - sym.size)


def send_locals(lab: Lab, *names: str) -> None:
    """Put local functions into the table of the loaded module `probe`, as a modload could send them."""
    module = lab.k.modules.by_id[0]
    lab.k.ksyms.remove(lab.k.ksyms.tables["probe"])
    strings = b"\0" + b"".join(name.encode() + b"\0" for name in (*names, "probe_run"))
    entry = lab.k.ksyms.codec.symbol_entry
    at, rows = 1, []
    for i, name in enumerate((*names, "probe_run")):
        bind = elf.STB_GLOBAL if name == "probe_run" else elf.STB_LOCAL
        rows.append(entry(at, bind << 4 | elf.STT_FUNC, 1, module.area + 16 * i, 8))
        at += len(name) + 1
    kern_ksyms.addsymtab(lab.k, module, b"".join(rows), strings)


@pytest.mark.parametrize("old", [False, True], ids=["new form", "2.0 form"])
def test_values_are_found_by_name(lab: Lab, old: bool) -> None:
    """Of the kernel and of modules loaded with -s, at once; unknown names are ENOENT."""
    s = Snapshot(lab.kernel.process("reader"))
    assert value_of(s, "printf", old) == lab.k.symbol("printf")
    lab.load(PROBE, symbols=True)
    assert value_of(s, "probe_value", old) == lab.symbols["probe_value"]
    with pytest.raises(KernelError) as caught:
        value_of(s, "nobody", old)
    assert caught.value.errno == errno.ENOENT


@pytest.mark.parametrize("old", [False, True], ids=["new form", "2.0 form"])
def test_symbols_are_found_as_they_stand_in_the_image(lab: Lab, old: bool) -> None:
    """Value, size, type, section, and st_name as the offset in .strtab."""
    lab.load(PROBE, symbols=True)
    s = Snapshot(lab.p)
    for name in ("printf", "hz", "probe_run", "probe_value"):
        found = symbol_of(s, name, old)
        entry = next(e.entry for e in symbols(s.image()) if e.name == name)
        assert (entry["st_name"], entry["st_value"], entry["st_size"], entry["st_shndx"]) == (
            found.st_name, found.st_value, found.st_size, found.st_shndx,
        )  # fmt: skip


def test_local_symbols_are_shown_and_not_linked_to(lab: Lab) -> None:
    """KIOCGSYMBOL_60 finds them, KIOCGVALUE_60 and modload do not; in the image they come first."""
    lab.load(PROBE, symbols=True)
    send_locals(lab, "quiet", "hidden")
    s = Snapshot(lab.p)
    assert [e.name for e in symbols(s.image())[:2]] == ["quiet", "hidden"]
    assert symbol_of(s, "hidden").st_info == elf.STB_LOCAL << 4 | elf.STT_FUNC
    assert symbol_of(s, "hidden").st_value == symbol_of(s, "quiet").st_value + 16
    with pytest.raises(KernelError) as caught:
        value_of(s, "hidden")
    assert caught.value.errno == errno.ENOENT


def test_a_local_name_of_several_modules_is_that_of_the_first_that_is_there(lab: Lab) -> None:
    """KIOCGSYMBOL_60 finds the second one's when the first has gone, and then none."""
    tables = [
        SymbolTable(
            lab.k.ksyms.codec,
            f"m{i}",
            [KsymsSymbol("quiet", 0x1000 * i, 4, elf.STT_FUNC, elf.STB_LOCAL, TEXT)],
            0x1000 * i,
            0x1000 * i + 4,
        )
        for i in (1, 2)
    ]
    s = Snapshot(lab.p)
    for table in tables:
        lab.k.ksyms.add(table)
    for table in tables:
        assert symbol_of(s, "quiet").st_value == table.start
        lab.k.ksyms.remove(table)
    with pytest.raises(KernelError) as caught:
        symbol_of(s, "quiet")
    assert caught.value.errno == errno.ENOENT


def test_a_name_longer_than_any_is_ENAMETOOLONG(lab: Lab) -> None:
    """As copyinstr says; one as long as the longest is only unknown."""
    s = Snapshot(lab.kernel.process("reader"))
    longest = max(len(name) for name in lab.k.ksyms.kernel)
    for length, number in ((longest, errno.ENOENT), (longest + 1, errno.ENAMETOOLONG)):
        with pytest.raises(KernelError) as caught:
            value_of(s, "x" * length)
        assert caught.value.errno == number
    name = "y" * (longest + 20)
    lab.load(f"int {name};", symbols=True)
    assert value_of(s, name) == lab.symbols[name]
    modules.unload(lab.p, "probe")
    with pytest.raises(KernelError) as caught:
        value_of(s, name)
    assert caught.value.errno == errno.ENAMETOOLONG


def test_a_name_outside_the_callers_memory_is_EFAULT(lab: Lab) -> None:
    """And no panic."""
    s = Snapshot(lab.p)
    layout = abi.ksyms_gvalue.layout(lab.p.dm)
    with pytest.raises(KernelError) as caught:
        lab.p.ioctl(s.fd, abi.KIOCGVALUE_60.code(lab.p.dm), lab.p.buffer(layout.pack(kv_name=0x666000)))
    assert caught.value.errno == errno.EFAULT


def test_addresses_are_named_by_the_nearest_symbol_below(lab: Lab) -> None:
    """Of the kernel's functions and variables, and of modules, whether loaded with -s or not."""
    k = lab.k
    assert str(k.locate(k.symbol("printf") + 3)) == "printf+0x3 [kernel]"
    assert str(k.locate(k.symbol("lkmods") + 1)) == "lkmods+0x1 [kernel]"
    assert k.locate(0) is None
    for named in (True, False):
        lab.load(PROBE, symbols=named)
        assert str(k.locate(lab.symbols["probe_run"] + 2)) == "probe_run+0x2 [probe]"
        modules.unload(lab.p, "probe")
        assert k.locate(lab.symbols["probe_run"] + 2) is None


def test_the_table_finds_addresses_too(lab: Lab) -> None:
    """What has a table needs no LMINFO; what is gone is not found."""
    lab.load(PROBE, symbols=True)
    place = lab.k.ksyms.locate(lab.symbols["probe_value"] + 1)
    assert place is not None
    assert (place.symbol.name, place.offset, place.title) == ("probe_value", 1, "probe")
    modules.unload(lab.p, "probe")
    assert lab.k.ksyms.locate(lab.symbols["probe_value"] + 1) is None


def test_a_namesake_without_symbols_takes_none_away(lab: Lab) -> None:
    """Unloading a module of the same name that was loaded without -s leaves the first one's symbols."""
    lab.load(PROBE, symbols=True)
    second = lab.load(PROBE)
    assert second.id == 1
    modules.unload(lab.p, 1)
    assert lab.k.ksyms.value("probe_run") is not None


def test_a_symbol_redefined_with_another_value_is_reported(lab: Lab) -> None:
    """In the original's words; the first one stays, and it is in the image once."""
    lab.load("int shared = 1;", name="first", symbols=True)
    value = lab.symbols["shared"]
    lab.load("int shared = 2; int own;", name="second", symbols=True)
    assert (
        f"second: symbol 'shared' redeclared with different value ({value:x} != {lab.symbols['shared']:x})"
        in (lab.dmesg)
    )
    s = Snapshot(lab.p)
    assert value_of(s, "shared") == value
    assert [e.name for e in symbols(s.image())].count("shared") == 1


@pytest.mark.parametrize(
    ("name", "strings", "why"),
    [(9, b"\0probe\0", "no name at 9"), (1, b"\0probe", "no name at 1")],
    ids=["outside", "without end"],
)
def test_a_damaged_symbol_table_is_EINVAL(lab: Lab, name: int, strings: bytes, why: str) -> None:
    """A name outside the string table, or one that never ends."""
    lab.load(PROBE)
    module = lab.k.modules.by_id[0]
    entry = lab.k.ksyms.codec.symbol_entry(name, elf.STB_GLOBAL << 4, 1, 0, 0)
    with pytest.raises(KernelError, match=why) as caught:
        kern_ksyms.addsymtab(lab.k, module, entry, strings)
    assert caught.value.errno == errno.EINVAL
    with pytest.raises(KernelError, match="not made of"):
        kern_ksyms.addsymtab(lab.k, module, entry[:-1], strings)


def test_sizes_and_absolute_symbols_are_made_true(lab: Lab) -> None:
    """A size that leaves the module ends with it; a value outside is absolute."""
    lab.load(PROBE)
    module = lab.k.modules.by_id[0]
    entry = lab.k.ksyms.codec.symbol_entry
    table = entry(1, 0x10 | elf.STT_OBJECT, 1, module.area + 8, 1 << 30)
    table += entry(5, 0x10, elf.SHN_ABS, 4711, 0)
    kern_ksyms.addsymtab(lab.k, module, table, b"\0big\0abs\0")
    big, absolute = symbols(Snapshot(lab.p).image())[-2:]
    assert big["st_size"] == module.size - 8
    assert (absolute["st_shndx"], absolute["st_value"]) == ("SHN_ABS", 4711)


# -- the driver's life --------------------------------------------------------------------------------------


def test_unload_is_EBUSY_while_anyone_has_it_open(lab: Lab) -> None:
    """And says who."""
    s = Snapshot(lab.p)
    with pytest.raises(KernelError, match=f"open in pid {lab.p.pid}") as caught:
        ksyms_modevent(lab.k, MOD_UNLOAD)
    assert caught.value.errno == errno.EBUSY
    s.close()
    ksyms_modevent(lab.k, MOD_UNLOAD)


def test_unload_removes_the_node_and_load_makes_it_again(lab: Lab) -> None:
    """Without the driver a node made by hand opens with ENXIO."""
    before = lab.p.stat("/dev/ksyms")
    tables = lab.tables()
    ksyms_modevent(lab.k, MOD_UNLOAD)
    with pytest.raises(KernelError) as caught:
        lab.p.open("/dev/ksyms", O_RDONLY)
    assert caught.value.errno == errno.ENOENT
    lab.p.mknod("/dev/byhand", stat.S_IFCHR | 0o444, before.st_rdev)
    with pytest.raises(KernelError) as caught:
        lab.p.open("/dev/byhand", O_RDONLY)
    assert caught.value.errno == errno.ENXIO
    ksyms_modevent(lab.k, MOD_LOAD)
    after = lab.p.stat("/dev/ksyms")
    assert (before.st_mode, before.st_uid, before.st_gid, before.st_rdev) == (
        after.st_mode, after.st_uid, after.st_gid, after.st_rdev,
    )  # fmt: skip
    assert tables == lab.tables()
    Snapshot(lab.p, "/dev/byhand").close()


def test_other_events(lab: Lab) -> None:
    """Shutdown is allowed, everything else EOPNOTSUPP; a second load is EEXIST, a second unload ENXIO."""
    ksyms_modevent(lab.k, MOD_SHUTDOWN)
    for what, number in ((MOD_QUIESCE, errno.EOPNOTSUPP), (99, errno.EOPNOTSUPP), (MOD_LOAD, errno.EEXIST)):
        with pytest.raises(KernelError) as caught:
            ksyms_modevent(lab.k, what)
        assert caught.value.errno == number
    ksyms_modevent(lab.k, MOD_UNLOAD)
    with pytest.raises(KernelError) as caught:
        ksyms_modevent(lab.k, MOD_UNLOAD)
    assert caught.value.errno == errno.ENXIO


def test_a_module_cannot_be_linked_while_the_driver_is_away(lab: Lab) -> None:
    """modload says that it is /dev/ksyms that is missing."""
    ksyms_modevent(lab.k, MOD_UNLOAD)
    with pytest.raises(LoadError, match="/dev/ksyms"):
        lab.load('int probe_run(void); int probe_run(void) { printf("x"); return 0; }')
