"""The initial stack of a program: arguments, environment, auxiliary vector (kern_exec.c of NetBSD 5.2).

From high addresses to low: struct ps_strings, room that emulations use (compat_util.h), the strings, the
auxiliary vector, the pointers, argc. The row's es_copyargs fills it.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from lkmtools.abi.errno import E2BIG, ENOEXEC, ENOMEM
from lkmtools.abi.exec import STACKGAPLEN, elf_args, exec_package, ps_strings
from lkmtools.abi.exec import execsw as execsw_struct
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.errors import KernelError
from lkmtools.kern.base.bound import MESSAGE, STEP
from lkmtools.kern.base.export import export
from lkmtools.kern.exec.exec_elf import AUX_ENTRIES
from lkmtools.machine import Prototype
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.exec.kern_exec import ExecPackage
    from lkmtools.kern.kernel import Kernel

_COPYARGS = Prototype(
    "int es_copyargs(struct lwp *l, struct exec_package *pack, struct ps_strings *arginfo, char **stackp, "
    "void *argp)"
)
_PARAMS = "(struct lwp *l, struct exec_package *pack, struct ps_strings *arginfo, char **stackp, void *argp)"
MAX_ARGLEN = 256  # words
MAX_STRINGS = 65536  # arguments, or of the environment
MAX_STRINGS_SIZE = 1 << 20  # bytes of both
AT_NULL, AT_PHDR, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_FLAGS, AT_ENTRY = 0, 3, 4, 5, 6, 7, 8, 9


class Vectors(NamedTuple):
    """The strings a program is given."""

    args: list[bytes]
    env: list[bytes]


def make_stack(k: Kernel, package: ExecPackage, es: int) -> tuple[int, int]:
    """Fill the stack of the new space: the stack pointer, and where struct ps_strings is. KernelError."""
    row, view, step = k.formats.row(es), package.view, k.dm.pointer
    args, env = package.vectors
    if not 0 <= row.es_arglen <= MAX_ARGLEN:
        raise KernelError(ENOEXEC, f"es_arglen is {row.es_arglen} words; the limit is {MAX_ARGLEN}")
    layout = ps_strings.layout(k.dm)
    strings = view.ep_minsaddr - layout.size & -16
    texts = b"".join(text + b"\0" for text in (*args, *env))
    words = 1 + len(args) + 1 + len(env) + 1 + row.es_arglen
    sp = strings - STACKGAPLEN - len(texts) - words * step & -k.port.stack_align
    block = k.heap.alloc(layout.size + 16 + len(texts))
    if not block:
        raise KernelError(ENOMEM, f"no kernel memory for {len(texts)} bytes of arguments")
    try:
        stackp, argp = block + layout.size, block + layout.size + 16
        k.mem.write(block, layout.pack(ps_nargvstr=len(args), ps_nenvstr=len(env)))
        k.mem.set_ptr(stackp, sp)
        k.mem.write(argp, texts)
        function, lwp = row.es_copyargs or k.symbol("copyargs"), package.lwp
        lwp.thread.reason = ""
        errno = k.engine.call(_COPYARGS, function, lwp.addr, package.addr, block, stackp, argp)
        if errno:
            raise KernelError(errno, lwp.thread.reason or f"{k.symbolize(function)} refuses")
        lwp.proc.space.write(strings, k.mem.read(block, layout.size))
    finally:
        if not k.dead:
            k.heap.free(block)
    return sp, strings


@export(f"int copyargs{_PARAMS}", "sys/exec.h", bound=MESSAGE)
def copyargs(k: Kernel, l_addr: int, pack: int, arginfo: int, stackp: int, argp: int) -> int:
    """argc, the pointers and, behind the row's es_arglen words, the strings, to the user stack at *stackp.

    `argp` is all strings one after the other; the counts are in `arginfo`, which gets the addresses. Then
    *stackp is behind the last pointer. EFAULT.
    """
    step, space = k.dm.pointer, k.lwp_at(l_addr).proc.space
    info = k.umem.view(ps_strings.layout(k.dm), arginfo)
    nargs, nenv = info.ps_nargvstr, info.ps_nenvstr
    es = k.umem.view(exec_package.layout(k.dm), pack).ep_esch
    arglen = k.umem.view(execsw_struct.layout(k.dm), es).es_arglen
    for what, count, most in (
        ("ps_nargvstr", nargs, MAX_STRINGS),
        ("ps_nenvstr", nenv, MAX_STRINGS),
        ("es_arglen", arglen, MAX_ARGLEN),
    ):
        if not 0 <= count <= most:
            raise KernelError(E2BIG, f"copyargs: {what} is {count}; the limit is {most}")
    sp = k.umem.ptr(stackp)
    texts = _strings(k, argp, nargs + nenv)
    end = sp + (nargs + nenv + 3) * step
    at, pointers = end + arglen * step, []
    for text in texts:
        pointers.append(at)
        at += len(text)
    words = [word & k.dm.mask for word in (nargs, *pointers[:nargs], 0, *pointers[nargs:], 0)]
    space.write(sp, struct.pack(f"{k.dm.order}{len(words)}{k.dm.word}", *words))
    space.write(end + arglen * step, b"".join(texts))
    info.ps_argvstr, info.ps_envstr = sp + step, sp + (nargs + 2) * step
    k.umem.set_ptr(stackp, end)
    return 0


def _strings(k: Kernel, argp: int, count: int) -> list[bytes]:
    """So many strings, one behind the other, each with its NUL. E2BIG."""
    texts: list[bytes] = []
    left = MAX_STRINGS_SIZE
    for _ in range(count):
        text = k.umem.cstr(argp, left + 1) + b"\0"
        k.umem.work += STEP
        left -= len(text)
        if left < 0:
            raise KernelError(E2BIG, f"copyargs: more than {MAX_STRINGS_SIZE} bytes of strings at {argp:#x}")
        texts.append(text)
        argp += len(text)
    return texts


def _elf_copyargs(k: Kernel, l_addr: int, pack: int, arginfo: int, stackp: int, argp: int) -> int:
    copyargs(k, l_addr, pack, arginfo, stackp, argp)
    args = k.umem.view(elf_args.layout(k.dm), k.umem.view(exec_package.layout(k.dm), pack).ep_emul_arg)
    pairs = [
        (AT_PHDR, args.arg_phaddr), (AT_PHENT, args.arg_phentsize), (AT_PHNUM, args.arg_phnum),
        (AT_PAGESZ, PAGE_SIZE), (AT_BASE, args.arg_interp), (AT_FLAGS, 0), (AT_ENTRY, args.arg_entry),
        (AT_NULL, 0),
    ]  # fmt: skip
    data = b"".join(
        struct.pack(f"{k.dm.order}2{k.dm.word}", *pair)
        for pair in pairs
        if pair != (AT_PHDR, 0)  # the headers are not in memory
    )
    at = k.umem.ptr(stackp)
    k.lwp_at(l_addr).proc.space.write(at, data)
    k.umem.set_ptr(stackp, at + 2 * AUX_ENTRIES * k.dm.pointer)
    return 0


@export(f"int elf32_copyargs{_PARAMS}", "sys/exec_elf.h", bound=MESSAGE)
def elf32_copyargs(k: Kernel, l_addr: int, pack: int, arginfo: int, stackp: int, argp: int) -> int:
    """copyargs(), and the auxiliary vector from the struct elf_args at ep_emul_arg."""
    return _elf_copyargs(k, l_addr, pack, arginfo, stackp, argp)


@export(f"int elf64_copyargs{_PARAMS}", "sys/exec_elf.h", bound=MESSAGE)
def elf64_copyargs(k: Kernel, l_addr: int, pack: int, arginfo: int, stackp: int, argp: int) -> int:
    """elf32_copyargs for 64 bits."""
    return _elf_copyargs(k, l_addr, pack, arginfo, stackp, argp)


# -- memory for emulations -----------------------------------------------------------------------------------


def _psstr(k: Kernel, p: int) -> int:
    return k.umem.ptr(p + proc_struct.layout(k.dm).offsetof("p_psstr"))


@export("void *stackgap_init(const struct proc *p, size_t sz)", "compat/common/compat_util.h")
def stackgap_init(k: Kernel, p: int, sz: int) -> int:
    """The start of `sz` bytes (0: all) of the stack gap, memory of the program that emulations may use."""
    return _psstr(k, p) - (sz if 0 < sz <= STACKGAPLEN else STACKGAPLEN)


@export("void *stackgap_alloc(const struct proc *p, void **sgp, size_t sz)", "compat/common/compat_util.h")
def stackgap_alloc(k: Kernel, p: int, sgp: int, sz: int) -> int:
    """The next `sz` bytes of the stack gap; NULL when there is no room."""
    at = k.umem.ptr(sgp)
    end = at + (sz + k.dm.pointer - 1 & -k.dm.pointer)
    if sz > STACKGAPLEN or end > _psstr(k, p):
        return 0
    k.umem.set_ptr(sgp, end)
    return at
