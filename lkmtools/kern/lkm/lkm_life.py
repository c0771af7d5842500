"""The life of modules: reserved, loaded, entered, unloaded, released (kern_lkm.c 1.98 of NetBSD 5.2).

The ioctls of /dev/lkm (kern_lkm.py) call it. A load that fails leaves nothing behind: memory, id, symbols and
rows in the kernel's tables are released.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from lkmtools.abi import lkm as abi
from lkmtools.abi.errno import EBUSY, EINVAL, ENOENT, ENOMEM, errno_name, returned, strerror
from lkmtools.abi.vmparam import round_page
from lkmtools.errors import KernelError
from lkmtools.kern.base.lkm_record import LoadableModule
from lkmtools.kern.lib import subr_evcnt
from lkmtools.kern.lkm import kern_ksyms, lkm_busy, lkm_dispatch, lkm_refs
from lkmtools.kern.lkm.lkm_wait import Waiters
from lkmtools.kern.proc import kern_subr, subr_workqueue
from lkmtools.kern.proc.syscall import replaced
from lkmtools.kern.sync import subr_pool
from lkmtools.machine import EXEC, READ, WRITE, Prototype
from lkmtools.near import instead

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.lkm.kern_lkm import Open
    from lkmtools.machine.memory import View

ENTRY = Prototype("int entry(struct lkm_table *lkmtp, int cmd, int ver)")


class Lkm:
    """What this room keeps of a kernel beside the list of modules (k.modules), and what happens to a module.

    `open` is the open /dev/lkm, when there is one.
    """

    def __init__(self, k: Kernel) -> None:
        self._k = k
        self.open: Open | None = None
        self.waiters = Waiters(k)
        self.reserved = 0  # modules that are not loaded yet
        self.layout = abi.lkm_table.layout(k.dm)
        self._refcnt, self._entry = self.layout.offsetof("refcnt"), self.layout.offsetof("entry")
        self.memory = self.layout.select("private", "size", "area")
        self.private = abi.lkm_any.layout(k.dm).select("lkm_type", "lkm_name", "lkm_offset")
        self.stat = abi.lmc_stat.layout(k.dm)

    # -- finding ----------------------------------------------------------------------------------------

    def view(self, module: LoadableModule) -> View:
        """A module's struct lkm_table."""
        return self._k.mem.view(self.layout, module.table)

    def loaded(self, first: int = 0) -> Iterator[LoadableModule]:
        """The modules that are in use (refcnt 1) from id `first` on, by id; none may come or go meanwhile."""
        modules = self._k.modules
        for ident in modules.ids[bisect_left(modules.ids, first) :]:
            if self._in_use(module := modules.by_id[ident]):
                yield module

    def highest(self) -> int:
        """The highest id of a module that is in use; -1 if there is none."""
        modules = self._k.modules
        return next((n for n in reversed(modules.ids) if self._in_use(modules.by_id[n])), -1)

    def _in_use(self, module: LoadableModule) -> bool:
        return self._k.mem.u8(module.table + self._refcnt) != 0

    def find(self, ident: int, name: Callable[[], str]) -> LoadableModule:
        """A loaded module by id, or by name when the id is negative.

        EINVAL beyond the highest id, and where nothing is loaded; ENOENT.
        """
        if ident < 0:
            wanted = name()
            named = self._k.modules.by_name(wanted)
            if not named and self.highest() < 0:
                raise KernelError(EINVAL, f"no module is called '{wanted}'; none is loaded")
            if not named:
                other = instead(wanted, (module.name for module in self.loaded()), "loaded:")
                raise KernelError(ENOENT, f"no module is called '{wanted}'; {other}")
            return named[0]
        found = self._k.modules.by_id.get(ident)
        if found is not None and self._in_use(found):
            return found
        self.within(ident)
        raise KernelError(ENOENT, f"no module has ID {ident}")

    def within(self, ident: int) -> None:
        """EINVAL for an id beyond the highest one."""
        highest = self.highest()
        if ident > highest:
            known = f"the highest is {highest}" if highest >= 0 else "no module is loaded"
            raise KernelError(EINVAL, f"no module has ID {ident}; {known}")

    def holder(self) -> dict[str, Any] | None:
        """The process that has /dev/lkm open, for `lkmctl status`."""
        holder = self.open.proc if self.open else None
        if holder is None:
            return None
        return {"comm": holder.comm, "pid": holder.host_pid, "process": holder.pid}

    # -- life -------------------------------------------------------------------------------------------

    def reserve(self, size: int, sym_size: int, sym_symsize: int, path: str) -> LoadableModule:
        """Memory, a table entry and the lowest free id. EINVAL for a size that makes no sense; ENOMEM."""
        k = self._k
        if not 0 < size <= abi.MAX_IMAGE:
            raise KernelError(EINVAL, f"the image has {size} bytes; it must have 1 to {abi.MAX_IMAGE}")
        if sym_size > abi.MAX_IMAGE:
            raise KernelError(EINVAL, f"the symbols have {sym_size} bytes; the limit is {abi.MAX_IMAGE}")
        if sym_symsize > sym_size:
            raise KernelError(EINVAL, f"sym_symsize {sym_symsize} is more than sym_size {sym_size}")
        taken: list[int] = []
        try:
            area = self._memory(size, taken)
            syms = self._memory(sym_size, taken) if sym_size else 0
            table = k.heap.alloc(self.layout.size)
            if not table:
                raise KernelError(ENOMEM, "no kernel memory for a table entry")
        except KernelError:
            for addr in taken:
                k.kmap.free(addr)
            raise
        ident = k.modules.next_id()
        k.mem.write(
            table,
            self.layout.pack(
                id=ident, size=size, area=area, syms=syms, sym_size=sym_size, sym_symsize=sym_symsize,
            ),
        )  # fmt: skip
        module = LoadableModule(ident, table, area, round_page(size), syms, path)
        k.modules.insert(module)
        self.reserved += 1
        return module

    def _memory(self, size: int, taken: list[int]) -> int:
        addr = self._k.kmap.alloc(size, READ | WRITE)
        if not addr:
            raise KernelError(ENOMEM, f"no kernel memory for {size} bytes")
        taken.append(addr)
        return addr

    def release(self, module: LoadableModule) -> None:
        """Give back everything a module has; its memory when the last call in it has returned."""
        k = self._k
        k.vitals.gone(module)
        self.reserved -= not module.loaded
        if module.exports:
            kern_ksyms.delsymtab(k, module)
        elif module.loaded:
            k.ksyms.unkeep(module)
        k.modules.remove(module)
        lkm_refs.unlink(k, module)
        inside = [lwp for lwp in k.lwps.values() if module.holds(lwp.sy_call)]
        inside += [call.lwp for call in lkm_refs.calls(k, module)]  # came while its unload handler slept
        for lwp in inside:
            lwp.kept.add(module.area)
        left = replaced(k.mem, k.plan, lambda addr: "" if module.holds(addr) else None)
        for name in left:
            k.console.write(f"LKM '{module.title}': system call {name} still leads into it\n")
        if count := subr_evcnt.forget(k, module.holds):
            k.console.write(f"LKM '{module.title}': {count} event counters were not detached\n")
        if k.vfs.forget_hooks(module.holds):
            k.console.write(f"LKM '{module.title}': its vfs_hooks were not detached\n")
        k.vfs.forget_vectors(module.holds)
        for path in k.sysctl.forget(module.holds):
            k.console.write(f"LKM '{module.title}': sysctl node {path} was not removed\n")
        for title in subr_workqueue.forget(k, module.holds):
            k.console.write(f"LKM '{module.title}': work queue '{title}' was not destroyed\n")
        for title in subr_pool.forget(k, module.holds):
            k.console.write(f"LKM '{module.title}': pool '{title}' was not destroyed\n")
        for kind in kern_subr.forget(k, module.holds):
            k.console.write(f"LKM '{module.title}': its {kind} hook was not disestablished\n")
        for lwp in inside:
            if lwp.kthread:
                who = f"kernel thread '{lwp.proc.comm}' (pid {lwp.proc.pid})"
                k.console.write(f"LKM '{module.title}': {who} still runs in it\n")
        if not inside:
            k.kmap.free(module.area)
        if module.syms:
            k.kmap.free(module.syms)
        k.heap.free(module.table)

    def ready(self, module: LoadableModule, entry: int) -> None:
        """The image is whole: set permissions and call its entry point. A failure undoes what was wired."""
        k, view = self._k, self.view(module)
        if not module.holds(entry):
            raise KernelError(
                EINVAL,
                f"entry point {entry:#x} is outside {module.area:#x} to {module.area + module.size:#x}",
            )
        self._protect(module)
        view.entry = entry
        k.vitals.loading(module)
        self.enter(module, abi.LKM_E_LOAD)
        try:
            if not module.holds(view.private):
                raise KernelError(
                    EINVAL, "its entry point succeeded without setting lkmtp->private (DISPATCH does)"
                )
            module.name = lkm_dispatch.module_name(k, view.private)
            if view.sym_size and view.sym_offset == view.sym_size:
                syms = k.mem.read(view.syms, view.sym_size)
                kern_ksyms.addsymtab(k, module, syms[: view.sym_symsize], syms[view.sym_symsize :])
                module.exports = True
        except KernelError:
            module.name = ""
            self._undo(module)
            raise
        view.refcnt = 1
        module.loaded = True
        self.reserved -= 1
        if not module.exports:
            k.ksyms.keep(module)
        k.vitals.loaded(module)
        k.modules.named(module)
        lkm_refs.link_imports(k, module)

    def _protect(self, module: LoadableModule) -> None:
        cpu = self._k.engine.cpu
        segments = module.info.segments
        cpu.protect(module.area, module.size, 0 if segments else READ | WRITE | EXEC)
        for segment in segments:
            cpu.protect(module.area + segment.offset, segment.size, segment.prot)
        cpu.flush_code(module.area, module.size)

    def enter(self, module: LoadableModule, cmd: int) -> None:
        """Call the entry point; its errno becomes a KernelError. What a failed load wired is undone."""
        k, thread = self._k, self._k.engine.current
        thread.reason = ""
        errno = k.engine.call(
            ENTRY, k.mem.ptr(module.table + self._entry), module.table, cmd, abi.LKM_VERSION
        )
        if errno:
            named = returned(errno) if errno < 0 else f"{errno} ({errno_name(errno)})"
            reason = thread.reason or f"its entry point returned {named}"
            if cmd == abi.LKM_E_LOAD:
                self._abandon(module)
            raise KernelError(errno, reason)

    def _undo(self, module: LoadableModule) -> None:
        """A load failed after the entry point succeeded: let the module undo what it did."""
        try:
            self.enter(module, abi.LKM_E_UNLOAD)
        except KernelError as error:
            self._k.console.write(f"LKM '{module.title}': unload after a failed load: {error}\n")
        self._abandon(module)

    def _abandon(self, module: LoadableModule) -> None:
        """Unwire a module that could not be loaded; what it has made impossible to undo is reported.

        It is remembered as one that was unloaded: what it scheduled may come back.
        """
        try:
            self._unwire(module)
        except KernelError as error:
            self._k.console.write(f"LKM '{module.title}': left behind by a failed load: {error}\n")
        self._k.modules.unloaded(module)

    def _unwire(self, module: LoadableModule) -> None:
        """Take a module's rows out of the kernel's tables when it did not do so itself."""
        while module.wired:
            private = next(reversed(module.wired))
            module.wired[private]()
            del module.wired[private]

    def unload(self, module: LoadableModule) -> None:
        """EBUSY with who or what is in the way; otherwise the module is gone."""
        if why := lkm_busy.in_use(self._k, module):
            raise KernelError(EBUSY, why)
        module.unloading = True
        try:
            self.enter(module, abi.LKM_E_UNLOAD)
        except KernelError as error:
            module.unloading = False
            why = error.reason or strerror(error.errno)
            raise KernelError(EBUSY, f"LKM '{module.title}' refused: {why}") from None
        self._unwire(module)
        self._k.modules.unloaded(module)
        self.release(module)
