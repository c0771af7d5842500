"""A booted kernel in the test's process: load C, call it, look at tables, expect panics.

`lk` fixture: a Lab for each machine in turn. Most tests need no more than

    lab.load('int probe_run(int a) { return a + 1; } ...')    # a MISC module made of the text
    assert lab.call("int probe_run(int a)", 41) == 42
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from greenlet import getcurrent, greenlet

from lkmtools import modules
from lkmtools.abi.conf import MAXDEVSW, makedev
from lkmtools.abi.fcntl import O_APPEND, O_CREAT, O_TRUNC, O_WRONLY
from lkmtools.abi.lkm import LKM_BLOCK_MAJOR, LKM_CHAR_MAJOR
from lkmtools.abi.stat import S_IFCHR
from lkmtools.abi.syscall import SYS_NSYSENT
from lkmtools.client import Process
from lkmtools.errors import PanicError
from lkmtools.kern import Kernel
from lkmtools.kern.exec.exec_emul import emuls
from lkmtools.kern.proc.syscall import replaced
from lkmtools.local import LocalKernel
from lkmtools.local.inside import InsideTransport
from lkmtools.machine import KernelFunction, Prototype
from lkmtools.modules.loader import Loaded
from support.compiling import Compile

HEAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/kernel.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
"""
TAIL = """
MOD_MISC("%(name)s");
int %(name)s_lkmentry(struct lkm_table *, int, int);
int
%(name)s_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""


class Lab:
    """A kernel, one process in it, and a compiler for its machine."""

    def __init__(self, cc: Compile, machine: str, **options: Any) -> None:
        self.cc = cc
        self.machine = machine
        self.kernel = LocalKernel(inside=True, machine=machine, **options)
        self.p: Process = self.kernel.process("lab")
        self.boot_tables = self.tables()
        self.symbols: dict[str, int] = {}
        self._looked = False

    @property
    def k(self) -> Kernel:
        """The kern.Kernel that is up now."""
        k: Kernel = self.kernel.kernel
        return k

    @property
    def dmesg(self) -> str:
        """The message buffer."""
        return str(self.kernel.console.text())

    @property
    def reports(self) -> list[tuple[str, str]]:
        """Text and record of what the kernel has reported; a test that does not look wants none."""
        self._looked = True
        return self.kernel.reports

    def replaced(self) -> dict[str, str]:
        """The system calls that modules provide, as lkmctl status shows them."""
        module_at = self.k.modules.at
        return replaced(self.k.mem, self.k.plan, lambda addr: m.title if (m := module_at(addr)) else None)

    def close(self) -> None:
        """Shut down. Nothing was reported that the test did not look at."""
        self.kernel.close()
        assert self._looked or self.kernel.reports == []

    def load(
        self,
        source: str | Path,
        name: str = "probe",
        whole: bool = False,
        flags: tuple[str, ...] = (),
        **options: Any,
    ) -> Loaded:
        """Compile and load. Text gets the usual includes and a MISC entry `name`, unless it is `whole`.

        The options are those of modules.load().
        """
        if isinstance(source, str) and not whole:
            source = HEAD + source + TAIL % {"name": name}
        return self.install(self.cc(source, machine=self.machine, name=name, flags=flags), **options)

    def join(self, *sources: str, name: str = "probe") -> Loaded:
        """Compile each text as it is, join the objects with a MISC entry `name`, and load the result."""
        objects = [
            self.cc(source, machine=self.machine, name=f"part{number}")
            for number, source in enumerate((*sources, HEAD + TAIL % {"name": name}))
        ]
        return self.install(self.cc.join(*objects, machine=self.machine, name=name))

    def install(self, obj: Path, **options: Any) -> Loaded:
        """Load an object; its functions can be called, and its variables have values."""
        loaded = modules.load(self.p, obj, **options)
        self.symbols.update({symbol.name: symbol.value for symbol in loaded.image.symbols})
        return loaded

    def call(self, prototype: str, *args: int) -> int:
        """Call a loaded function by its prototype, in process context; it may sleep. PanicError."""
        proto = Prototype(prototype)
        addr = self.symbols[proto.name]
        box: list[int] = []
        with self.hook(lambda: box.append(self.k.engine.call(proto, addr, *args))) as number:
            self.p.syscall(number)
        return box[0]

    def value(self, name: str) -> int:
        """The value of an int of a module."""
        number: int = self.k.mem.i32(self.symbols[name])
        return number

    def start(self, operation: Callable[..., Any], *args: Any) -> Started:
        """Begin an operation of a process, as lab.start(p.read, fd, 4); run until all are idle or asleep."""
        started = Started(operation, args)
        self.settle()
        return started

    def begin(self, prototype: str, *args: int, p: Process | None = None) -> Started:
        """Begin lab.call() in a process of its own, or in `p`; it may sleep meanwhile."""
        proto = Prototype(prototype)
        addr = self.symbols[proto.name]
        box: list[int] = []
        proc = p or self.kernel.process("worker")
        with self.hook(lambda: box.append(self.k.engine.call(proto, addr, *args))) as number:
            return self.start(lambda: (proc.syscall(number), box[0])[1], proc)

    def settle(self) -> None:
        """Run until nothing is runnable now."""
        self.kernel.run()
        while self.k.timeout() == 0:
            self.kernel.run()

    def until(self, condition: Callable[[], bool]) -> None:
        """Run, the clock too, until `condition` holds; AssertionError when nothing more can happen."""
        while not condition():
            assert self.kernel.run() or condition(), "everybody sleeps and nothing will wake them"

    def node(self, name: str, path: str, kind: int = S_IFCHR) -> str:
        """A node at `path` for unit 0 of the device of a loaded DEV module."""
        offset = modules.stat(self.p, name).offset
        major = LKM_CHAR_MAJOR(offset) if kind == S_IFCHR else LKM_BLOCK_MAJOR(offset)
        self.p.mknod(path, kind | 0o666, makedev(major, 0))
        return path

    def hook(self, action: Callable[[], object]) -> _Hook:
        """A system-call number that runs `action` in the kernel while the block lasts."""
        return _Hook(self.k, action)

    def tables(self) -> dict[str, bytes]:
        """The bytes of every table modules are wired into."""
        k = self.k
        read = k.mem.read
        pointer = k.dm.pointer
        return {
            "sysent": read(k.symbol("sysent"), SYS_NSYSENT * k.system_calls.layout.size),
            "bdevsw": read(k.symbol("bdevsw0"), MAXDEVSW * pointer),
            "cdevsw": read(k.symbol("cdevsw0"), MAXDEVSW * pointer),
            "allcfdrivers": read(k.symbol("allcfdrivers"), pointer),
            "allcftables": read(k.symbol("allcftables"), 2 * pointer),
            "alldevs": read(k.symbol("alldevs"), 2 * pointer),
            "lkmods": read(k.symbol("lkmods"), 2 * pointer),
            "securelevel": read(k.symbol("securelevel"), 4),
            "execsw": b"".join(address.to_bytes(8, "little") for address in k.formats.rows()),
            "exec_maxhdrsz": read(k.symbol("exec_maxhdrsz"), 4),
            "emul_list": b"".join(address.to_bytes(8, "little") for address in emuls(k)),
        }

    def remember(self) -> None:
        """Take down what the kernel uses now, for same()."""
        self._remembered = self._usage()

    def same(self) -> bool:
        """Whether the kernel uses what it used at remember(): pages, heap, and the bytes of all tables."""
        return self._remembered == self._usage()

    def _usage(self) -> tuple[int, int, dict[str, bytes]]:
        return self.k.kmap.used, self.k.heap.used, self.tables()

    def panics(self, action: Callable[[], object]) -> PanicError:
        """`action` must panic the kernel: the report. All tables of the next boot equal those of the first.

        The lab has a new process afterwards.
        """
        boot = self.k.bootno
        try:
            action()
        except PanicError as panic:
            assert self.k.bootno == boot + 1
            assert self.tables() == self.boot_tables
            assert self.k.lkm.highest() == -1
            self.p = self.kernel.process("lab")
            return panic
        raise AssertionError("the kernel did not panic")


class Started:
    """A system call in flight: `done` when the kernel has answered, result() to have its result or error.

    `operation` is a method of the process, or a function whose first of `args` is the process and not passed.
    It runs in a greenlet that stops when its request has been sent.
    """

    def __init__(self, operation: Callable[..., Any], args: tuple[Any, ...]) -> None:
        owner = getattr(operation, "__self__", None)
        p, args = (owner, args) if isinstance(owner, Process) else (args[0], args[1:])
        self.transport: Any = p._transport
        self._greenlet = greenlet(operation)
        p._transport = self
        self._greenlet.switch(*args)
        p._transport = self.transport

    def request(self, frame: Any, give_up: int | None = None) -> Any:
        """What the operation calls: send, and leave the rest to result()."""
        self.transport.send(frame)
        parent = getcurrent().parent
        assert parent is not None
        return parent.switch()

    @property
    def done(self) -> bool:
        """Was it answered?"""
        return bool(self.transport._pending)

    def result(self) -> Any:
        """Wait for the answer and finish the operation. KernelError, PanicError."""
        return self._greenlet.switch(self.transport.receive())


class _Hook:
    """sysent[511] for a while: a Python function as a system call.

    It is a kernel function at an address of its own, where no code is.
    """

    NUMBER = SYS_NSYSENT - 1
    PROTO = Prototype("int hook(struct lwp *l, const void *v, register_t *retval)")

    def __init__(self, k: Kernel, action: Callable[[], object]) -> None:
        self.k, self.action = k, action

    def __enter__(self) -> int:
        k = self.k
        self.stub = KernelFunction(self.PROTO, self._run)
        self.stub.binding = self.PROTO.bind(k.port)
        self.stub.addr = k.heap.alloc(1)
        k.engine.stubs[self.stub.addr] = self.stub
        self.slot = (
            k.system_calls.sysent
            + self.NUMBER * k.system_calls.layout.size
            + k.system_calls.layout.offsetof("sy_call")
        )
        self.old = k.mem.ptr(self.slot)
        k.mem.set_ptr(self.slot, self.stub.addr)
        return self.NUMBER

    def _run(self, k: Kernel, *args: int) -> int:
        self.action()
        return 0

    def __exit__(self, *exc: object) -> None:
        if not self.k.dead:
            self.k.mem.set_ptr(self.slot, self.old)
            del self.k.engine.stubs[self.stub.addr]
            self.k.heap.free(self.stub.addr)


def loads(lab: Lab, row: Callable[[str], tuple[Path, str, tuple[str, ...]]]) -> Iterator[Callable[..., Lab]]:
    """A fixture: load(key, *flags) loads a source; at the end all are unloaded and every table is as at boot.

    `row(key)` is the source's file, its module's name, and the compiler's flags.
    """
    names: list[str] = []

    def load(key: str, *flags: str) -> Lab:
        path, name, usual = row(key)
        lab.load(path, name=name, flags=(*usual, *flags))
        names.insert(0, name)
        return lab

    yield load
    for name in names:
        modules.unload(lab.p, name)
    assert lab.tables() == lab.boot_tables


def transport(p: Process) -> InsideTransport:
    """The connection of a process of a Lab's kernel: its frames one by one."""
    inside = p._transport
    assert isinstance(inside, InsideTransport)
    return inside


def put(p: Process, path: str, data: bytes, mode: int = 0o644) -> None:
    """Make a file with that content."""
    fd = p.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
    assert p.write(fd, data) == len(data)
    p.close(fd)


def get(p: Process, path: str) -> bytes:
    """A file's content, in pieces of 1000 bytes."""
    fd = p.open(path)
    data = b""
    while part := p.read(fd, 1000):
        data += part
    p.close(fd)
    return data


def append_and_replace(p: Process, path: str) -> None:
    """O_APPEND writes at the end each time, O_TRUNC begins anew."""
    before = get(p, path)
    fd = p.open(path, O_WRONLY | O_APPEND)
    p.write(fd, b"ab")
    p.write(fd, b"cd")
    p.close(fd)
    assert get(p, path) == before + b"abcd"
    put(p, path, b"new")
    assert get(p, path) == b"new"
