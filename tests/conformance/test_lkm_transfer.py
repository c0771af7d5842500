"""LMRESERV and LMLOADBUF (lkmioctl, NetBSD 5.2): what is taken, what is refused, what is left."""

from __future__ import annotations

import pytest

from support.errors import errno_of
from support.lab import Lab
from support.lkm_modules import PLAIN, source
from support.lkmraw import EFAULT, EINVAL, ENOENT, ENOMEM, ENXIO, Lkm, entry, place

MODIOBUF = 65536  # 512 in the original; docs/differences.md


def test_lmreserv_answers_slot_and_addresses(lab: Lab) -> None:
    """The lowest free id, page-aligned kernel memory, and memory for symbols only if asked for."""
    lkm = Lkm(lab.p)
    slot, addr, sym_addr = lkm.reserve(5000, sym_size=100, sym_symsize=48)
    assert (slot, addr % 4096, sym_addr % 4096) == (0, 0, 0)
    assert addr > lab.k.port.kernbase
    assert sym_addr > lab.k.port.kernbase
    assert sym_addr != addr
    assert lkm.reserve(5000)[2] == 0


def test_lmreserv_o_answers_the_same_without_symbols(lab: Lab) -> None:
    """Four members in, four out."""
    lkm = Lkm(lab.p)
    reply = lkm.unpack("lmc_oresrv", lkm.ioctl("LMRESERV_O", lkm.pack("lmc_oresrv", 5000, 0, -1, 0)))
    assert reply[2] == 0
    assert reply[3] == lkm.reserve(5000)[1]  # the first was given back


@pytest.mark.parametrize("size", [0, (64 << 20) + 1, 0xFFFFFFFF])
def test_lmreserv_refuses_a_size_that_makes_no_sense(clean: Lab, size: int) -> None:
    lkm = Lkm(clean.p)
    assert errno_of(lkm.reserve, size) == EINVAL
    lkm.close()
    assert clean.same()


def test_lmreserv_is_enomem_when_memory_is_short_and_takes_nothing(clean: Lab) -> None:
    """The second of two areas does not fit: the first is given back."""
    lkm = Lkm(clean.p)
    assert errno_of(lkm.reserve, 64 << 20, sym_size=64 << 20) == ENOMEM
    assert errno_of(lkm.loadbuf, b"x") == ENOMEM
    lkm.close()
    assert clean.same()


def test_a_bad_name_pointer_is_no_error(lab: Lab) -> None:
    """The original never reads the name."""
    lkm = Lkm(lab.p)
    request = lkm.pack("lmc_resrv", 100, 0xDEAD0000, -1, 0, 0, 0, 0, 0, 0)
    assert errno_of(lkm.ioctl, "LMRESERV", request) == 0
    assert errno_of(lkm.loadbuf, b"x") == 0


def test_a_second_lmreserv_gives_the_first_back(clean: Lab) -> None:
    lkm = Lkm(clean.p)
    first = lkm.reserve(10000, sym_size=10000)
    assert lkm.reserve(10000, sym_size=10000) == first
    lkm.close()
    assert clean.same()


COUNTS = {  # cnt -> errno with 100,000 bytes reserved and nothing sent
    -1: ENOMEM, -(1 << 31): ENOMEM, 0: 0, 1: 0, 512: 0, MODIOBUF: 0, MODIOBUF + 1: ENOMEM,
    (1 << 31) - 1: ENOMEM,
}  # fmt: skip


@pytest.mark.parametrize(("count", "errno"), COUNTS.items())
@pytest.mark.parametrize("name", ["LMLOADBUF", "LMLOADSYMS"])
def test_how_much_one_call_takes(lab: Lab, name: str, count: int, errno: int) -> None:
    """The same limits for the image and for the symbols."""
    lkm = Lkm(lab.p)
    lkm.reserve(100000, sym_size=100000)
    lkm.loadbuf(b"")
    assert errno_of(lkm.loadbuf, bytes(MODIOBUF + 1), count, name=name) == errno


@pytest.mark.parametrize("name", ["LMLOADBUF", "LMLOADSYMS"])
def test_no_more_than_was_reserved_can_be_sent(lab: Lab, name: str) -> None:
    """Byte by byte up to the end, and not one more; a refused call changes nothing."""
    lkm = Lkm(lab.p)
    _, addr, sym_addr = lkm.reserve(10, sym_size=10)
    lkm.loadbuf(b"")
    assert errno_of(lkm.loadbuf, b"x" * 11, name=name) == ENOMEM
    lkm.loadbuf(b"abcdefg", name=name)
    assert errno_of(lkm.loadbuf, b"xxxx", name=name) == ENOMEM
    lkm.loadbuf(b"hij", name=name)
    assert errno_of(lkm.loadbuf, b"x", name=name) == ENOMEM
    lkm.loadbuf(b"", name=name)
    assert lab.k.mem.read(addr if name == "LMLOADBUF" else sym_addr, 12) == b"abcdefghij\0\0"


