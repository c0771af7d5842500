"""execve (kern_exec.c of NetBSD 5.2): a program file becomes the memory and registers of a process.

Formats are rows of EXECSW: each makecmds either fills the package or refuses it with ENOEXEC, and the first
that does not refuse wins. A program comes from the files its process was started with, by name, or is read
through the file system.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from lkmtools.abi.errno import E2BIG, EACCES, EFAULT, EINVAL, ENOENT, ENOEXEC, EPERM
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.proc import MAXCOMLEN
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.siginfo import SIG_IGN
from lkmtools.abi.syscall import SYS_close, SYS_execve, SYS_open, SYS_read
from lkmtools.errors import KernelError
from lkmtools.kern.exec_elf import VmCommand, elf_makecmds, pack_pairs
from lkmtools.kern.kern_copy import user_string
from lkmtools.kern.kern_descrip import drop
from lkmtools.kern.kern_sig import drop_frames
from lkmtools.kern.request import RegionSpace
from lkmtools.kern.syscall import syscall
from lkmtools.machine import EXEC, PAGE_SIZE, READ, WRITE, AddressSpace

if TYPE_CHECKING:
    from lkmtools.kern.kern_proc import Lwp, Program
    from lkmtools.kern.kernel import Kernel

ARG_MAX = 256 * 1024  # bytes of all arguments and environment strings, their pointers included
PATH_MAX = 1024
MAX_IMAGE = 32 << 20  # bytes of a program file
_CHUNK = 65536


class ExecPackage:
    """A program on its way into memory (struct exec_package)."""

    def __init__(self, name: str, image: bytes, args: list[bytes], env: list[bytes], stack_room: int) -> None:
        self.name = name
        self.image = image
        self.args = args
        self.env = env
        self.stack_room = stack_room  # bytes at the top of user addresses that are not the program's
        self.commands: list[VmCommand] = []
        self.entry = 0
        self.brk = 0
        self.auxiliary: tuple[tuple[int, int], ...] = ()


class Execsw(NamedTuple):
    """A format: `makecmds` fills a package, or raises KernelError(ENOEXEC) when it is another's."""

    name: str
    makecmds: Callable[[Kernel, ExecPackage], None]


EXECSW = (Execsw("elf", elf_makecmds),)


def check_exec(k: Kernel, package: ExecPackage) -> None:
    """Find the format (check_exec()). The reason of ENOEXEC is the last format's."""
    error = KernelError(ENOEXEC, "no execution format")
    for row in k.execsw:
        try:
            row.makecmds(k, package)
            return
        except KernelError as refused:
            error = refused
            if refused.errno != ENOEXEC:
                break
    raise error


def new_space(k: Kernel) -> AddressSpace:
    """An address space with nothing in it but the kernel's signal trampoline in its last page."""
    space = AddressSpace(k.frames, k.port.user.top - PAGE_SIZE)
    space.map_frame(k.port.user.top - 1 >> 12, k.sigcode, READ | EXEC)
    return space


def execute(k: Kernel, lwp: Lwp, package: ExecPackage) -> None:
    """Put a checked package in the place of what the process ran. KernelError leaves the old in place."""
    program = lwp.proc.program
    assert program is not None
    space = new_space(k)
    try:
        for row in package.commands:
            space.map(row.addr, row.size, READ | WRITE)
            if row.data:
                space.write(row.addr + row.offset, row.data)
            space.protect(row.addr, row.size, row.prot)
        sp, strings = _stack(k, space, package)
    except KernelError:
        space.clear()
        raise
    old, program.user.space = program.user.space, space
    old.clear()
    lwp.proc.vm.maps.clear()
    lwp.proc.space = space
    drop_frames(k, program)
    k.engine.reset_user(program.user, package.entry)
    cpu = k.engine.cpu
    cpu.write(k.port.sp, sp)
    cpu.write(k.port.user.ps_strings, strings)
    program.brk = (package.brk, package.brk)
    program.actions = {n: row for n, row in program.actions.items() if row.handler == SIG_IGN}
    for fd in sorted(lwp.proc.files.cloexec):
        drop(k, lwp, lwp.proc.files.take(fd))
    _rename(k, lwp, package.name)


def _rename(k: Kernel, lwp: Lwp, name: str) -> None:
    proc = lwp.proc
    proc.comm = name.rpartition("/")[2]
    comm = proc.comm.encode("latin-1", "replace")[:MAXCOMLEN]
    k.mem.write(proc.addr + proc_struct.layout(k.dm).offsetof("p_comm"), comm.ljust(MAXCOMLEN + 1, b"\0"))


