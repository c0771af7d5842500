"""LMINFO (K 32, ours): every member of struct lmc_info wrong once, and what right ones bring about."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from lkmtools.abi.vmparam import PAGE_SIZE as PAGE
from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab
from support.lkmraw import EFAULT, EINVAL, ENOMEM, Lkm, entry, place

SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/lkm.h>
MOD_MISC("probe");
int probe_data = 7;
int probe_run(int a) { return a + probe_data; }
int probe_poke(int *p) { *p = 99; return *p; }
int probe_jump(int (*f)(void)) { return f(); }
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


class Info(NamedTuple):
    """struct lmc_info, with arrays instead of pointers and counts."""

    version: int = 2
    segments: tuple[tuple[int, int, int], ...] = ()
    symbols: tuple[tuple[int, int, int], ...] = ()
    imports: tuple[tuple[int, int], ...] = ()
    strings: bytes = b"\0"
    path: int = 0
    buildid: bytes = b""
    dialect: int = 0
    flags: int = 0  # of the imports
    change: tuple[tuple[int, int], ...] = ()  # (member of FORMATS["lmc_info"], another value)

    def send(self, lkm: Lkm) -> None:
        """LMINFO."""
        buffers = [
            lkm.p.buffer(b"".join(lkm.pack("lmi_segment", *row, 0) for row in self.segments)),
            lkm.p.buffer(b"".join(lkm.pack("lmi_symbol", *row, 2) for row in self.symbols)),
            lkm.p.buffer(b"".join(lkm.pack("lmi_import", *row, self.flags) for row in self.imports)),
            lkm.p.buffer(self.strings),
        ]
        segments, symbols, imports, strings = (buf.addr for buf in buffers)
        values: list[Any] = [
            self.version, len(self.segments), segments, len(self.symbols), len(self.imports), symbols,
            imports, strings, len(self.strings), self.path, len(self.buildid), self.buildid,
            self.dialect, 0,
        ]  # fmt: skip
        for index, value in self.change:
            values[index] = value
        lkm.ioctl("LMINFO", lkm.pack("lmc_info", *values), *buffers)


WHOLE = Info(
    segments=((0, PAGE, 5), (PAGE, 2 * PAGE, 3)),
    symbols=((0, 16, 1), (3 * PAGE, 0, 5)),
    imports=((0x1000, 1),),
    strings=b"\0one\0two\0/tmp/x.o\0",
    path=9,
    buildid=b"b" * 20,
)
BAD = {  # what is wrong -> the info, and a word of the reason
    "version 0": (WHOLE._replace(version=0), "version 0"),
    "version 1": (WHOLE._replace(version=1), "version 1"),
    "version 3": (WHOLE._replace(version=3), "version 3"),
    "a dialect of no system": (WHOLE._replace(dialect=1), "dialect is 'one'; this kernel knows 1.4, 2.0,"),
    "a dialect's name outside": (WHOLE._replace(dialect=99), "name at 99"),
    "too many segments": (WHOLE._replace(change=((1, 65),)), "nsegments is 65"),
    "all ones segments": (WHOLE._replace(change=((1, 0xFFFFFFFF),)), "nsegments"),
    "too many symbols": (WHOLE._replace(change=((3, (1 << 20) + 1),)), "nsymbols"),
    "too many imports": (WHOLE._replace(change=((4, 0xFFFFFFFF),)), "nimports"),
    "too long strings": (WHOLE._replace(change=((8, (16 << 20) + 1),)), "strsize"),
    "too long build-id": (WHOLE._replace(change=((10, 33),)), "buildid_len is 33"),
    "unaligned offset": (WHOLE._replace(segments=((16, PAGE, 5),)), "segment 0"),
    "unaligned size": (WHOLE._replace(segments=((0, PAGE, 5), (PAGE, 100, 3))), "segment 1"),
    "unknown permission": (WHOLE._replace(segments=((0, PAGE, 8),)), "prot 0x8"),
    "overlapping segments": (WHOLE._replace(segments=((0, 2 * PAGE, 5), (PAGE, PAGE, 3))), "segment 1"),
    "segments out of order": (WHOLE._replace(segments=((PAGE, PAGE, 5), (0, PAGE, 3))), "segment 1"),
    "a segment outside": (WHOLE._replace(segments=((2 * PAGE, 2 * PAGE, 5),)), "segment 0"),
    "a segment that wraps": (WHOLE._replace(segments=((0xFFFFF000, PAGE, 5),)), "segment 0"),
    "a symbol outside": (WHOLE._replace(symbols=((3 * PAGE + 1, 0, 1),)), "'one' lies outside"),
    "a symbol's name outside": (WHOLE._replace(symbols=((0, 0, 99),)), "name at 99"),
    "a name without end": (WHOLE._replace(strings=b"\0one", imports=(), path=0), "name at"),
    "an import's name outside": (WHOLE._replace(imports=((0, 18),)), "name at 18"),
    "an unknown flag of an import": (WHOLE._replace(flags=3), "'one' has flags 0x3"),
    "a path outside": (WHOLE._replace(path=1 << 31), "name at"),
    "names without strings": (WHOLE._replace(strings=b""), "name at"),
}


@pytest.fixture
def lkm(lab: Lab) -> Lkm:
    """/dev/lkm with three pages reserved."""
    made = Lkm(lab.p)
    made.reserve(3 * PAGE)
    return made


@pytest.mark.parametrize(("info", "word"), BAD.values(), ids=BAD.keys())
def test_a_wrong_member_is_einval_and_named(lkm: Lkm, info: Info, word: str) -> None:
    """The load goes on as if nothing had been said."""
    with pytest.raises(KernelError) as caught:
        info.send(lkm)
    assert caught.value.errno == EINVAL
    assert word in caught.value.reason
    WHOLE.send(lkm)


@pytest.mark.parametrize("member", [2, 5, 6, 7])
@pytest.mark.parametrize("addr", [0, 0xDEAD000])
def test_a_bad_pointer_is_efault(lkm: Lkm, member: int, addr: int) -> None:
    """segments, symbols, imports, strings."""
    assert errno_of(WHOLE._replace(change=((member, addr),)).send, lkm) == EFAULT


@pytest.mark.parametrize(("member", "count"), [(1, 64), (3, 1 << 20), (4, 1 << 20), (8, 16 << 20)])
def test_a_count_beyond_the_buffer_is_efault(lkm: Lkm, member: int, count: int) -> None:
    """At most what the limits allow: the memory is missing."""
    assert errno_of(WHOLE._replace(change=((member, count),)).send, lkm) == EFAULT


def test_an_empty_lminfo_is_allowed(lkm: Lkm) -> None:
    """Null pointers with zero counts are not looked at."""
    assert errno_of(lkm.ioctl, "LMINFO", lkm.pack("lmc_info", 2, *[0] * 10, b"", 0, 0)) == 0


def test_it_belongs_between_reserve_and_ready(lab: Lab, lkm: Lkm) -> None:
    """ENOMEM before and after, as LMLOADBUF; in between it may be repeated, and the last one counts."""
    WHOLE.send(lkm)
    lkm.loadbuf(b"x")
    Info().send(lkm)
    WHOLE.send(lkm)
    lkm.unreserve()
    assert errno_of(WHOLE.send, lkm) == ENOMEM


def test_nothing_of_it_survives_the_reservation(lab: Lab, lkm: Lkm) -> None:
    """The next module that never sends it has the historic area."""
    WHOLE.send(lkm)
    lkm.unreserve()
    _, image = place(lab, lkm, SOURCE)
    lkm.send(image.data)
    lkm.ready(entry(image))
    pages = range(image.base, image.base + image.size, PAGE)
    assert [lab.k.mem.protection(addr) for addr in pages] == [7] * len(pages)


def run(lab: Lab, image: Any, name: str, argument: int) -> int:
    lab.symbols[name] = entry(image, name)
    value: int = lab.call(f"int {name}(int a)" if name == "probe_run" else f"int {name}(void *p)", argument)
    return value


def test_without_it_there_is_one_writable_executable_area_and_no_names(lab: Lab) -> None:
    """As NetBSD had it: a module may write its own text and run its own data."""
    lkm = Lkm(lab.p)
    _, image = place(lab, lkm, SOURCE)
    lkm.send(image.data)
    lkm.ready(entry(image))
    lkm.close()
    assert run(lab, image, "probe_run", 5) == 12
    data = entry(image, "probe_data")
    assert run(lab, image, "probe_poke", data) == 99
    lab.k.mem.write(data, b"\xc3\0\0\0")
    run(lab, image, "probe_jump", data)
    panic = lab.panics(lambda: run(lab, image, "probe_jump", 0))
    assert f"{image.base:#x}+0x" in panic.report
    assert "[probe]" in panic.report


def test_with_it_each_segment_has_its_permissions(lab: Lab) -> None:
    """Text can be read and run, data read and written, the gap and the page behind nothing at all."""
    lkm = Lkm(lab.p)
    _, image = place(lab, lkm, SOURCE)
    lkm.unreserve()
    _, base, _ = lkm.reserve(image.size + 2 * PAGE)
    assert base == image.base
    lkm.send(image.data)
    segments = tuple((s.offset, s.size, s.prot) for s in image.segments)
    Info(segments=segments).send(lkm)
    lkm.ready(entry(image))
    assert tuple(sorted({prot for _, _, prot in segments} | {1})) == (1, 3, 5)
    for offset, size, prot in segments:
        for addr in range(base + offset, base + offset + size, PAGE):
            assert lab.k.mem.protection(addr) == prot
    assert lab.k.mem.protection(base + image.size) == 0
    assert lab.k.mem.protection(base + image.size + 2 * PAGE) == 0


class Imports(NamedTuple):
    """What LMINFO says of an import, and what becomes of it: a word of the reason, "" where it is taken."""

    name: bytes
    value: int | str  # a number, or a symbol of the loaded module or of the kernel
    flags: int = 0
    reason: str = ""


IMPORTS = [
    Imports(b"printf", "printf"),
    Imports(b"printf", 0xF00, reason="'printf' is at "),
    Imports(b"printf", "copyin", reason="'printf' is at "),
    Imports(b"printf", 0xF00, flags=1),
    Imports(b"nobody", 0xF00),
    Imports(b"nobody", "copyin", reason="the module was linked to symbol 'nobody' at "),
    Imports(b"nobody", "copyin", flags=1),
    Imports(b"probe_run", "probe_run"),
    Imports(b"probe_run", "probe_poke", reason="the module was linked to symbol 'probe_run' at "),
    Imports(b"probe_run", "probe_poke", flags=1),
    Imports(b"printf", "probe_poke", reason="'printf' is at "),
]


@pytest.mark.parametrize("said", IMPORTS, ids=repr)
def test_an_import_must_be_where_the_module_was_linked_to(lab: Lab, said: Imports) -> None:
    """Symbols of the kernel and of modules loaded without -s; constants, which lie outside its memory."""
    lkm = Lkm(lab.p)
    _, first = place(lab, lkm, SOURCE)
    lkm.send(first.data)
    run, poke = entry(first, "probe_run"), entry(first, "probe_poke")
    rows = ((run - first.base, 0, 1), (poke - first.base, 0, 11))
    Info(symbols=rows, strings=b"\0probe_run\0probe_poke\0").send(lkm)
    lkm.ready(entry(first))
    symbols = {"probe_run": run, "probe_poke": poke}
    value = said.value
    if isinstance(value, str):
        value = symbols.get(value) or lab.k.ksyms.value(value) or 0
    lkm.reserve(3 * PAGE)
    info = Info(imports=((value, 1),), strings=b"\0" + said.name + b"\0", flags=said.flags)
    if not said.reason:
        info.send(lkm)
        return
    with pytest.raises(KernelError) as caught:
        info.send(lkm)
    assert caught.value.errno == EINVAL
    assert said.reason in caught.value.reason
    assert f"{value:#x}" in caught.value.reason


def test_an_import_does_not_lie_in_the_module_that_is_being_loaded(lkm: Lkm) -> None:
    """It stands where a module was that is gone."""
    _, addr, _ = lkm.reserve(3 * PAGE)
    info = Info(imports=((addr + 16, 1),), strings=b"\0lower_get\0")
    assert errno_of(info.send, lkm) == EINVAL


def test_its_names_are_in_backtraces_and_its_imports_hold_others(lab: Lab) -> None:
    """EBUSY for a module whose symbol another one's LMINFO named as an import."""
    lkm = Lkm(lab.p)
    _, first = place(lab, lkm, SOURCE)
    lkm.send(first.data)
    run_at = entry(first, "probe_run") - first.base
    Info(symbols=((0, 8, 1), (run_at, 0, 13)), strings=b"\0start_of_it\0probe_run\0").send(lkm)
    lkm.ready(entry(first))
    _, second = place(lab, lkm, SOURCE.replace('"probe"', '"other"'))
    lkm.send(second.data)
    Info(imports=((entry(first, "probe_run"), 1),), strings=b"\0probe_run\0").send(lkm)
    lkm.ready(entry(second))
    with pytest.raises(KernelError) as caught:
        lkm.unload(0)
    assert (caught.value.errno, caught.value.reason) == (16, "'probe' is in use by 'other'")
    lkm.unload(1)
    panic = lab.panics(lambda: run(lab, first, "probe_jump", 0))
    assert "start_of_it+0x" in panic.report
