"""execve (kern_exec.c of NetBSD 5.2): a program file becomes the memory and registers of a process.

The formats of exec_conf.py are tried in turn: es_makecmds either records the commands that build the program,
or refuses it with ENOEXEC. A program comes from the files its process was started with, by name, or is read
through the file system.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import E2BIG, EACCES, EFAULT, EINVAL, ENOENT, ENOEXEC, ENOMEM, EPERM
from lkmtools.abi.exec import EXEC_DESTR, exec_package
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.limits import PATH_MAX
from lkmtools.abi.proc import MAXCOMLEN
from lkmtools.abi.proc import proc as proc_struct
from lkmtools.abi.siginfo import SIG_IGN
from lkmtools.abi.stat import S_IFMT, S_IFREG, stat
from lkmtools.abi.syscall import SYS___fstat30, SYS_close, SYS_execve, SYS_open, SYS_read
from lkmtools.abi.vmparam import PAGE_SHIFT, PAGE_SIZE, round_page
from lkmtools.abi.vnode import VI_CLEAN, VREG, vattr, vnode
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.base.request import RegionSpace, UserRegion
from lkmtools.kern.exec.exec_args import Vectors, make_stack
from lkmtools.kern.exec.exec_subr import exec_setup_stack, kill_vmcmds, run_vmcmds
from lkmtools.kern.proc import trapframe
from lkmtools.kern.proc.emul import PROC_HOOK, emul_name, lwp_regs, member, proc_emul, set_emul
from lkmtools.kern.proc.kern_copy import user_string
from lkmtools.kern.proc.kern_descrip import drop
from lkmtools.kern.proc.kern_proc import NO_STACK, command_name
from lkmtools.kern.proc.kern_sig import drop_frames
from lkmtools.kern.proc.kern_subr import doexechooks
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.uvm.kern_malloc import free
from lkmtools.kern.vfs.vfs_subr import getnewvnode, vrele
from lkmtools.machine import EXEC, READ, AddressSpace, Prototype

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp, Program
    from lkmtools.machine.memory import View

ARG_MAX = 256 * 1024  # bytes of all arguments and environment strings, their pointers included
MAX_PROGRAM = 32 << 20  # bytes of a program file
_CHUNK = 65536
MAKECMDS = Prototype("int es_makecmds(struct lwp *l, struct exec_package *epp)")
SETREGS = Prototype("void setregs(struct lwp *l, struct exec_package *pack, u_long stack)")
EXEC_HOOK = Prototype("void e_proc_exec(struct proc *p, struct exec_package *epp)")


class ExecPackage:
    """A program on its way into memory: struct exec_package and what it points to, in kernel memory.

    A context manager: afterwards the memory is released, with what the program's format left in it.
    """

    def __init__(self, k: Kernel, lwp: Lwp, name: str, image: bytes, vectors: Vectors) -> None:
        self._k, self.lwp, self.name, self.vectors = k, lwp, name, vectors
        layout, v_layout = exec_package.layout(k.dm), vattr.layout(k.dm)
        header = k.mem.u32(k.symbol("exec_maxhdrsz"))
        text = name.encode(*C_TEXT) + b"\0"
        sizes = [size + 15 & -16 for size in (layout.size, v_layout.size, len(text), header)]
        self._block = block = k.heap.alloc(sum(sizes))
        if not block:
            raise KernelError(ENOMEM, "no kernel memory for a program's headers")
        va, name_at, hdr = block + sizes[0], block + sum(sizes[:2]), block + sum(sizes[:3])
        self.vp = self._vnode(len(image))
        k.formats.executing[self.vp] = image
        k.mem.write(hdr, image[:header])
        k.mem.write(name_at, text)
        k.mem.write(va, v_layout.pack(va_type=VREG, va_mode=S_IFREG | 0o755, va_size=len(image)))
        top = k.port.user.top - PAGE_SIZE
        values = {
            "ep_name": name_at, "ep_hdr": hdr, "ep_hdrlen": header, "ep_hdrvalid": min(header, len(image)),
            "ep_vp": self.vp, "ep_vap": va, "ep_vm_minaddr": PAGE_SIZE, "ep_vm_maxaddr": top, "ep_fd": -1,
        }  # fmt: skip
        self._fresh = layout.pack(**values)
        self.view = k.umem.view(layout, block)
        self.reset()

    def _vnode(self, size: int) -> int:
        """A dead vnode that stands for the file."""
        k, lwp = self._k, self.lwp
        cell = lwp.alloca(k, 16)
        try:
            getnewvnode(k, 0, 0, k.mem.ptr(k.symbol("dead_vnodeop_p")), cell)
            vp = k.mem.ptr(cell)
        except KernelError:
            k.heap.free(self._block)
            raise
        finally:
            lwp.release(k, cell)
        view = k.mem.view(vnode.layout(k.dm), vp)
        view.v_type, view.v_size, view.v_iflag = VREG, size, VI_CLEAN
        return vp

    @property
    def addr(self) -> int:
        """Its struct exec_package."""
        return self._block

    def reset(self) -> None:
        """As it was before any format was asked."""
        self._k.mem.write(self._block, self._fresh)

    def drop(self) -> None:
        """Release what a format has put into it."""
        k, view = self._k, self.view
        kill_vmcmds(k, view.at("ep_vmcmds.evs_cnt"))
        if view.ep_emul_arg:
            free(k, view.ep_emul_arg, k.symbol("M_TEMP"))
            view.ep_emul_arg = 0

    def __enter__(self) -> ExecPackage:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        k = self._k
        if k.dead:
            return
        self.drop()
        del k.formats.executing[self.vp]
        vrele(k, self.vp)
        k.heap.free(self._block)


def check_exec(k: Kernel, package: ExecPackage) -> int:
    """Find the format: its struct execsw (check_exec()).

    Each row in turn; the first error that is not ENOEXEC is the answer when nobody takes the program.
    """
    error = KernelError(ENOEXEC, f"no execution format recognises '{package.name}'")
    first = True
    for es in k.formats.rows():
        row, view, thread = k.formats.row(es), package.view, package.lwp.thread
        view.ep_esch = es
        thread.reason = ""
        errno = k.engine.call(MAKECMDS, row.es_makecmds, package.lwp.addr, package.addr)
        if not errno:
            view.ep_esch = es
            _check_package(k, package, es)
            return es
        if first or (error.errno == ENOEXEC and errno != ENOEXEC):
            who = k.symbolize(row.es_makecmds).partition("+")
            error = KernelError(errno, thread.reason or f"{who[0]}() refuses{who[2][who[2].find(' ') :]}")
        first = False
        final = view.ep_flags & EXEC_DESTR
        package.drop()
        package.reset()
        if final:
            break
    raise error


def _check_package(k: Kernel, package: ExecPackage, es: int) -> None:
    """What a format says must make sense: ENOEXEC."""
    view, top = package.view, k.port.user.top - PAGE_SIZE
    who = k.symbolize(k.formats.row(es).es_makecmds).partition("+")[0]
    if not PAGE_SIZE <= view.ep_entry < top:
        raise KernelError(
            ENOEXEC, f"{who}() sets ep_entry to {view.ep_entry:#x}; programs are below {top:#x}"
        )
    if _break(view) > top:
        raise KernelError(
            ENOEXEC, f"{who}() ends text and data at {_break(view):#x}; programs end at {top:#x}"
        )
    if not view.ep_ssize:
        exec_setup_stack(k, package.lwp.addr, package.addr)
    if not PAGE_SIZE <= view.ep_minsaddr <= top:
        raise KernelError(
            ENOEXEC,
            f"{who}() sets ep_minsaddr to {view.ep_minsaddr:#x}; the limits are {PAGE_SIZE:#x} and {top:#x}",
        )


def _break(view: View) -> int:
    """Where the data segment can grow: behind the data, or the text."""
    end: int = view.ep_daddr + view.ep_dsize if view.ep_dsize else view.ep_taddr + view.ep_tsize
    return round_page(max(end, PAGE_SIZE))


def new_space(k: Kernel) -> AddressSpace:
    """An address space with nothing in it but the kernel's signal trampoline in its last page."""
    space = AddressSpace(k.frames, k.port.user.top - PAGE_SIZE)
    space.map_frame(k.port.user.top - 1 >> PAGE_SHIFT, k.formats.sigcode, READ | EXEC)
    return space


