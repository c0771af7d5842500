"""Lists that a module has trampled: a panic that names the list, never a walk without end."""

from __future__ import annotations

import pytest

from lkmtools import modules
from lkmtools.abi.errno import ENOENT
from lkmtools.abi.lkm import lkm_table
from support.errors import errno_of
from support.lab import Lab

HEAD = """
#include <sys/device.h>
#include <sys/exec.h>
#include <sys/mount.h>
static u_long fake[64];  /* zeros, and its links lead round, or astray */
"""
LISTS = {  # by name: what walks or changes it
    "allcfdrivers": "config_cfdriver_attach(&drv)",
    "allcftables": "config_cfdata_detach(&row)",
    "emul_list": 'emul_search("none")',
    "vfs_list": 'vfs_getopsbyname("none")',
    "alldevs": 'device_find_by_xname("none")',
}
DECLARE = {
    "allcfdrivers": 'static struct cfdriver drv = { .cd_name = "drv" };',
    "allcftables": "static struct cfdata row;",
}


def walk(lab: Lab, name: str, link: str) -> str:
    """The panic when `name` begins with an element all of whose words are `link`."""
    lab.load(
        f"{HEAD}{DECLARE.get(name, '')}\nint probe_go(u_long *head);\n"
        f"int probe_go(u_long *head) {{ int i; for (i = 0; i < 64; i++) fake[i] = {link};"
        f" *head = (u_long)fake; return (int)(long){LISTS[name]}; }}"
    )
    head = lab.k.symbol(name)
    reason: str = lab.panics(lambda: lab.call("int probe_go(u_long *head)", head)).reason
    return reason


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_goes_round_is_named(lab: Lab, name: str) -> None:
    """An element that follows itself."""
    assert walk(lab, name, "(u_long)fake").startswith(f"the list {name} is corrupted: it comes back to 0x")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_leads_nowhere_is_named(lab: Lab, name: str) -> None:
    """Its head points to where no memory is."""
    lab.load(
        f"{HEAD}{DECLARE.get(name, '')}\nint probe_go(u_long *head);\n"
        f"int probe_go(u_long *head) {{ *head = 0x41414140 + fake[0]; return (int)(long){LISTS[name]}; }}"
    )
    head = lab.k.symbol(name)
    panic = lab.panics(lambda: lab.call("int probe_go(u_long *head)", head))
    assert panic.reason.startswith(f"the list {name} is corrupted: it leads to 0x4141")


@pytest.mark.parametrize("pointer", [0, 1])
def test_a_module_that_tramples_its_own_place_in_lkmods_cannot_be_unloaded(lab: Lab, pointer: int) -> None:
    """The panic names the list, whichever link is astray; the kernel's memory is not written at random."""
    loaded = lab.load("int probe_none(void); int probe_none(void) { return 0; }")
    layout = lkm_table.layout(lab.k.dm)
    table = lab.k.modules.by_id[loaded.id].table
    lab.k.mem.set_ptr(table + layout.offsetof("tqe_next") + pointer * lab.k.dm.pointer, 0x41414140)
    panic = lab.panics(lambda: modules.unload(lab.p, "probe"))
    assert panic.reason.startswith("the list lkmods is corrupted: it leads to 0x4141")


@pytest.mark.parametrize("rows", [-1, 1 << 20, 0x7FFFFFFF])
def test_a_table_cannot_be_longer_than_any_is(lab: Lab, rows: int) -> None:
    """execsw, by the number a module wrote to nexecs."""
    lab.load(
        "#include <sys/exec.h>\nstatic struct execsw es;\n"
        "int probe_go(int n); int probe_go(int n) { nexecs = n; return exec_remove(&es); }"
    )
    panic = lab.panics(lambda: lab.call("int probe_go(int n)", rows))
    assert panic.reason == f"the table execsw is corrupted: it has {rows} rows; the limit is 4096"


def test_a_table_that_leads_out_of_memory_is_named(lab: Lab) -> None:
    lab.load(
        "#include <sys/exec.h>\nstatic struct execsw es;\nint probe_go(void);\n"
        "int probe_go(void) { execsw = (void *)0x41414140; return exec_remove(&es); }"
    )
    panic = lab.panics(lambda: lab.call("int probe_go(void)"))
    assert panic.reason.startswith("the table execsw is corrupted: it leads to 0x")


def test_lists_that_are_whole_are_walked_to_their_end(lab: Lab) -> None:
    """Nothing is found, and nobody panics."""
    lab.load(HEAD + 'int probe_go(void); int probe_go(void) { return vfs_getopsbyname("none") == NULL; }')
    assert lab.call("int probe_go(void)") == 1
    assert modules.unload(lab.p, "probe") is None
    assert errno_of(lambda: lab.p.open("/none")) == ENOENT
