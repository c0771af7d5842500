"""/dev/ksyms: opening it, making a new generation, and looking symbols up, with few symbols and with many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.measure import PROCESSOR, Result, pair
from bench.samples import compiled, private_socket
from lkmtools import client, modules
from lkmtools.abi.fcntl import O_RDONLY
from lkmtools.abi.ioccom import Ioctl
from lkmtools.abi.ksyms import KIOCGSYMBOL64, KIOCGVALUE_60, ksyms_gsymbol64, ksyms_gvalue
from lkmtools.client import Process
from lkmtools.elf import FileSymbol, list_symbols
from lkmtools.local import LocalKernel

FEW, MANY = 1_000, 200_000
PER_MODULE = 2_000
OPENS = 200
RUNS = 15
SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#define F(n) int mod000_function_##n(int); int mod000_function_##n(int a) { return a + n; }
%s
MOD_MISC("mod000");
int mod000_lkmentry(struct lkm_table *, int, int);
int mod000_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{ DISPATCH(lkmtp, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc); }
"""


def run(directory: Path) -> Iterator[Result]:
    """Opening is flat, a new generation costs some copies of its bytes, looking up is flat."""
    with (
        private_socket() as few_env,
        private_socket() as many_env,
        client.connect(few_env["LKM_SOCKET"]) as few,
        client.connect(many_env["LKM_SOCKET"]) as many,
    ):
        names = [_fill(directory, p, count) for p, count in ((few, FEW), (many, MANY))]
        counts = f"{MANY:,} symbols / {FEW:,}"
        yield pair(f"open, close /dev/ksyms, {counts}", _open(many), _open(few), 1.3, RUNS, OPENS)
        for how, action in (("name", _value), ("name, whole", _symbol), ("address", _by_address)):
            ours, theirs = action(many, names[1]), action(few, names[0])
            yield pair(f"look-up by {how}, {counts}", ours, theirs, 1.3, RUNS, FEW)
    with LocalKernel(inside=True) as lk:
        _fill(directory, lk.process(), MANY)
        yield _generation(lk, "the last table changed", -1)
        yield _generation(lk, "the first one went", 0)


def _fill(directory: Path, p: Process, count: int) -> list[FileSymbol]:
    """Load modules with -s until the kernel has `count` symbols; FEW of these from all over the table."""
    number, left = 0, count - len(_symbols(p))
    objects: dict[int, bytes] = {}
    while left > 0:
        size = min(left, PER_MODULE)
        base = objects.get(size) or objects.setdefault(size, _object(directory, size))
        path = directory / f"mod{number:03}.o"
        path.write_bytes(base.replace(b"mod000", b"mod%03d" % number))
        modules.load(p, path, symbols=True)
        number, left = number + 1, left - size
    found = _symbols(p)
    assert count == len(found)
    return found[:: count // FEW]


def _object(directory: Path, symbols: int) -> bytes:
    """A module with this many global symbols, all of which have mod000 in their names."""
    source = SOURCE % "\n".join(f"F({i})" for i in range(symbols - 1))
    return compiled(directory, source, f"mod000x{symbols}").read_bytes()


def _symbols(p: Process) -> list[FileSymbol]:
    """What /dev/ksyms shows."""
    fd = p.open("/dev/ksyms", O_RDONLY)
    image = b""
    while data := p.read(fd, 1 << 22):
        image += data
    p.close(fd)
    return list_symbols(image)


def _open(p: Process) -> Callable[[], None]:
    def action() -> None:
        for _ in range(OPENS):
            p.close(p.open("/dev/ksyms", O_RDONLY))

    return action


def _value(p: Process, symbols: list[FileSymbol]) -> Callable[[], None]:
    """KIOCGVALUE_60."""
    layout = ksyms_gvalue.layout(p.dm)
    return _by_name(p, symbols, KIOCGVALUE_60, lambda name: layout.pack(kv_name=name))


def _symbol(p: Process, symbols: list[FileSymbol]) -> Callable[[], None]:
    """KIOCGSYMBOL_60."""
    layout = ksyms_gsymbol64.layout(p.dm)
    return _by_name(p, symbols, KIOCGSYMBOL64, lambda name: layout.pack(kg_name=name))


def _by_name(
    p: Process, symbols: list[FileSymbol], command: Ioctl, pack: Callable[[int], bytes]
) -> Callable[[], None]:
    """A command with a name; `pack` makes its argument of the name's address. Closed at the end."""
    texts = [p.buffer(symbol.name.encode() + b"\0") for symbol in symbols]
    requests = [(p.buffer(pack(text.addr)), text) for text in texts]
    code = command.code(p.dm)

    def action() -> None:
        fd = p.open("/dev/ksyms", O_RDONLY)
        for request, text in requests:
            p.ioctl(fd, code, request, text)
        p.close(fd)

    return action


def _by_address(p: Process, symbols: list[FileSymbol]) -> Callable[[], None]:
    """What lkmctl addr2sym asks."""
    addresses = [symbol.value for symbol in symbols]

    def action() -> None:
        for address in addresses:
            p.control("addr2sym", address=address)

    return action


def _generation(lk: LocalKernel, why: str, which: int) -> Result:
    """A table goes and comes back as the last one; then the image, until it lies sealed in its memory file.

    Against one copy of the image's bytes.
    """
    symbols = lk.kernel.ksyms
    image = symbols.image().make()
    data = bytearray(os.pread(image.fd, image.size, 0))
    image.release()

    def fresh() -> None:
        table = list(symbols.tables.values())[which]
        symbols.remove(table)
        symbols.add(table)
        symbols.image().make().release()

    name = f"new generation, {MANY:,} symbols, {why} / copy"
    return pair(name, fresh, lambda: bytes(data), 20, RUNS, clock=PROCESSOR)
