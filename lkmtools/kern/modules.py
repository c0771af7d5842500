"""Every file of the kernel that has rows: exported functions, variables, system calls.

Adding a file to the kernel means adding it here. Duplicate rows fail at import.
"""

from lkmtools.kern import (
    conf,
    init_sysent,
    kern_auth,
    kern_clock,
    kern_condvar,
    kern_copy,
    kern_descrip,
    kern_ksyms,
    kern_lkm,
    kern_lock,
    kern_malloc,
    kern_mutex,
    kern_prot,
    kern_rwlock,
    kern_sig,
    kern_sleep,
    kern_sysctl,
    kern_timeout,
    libkern,
    libkern_str,
    param,
    quad,
    spl,
    subr_devsw,
    subr_prf,
    sys_generic,
    sys_select,
    vfs_syscalls,
)
from lkmtools.kern.export import collect

MODULES = (
    conf,
    init_sysent,
    kern_auth,
    kern_clock,
    kern_condvar,
    kern_copy,
    kern_descrip,
    kern_ksyms,
    kern_lkm,
    kern_lock,
    kern_malloc,
    kern_mutex,
    kern_prot,
    kern_rwlock,
    kern_sig,
    kern_sleep,
    kern_sysctl,
    kern_timeout,
    libkern,
    libkern_str,
    param,
    quad,
    spl,
    subr_devsw,
    subr_prf,
    sys_generic,
    sys_select,
    vfs_syscalls,
)
FUNCTIONS, DATA = collect(MODULES)
SYSCALLS = init_sysent.rows(MODULES)
