"""Hooks: functions that the kernel calls when a process forks, executes or exits (kern_subr.c of NetBSD 5.2).

The youngest is called first. Hooks of a shutdown, of power management and of the mount of the root can be
established, but nothing calls them: the daemon stops at once, nothing sleeps, the root is mounted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lkmtools.kern.base.export import Function, export
from lkmtools.machine import Prototype
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.kern.proc.kern_proc import Proc

_HEADER = "sys/systm.h"
_WITH_ARGUMENT = Prototype("void hook(struct proc *p, void *arg)")
_FORK = Prototype("void hook(struct proc *child, struct proc *parent)")


class Hook(NamedTuple):
    """A function of a module, with its argument."""

    kind: str  # exec, exit, fork, shutdown, power or mountroot
    func: int
    arg: int


def _establish(k: Kernel, kind: str, func: int, arg: int) -> int:
    """The cookie: the address of memory that stands for the hook; NULL when there is none."""
    if not func:
        k.panic(f"{kind}hook_establish: the function is NULL")
    cookie: int = k.heap.alloc(4 * k.dm.pointer)
    if cookie:
        k.hooks[cookie] = Hook(kind, func, arg)
    return cookie


def _disestablish(k: Kernel, kind: str, cookie: int) -> None:
    hook = k.hooks.get(cookie)
    if hook is None or hook.kind != kind:
        k.panic(f"{kind}hook_disestablish: {cookie:#x} is not a cookie that {kind}hook_establish() returned")
    del k.hooks[cookie]
    k.heap.free(cookie)


def _call(k: Kernel, kind: str, call: Callable[[Hook], object]) -> None:
    """Each of its kind, but for those that one of them has removed."""
    for cookie, hook in reversed(tuple(k.hooks.items())):
        if hook.kind == kind and k.hooks.get(cookie) is hook:
            call(hook)


def doexechooks(k: Kernel, proc: Proc) -> None:
    """The process has another program."""
    _call(k, "exec", lambda hook: k.engine.call(_WITH_ARGUMENT, hook.func, proc.addr, hook.arg))


def doexithooks(k: Kernel, proc: Proc) -> None:
    """It ends, and has no files any more."""
    _call(k, "exit", lambda hook: k.engine.call(_WITH_ARGUMENT, hook.func, proc.addr, hook.arg))


def doforkhooks(k: Kernel, child: Proc, parent: Proc) -> None:
    """It has a child, which has not run yet."""
    _call(k, "fork", lambda hook: k.engine.call(_FORK, hook.func, child.addr, parent.addr))


def forget(k: Kernel, holds: Callable[[int], bool]) -> list[str]:
    """Remove the hooks of a module that gives its memory back: their kinds."""
    left = [(cookie, hook) for cookie, hook in k.hooks.items() if holds(hook.func)]
    for cookie, hook in left:
        _disestablish(k, hook.kind, cookie)
    return [hook.kind for _, hook in left]


@export("void *exechook_establish(void (*func)(struct proc *, void *), void *arg)", _HEADER)
def exechook_establish(k: Kernel, func: int, arg: int) -> int:
    """Call func(p, arg) whenever a process has executed another program; a cookie."""
    return _establish(k, "exec", func, arg)


@export("void *exithook_establish(void (*func)(struct proc *, void *), void *arg)", _HEADER)
def exithook_establish(k: Kernel, func: int, arg: int) -> int:
    """Call func(p, arg) whenever a process ends; a cookie."""
    return _establish(k, "exit", func, arg)


@export("void *forkhook_establish(void (*func)(struct proc *, struct proc *))", _HEADER)
def forkhook_establish(k: Kernel, func: int) -> int:
    """Call func(child, parent) whenever a process forks; a cookie."""
    return _establish(k, "fork", func, 0)


@export("void *shutdownhook_establish(void (*func)(void *), void *arg)", _HEADER)
def shutdownhook_establish(k: Kernel, func: int, arg: int) -> int:
    """A cookie; func(arg) is not called: the daemon stops at once."""
    return _establish(k, "shutdown", func, arg)


@export("void *powerhook_establish(const char *name, void (*func)(int, void *), void *arg)", _HEADER)
def powerhook_establish(k: Kernel, name: int, func: int, arg: int) -> int:
    """A cookie; func(PWR_*, arg) is not called: this machine neither suspends nor resumes."""
    return _establish(k, "power", func, arg)


@export("void *mountroothook_establish(void (*func)(struct device *), struct device *dev)", _HEADER)
def mountroothook_establish(k: Kernel, func: int, dev: int) -> int:
    """A cookie; func(dev) is not called: the root was mounted before."""
    return _establish(k, "mountroot", func, dev)


def _disestablisher(kind: str) -> Function:
    """The function that takes a cookie of this kind back."""

    def body(k: Kernel, cookie: int) -> None:
        _disestablish(k, kind, cookie)

    body.__doc__ = f"Remove a {kind} hook; another cookie is a panic."
    return Function(Prototype(f"void {kind}hook_disestablish(void *cookie)"), _HEADER, body)


FUNCTIONS = tuple(map(_disestablisher, ("exec", "exit", "fork", "shutdown", "power", "mountroot")))
