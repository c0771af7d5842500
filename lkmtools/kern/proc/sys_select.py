"""poll(2) and select(2), and how drivers take part in it (sys_select.c of NetBSD 5.2).

A driver's d_poll returns what is ready, and calls selrecord() if nothing is; when that changes it calls
selnotify(). The waiting lwps are recorded here, by the address of the selinfo; the struct shows the first,
and whether there are more. A record lasts as long as the poll call that made it, so a driver that is unloaded
under a sleeping poll leaves nothing behind.

Not modelled: kqueue(2), which no client of ours calls; knhint is ignored.
"""

from __future__ import annotations

import math
import struct
import time
from typing import TYPE_CHECKING

from lkmtools.abi.errno import EINVAL, EWOULDBLOCK
from lkmtools.abi.limits import INT_MAX
from lkmtools.abi.poll import (
    INFTIM,
    POLLERR,
    POLLHUP,
    POLLIN,
    POLLNVAL,
    POLLOUT,
    POLLPRI,
    POLLRDNORM,
    pollfd,
    selinfo,
)
from lkmtools.abi.proc import PCATCH, PSOCK
from lkmtools.abi.syscall import SYS_poll, SYS_select
from lkmtools.abi.time import timeval
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import export
from lkmtools.kern.proc.kern_descrip import NOFILE
from lkmtools.kern.proc.syscall import syscall
from lkmtools.kern.sync.kern_mutex import turnstile

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Lwp

MAX_FDS = 1000 + NOFILE
_LONGEST = 100_000_000  # seconds (itimerfix())


class PollingLwp:
    """An lwp inside poll: the selinfos it is recorded in, and whether one of them was notified."""

    __slots__ = ("ident", "lwp", "notified", "selinfos")

    def __init__(self, lwp: Lwp) -> None:
        self.lwp = lwp
        self.ident = turnstile(lwp.addr + 1)
        self.notified = False
        self.selinfos: set[int] = set()


class Pollers:
    """Everybody inside poll, by lwp and by selinfo."""

    def __init__(self) -> None:
        self.by_lwp: dict[int, PollingLwp] = {}
        self._by_selinfo: dict[int, list[PollingLwp]] = {}

    def record(self, poller: PollingLwp, sip: int) -> list[PollingLwp]:
        """`poller` waits for the selinfo at `sip`; returns all who do, the longest first."""
        waiting = self._by_selinfo.setdefault(sip, [])
        if poller not in waiting:
            waiting.append(poller)
            poller.selinfos.add(sip)
        return waiting

    def forget(self, poller: PollingLwp) -> None:
        """`poller` waits for nothing any more (selclear())."""
        for sip in poller.selinfos:
            waiting = self._by_selinfo[sip]
            waiting.remove(poller)
            if not waiting:
                del self._by_selinfo[sip]
        poller.selinfos.clear()

    def wait_for(self, lwp: Lwp, key: int) -> None:
        """`lwp`, when it is in poll, waits for what `key`, no address, stands for (our own files)."""
        poller = self.by_lwp.get(lwp.addr)
        if poller is not None:
            self.record(poller, key)

    def notify(self, k: Kernel, key: int) -> None:
        """What wait_for() waited for may have come."""
        for poller in self.take(key):
            poller.notified = True
            k.sched.wakeup(poller.ident)

    def take(self, sip: int) -> list[PollingLwp]:
        """Remove and return the lwps that wait for the selinfo at `sip`."""
        pollers = self._by_selinfo.pop(sip, [])
        for poller in pollers:
            poller.selinfos.discard(sip)
        return pollers


def _show(k: Kernel, sip: int, waiting: list[PollingLwp]) -> None:
    """Write the waiting lwps into the struct: the first, and on which CPUs (bit 0) there are more."""
    view = k.umem.view(selinfo.layout(k.dm), sip)
    view.sel_lwp = waiting[0].lwp.addr if waiting else 0
    view.sel_collision = int(len(waiting) > 1)


@export("void selinit(struct selinfo *sip)", "sys/selinfo.h")
def selinit(k: Kernel, sip: int) -> None:
    """Initialize a selinfo: no lwp waits for it."""
    k.umem.write(sip, bytes(selinfo.layout(k.dm).size))


@export("void seldestroy(struct selinfo *sip)", "sys/selinfo.h")
def seldestroy(k: Kernel, sip: int) -> None:
    """Destroy a selinfo; its waiters are not woken."""
    k.pollers.take(sip)
    _show(k, sip, [])


@export("void selrecord(struct lwp *selector, struct selinfo *sip)", "sys/selinfo.h")
def selrecord(k: Kernel, selector: int, sip: int) -> None:
    """The lwp in poll that asked a driver waits for it; outside poll nothing happens."""
    poller = k.pollers.by_lwp.get(k.lwp_at(selector).addr)
    if poller is not None:
        _show(k, sip, k.pollers.record(poller, sip))


@export("void selnotify(struct selinfo *sip, int events, long knhint)", "sys/selinfo.h")
def selnotify(k: Kernel, sip: int, events: int, knhint: int) -> None:
    """Something changed: everybody recorded asks their drivers again."""
    for poller in k.pollers.take(sip):
        poller.notified = True
        k.sched.wakeup(poller.ident)
    _show(k, sip, [])


