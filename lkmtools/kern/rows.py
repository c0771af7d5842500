"""Every file of the kernel that has rows: exported functions, variables, system calls.

Adding a file to the kernel means adding it here. Duplicate rows fail at import.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from lkmtools.abi.syscall import SYS_lkmwait
from lkmtools.abi.vmparam import PAGE_SIZE, round_page
from lkmtools.abi.vnode_if import VOPS
from lkmtools.kern import init_sysent
from lkmtools.kern.base.export import collect
from lkmtools.kern.base.plan import KernelPlan
from lkmtools.machine import KernelFunction, Port, Text

NAMES = (
    "dev.conf",
    "dev.cons",
    "dev.mem",
    "dev.pio",
    "dev.subr_autoconf",
    "dev.subr_device",
    "dev.subr_devsw",
    "exec.exec_args",
    "exec.exec_conf",
    "exec.exec_elf",
    "exec.exec_emul",
    "exec.exec_subr",
    "exec.kern_exec",
    "exec.kern_exit",
    "exec.kern_fork",
    "exec.kern_resource",
    "exec.trap",
    "exec.uvm_mmap",
    "exec.uvm_mlock",
    "init_sysent",
    "lib.atomic",
    "lib.libkern",
    "lib.libkern_str",
    "lib.quad",
    "lib.subr_evcnt",
    "lib.subr_prf",
    "lkm.kern_lkm",
    "lkm.ksyms_dev",
    "lkm.lkm_refs",
    "lkm.lkm_wait",
    "param",
    "proc.emul",
    "proc.kern_auth",
    "proc.kern_clock",
    "proc.kern_copy",
    "proc.kern_descrip",
    "proc.kern_fetch",
    "proc.kern_itimer",
    "proc.kern_kthread",
    "proc.kern_pgrp",
    "proc.kern_prot",
    "proc.kern_sig",
    "proc.kern_subr",
    "proc.kern_sysctl",
    "proc.kern_time",
    "proc.subr_workqueue",
    "proc.sys_generic",
    "proc.sys_machdep",
    "proc.sys_pipe",
    "proc.sys_sched",
    "proc.sys_select",
    "proc.sys_sig",
    "proc.sysctl_create",
    "proc.sysctl_old",
    "sync.kern_condvar",
    "sync.kern_lock",
    "sync.kern_mutex",
    "sync.kern_rwlock",
    "sync.kern_sleep",
    "sync.kern_softint",
    "sync.kern_timeout",
    "sync.kern_timeout_old",
    "sync.lock_stubs",
    "sync.spl",
    "sync.subr_extent",
    "sync.subr_once",
    "sync.subr_percpu",
    "sync.subr_pool",
    "sync.subr_specificdata",
    "sync.subr_xcall",
    "unwritten",
    "uvm.kern_malloc",
    "uvm.subr_hash",
    "uvm.uvm_device",
    "uvm.uvm_km_alloc",
    "vfs.genfs_node",
    "vfs.genfs_vnops",
    "vfs.hostfs_vfsops",
    "vfs.hostfs_vnops",
    "vfs.kern_physio",
    "vfs.rootfs_vnops",
    "vfs.spec_node",
    "vfs.subr_devcalls",
    "vfs.vfs_bio",
    "vfs.vfs_bio_vnode",
    "vfs.vfs_cache",
    "vfs.vfs_getcwd",
    "vfs.vfs_init",
    "vfs.vfs_lookup",
    "vfs.vfs_lookup_place",
    "vfs.vfs_mount",
    "vfs.vfs_nameidata",
    "vfs.vfs_specific",
    "vfs.vfs_subr",
    "vfs.vfs_subr_vattr",
    "vfs.vfs_syscalls",
    "vfs.vfs_syscalls_dir",
    "vfs.vfs_syscalls_mount",
    "vfs.vfs_syscalls_name",
    "vfs.vfs_syscalls_time",
    "vfs.vfs_vnode",
    "vfs.vfs_vnops",
    "vfs.vfs_vnops_attr",
    "vfs.vnode_if",
)
MODULES = tuple(import_module(f"lkmtools.kern.{name}") for name in NAMES)
FUNCTIONS, DATA = collect(MODULES)
SYSCALLS = init_sysent.rows(MODULES)


@cache
def plan(port: Port, lkm: bool) -> KernelPlan:
    """The kernel of a machine, with or without options LKM, as it is at every boot; nobody changes it.

    Booting reads this and not the rows, which lie all over the memory that a kernel process shares with its
    supervisor: even to look at a row would copy its page.
    """
    functions = [
        KernelFunction(row.proto, row.body, row.constant, row.shortcut, row.percpu) for row in FUNCTIONS
    ]
    text = Text(port, functions)
    for vop in VOPS:  # each boot would lay out the arguments of all of them anew
        vop.args.layout(port.dm)
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
    names = init_sysent.names_table(port, symbols["syscallnames"])
    data = start, start + round_page(at - start)
    return KernelPlan(text, symbols, data, inits, syscalls, own, sysent, names)
