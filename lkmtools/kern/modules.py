"""Every file of the kernel that has rows: exported functions, variables, system calls.

Adding a file to the kernel means adding it here. Duplicate rows fail at import.
"""

from importlib import import_module

from lkmtools.kern import init_sysent
from lkmtools.kern.export import collect

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
    "subr_devcalls",
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
    "vfs_subr",
    "vfs_syscalls",
    "vfs_vnops",
    "vnode_if",
)
MODULES = tuple(import_module(f"lkmtools.kern.{name}") for name in NAMES)
FUNCTIONS, DATA = collect(MODULES)
SYSCALLS = init_sysent.rows(MODULES)