@syscall(SYS_poll, "struct pollfd *fds, u_int nfds, int timeout")
def sys_poll(k: Kernel, lwp: Lwp, fds: int, nfds: int, timeout: int) -> int:
    """Wait until a descriptor is ready, or `timeout` milliseconds have passed (-1: for ever).

    Returns how many have revents. EINVAL for too many descriptors or another negative timeout; EINTR.
    """
    if nfds > MAX_FDS:
        raise KernelError(EINVAL, f"cannot poll {nfds} descriptors; the limit is {MAX_FDS}")
    if timeout < INFTIM:
        raise KernelError(
            EINVAL, f"invalid timeout: {timeout} ms; the minimum is {INFTIM}, which means for ever"
        )
    layout = pollfd.layout(k.dm)
    codec = struct.Struct(f"{k.dm.order}ihh")
    asked = list(codec.iter_unpack(lwp.proc.space.read(fds, nfds * layout.size))) if nfds else []
    answers = _poll(k, lwp, asked, timeout)
    rows = zip(asked, answers, strict=True)
    data = b"".join(codec.pack(fd, events, _short(revents)) for (fd, events, _), revents in rows)
    if data:
        lwp.proc.space.write(fds, data)
    return sum(map(bool, answers))


_READ, _WRITE, _EXCEPT = POLLIN | POLLRDNORM, POLLOUT, POLLPRI  # what the sets of select() ask for
_TOLD = (_READ | POLLHUP | POLLERR, _WRITE | POLLERR, _EXCEPT)  # ... and what sets their bits


@syscall(SYS_select, "int nd, void *in, void *ou, void *ex, const struct timeval *tv")
def sys_select(k: Kernel, lwp: Lwp, nd: int, readers: int, writers: int, excepts: int, tv: int) -> int:
    """Wait until a descriptor of a set is ready, or a time has passed (NULL: for ever).

    The sets become those that are; returns how many bits are set. EBADF for one that is not open; EINTR.
    """
    if nd < 0:
        raise KernelError(EINVAL, f"invalid number of descriptors: {nd}")
    nd, space = min(nd, NOFILE), lwp.proc.space
    size = (nd + 31) // 32 * 4
    addrs = (readers, writers, excepts)
    sets = [int.from_bytes(space.read(addr, size), "little") if addr and size else 0 for addr in addrs]
    asked: list[tuple[int, ...]] = []
    for fd in range(nd):
        events = sum(
            bits for given, bits in zip(sets, (_READ, _WRITE, _EXCEPT), strict=True) if given >> fd & 1
        )
        if events:
            lwp.proc.files.get(fd)
            asked.append((fd, events, 0))
    answers = _poll(k, lwp, asked, _milliseconds(k, lwp, tv) if tv else INFTIM)
    total = 0
    for addr, given, told in zip(addrs, sets, _TOLD, strict=True):
        ready = [
            fd for (fd, _, _), found in zip(asked, answers, strict=True) if found & told and given >> fd & 1
        ]
        total += len(ready)
        if addr and size:
            space.write(addr, sum(1 << fd for fd in ready).to_bytes(size, "little"))
    return total


def _milliseconds(k: Kernel, lwp: Lwp, tv: int) -> int:
    """A struct timeval of the caller; EINVAL."""
    layout = timeval.layout(k.dm)
    asked = layout.unpack(lwp.proc.space.read(tv, layout.size))
    if not 0 <= asked.tv_sec <= _LONGEST or not 0 <= asked.tv_usec < 1_000_000:
        raise KernelError(EINVAL, f"invalid time: {asked.tv_sec} s and {asked.tv_usec} us")
    return int(asked.tv_sec * 1000 + -(-asked.tv_usec // 1000))


def _poll(k: Kernel, lwp: Lwp, asked: list[tuple[int, ...]], timeout: int) -> list[int]:
    """_wait() for an lwp, which drivers and files find in k.pollers meanwhile."""
    poller = k.pollers.by_lwp[lwp.addr] = PollingLwp(lwp)
    try:
        return _wait(k, poller, asked, timeout)
    finally:
        k.pollers.forget(poller)
        del k.pollers.by_lwp[lwp.addr]


def _short(value: int) -> int:
    """The low 16 bits, as C stores an int in a short."""
    return (value & 0xFFFF ^ 0x8000) - 0x8000


def _wait(k: Kernel, poller: PollingLwp, asked: list[tuple[int, ...]], timeout: int) -> list[int]:
    """Ask all drivers, and sleep, until something is ready or the time is over."""
    end = time.monotonic() + timeout / 1000
    while True:
        poller.notified = False
        k.pollers.forget(poller)
        answers = [_ask(k, poller.lwp, fd, events) for fd, events, _ in asked]
        ticks = 0 if timeout == INFTIM else math.ceil((end - time.monotonic()) * k.config.hz)
        ticks = min(ticks, INT_MAX)  # and then again
        if any(answers) or (timeout != INFTIM and ticks <= 0):
            return answers
        if poller.notified:  # while the last drivers were asked
            continue
        try:
            k.sched.tsleep(poller.ident, PSOCK | PCATCH, "select", ticks)
        except KernelError as error:
            if error.errno != EWOULDBLOCK:
                raise


def _ask(k: Kernel, lwp: Lwp, fd: int, events: int) -> int:
    """One descriptor's revents: none for a negative one, POLLNVAL for one that is not open."""
    if fd < 0:
        return 0
    try:
        file = lwp.proc.files.get(fd)
    except KernelError:
        return POLLNVAL
    return file.poll(k, lwp, events & 0xFFFF | POLLERR | POLLHUP)
