"""Every file of the kernel that has rows: exported functions, variables, system calls.

Adding a file to the kernel means adding it here. Duplicate rows fail at import.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from lkmtools.abi.syscall import SYS_lkmwait
from lkmtools.kern import init_sysent
from lkmtools.kern.export import collect
from lkmtools.kern.uvm_km import round_page
from lkmtools.machine import PAGE_SIZE, KernelFunction, Port, Text

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.syscall import Syscall
    from lkmtools.machine.cproto import Binding

NAMES = (
    "conf",
    "emul",
    "exec_args",
    "exec_conf",
    "exec_elf",
    "exec_subr",
    "genfs_vnops",
    "hostfs_vfsops",
    "hostfs_vnops",
    "init_sysent",
    "kern_auth",
    "kern_clock",
    "kern_condvar",
    "kern_copy",
    "kern_descrip",
    "kern_exec",
    "kern_fork",
    "kern_itimer",
    "kern_lkm",
    "kern_lock",
    "kern_malloc",
    "kern_mutex",
    "kern_physio",
    "kern_pgrp",
    "kern_prot",
    "kern_resource",
    "kern_rwlock",
    "kern_sig",
    "kern_sleep",
    "kern_sysctl",
    "kern_time",
    "kern_timeout",
    "ksyms_dev",
    "libkern",
    "libkern_str",
    "lkm_refs",
    "lkm_wait",
    "param",
    "quad",
    "rootfs_vnops",
    "spl",
    "subr_autoconf",
    "subr_devcalls",
    "subr_device",
    "subr_devsw",
    "subr_prf",
    "sys_generic",
    "sys_machdep",
    "sys_pipe",
    "sys_select",
    "sys_sig",
    "trap",
    "unwritten",
    "uvm_device",
    "uvm_mmap",
    "vfs_getcwd",
    "vfs_bio",
    "vfs_init",
    "vfs_lookup",
    "vfs_mount",
    "vfs_mountcalls",
    "vfs_namecalls",
    "vfs_nameidata",
    "vfs_subr",
    "vfs_syscalls",
    "vfs_timecalls",
    "vfs_vnops",
    "vnode_if",
)
MODULES = tuple(import_module(f"lkmtools.kern.{name}") for name in NAMES)
FUNCTIONS, DATA = collect(MODULES)
SYSCALLS = init_sysent.rows(MODULES)


class Plan(NamedTuple):
    """Where everything lies that the rows say: the text, each symbol by name, the pages of the variables.

    `inits` are what fills the variables that do not begin as zeros, each with its address. `syscalls` are the
    rows of sysent[], `own` the same by the addresses of their stubs, `sysent` the table's content.
    """

    text: Text
    symbols: dict[str, int]
    data: tuple[int, int]
    inits: list[tuple[Callable[[Kernel, int], None], int]]
    syscalls: dict[int, Syscall]
    own: dict[int, tuple[Callable[..., int | tuple[int, int] | None], Binding]]
    sysent: bytes


@cache
def plan(port: Port, lkm: bool) -> Plan:
    """The kernel of a machine, with or without options LKM, as it is at every boot; nobody changes it.

    Booting reads this and not the rows, which lie all over the memory that a kernel process shares with its
    supervisor: even to look at a row would copy its page.
    """
    functions = [KernelFunction(row.proto, row.body, row.constant, row.shortcut) for row in FUNCTIONS]
    text = Text(port, functions)
    symbols = {fn.name: fn.addr for fn in functions}
    inits = []
    start = at = text.end + PAGE_SIZE
    for row in DATA:
        symbols[row.name] = at
        if row.init is not None:
            inits.append((row.init, at))
        at += -(-max(row.size(port.dm), 1) // 16) * 16
    syscalls = {n: row for n, row in SYSCALLS.items() if lkm or n != SYS_lkmwait}
    own = {symbols[row.symbol]: (row.body, row.args.bind(port)) for row in syscalls.values()}
    sysent = init_sysent.table(port, symbols, syscalls, lkm)
    return Plan(text, symbols, (start, start + round_page(at - start)), inits, syscalls, own, sysent)