def execute(k: Kernel, lwp: Lwp, package: ExecPackage) -> None:
    """Put a checked package in the place of what the process ran. KernelError leaves the old in place."""
    proc, program = lwp.proc, lwp.proc.program
    assert program is not None
    es = package.view.ep_esch
    emul = k.formats.row(es).es_emul
    space = new_space(k)
    old, program.user.space = program.user.space, space
    proc.space = space
    try:
        _sigcode(k, space, emul)
        run_vmcmds(k, lwp, package.addr)
        stack, strings = make_stack(k, package, es)
    except BaseException:  # also the end of the process
        program.user.space = proc.space = old
        space.clear()
        raise
    old.clear()
    proc.vm.maps.clear()
    drop_frames(k, program)
    brk = _break(package.view)
    program.brk = (brk, brk)
    program.actions = {n: row for n, row in program.actions.items() if row.handler == SIG_IGN}
    program.altstack = NO_STACK
    for fd in sorted(proc.files.cloexec):
        drop(k, lwp, proc.files.take(fd))
    _rename(k, lwp, package.name)
    k.mem.set_ptr(proc.addr + proc_struct.layout(k.dm).offsetof("p_psstr"), strings)
    _registers(k, lwp, package, es, emul, stack)
    doexechooks(k, proc)
    _become(k, lwp, package, es, emul)
    trapframe.store(k, lwp)