def _stack(k: Kernel, space: AddressSpace, package: ExecPackage) -> tuple[int, int]:
    """Arguments, environment, auxiliary vector and ps_strings; returns sp and the address of the last."""
    user, pointer = k.port.user, k.dm.pointer
    top = user.top - PAGE_SIZE
    space.map(top - user.stack_size, user.stack_size, READ | WRITE)
    word, pad = ("Q", 4) if pointer == 8 else ("I", 0)
    form = struct.Struct(f"{k.dm.order}{word}i{pad}x{word}i{pad}x")  # argvstr, nargvstr, envstr, nenvstr
    ps_strings = top - form.size & -16
    texts = [text + b"\0" for text in (*package.args, *package.env)]
    at = ps_strings - sum(map(len, texts)) & -16
    pointers = []
    blob = b"".join(texts)
    where = at
    for text in texts:
        pointers.append(where)
        where += len(text)
    space.write(at, blob)
    nargs = len(package.args)
    words = [nargs, *pointers[:nargs], 0, *pointers[nargs:], 0]
    block = struct.pack(f"{k.dm.order}{len(words)}{word}", *words) + pack_pairs(k, package.auxiliary)
    sp = at - len(block) & -k.port.stack_align
    space.write(sp, block)
    argv = sp + pointer
    space.write(
        ps_strings, form.pack(argv, nargs, argv + (nargs + 1) * pointer, len(package.env))
    )  # fmt: skip
    return sp, ps_strings


def make_package(k: Kernel, name: str, image: bytes, args: list[bytes], env: list[bytes]) -> ExecPackage:
    """A checked package; E2BIG, ENOEXEC, ENOMEM."""
    size = sum(len(text) + 1 + k.dm.pointer for text in (*args, *env))
    if size > ARG_MAX:
        raise KernelError(E2BIG, f"{size} bytes of arguments and environment; at most {ARG_MAX}")
    if not args:
        raise KernelError(EINVAL, "no arguments, not even the program's name")
    package = ExecPackage(name, image, args, env, k.port.user.stack_size + PAGE_SIZE)
    check_exec(k, package)
    return package


def _strings(k: Kernel, lwp: Lwp, addr: int, room: int) -> list[bytes]:
    """A NULL-terminated vector of user strings; E2BIG beyond `room` bytes."""
    out: list[bytes] = []
    pointer = k.dm.pointer
    if not addr:
        raise KernelError(EFAULT, "a NULL vector")
    while True:
        text = int.from_bytes(lwp.proc.space.read(addr, pointer), k.dm.byteorder)
        if not text:
            return out
        if room <= 0:
            raise KernelError(E2BIG, f"more than {ARG_MAX} bytes of arguments and environment")
        try:
            out.append(user_string(k, text, room))
        except KernelError as error:
            raise KernelError(E2BIG if error.errno != EFAULT else EFAULT, error.reason) from None
        room -= len(out[-1]) + 1 + pointer
        addr += pointer


@syscall(SYS_execve, "const char *path, void *argv, void *envp")
def sys_execve(k: Kernel, lwp: Lwp, path: int, argv: int, envp: int) -> None:
    """Run another program in this process."""
    program = lwp.proc.program
    if program is None:
        raise KernelError(EPERM, "a client process has no memory to execute a program in")
    name = user_string(k, path, PATH_MAX).decode("latin-1")
    args = _strings(k, lwp, argv, ARG_MAX)
    env = _strings(k, lwp, envp, ARG_MAX - sum(map(len, args)))
    image = read_program(k, lwp, program, name)
    execute(k, lwp, make_package(k, name, image, args, env))
    program.just_return = True


def read_program(k: Kernel, lwp: Lwp, program: Program, name: str) -> bytes:
    """The content of a program file: one that came with the process, or the file system's."""
    own = program.files.get(name)
    if own is not None:
        return own
    if not name:
        raise KernelError(ENOENT, "an empty name")
    proc = lwp.proc
    before = proc.space
    path, buffer = bytearray(name.encode("latin-1") + b"\0"), bytearray(_CHUNK)
    path_at, buffer_at = 0x10000, 0x100000
    proc.space = RegionSpace(((path_at, path), (buffer_at, buffer)))
    try:
        fd = k.system_calls.own(lwp, SYS_open, path_at, O_RDONLY, 0)
        try:
            out = bytearray()
            while count := k.system_calls.own(lwp, SYS_read, fd, buffer_at, _CHUNK):
                out += buffer[:count]
                if len(out) > MAX_IMAGE:
                    raise KernelError(ENOEXEC, f"'{name}' is longer than {MAX_IMAGE} bytes")
            return bytes(out)
        except KernelError as error:
            if error.errno == ENOEXEC:
                raise
            raise KernelError(EACCES, f"'{name}' is not a program: {error.reason}") from None
        finally:
            k.system_calls.own(lwp, SYS_close, fd)
    finally:
        proc.space = before
