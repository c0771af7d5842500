"""The supervisor: it owns the sockets, the log and the boots, and never runs module code.

It forks a kernel process for each boot, which serves system calls on the socket itself. It answers control
requests on SOCKET.ctl at any time, from memory that the kernel process writes. When that process ends, of a
panic or of anything else, the clients' questions are answered and the next one boots; its pid never changes.
While there is no kernel it takes the clients' connections itself, to tell them why (door.py).
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial

from lkmtools.daemon import backoff
from lkmtools.daemon.backoff import Backoff
from lkmtools.daemon.booting import Booting
from lkmtools.daemon.child import KernelProcess, ProcessPlan
from lkmtools.daemon.console import SupervisorConsole
from lkmtools.daemon.ctl import Question
from lkmtools.daemon.deaths import Deaths
from lkmtools.daemon.door import Door
from lkmtools.daemon.fate import STOPPED, Fate
from lkmtools.daemon.listener import Sockets
from lkmtools.daemon.log import Log
from lkmtools.daemon.loop import Loop
from lkmtools.daemon.rc import PLAIN, Startup
from lkmtools.daemon.reports import Reports
from lkmtools.daemon.room import NoRoom, gave_up
from lkmtools.daemon.tools import Tools
from lkmtools.errors import DaemonError, bug
from lkmtools.evidence import vitals
from lkmtools.evidence.marks import Kind
from lkmtools.kernproc import thrift
from lkmtools.wire.channel import Message
from lkmtools.wire.poller import Handler
from lkmtools.wire.stream import Stream

BOOT_TRIES = 3  # ends in a row without a request served, after which the kernel stays halted
PATIENCE = 5.0  # seconds that a kernel process may take to end in good order
BUSY_LOOK, CALM_LOOK = 1.0, 5.0  # seconds between two looks at the kernel process
NO_ROOM = 1.0  # seconds until a boot is tried again for which the host had no room


SupervisorPerform = Callable[["Supervisor", Question, str, str], None]  # is given the verb and its arguments


class Supervisor:
    """Everything the daemon knows. `run` returns when it has been told to stop."""

    def __init__(
        self,
        sockets: Sockets,
        plan: ProcessPlan,
        log: Log,
        perform: SupervisorPerform,
        *,
        startup: Startup = PLAIN,
        reboot_on_panic: bool = True,
        crashes: str | None = None,
    ) -> None:
        """`perform` serves what tools ask; crashes are kept in the directory `crashes`."""
        self.sockets = sockets
        self.plan = plan
        self.log = log
        self.reboot_on_panic = reboot_on_panic
        self.child: KernelProcess | None = None
        self.bootno = 0
        self.halted: str | None = None  # why there is no kernel
        self.held: str | None = None  # why the next boot waits
        self.fruitless = 0  # boots in a row in which no request was answered
        self.loop = Loop(log.poller, self._failed)
        self.console = SupervisorConsole(plan.msgbuf, plan.bell, log)
        self.booting = Booting(startup, sockets.path, log.poller, log)
        told = (self._noted, self._looked_into, lambda text: self.console.print(text, self.child))
        self.deaths = Deaths(plan.msgbuf, log, self.loop, crashes, *told)
        self.reports = Reports(log, self.deaths.crashes.report)
        self.door = Door(sockets.clients, log.poller, self._why_refused, log.entry)
        self.tools = Tools(sockets.control, log.poller, self.console, log.entry, partial(perform, self))
        self.stopping = False  # somebody has asked for the end
        self._backoff = Backoff()
        self._end: Fate | None = None  # how the kernel process is about to end, by our own will
        self._rebooting: Question | None = None  # whose connection ends when the boot is over
        self._retry = -1  # the timer of a boot that is held back
        self._held_until = 0.0
        self._logged_shortage = ""  # what the host had no room for at last
        self._on_ready: Callable[[list[str]], None] = lambda said: None

    # -- the loop ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Boot, and listen as soon as the kernel is up. DaemonError when it does not come up."""
        thrift.no_huge_pages()
        self.deaths.crashes.clear_away()
        self._look()
        self._boot()
        while not self.tools.welcome and not self.stopping:
            why = self.halted or self.held
            if why and not self.deaths.looking:
                raise DaemonError(why)
            self.loop.turn()

    def run(self, ready: Callable[[list[str]], None]) -> None:
        """Serve until stopped; `ready` is called when the boot is over, with what went wrong in it."""
        self._on_ready = ready
        if self.child is None or self.child.booted:
            self._ready()
        while not self.stopping or self.child is not None or self.deaths.crashes.busy:
            self.loop.turn()
        self._shut_down()

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

        self.loop.poller.add(fd, handle)

    def _look(self) -> None:
        """See whether the kernel process is alive, and end one that has lost its way."""
        child = self.child
        calm = child is None or child.watch.calm
        self.loop.timers.after(CALM_LOOK if calm else BUSY_LOOK, self._look)  # first: what follows may fail
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
        self.loop.timers.forget(self._retry)
        self._retry = self.loop.timers.after(seconds, self._boot_now)  # first: what follows may fail
        self.door.shut()

    def _boot_now(self) -> None:
        if self.stopping or self.child is not None:
            return
        self.loop.timers.forget(self._retry)
        self.halted = self.held = None
        self.door.open()
        self.plan = self.plan._replace(loads=self.booting.startup.loads)
        try:
            self.child = child = KernelProcess(self.plan, self.bootno + 1)
        except NoRoom as error:
            self._no_room(error)
            return
        self.fruitless += 1
        self.bootno += 1
        child.channel.on_message = self._hear
        child.channel.attach(self.loop.poller)
        self.loop.poller.add(child.pidfd, lambda events: self._ended(child))

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
        elif message["do"] == "reported":
            self.reports.heard(child.boot, *child.report())
        elif not child.heard(message, files):
            self.log.entry(message["text"])

    def _up(self, child: KernelProcess) -> None:
        """The kernel is up: now its modules."""
        child.up = True
        self._logged_shortage = ""
        rate = child.evidence.vitals[vitals.RATE]  # the first has measured it for all of them
        self.plan = self.plan._replace(config=self.plan.config._replace(rate=rate))
        self.sockets.clients.listen()
        self.tools.listen()
        child.channel.send_text("print", self.console.take_waiting())
        child.channel.send({"do": "accept"})
        self._load(child)

    def _load(self, child: KernelProcess) -> None:
        """Have rc.lkm load what is to be loaded at boot."""
        wait = self.deaths.looking  # for what is to be left out
        if self.plan.loads and not child.rc_started and not wait:
            child.rc_started = True
            self.booting.begin(child)

    def _ready(self) -> None:
        """The boot is over, or there will be none: those that waited for it continue."""
        self._end_reboot(None)
        ready, self._on_ready = self._on_ready, lambda said: None
        ready([self.why_no_kernel()] if self.halted else [f"at boot: {line}" for line in self.booting.told()])
        if self.bootno == 1:
            self.loop.timers.after(0.0, thrift.settled)

    # -- a kernel's end ---------------------------------------------------------------------------------

    def _ended(self, child: KernelProcess) -> None:
        """The kernel process has ended, of whatever."""
        how = child.bury(self.loop.poller)
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
            self._clear_away(child)
            kind = Kind.PANICKED if said else Kind.ENDED if end is not None else Kind.DIED
            self.console.msgbuf.end(child.boot, kind)
            if short is not None:
                end, said = Fate("died", str(short)), {}
            self.deaths.account_for(child, how, said, end)
        except Exception as error:
            self.deaths.not_accounted_for(child, bug(error))
        if short is not None:
            self.fruitless -= 1
            self._no_room(short)
        elif "refused" in said:  # it would not boot the next time either
            self._halt(said["refused"])
        else:
            self._go_on(child, end is not None)
        self.console.printed()

    def _clear_away(self, child: KernelProcess) -> None:
        """Take over what belonged to the kernel that has ended."""
        self.console.print(self.console.take_waiting() + self.booting.abandon(), None)
        child.answer_all()

    def _noted(self, child: KernelProcess, fate: Fate, culprit: str) -> None:
        """A kernel has panicked, or it is known what it died of."""
        # Before a request was served only modules of the boot are loaded, and one of them can be left out.
        if culprit and not child.served and self.booting.suspects.blame(culprit):
            self.fruitless = 0
        if self.halted is not None and child.boot == self.bootno:
            self.halted = self._why_halted(fate.reason)

    def _looked_into(self, fate: Fate) -> None:
        """Print the report of an inquest; a boot that waits for it continues."""
        self.console.print(fate.report, self.child)
        self.loop.timers.after(0.0, self._load_now)  # when the dead kernel's memory is gone

    def _load_now(self) -> None:
        if self.child is not None and self.child.up:
            self._load(self.child)

    def _go_on(self, child: KernelProcess, wanted: bool) -> None:
        """The next boot, or none. `wanted`: the end of the one before was requested."""
        if self.stopping:
            return
        last, reason = self.deaths.last, "its process has died, and is being examined"
        if last is not None and last["boot"] == child.boot:
            reason = last["reason"]
        if not self.reboot_on_panic and not wanted:
            self._halt(self._why_halted(reason))
        elif self.fruitless >= BOOT_TRIES:
            self._halt(self._why_halted(reason))
            self.log.entry(self.halted or "")
        else:
            self.loop.timers.after(0.0, self._boot)  # when nothing refers to the old one's memory any more

    def _why_halted(self, reason: str) -> str:
        if self.fruitless < BOOT_TRIES or not self.reboot_on_panic:
            return reason
        return f"{BOOT_TRIES} boots in a row ended before a system call was answered: {reason}"

    def _halt(self, why: str) -> None:
        self.halted = why
        try:
            self.door.shut()
        finally:
            self._ready()

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

    def _why_refused(self) -> str | None:
        return self.why_no_kernel() if self.child is None else None

    def stop(self, question: Question | None, force: bool = False) -> None:
        """End the daemon, and answer then."""
        self.stopping = True
        if question is not None:
            self.tools.keep_stop(question)
        self.deaths.crashes.finish(PATIENCE)
        self._finish_child(STOPPED, force)

    def reboot(self, question: Question, force: bool) -> None:
        """Boot a new kernel, also from the halted state; the tool's connection ends when the boot is over."""
        self.log.entry(f"reboot asked for by host pid {question.conn.host_pid}")
        self.booting.suspects.clear()
        self.fruitless = 0
        self._backoff.clear()
        self._end_reboot(question)
        if self.child is None:
            self._boot_now()
        else:
            self._finish_child(Fate("rebooted", "the kernel was rebooted (lkmctl reboot)"), force)

    def _end_reboot(self, following: Question | None) -> None:
        """The reboot that somebody waits for is over, or another one takes its place."""
        ended, self._rebooting = self._rebooting, following
        if ended is not None:
            ended.conn.finish()

    def _finish_child(self, fate: Fate, force: bool) -> None:
        """Ask the kernel process to end; make it end when it takes too long."""
        child = self.child
        if child is None:
            return
        self._end = fate
        boot = child.boot  # of the child itself the timer keeps nothing: its memory would stay
        self.loop.timers.after(PATIENCE, lambda: self._too_slow(boot, fate.reason))
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

    # -- the end --------------------------------------------------------------------------------------

    def _shut_down(self) -> None:
        """Remove the sockets and the lock, then answer the tools that asked for the end."""
        self._ready()
        self.console.printed()
        self.deaths.shut_down()
        self.tools.refuse_all(STOPPED.reason)
        self.door.open()
        self.log.flush()
        self.sockets.close()
        self.tools.answer_stops()