def _sigcode(k: Kernel, space: AddressSpace, emul: int) -> None:
    """Map the signal trampoline of an emulation, where the native one is otherwise (exec_sigcode_map())."""
    start, end = member(k, emul, "e_sigcode"), member(k, emul, "e_esigcode")
    if not start:
        return
    if not 0 < end - start <= PAGE_SIZE:
        k.panic(f"emulation '{emul_name(k, emul)}': its signal trampoline is {start:#x} to {end:#x}")
    code = k.umem.read(start, end - start)
    at = space.own_page(k.port.user.top - 1 >> PAGE_SHIFT, READ | EXEC)
    k.frames.buf[at : at + PAGE_SIZE] = code.ljust(PAGE_SIZE, k.port.filler)


def _registers(k: Kernel, lwp: Lwp, package: ExecPackage, es: int, emul: int, stack: int) -> None:
    """Fresh registers, in the trapframe: the emulation's e_setregs, and the row's."""
    assert lwp.proc.program is not None
    k.engine.user_cpu.reset(lwp.proc.program.user, 0)
    trapframe.fill(k, lwp)
    for hook in (member(k, emul, "e_setregs") or k.symbol("setregs"), k.formats.row(es).es_setregs):
        if hook:
            k.engine.call(SETREGS, hook, lwp.addr, package.addr, stack)


def _become(k: Kernel, lwp: Lwp, package: ExecPackage, es: int, emul: int) -> None:
    """The hooks of the emulation the process had and of that it gets."""
    old = proc_emul(k, lwp.proc)
    if old != emul and (hook := member(k, old, "e_proc_exit")):
        k.engine.call(PROC_HOOK, hook, lwp.proc.addr)
    if hook := member(k, emul, "e_proc_exec"):
        k.engine.call(EXEC_HOOK, hook, lwp.proc.addr, package.addr)
    set_emul(k, lwp.proc, emul, es)


def _rename(k: Kernel, lwp: Lwp, name: str) -> None:
    proc = lwp.proc
    proc.comm = command_name(name.rpartition("/")[2])
    comm = proc.comm.encode(*C_TEXT)[:MAXCOMLEN]
    k.mem.write(proc.addr + proc_struct.layout(k.dm).offsetof("p_comm"), comm.ljust(MAXCOMLEN + 1, b"\0"))


