"""DEV modules: which majors they get, and how their devices are opened and closed."""

from __future__ import annotations

from typing import Any

import pytest

from lkmtools import modules
from lkmtools.abi.conf import MAXDEVSW
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, EIO, ENODEV, ENOMEM
from lkmtools.abi.poll import POLLIN, POLLOUT
from lkmtools.errors import KernelError
from lkmtools.modules.prepare import LoadError
from support.driver import (
    DRIVER,
    HEAD,
    O_NONBLOCK,
    O_RDONLY,
    O_RDWR,
    S_IFBLK,
    S_IFCHR,
    TAIL,
    load,
    node,
)
from support.errors import errno_of
from support.lab import Lab


def refused(lab: Lab, **options: Any) -> int:
    """The errno with which the driver is refused; the tables stay as they were."""
    before = lab.tables()
    with pytest.raises(LoadError) as caught:
        load(lab, **options)
    assert lab.tables() == before
    assert isinstance(caught.value.__cause__, KernelError)
    return caught.value.__cause__.errno


# -- majors --------------------------------------------------------------------------------------------------


def test_a_dynamic_char_major_is_the_first_above_the_kernels(lab: Lab) -> None:
    """-1/180, as modstat showed it on NetBSD; the block half stays absent."""
    assert load(lab) == (-1, 180)
    modules.unload(lab.p, "drv")
    assert lab.tables() == lab.boot_tables


def test_block_and_char_together_have_two_majors(lab: Lab) -> None:
    """Each table has the module's structure, and gives it back."""
    bmajor, cmajor = load(lab, bdev="&drv_bdevsw")
    assert (bmajor, cmajor) == (60, 180)
    pointer = lab.k.dm.pointer
    for table, maj, symbol in (("bdevsw0", bmajor, "drv_bdevsw"), ("cdevsw0", cmajor, "drv_cdevsw")):
        assert lab.k.mem.ptr(lab.k.symbol(table) + maj * pointer) == lab.symbols[symbol]
    modules.unload(lab.p, "drv")
    assert lab.tables() == lab.boot_tables


def test_fixed_majors_are_taken_as_given(lab: Lab) -> None:
    assert load(lab, bdev="&drv_bdevsw", bmaj=13, cmaj=511) == (13, 511)


@pytest.mark.parametrize("major", [0, 2, 28])
def test_a_major_of_the_kernel_is_eexist(lab: Lab, major: int) -> None:
    """cons, mem and lkm itself; the block half that was free is not left attached."""
    assert refused(lab, cmaj=major, bdev="&drv_bdevsw") == EEXIST


