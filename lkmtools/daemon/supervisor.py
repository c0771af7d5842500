"""The supervisor: it has the sockets, the log and the boots, and runs nothing of a module.

It forks a kernel process for each boot, which serves system calls on the socket itself. It answers control
requests on SOCKET.ctl at any time, from memory that the kernel process writes. When that process ends, of a
panic or of anything else, the clients' questions are answered and the next one boots; its pid never changes.
While there is no kernel it takes the clients' connections itself, to tell them why.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

from lkmtools.abi.errno import ENXIO
from lkmtools.daemon import backoff
from lkmtools.daemon.backoff import Backoff
from lkmtools.daemon.booting import Booting
from lkmtools.daemon.child import KernelProcess, Plan
from lkmtools.daemon.console import Console
from lkmtools.daemon.ctl import ControlConnection, Refusal
from lkmtools.daemon.fate import STOPPED, Fate, Fates
from lkmtools.daemon.inquest import Inquest
from lkmtools.daemon.listener import Sockets
from lkmtools.daemon.log import Log
from lkmtools.daemon.rc import PLAIN, Startup
from lkmtools.daemon.room import NoRoom, gave_up
from lkmtools.daemon.timers import Timers
from lkmtools.errors import DaemonError, bug
from lkmtools.evidence import vitals
from lkmtools.evidence.marks import Kind
from lkmtools.kern import prepare
from lkmtools.kernproc import thrift
from lkmtools.wire.accept import Acceptor
from lkmtools.wire.channel import Message
from lkmtools.wire.poller import Handler, Poller
from lkmtools.wire.stream import Stream

BOOT_TRIES = 3  # ends in a row without a request served, after which the kernel stays halted
PATIENCE = 5.0  # seconds that a kernel process may take to end in good order
GOODBYE = 1.0  # seconds the connection that asked for the end may take to read its answer
BUSY_LOOK, CALM_LOOK = 1.0, 5.0  # seconds between two looks at the kernel process
NO_ROOM = 1.0  # seconds until a boot is tried again for which the host had no room
DOUBT = 0.5  # seconds in which a kernel that has closed a connection shows that it is dying


class Supervisor:
    """Everything the daemon knows. `run` returns when it has been told to stop."""

    def __init__(
        self,
        sockets: Sockets,
        plan: Plan,
        log: Log,
        *,
        startup: Startup = PLAIN,
        reboot_on_panic: bool = True,
    ) -> None:
        self.sockets = sockets
        self.plan = plan
        self.log = log
        self.reboot_on_panic = reboot_on_panic
        self.poller: Poller = log.poller
        self.timers = Timers()
        self.child: KernelProcess | None = None
        self.bootno = 0
        self.panics = 0
        self.last_panic: dict[str, Any] | None = None
        self.halted: str | None = None  # why there is no kernel
        self.held: str | None = None  # why the next boot waits
        self.fates = Fates()
        self.booting = Booting(startup, sockets.path, log.poller, log)
        self.fruitless = 0  # boots in a row in which no request was answered
        self.connections: set[ControlConnection] = set()
        self.shares: dict[int, Callable[[dict[str, Any]], None]] = {}  # who waits for the kernel's word
        self.console = Console(plan.msgbuf, plan.bell, log)
        self._backoff = Backoff()
        self._inquests: set[Inquest] = set()
        self._end: Fate | None = None  # how the kernel process is about to end, by our own will
        self._stopping = False
        self._last: list[ControlConnection] = []  # who asked for the end
        self._asked: ControlConnection | None = None  # who asked for the reboot, and waits for its end
        self._retry = -1  # the timer of a boot that is held back
        self._held_until = 0.0
        self._logged_shortage = ""  # what the host had no room for at last
        self._refusing: Acceptor | None = None
        self._acceptor: Acceptor | None = None
        self._on_up: Callable[[], None] = lambda: None
        self._on_ready: Callable[[list[str]], None] = lambda said: None

    # -- the loop ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Boot, and listen as soon as the kernel is up. DaemonError when it does not come up."""
        self._on_up = self._listen
        prepare(self.plan.config)
        self._look()
        self._boot()
        while self._acceptor is None and not self._stopping:
            why = self.halted or self.held
            if why and not self._inquests:
                raise DaemonError(why)
            self._turn()

    def run(self, ready: Callable[[list[str]], None]) -> None:
        """Serve until stopped; `ready` is called when the boot is over, with what went wrong in it."""
        self._on_ready = ready
        if self.child is None or self.child.booted:
            self._ready()
        while not self._stopping or self.child is not None:
            self._turn()
        self._shut_down()

    def _turn(self) -> None:
        try:
            self.timers.run()
        except Exception as error:
            self._failed(None, bug(error))
        for _, handler, events in self.poller.poll(self.timers.timeout()):
            try:
                handler(events)
            except Exception as error:
                self._failed(handler, bug(error))

    def _failed(self, handler: Handler | None, what: str) -> None:
        """A bug of ours: it costs the connection that it met, or the kernel, and nothing else."""
        self.log.entry(what)
        served = getattr(handler, "__self__", None)
        if isinstance(served, Stream):
            served.close()
        elif self.child is not None and served is self.child.channel:
            self.child.kill(f"the supervisor could not serve it: {what}")

    def on_signal(self, fd: int) -> None:
        """Have signals, written to the pipe `fd` by set_wakeup_fd, stop the daemon or reopen its log."""

        def handle(events: int) -> None:
            came = set(os.read(fd, 64))
            if came & {signal.SIGTERM, signal.SIGINT} or (signal.SIGHUP in came and not self.log.has_file):
                self.stop(None)
            elif signal.SIGHUP in came:
                self.log.reopen()

        self.poller.add(fd, handle)

    def _listen(self) -> None:
        self._on_up = lambda: None
        self.sockets.clients.listen()
        self.sockets.control.listen()
        self._acceptor = Acceptor(self.sockets.control.socket, self.poller, self._take, self.log.entry)

    def _take(self, sock: socket.socket) -> None:
        self.connections.add(ControlConnection(self, sock))

    def _look(self) -> None:
        """See whether the kernel process is alive, and end one that has lost its way."""
        child = self.child
        calm = child is None or child.watch.calm
        self.timers.after(CALM_LOOK if calm else BUSY_LOOK, self._look)  # first: what follows may fail
        if child is not None and not child.killed:
            child.watch.look()
            if why := child.watch.why:
                child.kill(f"the kernel process did not respond: {why}")

    # -- a kernel's life --------------------------------------------------------------------------------

    def _boot(self) -> None:
        """Start the next kernel process, unless boots follow one another too fast."""
        wait = self._backoff.next()
        if wait:
            limit = f"{backoff.BURST}, and {backoff.RATE:g} more a second"
            self.held = f"it has ended too often; the limit is {limit}"
            self._hold_back(wait)
        else:
            self._boot_now()

    def _hold_back(self, seconds: float) -> None:
        """Boot later, unless somebody asks for a boot before."""
        self._held_until = time.monotonic() + seconds
        self.timers.forget(self._retry)
        self._retry = self.timers.after(seconds, self._boot_now)  # first: what follows may fail
        self._refuse_clients()

    def _boot_now(self) -> None:
        if self._stopping or self.child is not None:
            return
        self.timers.forget(self._retry)
        self.halted = self.held = None
        self._admit_clients()
        self.plan = self.plan._replace(loads=self.booting.startup.loads)
        try:
            self.child = child = KernelProcess(self.plan, self.bootno + 1)
        except NoRoom as error:
            self._no_room(error)
            return
        self.fruitless += 1
        self.bootno += 1
        child.channel.on_message = self._hear
        child.channel.attach(self.poller)
        self.poller.add(child.pidfd, lambda events: self._ended(child))

    def _no_room(self, why: NoRoom) -> None:
        """A boot that the host has no room for counts for nothing, and is tried again."""
        self.held = str(why)
        if self.held != self._logged_shortage:  # it may go on for long
            self._logged_shortage = self.held
            self.log.entry(self.held)
        self._hold_back(NO_ROOM)

    def _hear(self, message: Message, files: list[int]) -> None:
        """What the kernel process says."""
        child = self.child
        assert child is not None
        if message["do"] == "up":
            self._up(child)
        elif message["do"] == "booted":
            child.booted = True
            self._ready()
        elif message["do"] == "served":
            child.served = True
            self.fruitless = 0
        elif message["do"] == "page":
            child.page(message["frame"], files)
        elif message["do"] == "shared":
            self.shares.pop(message["id"])({key: message[key] for key in ("errno", "reason", "word")})
        else:
            self.log.entry(message["text"])

    def _up(self, child: KernelProcess) -> None:
        """The kernel is up: now its modules."""
        child.up = True
        self._logged_shortage = ""
        rate = child.evidence.vitals[vitals.RATE]  # the first has measured it for all of them
        self.plan = self.plan._replace(config=self.plan.config._replace(rate=rate))
        if self.bootno == 1:
            thrift.settled()
        self._on_up()
        child.channel.send_text("print", self.console.take_waiting())
        child.channel.send({"do": "accept"})
        self._load(child)

    def _load(self, child: KernelProcess) -> None:
        """Have rc.lkm load what is to be loaded at boot."""
        if self.plan.loads and not child.rc_started and not self._inquests:  # they may find what to leave out
            child.rc_started = True
            self.booting.begin(child)

    def _ready(self) -> None:
        """The boot is over, or there will be none: whoever waited for that goes on."""
        if self._asked is not None:
            self._asked.finish()
            self._asked = None
        ready, self._on_ready = self._on_ready, lambda said: None
        ready([self.why_no_kernel()] if self.halted else [f"at boot: {line}" for line in self.booting.told()])

    # -- a kernel's end ---------------------------------------------------------------------------------

    def _ended(self, child: KernelProcess) -> None:
        """The kernel process has ended, of whatever."""
        how = child.bury(self.poller)
        if how is None:
            return
        try:
            child.hear_out()
        except Exception as error:
            self.log.entry(bug(error))
        self.child = None
        end, self._end = self._end, None
        said = child.evidence.said()
        short = None if child.up else gave_up(said, child.printed())
        try:
            self._clear_away()
            kind = Kind.PANICKED if said else Kind.ENDED if end is not None else Kind.DIED
            self.console.msgbuf.end(child.boot, kind)
            if short is not None:
                end, said = Fate("died", str(short)), {}
            self._account_for(child, how, said, end)
        except Exception as error:
            self._not_accounted_for(child, bug(error))
        if short is not None:
            self.fruitless -= 1
            self._no_room(short)
        elif "refused" in said:  # it would not boot the next time either
            self._halt(said["refused"])
        else:
            self._go_on(child, end is not None)
        self.console.printed()

    def _clear_away(self) -> None:
        """What belonged to the kernel that has ended, and to nobody now."""
        self.console.print(self.console.take_waiting() + self.booting.abandon(), None)
        for answer in self.shares.values():
            answer({"errno": ENXIO, "reason": "the kernel has ended", "word": ""})
        self.shares.clear()

    def _account_for(self, child: KernelProcess, how: str, said: dict[str, Any], end: Fate | None) -> None:
        """Remember how a boot ended: as it said itself, as we wanted, or as an inquest finds."""
        if "refused" in said:
            self.fates.know(child.boot, Fate("died", said["refused"]))
        elif said:
            self._panicked(child, Fate("panic", said["reason"], said["report"]), said["culprit"])
        elif end is not None:
            self.fates.know(child.boot, end)
        else:
            self._look_into(child, how)
            return
        child.release()

    def _look_into(self, child: KernelProcess, how: str) -> None:
        """Find out what a kernel process died of."""
        inquest = Inquest(self, child, how)
        try:
            inquest.begin()
        except OSError as error:
            self.inquest_over(inquest, *inquest.without(f"the host let none look into it: {error.strerror}"))
        else:
            self._inquests.add(inquest)

    def _not_accounted_for(self, child: KernelProcess, what: str) -> None:
        """A bug of ours, or no memory, at a kernel's end: that is what its clients hear."""
        reason = f"the kernel process has ended, and the supervisor failed to find out why: {what}"
        self.fates.know(child.boot, Fate("died", reason, f"panic: {reason}\n"))
        child.release()
        self.log.entry(what)

    def _panicked(self, child: KernelProcess, fate: Fate, culprit: str) -> None:
        """Take note of a panic, or of a death that has been looked into; who asks is answered in any case."""
        try:
            self._note(child, fate, culprit)
        finally:
            self.fates.know(child.boot, fate)

    def _note(self, child: KernelProcess, fate: Fate, culprit: str) -> None:
        self.panics += 1
        self.last_panic = {
            "reason": fate.reason, "report": fate.report, "boot": child.boot, "time": time.time(),
        }  # fmt: skip
        self.log.entry(f"panic in boot {child.boot}: {fate.reason}\n{fate.report}")
        # Before somebody was served only modules of the boot are loaded, and one of them can be left out.
        if culprit and not child.served and self.booting.suspects.blame(culprit):
            self.fruitless = 0
        if self.halted is not None and child.boot == self.bootno:
            self.halted = self._why_halted(fate.reason)

    def inquest_over(self, inquest: Inquest, fate: Fate, culprit: str) -> None:
        """It is known what a kernel process died of."""
        self._inquests.discard(inquest)
        try:
            self._panicked(inquest.child, fate, culprit)
            self.console.print(fate.report, self.child)
        finally:
            inquest.child.release()
        if self.child is not None and self.child.up:
            self._load(self.child)  # it has waited for this

    def _go_on(self, child: KernelProcess, wanted: bool) -> None:
        """The next boot, or none. `wanted`: somebody has asked for the end of the one before."""
        if self._stopping:
            return
        known = self.last_panic if self.last_panic and self.last_panic["boot"] == child.boot else None
        reason = known["reason"] if known else "its process has died, and is being looked into"
        if not self.reboot_on_panic and not wanted:
            self._halt(self._why_halted(reason))
        elif self.fruitless >= BOOT_TRIES:
            self._halt(self._why_halted(reason))
            self.log.entry(self.halted or "")
        else:
            self.timers.after(0.0, self._boot)  # when nothing refers to the old one's memory any more

    def _why_halted(self, reason: str) -> str:
        if self.fruitless < BOOT_TRIES or not self.reboot_on_panic:
            return reason
        return f"{BOOT_TRIES} boots in a row ended before a system call was answered: {reason}"

    def _halt(self, why: str) -> None:
        self.halted = why
        try:
            self._refuse_clients()
        finally:
            self._ready()

    def _refuse_clients(self) -> None:
        """There is no kernel: take the clients' connections, and say why."""
        if self._refusing is None:
            self.sockets.clients.listen()
            self._refusing = Acceptor(self.sockets.clients.socket, self.poller, self._refuse, self.log.entry)

    def _refuse(self, sock: socket.socket) -> None:
        Refusal(self, sock)

    def _admit_clients(self) -> None:
        if self._refusing is not None:
            self._refusing.close()
            self._refusing = None

    # -- requests ---------------------------------------------------------------------------------------

    def why_no_kernel(self) -> str:
        """What a client hears while there is none."""
        if self.halted is not None:
            return f"the kernel is halted: {self.halted}; lkmctl reboot boots again"
        return f"the kernel is held back: {self.holding}"

    @property
    def holding(self) -> str | None:
        """Why the next boot waits, and for how long; None when it does not."""
        if self.held is None:
            return None
        left = max(self._held_until - time.monotonic(), 0.0)
        return f"{self.held}; the next boot is in {left:.1f} s, or at once with lkmctl reboot"

    @property
    def stopping(self) -> bool:
        """Has somebody asked for the end?"""
        return self._stopping

    def stop(self, asked: ControlConnection | None, force: bool = False) -> None:
        """End the daemon."""
        self._stopping = True
        self._last += [] if asked is None else [asked]
        self._finish_child(STOPPED, force)

    def reboot(self, asked: ControlConnection, force: bool) -> None:
        """Boot a new kernel, also from the halted state."""
        self.log.entry(f"reboot asked for by host pid {asked.host_pid}")
        self.booting.suspects.clear()
        self.fruitless = 0
        self._backoff.clear()
        if self._asked is not None:
            self._asked.finish()
        self._asked = asked
        if self.child is None:
            self._boot_now()
        else:
            self._finish_child(Fate("rebooted", "the kernel was rebooted (lkmctl reboot)"), force)

    def _finish_child(self, fate: Fate, force: bool) -> None:
        """Ask the kernel process to end; make it end when it takes too long."""
        child = self.child
        if child is None:
            return
        self._end = fate
        boot = child.boot  # of the child itself the timer keeps nothing: its memory would stay
        self.timers.after(PATIENCE, lambda: self._too_slow(boot, fate.reason))
        if force or not child.up or not self._responds(child):
            child.kill(fate.reason)
        else:
            child.channel.send({"do": "end", "why": fate.reason, "stop": fate is STOPPED})

    def _too_slow(self, boot: int, why: str) -> None:
        """A kernel process that was asked to end has had its time."""
        if self.child is not None and self.child.boot == boot:
            self.child.kill(why)

    def _responds(self, child: KernelProcess) -> bool:
        """Will the kernel process hear us?"""
        child.watch.look()
        return child.watch.responding and not child.watch.stopped

    def what_became_of(self, boot: int, answer: Callable[[dict[str, Any]], None]) -> None:
        """Say how a boot ended, as soon as that is known.

        The kind is "alive" when it has not ended, and "forgotten" when that was too long ago.
        """
        alive = self.child is not None and self.child.boot == boot
        inquest = any(inquest.child.boot == boot for inquest in self._inquests)
        self.fates.ask(boot, answer, known_soon=alive or inquest)
        if alive:
            self.timers.after(DOUBT, lambda: self._still_alive(boot, answer))

    def _still_alive(self, boot: int, answer: Callable[[dict[str, Any]], None]) -> None:
        if self.child is not None and self.child.boot == boot:
            self.fates.give_up(boot, answer)

    # -- the end --------------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        """Remove the sockets and the lock, then answer whoever asked for the end."""
        self._ready()
        self.console.printed()
        for inquest in tuple(self._inquests):
            inquest.give_up()
        self.fates.forget_questions()
        for conn in tuple(self.connections):
            if conn not in self._last:
                conn.refuse(STOPPED.reason)
        if self._acceptor is not None:
            self._acceptor.close()
        self._admit_clients()
        self.log.flush()
        self.sockets.close()
        for conn in self._last:
            if conn.fd >= 0:
                conn.stopped()
                conn.drain(GOODBYE)
