"""A kernel that grows: by modules, by symbols of one module, by lines of its message buffer, by clients."""

from __future__ import annotations

import resource
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from bench.curve import Curve, curve, no_collector
from bench.many import numbered
from bench.measure import PROCESSOR, REAL, once
from bench.samples import compiled, private_socket
from lkmtools import client, modules
from lkmtools.cli.lkmctl.dmesg import DmesgPiece, Lines
from lkmtools.client import Process
from lkmtools.errors import PanicError
from lkmtools.evidence.msgbuf import MsgBuf
from lkmtools.evidence.show import kernel_status
from lkmtools.local import LocalKernel
from lkmtools.modules.ksyms import kernel_image, kernel_values
from lkmtools.modules.options import Options
from lkmtools.modules.prepare import LoadError, prepare
from lkmtools.modules.refs import refs_fd

RAM = 512 << 20
MODULES = (250, 1000, 4000)
SYMBOLS = (1000, 4000, 16000)
LINES = (1000, 4000, 16000)
CLIENTS = (16, 64, 256)
FEW = 20  # repetitions of what is done with one module
HEAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
MOD_MISC("%(name)s");
static int load(struct lkm_table *t, int cmd) { %(load)s }
int %(name)s_lkmentry(struct lkm_table *, int, int);
int %(name)s_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, load, lkm_nofunc, lkm_nofunc); }
"""


def curves(directory: Path) -> Iterator[Curve]:
    """The kernel is in this process, but for the clients."""
    yield from _modules(directory)
    yield from _symbols(directory)
    yield curve("lkmctl dmesg", "lines", LINES, _lines)
    yield curve("lkmctl dmesg", "pieces of one line", LINES, _pieces)
    yield from _clients()


# -- modules ------------------------------------------------------------------------------------------------


def _modules(directory: Path) -> Iterator[Curve]:
    """A kernel for each number of modules, which panics in the end."""
    objects = [numbered(directory, "amd64", i) for i in range(MODULES[-1] + FEW)]
    fatal = compiled(directory, HEAD % {"name": "fatal", "load": 'panic("as asked");'}, "fatal")
    lost = compiled(directory, HEAD % {"name": "lost", "load": _calls(100)}, "lost")
    times: defaultdict[str, list[float]] = defaultdict(list)
    for count in MODULES:
        with LocalKernel(inside=True, ram=RAM) as lk, no_collector():
            p, ours = lk.process(), objects[:count]
            times["modload -s of all"].append(_each(ours, partial(_load, p)))
            for what, action in _actions(lk, p, objects[count : count + FEW], lost).items():
                times[what].append(min(once(action, PROCESSOR) for _ in range(3)))
            times["modunload of every second"].append(_each(ours[::2], partial(_unload, p)))
            times["modload -s into the holes"].append(_each(ours[::2], partial(_load, p)))
            times["panic and boot"].append(once(partial(_panic, p, fatal), PROCESSOR))
    for what, found in times.items():
        yield Curve(what, "modules", MODULES, tuple(found))


def _each(objects: list[Path], action: Callable[[Path], object]) -> float:
    """What all of them take, from the median of one: somebody else's busy moment does not count."""
    return len(objects) * statistics.median([once(partial(action, obj), PROCESSOR) for obj in objects])


def _actions(
    lk: LocalKernel, p: Process, others: list[Path], lost: Path
) -> Mapping[str, Callable[[], object]]:
    """What is done beside the modules, and with all of them."""
    evidence = lk.kernel.evidence
    names = [f"m{i:05}_value" for i in range(1000)]
    return {
        f"modload -s and modunload of {FEW}": partial(_reload, p, others),
        "modstat": partial(modules.stat_all, p),
        "modstat -l": partial(_references, p),
        "values of 1,000 symbols": partial(kernel_values, p, names),
        "image of /dev/ksyms": partial(_image, p, others[0]),
        "message about 100 missing symbols": partial(_refused, p, lost),
        "status": partial(kernel_status, evidence, "amd64", 1),
        "records for an inquest": evidence.modules.records,
    }


def _load(p: Process, obj: Path) -> None:
    modules.load(p, obj, symbols=True)


def _unload(p: Process, obj: Path) -> None:
    modules.unload(p, obj.stem)


def _reload(p: Process, objects: list[Path]) -> None:
    for obj in objects:
        _load(p, obj)
    for obj in objects:
        _unload(p, obj)


def _image(p: Process, obj: Path) -> None:
    """An image that is not there yet."""
    _load(p, obj)
    kernel_image(p)
    _unload(p, obj)


def _references(p: Process) -> None:
    with modules.lkm_device(p) as fd:
        for module in modules.walk(p, fd):
            refs_fd(p, fd, module.id)


def _calls(count: int) -> str:
    """Calls of functions that nobody has."""
    return " ".join(f"{{ int m{i:05}_valve(void); m{i:05}_valve(); }}" for i in range(count)) + " return 0;"


def _refused(p: Process, path: Path) -> None:
    try:
        prepare(p, str(path), Options())
    except LoadError:
        return
    raise AssertionError(f"{path} has links to nowhere")


def _panic(p: Process, path: Path) -> None:
    try:
        modules.load(p, path)
    except PanicError:
        return
    raise AssertionError("there was no panic")


# -- symbols, lines, clients --------------------------------------------------------------------------------


def _symbols(directory: Path) -> Iterator[Curve]:
    """One module with so many variables."""
    objects = {}
    for count in SYMBOLS:
        name = f"large{count}"
        variables = "\n".join(f"int variable_{i};" for i in range(count))
        objects[count] = compiled(directory, variables + HEAD % {"name": name, "load": "return 0;"}, name)
    with LocalKernel(inside=True, ram=RAM) as lk:
        p = lk.process()
        yield curve(
            "modload -s and modunload", "symbols", SYMBOLS, lambda n: partial(_reload, p, [objects[n]])
        )
        yield curve("image of /dev/ksyms", "symbols", SYMBOLS, lambda n: partial(_image, p, objects[n]))


def _lines(count: int) -> Callable[[], object]:
    """What lkmctl dmesg does with a message buffer."""
    buffer = MsgBuf()
    for i in range(count):
        buffer.append(f"line {i:6} of the".encode())
        buffer.append(b" console\n")

    def action() -> None:
        pieces, _, _ = buffer.pieces()
        assert len(list(Lines().feed(DmesgPiece(*piece) for piece in pieces))) == count

    return action


def _pieces(count: int) -> Callable[[], object]:
    """A line that was printed bit by bit."""
    parts = [DmesgPiece("text", 1, None, f"part {i:6} of the line; ") for i in range(count)]

    def action() -> None:
        lines = Lines()
        assert not list(lines.feed(parts))
        assert len(list(lines.rest())) == 1

    return action


def _clients() -> Iterator[Curve]:
    """Clients of a daemon: each connects, makes a call, and all go."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(2048, most), most))
    with private_socket() as env, client.connect(env["LKM_SOCKET"]) as p:
        before = len(p.control("ps")["processes"])

        def crowd(count: int) -> Callable[[], object]:
            def action() -> None:
                clients = [client.connect(p.path) for _ in range(count)]
                assert all(each.getpid() for each in clients)
                for each in clients:
                    each.exit()
                while len(p.control("ps")["processes"]) > before:
                    p.getpid()

            return action

        yield curve("connect, call and exit", "clients", CLIENTS, crowd, clock=REAL)