def test_without_memory_for_a_drivers_name_nothing_is_attached(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """devsw_conv keeps a copy of it."""
    name, alloc = "d" * 300, lab.k.heap.alloc
    monkeypatch.setattr(lab.k.heap, "alloc", lambda n, *args: 0 if n == len(name) + 1 else alloc(n, *args))
    assert refused(lab, devname=name) == ENOMEM


@pytest.mark.parametrize(("options", "errno"), [
    ({"cmaj": MAXDEVSW}, ENOMEM),
    ({"cmaj": 1 << 30}, ENOMEM),
    ({"bdev": "&drv_bdevsw", "bmaj": MAXDEVSW}, ENOMEM),
    ({"cdev": "NULL"}, EINVAL),
    ({"cdev": "NULL", "bdev": "&drv_bdevsw"}, EINVAL),
    ({"devname": "lkm", "cmaj": 29}, EINVAL),  # a known name with another major
    ({"devname": "lkm"}, EEXIST),  # a known name whose major is taken
    ({"devname": "lkm", "bdev": "&drv_bdevsw"}, EINVAL),  # a known name without a block major
])  # fmt: skip
def test_what_devsw_attach_refuses(lab: Lab, options: dict[str, Any], errno: int) -> None:
    """ENOMEM beyond the table, EINVAL without a char half or against the kept majors, EEXIST if taken."""
    assert refused(lab, **options) == errno


def test_a_taken_major_of_another_module_is_eexist(lab: Lab) -> None:
    load(lab, cmaj=200)
    assert refused(lab, name="two", cmaj=200) == EEXIST
    assert refused(lab, name="drv") == EEXIST


def test_a_reload_gets_the_same_majors(lab: Lab) -> None:
    """The name keeps them, also when another driver came meanwhile; which gets the next free ones."""
    assert load(lab, bdev="&drv_bdevsw") == (60, 180)
    modules.unload(lab.p, "drv")
    assert load(lab, name="two", bdev="&drv_bdevsw") == (61, 181)
    assert load(lab, name="drv", bdev="&drv_bdevsw") == (60, 180)
    modules.unload(lab.p, "drv")
    assert refused(lab, name="drv") == EINVAL  # it had a block half
    assert refused(lab, name="drv", bdev="&drv_bdevsw", cmaj=190) == EINVAL


def test_a_failing_load_handler_takes_the_driver_out(lab: Lab) -> None:
    extra = "static int fail(struct lkm_table *t, int cmd) { return _module.lkm_cdevmaj; }\n"
    assert refused(lab, extra=extra, load="fail") == 180


def test_attach_and_detach_by_hand(lab: Lab) -> None:
    """A MISC module that calls devsw_attach and devsw_detach itself, and looks its driver up."""
    by_hand = """
int by_hand(void);
int by_hand(void)
{
	devmajor_t b = -1, c = -1;
	int error = devsw_attach("byhand", NULL, &b, &drv_cdevsw, &c);
	if (error)
		return -error;
	return cdevsw_lookup(makedev(c, 0)) == &drv_cdevsw && bdevsw_lookup(makedev(c, 0)) == NULL ? c : -1;
}
MOD_MISC("drv")
"""
    lab.load(HEAD + DRIVER + by_hand + TAIL.replace("@LOAD@", "lkm_nofunc"), name="drv", whole=True)
    assert lab.call("int by_hand(void)") == 180
    assert lab.call("int by_hand(void)") == -EEXIST
    lab.call("void drv_detach(void)")
    assert lab.tables()["cdevsw"] == lab.boot_tables["cdevsw"]
    assert lab.call("int by_hand(void)") == 180


# -- open and close ------------------------------------------------------------------------------------------


def test_open_gets_device_flags_and_mode(lab: Lab) -> None:
    """dev_t, FREAD 1 and FWRITE 2 and FNONBLOCK 4, S_IFCHR; close at the last close only."""
    _, major = load(lab)
    path = node(lab, major, 3)
    first = lab.p.open(path, O_RDONLY)
    assert (lab.value("drv_flag"), lab.value("drv_mode")) == (1, S_IFCHR)
    assert lab.value("drv_dev") == major << 8 | 3
    second = lab.p.open(path, O_RDWR | O_NONBLOCK)
    assert lab.value("drv_flag") == 7
    lab.p.close(lab.p.dup(first))
    lab.p.close(first)
    assert (lab.value("drv_opens"), lab.value("drv_closes")) == (2, 0)
    lab.p.close(second)
    assert (lab.value("drv_opens"), lab.value("drv_closes")) == (2, 1)


def test_errors_of_open_and_close_reach_the_client(lab: Lab) -> None:
    """A failed open is not counted; a descriptor is gone although its close failed."""
    _, major = load(lab)
    assert errno_of(lab.p.open, node(lab, major, 9, name="/dev/d9")) == EBUSY
    fd = lab.p.open(node(lab, major, 8, name="/dev/d8"))
    assert errno_of(lab.p.close, fd) == EIO
    assert errno_of(lab.p.close, fd) == 9
    assert (lab.value("drv_opens"), lab.value("drv_closes")) == (1, 1)


def test_the_death_of_a_client_closes_its_devices(lab: Lab, driver_fd: int) -> None:
    other = lab.kernel.process("other")
    other.open("/dev/drv0", O_RDWR)
    lab.p.close(driver_fd)
    assert lab.value("drv_closes") == 0
    other.exit()
    assert lab.value("drv_closes") == 1


def test_the_block_half_opens_and_answers_ioctls(lab: Lab) -> None:
    """Mode S_IFBLK; poll finds it ready; reading is ENODEV without a strategy routine, and so is mmap."""
    bmajor, _ = load(lab, bdev="&drv_bdevsw")
    fd = lab.p.open(node(lab, bmajor, 0, S_IFBLK), O_RDWR)
    assert lab.value("drv_mode") == S_IFBLK
    assert errno_of(lab.p.ioctl, fd, 0x20007806) == EBUSY
    assert errno_of(lab.p.read, fd, 10) == ENODEV
    assert lab.p.poll([(fd, POLLIN | POLLOUT)]) == [(fd, POLLIN | POLLOUT)]
    assert errno_of(lab.p.mmap, fd, 4096) == ENODEV