@export("void setregs(struct lwp *l, struct exec_package *pack, u_long stack)", "sys/exec.h")
def setregs(k: Kernel, l_addr: int, pack: int, stack: int) -> None:
    """The registers a program begins with: ep_entry, the stack, and where struct ps_strings is."""
    lwp, user = k.lwp_at(l_addr), k.port.user
    strings = k.mem.ptr(lwp.proc.addr + proc_struct.layout(k.dm).offsetof("p_psstr"))
    entry = k.umem.view(exec_package.layout(k.dm), pack).ep_entry
    for slot, value in (
        (user.frame_pc, entry),
        (user.frame.index(k.port.sp), stack),
        (user.frame.index(user.ps_strings), strings),
    ):
        k.mem.set_ptr(lwp_regs(k, l_addr) + slot * k.dm.pointer, value)


def exec_image(k: Kernel, lwp: Lwp, name: str, image: bytes, args: list[bytes], env: list[bytes]) -> None:
    """Execute a program that is in our hands; E2BIG, EINVAL, ENOEXEC, ENOMEM and what formats say."""
    size = sum(len(text) + 1 + k.dm.pointer for text in (*args, *env))
    if size > ARG_MAX:
        raise KernelError(E2BIG, f"{size} bytes of arguments and environment; the limit is {ARG_MAX}")
    if not args:
        raise KernelError(EINVAL, "argv is empty: it must have at least the name of the program")
    with ExecPackage(k, lwp, name, image, Vectors(args, env)) as package:
        check_exec(k, package)
        execute(k, lwp, package)


def _strings(k: Kernel, lwp: Lwp, addr: int, room: int) -> list[bytes]:
    """A NULL-terminated vector of user strings; E2BIG beyond `room` bytes."""
    out: list[bytes] = []
    pointer = k.dm.pointer
    if not addr:
        raise KernelError(EFAULT, "argv or envp is NULL")
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
    name = user_string(k, path, PATH_MAX).decode(*C_TEXT)
    args = _strings(k, lwp, argv, ARG_MAX)
    env = _strings(k, lwp, envp, ARG_MAX - sum(map(len, args)))
    image = read_program(k, lwp, program, name)
    exec_image(k, lwp, name, image, args, env)
    program.just_return = True


def read_program(k: Kernel, lwp: Lwp, program: Program, name: str) -> bytes:
    """The content of a program file: one that came with the process, or the file system's."""
    own = program.files.get(name)
    if own is not None:
        return own
    if not name:
        raise KernelError(ENOENT, "the name of the program is empty")
    proc = lwp.proc
    before = proc.space
    path, buffer = bytearray(name.encode(*C_TEXT) + b"\0"), bytearray(_CHUNK)
    path_at, buffer_at = 0x10000, 0x100000
    proc.space = RegionSpace((UserRegion(path_at, path), UserRegion(buffer_at, buffer)))
    try:
        fd = k.system_calls.own(lwp, SYS_open, path_at, O_RDONLY, 0)
        try:
            k.system_calls.own(lwp, SYS___fstat30, fd, buffer_at)
            _may_execute(k, lwp, name, buffer)
            out = bytearray()
            while count := k.system_calls.own(lwp, SYS_read, fd, buffer_at, _CHUNK):
                out += buffer[:count]
                if len(out) > MAX_PROGRAM:
                    raise KernelError(ENOEXEC, f"'{name}' is longer than {MAX_PROGRAM} bytes")
            return bytes(out)
        except KernelError as error:
            if error.errno in (ENOEXEC, EACCES):
                raise
            raise KernelError(EACCES, f"'{name}' is not a program: {error.reason}") from None
        finally:
            k.system_calls.own(lwp, SYS_close, fd)
    finally:
        proc.space = before


def _may_execute(k: Kernel, lwp: Lwp, name: str, buffer: bytearray) -> None:
    """EACCES unless it is a regular file that this user (root: anybody) may execute."""
    status, cred = stat.layout(k.dm).unpack(buffer), lwp.proc.cred
    if status.st_mode & S_IFMT != S_IFREG:
        raise KernelError(EACCES, f"'{name}' is not a regular file")
    if cred.uid == 0:
        bits = 0o111
    elif cred.uid == status.st_uid:
        bits = 0o100
    else:
        bits = 0o010 if cred.gid == status.st_gid else 0o001
    if not status.st_mode & bits:
        raise KernelError(EACCES, f"'{name}' has mode {status.st_mode & 0o7777:04o}: not executable")
