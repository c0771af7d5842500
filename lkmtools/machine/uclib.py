"""The Unicorn library through ctypes, as thin as it can be.

The official binding costs 2.7 us for a register and 30 ms to import; the same calls made directly cost 0.4 us
and 10 ms. Numbers are those of unicorn.h 2.1; a unit test compares them with the binding's.

The calls of the inner loop have no argument types: their arguments are ctypes objects made beforehand, which
halves the cost of a call. uc_emu_start lets other threads run; register access does not.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
from functools import cache
from typing import Any

from lkmtools.errors import LkmtoolsError
from lkmtools.tuples import NamedTuple

UC_ERR_OK = 0
UC_ERR_READ_UNMAPPED, UC_ERR_WRITE_UNMAPPED, UC_ERR_FETCH_UNMAPPED = 6, 7, 8
UC_HOOK_INTR = 1
UC_HOOK_INSN = 2
UC_HOOK_CODE = 4
UC_HOOK_BLOCK = 8
UC_HOOK_MEM_UNMAPPED = 112
UC_HOOK_TLB_FILL = 131072
UC_MEM_READ, UC_MEM_WRITE, UC_MEM_FETCH = 16, 17, 18
UC_PROT_ALL = 7

UC_CTL_TB_REMOVE_CACHE = 9
UC_CTL_TB_FLUSH = 10
UC_CTL_TLB_FLUSH = 11
UC_CTL_TLB_TYPE = 12
UC_CTL_TCG_BUFFER_SIZE = 13
UC_TLB_VIRTUAL = 1


class Hot(NamedTuple):
    """The calls of the inner loop; every argument must be a ctypes object of the right type."""

    start: Any
    stop: Any
    reg_read: Any
    reg_write: Any
    read_batch: Any
    write_batch: Any
    save: Any
    restore: Any
    saved_reg_read: Any


class TlbEntry(ctypes.Structure):
    """uc_tlb_entry: what the fill callback answers."""

    _fields_ = (("paddr", ctypes.c_uint64), ("perms", ctypes.c_uint32))


_u64, _ptr, _int = ctypes.c_uint64, ctypes.c_void_p, ctypes.c_int
INTR_CB = ctypes.CFUNCTYPE(None, _ptr, ctypes.c_uint32, _ptr)
MEM_CB = ctypes.CFUNCTYPE(ctypes.c_bool, _ptr, _int, _u64, _int, ctypes.c_int64, _ptr)
BLOCK_CB = ctypes.CFUNCTYPE(None, _ptr, _u64, ctypes.c_uint32, _ptr)
INSN_CB = ctypes.CFUNCTYPE(ctypes.c_uint32, _ptr, _u64, _int, _u64, _ptr)  # serves every instruction hook
TLB_CB = ctypes.CFUNCTYPE(ctypes.c_bool, _ptr, _u64, _int, ctypes.POINTER(TlbEntry), _ptr)

_SIGNATURES: dict[str, tuple[Any, ...]] = {
    "uc_open": (ctypes.c_uint32, ctypes.c_uint32, _ptr),
    "uc_close": (_ptr,),
    "uc_mem_map_ptr": (_ptr, _u64, _u64, ctypes.c_uint32, _ptr),
    "uc_context_alloc": (_ptr, _ptr),
    "uc_context_free": (_ptr,),
}


@cache
def load() -> ctypes.CDLL:
    """The library with its signatures set; LkmtoolsError when it is not installed."""
    spec = importlib.util.find_spec("unicorn")
    if spec is None or not spec.submodule_search_locations:
        raise LkmtoolsError("the unicorn package is not installed")
    folder = os.path.join(spec.submodule_search_locations[0], "lib")
    for name in ("libunicorn.so.2", "libunicorn.2.dylib"):
        path = os.path.join(folder, name)
        if os.path.exists(path):
            lib = ctypes.CDLL(path)
            break
    else:
        raise LkmtoolsError(f"no Unicorn library in {folder}")
    for name, args in _SIGNATURES.items():
        function = getattr(lib, name)
        function.argtypes = args
        function.restype = _int
    # uc_hook_add and uc_ctl are variadic: their arguments are converted by the caller.
    lib.uc_hook_add.restype = _int
    lib.uc_ctl.restype = _int
    return lib


@cache
def hot() -> Hot:
    """The inner loop's calls."""
    lib = load()
    quick = ctypes.PyDLL(lib._name)
    return Hot(
        lib.uc_emu_start,
        lib.uc_emu_stop,
        quick.uc_reg_read,
        quick.uc_reg_write,
        quick.uc_reg_read_batch,
        quick.uc_reg_write_batch,
        quick.uc_context_save,
        quick.uc_context_restore,
        quick.uc_context_reg_read,
    )


def check(status: int, what: str) -> None:
    """LkmtoolsError when a call has failed."""
    if status != UC_ERR_OK:
        raise LkmtoolsError(f"Unicorn: {what} failed with error {status}")


def ctl(engine: ctypes.c_void_p, kind: int, *args: Any) -> None:
    """uc_ctl of a kind that writes its arguments. LkmtoolsError."""
    check(load().uc_ctl(engine, ctl_write(kind, len(args)), *args), f"uc_ctl {kind}")


def ctl_write(kind: int, nargs: int) -> int:
    """A uc_ctl code that writes `nargs` arguments."""
    return kind | nargs << 26 | 1 << 30