def test_symbols_without_room_reserved_for_them_are_enomem(lab: Lab) -> None:
    lkm = Lkm(lab.p)
    lkm.reserve(10)
    lkm.loadbuf(b"")
    assert errno_of(lkm.loadsyms, b"x") == ENOMEM


@pytest.mark.parametrize("name", ["LMLOADBUF", "LMLOADSYMS"])
def test_a_bad_pointer_is_efault_and_nothing_was_appended(lab: Lab, name: str) -> None:
    """NULL, unmapped, a kernel address, and a buffer that is too short."""
    lkm = Lkm(lab.p)
    _, addr, sym_addr = lkm.reserve(4096, sym_size=4096)
    lkm.loadbuf(b"")
    for bad in (0, 1, 0xDEAD0000, addr, lab.k.dm.mask):
        assert errno_of(lkm.loadbuf, b"x", 100, bad, name) == EFAULT
    assert errno_of(lkm.loadbuf, b"x" * 99, 100, None, name) == EFAULT
    lkm.loadbuf(b"first", name=name)
    assert lab.k.mem.read(addr if name == "LMLOADBUF" else sym_addr, 6) == b"first\0"


def test_lmready_after_part_of_the_data_leaves_zeros(lab: Lab) -> None:
    """The rest is the module's bss, also where memory was used before."""
    lkm = Lkm(lab.p)
    _, addr, _ = lkm.reserve(64 << 10)
    lkm.loadbuf(b"\xff" * 60000)
    lkm.unreserve()
    text = """
static char bss[40000];
int probe_sum(void) { int i, n = 0; for (i = 0; i < 40000; i++) n |= bss[i]; return n; }
MOD_MISC("probe");
"""
    _, image = place(lab, lkm, source(text))
    assert addr == image.base
    lkm.send(image.data.rstrip(b"\0") + b"\0")
    lkm.ready(entry(image))
    lkm.close()
    lab.symbols["probe_sum"] = entry(image, "probe_sum")
    assert lab.call("int probe_sum(void)") == 0


def test_an_image_that_fits_one_loadbuf_exactly_can_be_started(lab: Lab) -> None:
    """docs/differences.md: the original stayed RESERVED and said ENXIO."""
    lkm = Lkm(lab.p)
    slot, image = place(lab, lkm, PLAIN)
    lkm.loadbuf(image.data)
    lkm.ready(entry(image))
    assert lkm.stat(slot).name == b"probe"


def test_after_lmready_the_device_is_idle_and_takes_the_next(lab: Lab) -> None:
    """Three modules over one open; ids rise, a hole is filled first."""
    lkm = Lkm(lab.p)
    slots = []
    for _ in range(3):
        slot, image = place(lab, lkm, PLAIN)
        lkm.send(image.data)
        lkm.ready(entry(image))
        slots.append(slot)
        assert errno_of(lkm.ready, entry(image)) == ENXIO
    lkm.unload(1)
    assert [*slots, lkm.reserve(100)[0]] == [0, 1, 2, 1]


def test_lmstat_between_reserve_and_ready_leaves_the_load_alone(lab: Lab) -> None:
    """Found, not found, by id and by name, and a failed unload: later buffers go where they belong."""
    lkm = Lkm(lab.p)
    _, first = place(lab, lkm, PLAIN)
    lkm.send(first.data)
    lkm.ready(entry(first))
    before = lab.k.mem.read(first.base, first.size)
    _, image = place(lab, lkm, PLAIN.replace('"probe"', '"later"'))
    half = len(image.data) // 2
    lkm.stat(0)
    lkm.loadbuf(image.data[:half])
    lkm.stat(-1, b"probe")
    assert errno_of(lkm.stat, -1, b"later") == ENOENT
    assert errno_of(lkm.stat, 1) == EINVAL
    assert errno_of(lkm.unload, 7) == EINVAL
    lkm.loadbuf(image.data[half:])
    lkm.ready(entry(image))
    assert lab.k.mem.read(first.base, first.size) == before
    assert (lkm.stat(0).name, lkm.stat(1).name) == (b"probe", b"later")
