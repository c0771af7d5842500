"""One booted kernel: its memory, its symbols, its processes. The daemon drives it by step().

Boot order: RAM, kernel text (a stub for each exported function), kernel data (every exported variable and
table), the kernel map, drivers, /dev, process 1. A kernel is used once: after a panic a new one is booted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from lkmtools.abi import elf
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.kernel import OSRELEASE, OSTYPE
from lkmtools.abi.module import MOD_LOAD
from lkmtools.abi.signal import SIGCONT, SIGTSTP
from lkmtools.abi.vmparam import PAGE_SIZE, trunc_page
from lkmtools.errors import LkmtoolsError, bug
from lkmtools.evidence import Evidence
from lkmtools.kern import clients, failures, init_main, init_sysctl, rows
from lkmtools.kern.base.console import Console
from lkmtools.kern.base.cred import Cred
from lkmtools.kern.base.lkm_list import ModuleList
from lkmtools.kern.base.location import Location
from lkmtools.kern.base.options import Config, wrong_ram
from lkmtools.kern.base.panic import KernelPanic
from lkmtools.kern.base.plan import KernelPlan
from lkmtools.kern.base.request import Reply, Request
from lkmtools.kern.dev import conf
from lkmtools.kern.exec.exec_conf import Formats
from lkmtools.kern.exec.kern_fork import Spawn, spawn
from lkmtools.kern.lkm import kern_lkm, ksyms_dev
from lkmtools.kern.lkm.kern_ksyms import Symbols, kernel_rows
from lkmtools.kern.lkm.lkm_life import Lkm
from lkmtools.kern.proc import syscall
from lkmtools.kern.proc.hostfile import HostPoll, dispose_host_files
from lkmtools.kern.proc.kern_clock import Clock
from lkmtools.kern.proc.kern_copy import user_pages
from lkmtools.kern.proc.kern_pgrp import group
from lkmtools.kern.proc.kern_proc import Exit, Lwp, Proc, Processes, end_lwp, find_lwp
from lkmtools.kern.proc.kern_sig import signal_proc, stop_asleep
from lkmtools.kern.proc.kern_subr import Hook
from lkmtools.kern.proc.kern_synch import Scheduler
from lkmtools.kern.proc.subr_workqueue import WorkQueue
from lkmtools.kern.proc.sys_select import Pollers
from lkmtools.kern.proc.sysctl_tree import SysctlTree
from lkmtools.kern.sync.kern_timeout import Callouts
from lkmtools.kern.sync.kern_timeout_old import Timeouts
from lkmtools.kern.sync.subr_lockdebug import Locks
from lkmtools.kern.sync.subr_pool import Pool
from lkmtools.kern.sync.subr_specificdata import Domain
from lkmtools.kern.uvm.kern_malloc import Heap, MallocTypes
from lkmtools.kern.uvm.uvm_km import KernelMap
from lkmtools.kern.uvm.uvm_map import Sharer
from lkmtools.kern.vfs.vfs_mount import Vfs
from lkmtools.kern.vfs.vfs_mountroot import vfs_mountroot
from lkmtools.kern.vitals_writer import Vitals
from lkmtools.machine import (
    READ,
    WRITE,
    Cpu,
    Engine,
    Frames,
    MemFault,
    Memory,
    Port,
    Thread,
    engines,
    measure_rate,
    port,
)

if TYPE_CHECKING:
    from lkmtools.abi.datamodel import DataModel
    from lkmtools.machine.memory import Checked

KSTACK = 8 * PAGE_SIZE
_PROGRAM_SHARE = 4  # of RAM: this part is for programs


def prepare(config: Config) -> None:
    """For a process that forks a child for each boot: do what is the same at each. MemoryError."""
    machine = port(config.machine)
    rows.plan(machine, config.lkm)
    if not config.rate:
        measure_rate()
    engines(machine).make_ahead()


class Kernel:
    """A simulated kernel. Make it, boot() it, then attach() processes, submit() their calls and step()."""

    config: Config
    version: str
    port: Port
    plan: KernelPlan
    dm: DataModel
    evidence: Evidence
    mem: Memory
    umem: Checked
    engine: Engine
    modules: ModuleList
    frames: Frames
    kmap: KernelMap
    heap: Heap
    locks: Locks
    callouts: Callouts
    timeouts: Timeouts
    specificdata: dict[int, Domain]
    workqueues: dict[int, WorkQueue]
    hooks: dict[int, Hook]
    pools: dict[int, Pool]
    sched: Scheduler
    vitals: Vitals
    pollers: Pollers
    host: HostPoll
    clock: Clock
    clock_ahead: float  # of the host's time of day, in seconds
    system_calls: syscall.SystemCalls
    sysctl: SysctlTree
    vfs: Vfs
    formats: Formats
    ksyms: Symbols
    lkm: Lkm

    def __init__(
        self, config: Config, console: Console, bootno: int = 1, evidence: Evidence | None = None
    ) -> None:
        """`evidence` is memory that outlives the kernel; else it has memory of its own."""
        self.config = config
        self._given = evidence
        self.console = console
        self.bootno = bootno
        self.port = port(config.machine)
        self.dm = self.port.dm
        self.version = f"{OSTYPE} {OSRELEASE} (LKMTOOLS) #{bootno}"
        self.on_preempt: Callable[[], None] = lambda: None
        self.on_report: Callable[[Proc | None, str, str], None] = lambda proc, text, record: None
        self.linger = 0.0  # seconds for which programs let a client that got an answer make its next request
        self.clock_ahead = 0.0
        self.dead = False  # panicked or shut down: nothing runs any more
        self.halted = False  # shut down
        self.lwps: dict[int, Lwp] = {}
        self.procs = Processes()
        self.plan = rows.plan(self.port, config.lkm)
        self.calls = 0
        self.programs = 0  # that run
        self._strings: dict[str, int] = {}
        self._held = ExitStack()  # what of the host's is given back at the end

    # -- boot -------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Come up; afterwards the first process can attach. A kernel that cannot is shut down."""
        try:
            self._machine()
            self._kernel()
        except BaseException:
            self.shutdown()
            raise
        self.console.write(init_main.banner(self))

    def _machine(self) -> None:
        """RAM, the CPU, and the kernel's text with its symbols."""
        ram = self.config.ram
        if why := wrong_ram(ram):
            raise LkmtoolsError(f"option ram is {ram}: {why}")
        self.evidence = self._given or Evidence(ram)
        if self._given is None:
            self._held.callback(self.evidence.close)
        self.mem = Memory(self.port.kernbase, ram, self.dm, self.evidence.ram)
        self._held.callback(self.mem.close)
        self.engine = Engine(
            self.mem, self.plan.text, self, self.evidence.calls, self.config.rate, self._cpu()
        )
        self.umem = self.mem.checked
        self._held.callback(self.engine.close)
        failures.connect(self, self.engine)
        self.engine.watchdog_limit = self.config.watchdog
        self.engine.entry_limit = self.config.entry_limit
        self.engine.name_of = self.symbolize
        self.engine.on_tick = self._tick
        self.engine.new_stack = self._new_stack
        form = elf.codec(8 * self.dm.pointer, self.dm.byteorder)
        self.ksyms = Symbols(
            form, self.port.e_machine, self.plan.symbols, lambda: kernel_rows(self, rows.DATA)
        )
        self._held.callback(self.ksyms.close)

    def _cpu(self) -> Callable[..., Cpu]:
        """What makes the CPU: for direct user memory another one, with another accessor."""
        if self.config.user_memory == "guarded":
            return Cpu
        from lkmtools.machine.direct import DirectCpu, DirectMemory

        pages = partial(user_pages, self)
        self.mem.checked = DirectMemory(self.mem, pages)
        return partial(DirectCpu, pages)

    def _kernel(self) -> None:
        """Its data, and each of its parts in the order in which they need one another."""
        self.modules = ModuleList(self)
        self.locks = Locks()
        self.malloc_types = MallocTypes(self)
        self.sched = Scheduler(self, stop_asleep)
        self.vitals = Vitals(self)
        self.callouts = Callouts(self)
        self.timeouts = Timeouts(self)
        self.specificdata = {}
        self.workqueues = {}
        self.hooks = {}
        self.pools = {}
        self.pollers = Pollers()
        self.host = HostPoll()
        self._held.callback(self.host.close)
        self._data()
        self.clock = Clock(self)
        self.system_calls = syscall.SystemCalls(self)
        self.sysctl = SysctlTree(self, init_sysctl.NODES, "sysctl_own")
        self.formats = Formats(self)
        self.lkm = Lkm(self)
        self.vfs = Vfs(self)
        vfs_mountroot(self)
        self._held.callback(self.vfs.hostfs.close)
        conf.attach_drivers(self)
        kern_lkm.lkmattach(self)
        ksyms_dev.ksyms_modevent(self, MOD_LOAD)
        self._processes()

    def _data(self) -> None:
        """Fill the kernel's variables, behind its text; the kernel map gets the rest."""
        start, data_end = self.plan.data
        programs = self.mem.size - trunc_page(self.mem.size // _PROGRAM_SHARE)
        self.frames = Frames(self.mem, programs, self.mem.size)  # no kernel address means them
        end = self.mem.base + programs
        self.engine.cpu.protect(start, data_end - start, READ | WRITE)
        self.kmap = KernelMap(self.mem, self.engine.cpu, data_end + PAGE_SIZE, end - PAGE_SIZE)
        self.kmap.on_free = self._freed
        self.heap = Heap(self.mem, self.kmap)
        self.vitals.variables()
        for init, addr in self.plan.inits:
            init(self, addr)

    def _freed(self, addr: int, size: int) -> None:
        """Kernel memory is given back: what the kernel knows of the objects in it goes."""
        self.locks.forget(addr, size)
        self.malloc_types.forget(addr, size)

    def _processes(self) -> None:
        """Process 0, whose lwp runs soft interrupts, and process 1, which owns the boot."""
        clients.swapper(self)
        self.mem.set_ptr(self.symbol("initproc"), self.attach(Cred(0, 0), "init", 0).addr)

    # -- what the daemon calls ----------------------------------------------------------------------------

    def attach(self, cred: Cred, comm: str, host_pid: int, mapper: Sharer | None = None) -> Proc:
        """A new client process; EAGAIN. What it maps, `mapper` maps; without one it has ENOMEM."""
        return clients.attach(self, cred, comm, host_pid, mapper)

    def submit(self, proc: Proc, request: Request, reply: Callable[[Reply], None]) -> None:
        """Queue a system call of `proc`; step() runs it, and `reply` gets the answer."""
        proc.work.append((request, reply))
        if not proc.busy:
            proc.busy = True
            self.sched.runq.ready(proc.lwp)

    def spawn(self, parent: Proc, cred: Cred, what: Spawn, on_exit: Callable[[Exit], None]) -> Proc:
        """Start a program as a child of a client; step() runs it. KernelError (EAGAIN)."""
        return spawn(self, parent, cred, what, on_exit)

    def signal(self, proc: Proc, signo: int) -> None:
        """Signal a process and its group, as a terminal does; stopped ones continue and take it."""
        for member in group(self, proc.pgid):
            signal_proc(self, member, signo)
            if member.program is not None and member.program.stopped and signo != SIGTSTP:
                signal_proc(self, member, SIGCONT)

    def detach(self, proc: Proc) -> None:
        """The client is gone: the process exits, after the call in progress if there is one.

        The programs it started get SIGHUP.
        """
        clients.detach(self, proc)

    def step(self) -> None:
        """One round of the scheduler. Raises KernelPanic."""
        try:
            self.sched.step()
        except KernelPanic:
            self.dead = True
            raise
        except MemFault as fault:  # in work for no kernel function: a table that leads nowhere
            failures.fault(self, self.engine.current, fault, None)
        except Exception as error:
            raise failures.panicked(self, bug(error, place=False), None) from None

    def timeout(self) -> float | None:
        """Seconds until step() has work, hangs aside: 0 now, None if only submit() or detach() makes some."""
        return self.sched.timeout()

    def shutdown(self) -> None:
        """End every lwp where it stands and free the machine. Also after a panic."""
        self.dead = self.halted = True
        for proc in tuple(self.procs.values()):
            end_lwp(proc.lwp)
            if proc.program is not None and not proc.zombie:
                dispose_host_files(proc.files)
        self._held.close()

    # -- services for the rest of the kernel ----------------------------------------------------------------

    def now(self) -> float:
        """The time of day, in seconds since 1970: the host's, unless a process has set another."""
        return time.time() + self.clock_ahead

    def symbol(self, name: str) -> int:
        """The address of a kernel symbol."""
        return self.plan.symbols[name]

    def string(self, text: str) -> int:
        """The address of a constant C string in kernel memory, made once."""
        addr = self._strings.get(text)
        if addr is None:
            data = text.encode(*C_TEXT) + b"\0"
            addr = self._strings[text] = self.heap.alloc(len(data))
            self.mem.write(addr, data)
        return addr

    def lwp_at(self, addr: int) -> Lwp:
        """The lwp of a struct lwp, or of a struct proc from an older module; anything else is a panic."""
        lwp = find_lwp(self, addr)
        if lwp is None:
            what = "is a struct proc, not a struct lwp" if addr in self.procs.at else "is not a struct lwp"
            self.panic(f"{addr:#x} {what}")
        return lwp

    @property
    def securelevel(self) -> int:
        """The kernel variable of that name."""
        return self.mem.i32(self.symbol("securelevel"))

    def locate(self, addr: int) -> Location | None:
        """The symbol at or before an address of a module (loaded with -s or not) or of the kernel."""
        found = self.modules.locate(addr)
        if found is not None:
            return Location(found[0], addr - found[1], found[2])
        place = self.ksyms.locate(addr)
        return None if place is None else Location(place.symbol.name, place.offset, None)

    def symbolize(self, addr: int, returns: bool = False) -> str:
        """An address as function+offset [module].

        `returns`: it is a return address, so the call is before it.
        """
        probe = addr - 1 if returns else addr
        found = self.modules.locate(probe)
        if found is not None:
            name, start, module = found
            return f"{name}+{addr - start:#x} [{module}]"
        fn = self.engine.stubs.get(probe & -16)
        if fn is not None:
            return f"{fn.name}+{addr - fn.addr:#x} [kernel]"
        if 0 <= probe - self.plan.text.start < self.plan.text.size:
            return "the kernel"
        gone = self.modules.unloaded_at(probe)
        if gone is None:
            return f"{addr:#x}"
        name, start = gone.function(probe)
        return f"{name}+{addr - start:#x} [{gone.title}, unloaded]"

    def function_start(self, pc: int) -> int | None:
        """The first address of the module function that holds `pc`."""
        found = self.modules.locate(pc)
        return found[1] if found is not None else None

    def panic(self, reason: str, notes: tuple[str, ...] = (), place: int = 0) -> NoReturn:
        """Stop this kernel. `notes` are further lines of its report.

        `place` is an address of a module that the reason is about: the first line of the backtrace.
        """
        raise failures.panicked(self, reason, notes=notes, place=place)

    def report(self, reason: str, lwp: Lwp | None = None, notes: tuple[str, ...] = ()) -> None:
        """Say what is wrong with an lwp (None: the one that runs), and go on; or panic."""
        failures.reported(self, reason, lwp or self.sched.current, notes)

    def _tick(self, thread: Thread) -> None:
        """The clock ticks while module code runs."""
        self.vitals.tick()
        self.sched.preempt()

    def _new_stack(self, thread: Thread) -> None:
        base = self.kmap.alloc(KSTACK, READ | WRITE)
        if not base:
            self.panic("out of kernel memory for a stack")
        thread.stack_base, thread.stack_top = base, base + KSTACK
        thread.born = self.engine.cpu.cell.blocks
