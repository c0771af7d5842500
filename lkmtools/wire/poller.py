"""Which object is called when a descriptor is ready."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterable, Iterator

from lkmtools.wire.timers import Timers

LONGEST = 3600.0  # seconds of one wait: epoll takes less than 25 days

Handler = Callable[[int], None]  # is given the events of epoll(7)


class Poller:
    """Descriptors and a handler for each."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._timers = Timers()
        self._paused: dict[int, int] = {}  # descriptors that are not reported, and the timers that end this

    def add(self, fd: int, handler: Handler, events: int = select.EPOLLIN) -> None:
        """Tell `handler` whenever `fd` is readable, or of these events, until forget(fd)."""
        self._epoll.register(fd, events)
        self._handlers[fd] = handler

    def watch(self, fd: int, events: int) -> None:
        """Tell its handler of these events from now on."""
        self._epoll.modify(fd, events)

    def forget(self, fd: int) -> None:
        """Stop reporting `fd`; to be called before it is closed."""
        self._epoll.unregister(fd)
        del self._handlers[fd]
        self._end_pause(fd)

    def pause(self, fd: int, seconds: float) -> None:
        """Do not report that `fd` is readable for this time."""
        self._end_pause(fd)
        self._epoll.modify(fd, 0)
        self._paused[fd] = self._timers.after(seconds, lambda: self._resume(fd))

    def _end_pause(self, fd: int) -> None:
        if fd in self._paused:
            self._timers.forget(self._paused.pop(fd))

    def _resume(self, fd: int) -> None:
        del self._paused[fd]
        self._epoll.modify(fd, select.EPOLLIN)

    def poll(self, timeout: float) -> Iterable[tuple[int, Handler, int]]:
        """What has come within `timeout` seconds (-1: whenever it comes): descriptor, handler and events.

        () when nothing has, as after LONGEST: the caller polls again. A descriptor that was forgotten is
        left out.
        """
        if self._paused:
            self._timers.run()
            timeout = self._timers.within(timeout)
        came = self._epoll.poll(timeout if timeout < LONGEST else LONGEST)
        if len(came) != 1:
            return self._known(came) if came else ()
        fd, events = came[0]
        handler = self._handlers.get(fd)
        return () if handler is None else ((fd, handler, events),)

    def _known(self, came: list[tuple[int, int]]) -> Iterator[tuple[int, Handler, int]]:
        # A handler may close a descriptor whose number then is another's: the event was not for that.
        for fd, handler, events in [(fd, self._handlers.get(fd), events) for fd, events in came]:
            if handler is not None and self._handlers.get(fd) is handler:
                yield fd, handler, events

    def close(self) -> None:
        """It is over."""
        self._epoll.close()
