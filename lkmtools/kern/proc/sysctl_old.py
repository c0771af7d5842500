"""sysctl_int() and its kin: how a function answered for a variable before NetBSD 2.0 (kern_sysctl.c of 1.6).

`oldp` and `newp` are memory of the calling process, `oldlenp` and the value of the kernel. A value that does
not fit is ENOMEM, and nothing is copied.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, ENOMEM, EPERM
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MEMORY
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_copy import copyin_bytes, copyout_bytes

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel


def _old(k: Kernel, value: bytes, oldp: int, oldlenp: int) -> None:
    room = k.umem.ptr(oldlenp)
    if oldp and room < len(value):
        raise KernelError(ENOMEM, f"the value has {len(value)} bytes; the buffer has {room}")
    k.umem.set_ptr(oldlenp, len(value))
    if oldp:
        copyout_bytes(k, value, oldp)


def _read_only(newp: int) -> None:
    if newp:
        raise KernelError(EPERM, "the variable cannot be written")


def _change(k: Kernel, where: int, size: int, oldp: int, oldlenp: int, newp: int, newlen: int) -> int:
    """A value of `size` bytes at `where`: out, and in."""
    if newp and newlen != size:
        raise KernelError(EINVAL, f"the variable has {size} bytes, not {newlen}")
    _old(k, k.umem.read(where, size), oldp, oldlenp)
    if newp:
        k.umem.write(where, copyin_bytes(k, newp, size))
    return 0


def _length(k: Kernel, function: str, length: int) -> int:
    if length < 0:
        k.panic(f"{function}: the length is {length}; it cannot be negative")
    return length


@export("int sysctl_int(void *oldp, size_t *oldlenp, void *newp, size_t newlen, int *valp)", "sys/sysctl.h")
def sysctl_int(k: Kernel, oldp: int, oldlenp: int, newp: int, newlen: int, valp: int) -> int:
    """Read and set an int. EINVAL for a new value of another size, ENOMEM, EFAULT."""
    return _change(k, valp, 4, oldp, oldlenp, newp, newlen)


@export("int sysctl_rdint(void *oldp, size_t *oldlenp, void *newp, int val)", "sys/sysctl.h")
def sysctl_rdint(k: Kernel, oldp: int, oldlenp: int, newp: int, val: int) -> int:
    """Read an int; to set it is EPERM."""
    _read_only(newp)
    _old(k, struct.pack(k.dm.order + "i", val), oldp, oldlenp)
    return 0


@export(
    "int sysctl_quad(void *oldp, size_t *oldlenp, void *newp, size_t newlen, quad_t *valp)", "sys/sysctl.h"
)
def sysctl_quad(k: Kernel, oldp: int, oldlenp: int, newp: int, newlen: int, valp: int) -> int:
    """Read and set 64 bits. EINVAL, ENOMEM, EFAULT."""
    return _change(k, valp, 8, oldp, oldlenp, newp, newlen)


@export("int sysctl_rdquad(void *oldp, size_t *oldlenp, void *newp, quad_t val)", "sys/sysctl.h")
def sysctl_rdquad(k: Kernel, oldp: int, oldlenp: int, newp: int, val: int) -> int:
    """Read 64 bits; to set them is EPERM."""
    _read_only(newp)
    _old(k, struct.pack(k.dm.order + "q", val), oldp, oldlenp)
    return 0


@export(
    "int sysctl_string(void *oldp, size_t *oldlenp, void *newp, size_t newlen, char *str, int maxlen)",
    "sys/sysctl.h",
    bound=MEMORY,
)
def sysctl_string(k: Kernel, oldp: int, oldlenp: int, newp: int, newlen: int, text: int, maxlen: int) -> int:
    """Read and set a string, which has room for `maxlen` bytes. EINVAL for a longer one, ENOMEM, EFAULT."""
    if newp and newlen >= _length(k, "sysctl_string", maxlen):
        raise KernelError(EINVAL, f"the string can have {maxlen - 1} bytes, not {newlen}")
    _old(k, k.umem.cstr(text, k.mem.size) + b"\0", oldp, oldlenp)
    if newp:
        k.umem.write(text, copyin_bytes(k, newp, newlen) + b"\0")
    return 0


@export(
    "int sysctl_rdstring(void *oldp, size_t *oldlenp, void *newp, const char *str)",
    "sys/sysctl.h",
    bound=MEMORY,
)
def sysctl_rdstring(k: Kernel, oldp: int, oldlenp: int, newp: int, text: int) -> int:
    """Read a string; to set it is EPERM."""
    _read_only(newp)
    _old(k, k.umem.cstr(text, k.mem.size) + b"\0", oldp, oldlenp)
    return 0


@export(
    "int sysctl_struct(void *oldp, size_t *oldlenp, void *newp, size_t newlen, void *sp, int len)",
    "sys/sysctl.h",
    bound=MEMORY,
)
def sysctl_struct(k: Kernel, oldp: int, oldlenp: int, newp: int, newlen: int, sp: int, length: int) -> int:
    """Read and set `len` bytes. EINVAL, ENOMEM, EFAULT."""
    return _change(k, sp, _length(k, "sysctl_struct", length), oldp, oldlenp, newp, newlen)


@export(
    "int sysctl_rdstruct(void *oldp, size_t *oldlenp, void *newp, const void *sp, int len)",
    "sys/sysctl.h",
    bound=MEMORY,
)
def sysctl_rdstruct(k: Kernel, oldp: int, oldlenp: int, newp: int, sp: int, length: int) -> int:
    """Read `len` bytes; to set them is EPERM."""
    _read_only(newp)
    _old(k, k.umem.read(sp, _length(k, "sysctl_rdstruct", length)), oldp, oldlenp)
    return 0
