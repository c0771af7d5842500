"""Calls of kernel functions with any arguments, made by a module's machine code, from a seed.

A Caller has a kernel with a module in it that calls whatever it is told. Arguments are random numbers,
boundaries, and pointers to what lives in that kernel. After a panic there is another kernel.
"""

from __future__ import annotations

import random
import struct
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lkmtools import modules
from lkmtools.abi.conf import makedev
from lkmtools.abi.fcntl import O_CREAT, O_RDWR
from lkmtools.abi.stat import S_IFBLK, S_IFCHR
from lkmtools.abi.syscall import SYS_NSYSENT
from lkmtools.errors import DaemonError
from lkmtools.kern import KernelPanic, Reply, Request, rows
from lkmtools.kern.base.export import Function
from lkmtools.kern.proc.kern_synch import curlwp
from lkmtools.local import LocalKernel
from lkmtools.local.inside import InsideTransport
from lkmtools.machine import KernelFunction, Prototype
from lkmtools.proto import Result
from support.kernel_calls_module import FITTING

WORDS = 10  # arguments that probe_call() passes on
RAM = 16 << 20
_LONG = 1 << 20  # bytes of a long string
INTS = (0, 1, -1, 2, 3, 7, 16, 63, 64, 255, 256, 511, 4095, 4096, 65535, 65536, 0x7FFF_FFFF, -0x8000_0000)
_CALL = Prototype(f"u_long probe_call(void *fn, {', '.join(['u_long a'] * WORDS)})")
_HOOK = Prototype("int hook(struct lwp *l, const void *v, register_t *retval)")
_STRUCT = 64  # words of a struct of any content
_NUMBER = 210  # of a system call that is a module's
_LIKELY = ("vnode", "mount", "lwp", "cred", "probe_uio", "probe_block", "probe_path", "*probe_buf")
_ROUNDS = 200  # of the scheduler, before a call that goes on yielding is left alone
BY_NAME: dict[str, Function] = {row.proto.name: row for row in rows.FUNCTIONS if row.written}


class Call(NamedTuple):
    """One call that was made, and what came of it: "returned", "errno", "slept", "exited" or "panic"."""

    name: str
    args: tuple[int, ...]
    outcome: str
    reason: str
    work: int
    bound: int
    micros: float

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(hex, self.args))}): {self.outcome} {self.reason}"


def prototypes() -> list[Prototype]:
    """What the kernel calls through tables and pointers: every prototype that its files name."""
    found: dict[str, Prototype] = {}
    for module in rows.MODULES:
        for value in vars(module).values():
            values = value.values() if isinstance(value, dict) else (value,)
            found.update({proto.text: proto for proto in values if isinstance(proto, Prototype)})
    return [found[text] for text in sorted(found)]


class Spent:
    """Work of a call, and processor time."""

    def __init__(self) -> None:
        self.work = self._work = 0
        self.micros = self._began = 0.0

    def begin(self, work: int) -> None:
        """It begins, with the counter at `work`."""
        self._work, self._began = work, time.process_time()

    def end(self, work: int) -> None:
        """It ends, with the counter at `work`."""
        self.work, self.micros = work - self._work, (time.process_time() - self._began) * 1e6


class Impatient(InsideTransport):
    """A process's requests, which are given up when they sleep."""

    __slots__ = ()

    def receive(self) -> Result:
        """The answer; DaemonError when there is none yet and nothing is runnable."""
        for _ in range(_ROUNDS):
            if self._pending:
                return Result(*self._pending.pop())
            if self._lk.kernel.timeout() != 0:
                break
            self._lk.run()
        raise DaemonError("it sleeps")


class Caller:
    """A kernel of `machine` with the module in `obj`, and random numbers by `seed`.

    Hostfs shows the directory `shared` in it, and writes there.
    """

    def __init__(self, machine: str, obj: Path, shared: Path, seed: int) -> None:
        self.machine, self.obj, self.shared = machine, obj, shared
        self.random = random.Random(f"{machine} {seed}")
        self.lk = LocalKernel(inside=True, machine=machine, ram=RAM, entry_limit=0.5, watchdog=0.5)
        self.boots = 0
        self.prepare()

    def close(self) -> None:
        """Shut down."""
        self.lk.close()

    @property
    def k(self) -> Any:
        """The kern.Kernel that is up."""
        return self.lk.kernel

    # -- the kernel ---------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Load the module, make a process that calls it, and find what pointers can point to."""
        k = self.k
        self.boots += 1
        p = self.lk.process("loader")
        p.open("/tmp/file", O_RDWR | O_CREAT)
        p.open("/tmp")
        p.mount("hostfs", "/mnt", self.lk.share(str(self.shared), writable=True))
        p.open("/mnt/file", O_RDWR | O_CREAT)
        p.open("/mnt")
        loaded = modules.load(p, self.obj)
        symbols = {symbol.name: symbol.value for symbol in loaded.image.symbols}
        self.entry = symbols["probe_call"]
        p.mknod("/dev/char", S_IFCHR | 0o666, makedev(200, 0))
        p.mknod("/dev/block", S_IFBLK | 0o666, makedev(200, 0))
        p._transport.__class__ = Impatient
        self.process = p
        self.proc = k.attach(p._transport.proc.cred, "probe", 1)  # type: ignore[attr-defined]
        self.hooked: Callable[[], int] = lambda: 0
        stub = KernelFunction(_HOOK, lambda *_: self.hooked())
        stub.binding, stub.addr = _HOOK.bind(k.port), k.heap.alloc(1)
        k.engine.stubs[stub.addr] = stub
        number = SYS_NSYSENT - 1
        k.mem.set_ptr(
            k.system_calls.sysent
            + number * k.system_calls.layout.size
            + k.system_calls.layout.offsetof("sy_call"),
            stub.addr,
        )
        self.real = dict(self._real(symbols))
        self.pointers = sorted(set(self.real.values()))

    def _real(self, symbols: dict[str, int]) -> Iterator[tuple[str, int]]:
        k = self.k
        load = k.mem.ptr
        for name, addr in symbols.items():
            yield name, addr
            if name in ("probe_heap", "probe_freed", "probe_buf"):
                yield f"*{name}", load(addr)
        for row in rows.DATA:
            yield row.name, k.symbol(row.name)
        yield "lwp", self.proc.lwp.addr
        yield "proc", self.proc.addr
        yield "curlwp", load(curlwp(k))
        yield "stub", k.symbol("printf")
        yield "cred", k.mem.ptr(self.proc.lwp.cred)
        yield "lkm_table", k.modules.by_id[0].table
        for vp in k.vfs.vnodes:
            yield f"vnode {vp:#x}", vp
        for mp in k.vfs.mounts:
            yield f"mount {mp:#x}", mp
        for name, text in (("long text", b"A"), ("long format", b"%d%s"), ("long names", b"\1A")):
            addr = k.heap.alloc(_LONG, 0, False)
            k.mem.write(addr, (text * _LONG)[: _LONG - 1] + b"\0")
            yield name, addr
        for addr in sorted(k.heap.blocks)[:20]:
            yield f"block {addr:#x}", addr

    def run(self, action: Callable[[], int]) -> tuple[str, str]:
        """Run `action` as a system call of the process: what came of it, and why."""
        k = self.k
        replies: list[Reply] = []
        self.hooked = action
        if k.procs.get(self.proc.pid) is not self.proc or self.proc.busy:
            self.proc = k.attach(self.proc.cred, "probe", 1)
        k.submit(self.proc, Request(SYS_NSYSENT - 1, (), ()), replies.append)
        try:
            for _ in range(_ROUNDS):
                k.host.poll(k)
                k.step()
                if replies or k.timeout() != 0:
                    break
        except KernelPanic as panic:
            self.lk.reboot()
            self.prepare()
            return "panic", panic.reason
        if replies:
            return ("errno", replies[0].reason) if replies[0].errno else ("returned", "")
        if k.procs.get(self.proc.pid) is not self.proc:
            return "exited", ""
        k.detach(self.proc)
        return "slept", self.proc.lwp.wmesg

    # -- the calls ----------------------------------------------------------------------------------------

    def call(self, name: str, args: tuple[int, ...], entry: Callable[[], int] | None = None) -> Call:
        """Have the module call `name`, or do what `entry` does instead."""
        k = self.k
        words = args[:WORDS] + (0,) * (WORDS - len(args))
        addr, mem, spent = k.symbol(name), k.umem, Spent()

        def timed() -> int:
            spent.begin(mem.work)
            try:
                return entry() if entry is not None else int(k.engine.call(_CALL, self.entry, addr, *words))
            finally:
                spent.end(mem.work)

        outcome, reason = self.run(timed)
        return Call(name, args, outcome, reason, spent.work, BY_NAME[name].bound.of(RAM), spent.micros)

    def fill(self) -> None:
        """Put numbers and pointers into the memory that pointers to structs may point to."""
        likely = [addr for name, addr in self.real.items() if name.startswith(_LIKELY)]
        words = [
            self.random.choice(likely) if self.random.random() < 0.5 else self.number() & self.k.dm.mask
            for _ in range(_STRUCT)
        ]
        codec = struct.Struct(f"{self.k.dm.order}{_STRUCT}{self.k.dm.word}")
        self.k.mem.write(self.real["probe_block"], codec.pack(*words) * 8)

    def number(self) -> int:
        """A number: small, a boundary, random, or an address."""
        pick = self.random.random()
        if pick < 0.3:
            return self.random.choice(INTS)
        if pick < 0.5:
            return self.random.randrange(0, 200)
        if pick < 0.6:
            return self.random.getrandbits(64) - (1 << 63)
        if pick < 0.7:
            return self.edge()
        return self.pointer()

    def edge(self) -> int:
        """An address at a boundary: of RAM, of a page, or beside something."""
        base: int = self.k.mem.base
        size: int = self.k.mem.size
        kind = self.random.randrange(5)
        if kind == 0:
            return self.random.choice((base, base - 1, base + size, base + size - 1))
        if kind == 1:
            return base + self.random.randrange(size >> 12) * 4096 - self.random.choice((0, 1, 4))
        if kind == 2:
            return base + self.random.randrange(size)
        if kind == 3:
            return self.random.choice((1 << 31, (1 << 31) - 1, 1 << 63, (1 << 63) - 1, (1 << 64) - 1))
        return self.random.choice(self.pointers) + self.random.choice((1, 2, 3, 8, 100, -1, -8))

    def pointer(self) -> int:
        """The address of something that lives in this kernel."""
        return self.random.choice(self.pointers)

    def fitting(self, text: str) -> int | None:
        """For a parameter declared so, a pointer to such a thing."""
        if ("struct" in text and self.random.random() < 0.4) or text == "void *v":
            return self.real["probe_block"]
        for part, names in FITTING:
            if part in text:
                found = [addr for name in names for key, addr in self.real.items() if key.startswith(name)]
                return self.random.choice(found) if found else None
        return None

    def values(self, proto: Prototype) -> tuple[int, ...]:
        """Arguments of a function."""
        self.fill()
        values: list[int] = []
        for param in proto.params:
            value = self.fitting(param.text) if self.random.random() < 0.6 else None
            if value is None and param.type.name not in ("pointer", "va_list") and self.random.random() < 0.8:
                value = self.random.choice(INTS) if self.random.random() < 0.5 else self.random.randrange(70)
            values.append(self.number() if value is None else value)
        return tuple(values)

    def arguments(self, proto: Prototype) -> tuple[int, ...]:
        """Argument words for a function, and some more."""
        words = list(proto.bind(self.k.port).encode(self.values(proto)))
        while len(words) < WORDS:
            words.append(self.number() & self.k.dm.mask)
        return tuple(words)

    # -- as what stands in a table ------------------------------------------------------------------------

    def called_as(self, proto: Prototype, name: str) -> Call:
        """Have the kernel call function `name` as what stands in a table of `proto`."""
        k, addr, binding = self.k, self.k.symbol(name), proto.bind(self.k.port)
        args = binding.decode_words(binding.encode(self.values(proto)))  # what fits into it

        def entry() -> int:
            result = int(k.engine.call(proto, addr, *args))
            least, most = binding.limits
            assert least <= result <= most, f"{name} as {proto.name} gave {result:#x}"
            return 0

        return self.call(name, args, entry)


def checked(made: Call) -> Call:
    """The call, which must have stayed within its bound and met no error of ours."""
    assert "internal error" not in made.reason, str(made)
    assert made.work <= made.bound, str(made)
    return made
