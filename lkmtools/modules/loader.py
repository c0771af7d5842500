"""Loading a module: the sequence of modload(8).

The order is that of NetBSD 4.0.1 and 5.2 (sbin/modload/modload.c): /dev/lkm first, so that nothing the module
is linked against can go away meanwhile, then the object and its entry symbol, the kernel's symbols, the
size, LMRESERV, LMFORCE, the link at the address the kernel gave, LMLOADBUF, our LMINFO, LMLOADSYMS, LMREADY.
A step that fails raises LoadError with modload's historic message and exit status; whatever was reserved
has been given back by then.

Not as there: the link happens in memory, so there is no ld(1), no temporary file and no sync(2).
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from lkmtools.abi import lkm
from lkmtools.elf.checksum import checksum
from lkmtools.errors import KernelError
from lkmtools.link import Image, debug_sections, link, write_output
from lkmtools.modules.device import DEV_LKM, lkm_device
from lkmtools.modules.lminfo import info_buffers, symbol_table
from lkmtools.modules.options import Options
from lkmtools.modules.prepare import LoadError, LoadPlan, Say, linking, prepare, silent
from lkmtools.tuples import NamedTuple

if TYPE_CHECKING:
    from lkmtools.abi.ioccom import Ioctl
    from lkmtools.client import Buffer, Process


class Loaded(NamedTuple):
    """A loaded module: its id, the address of its entry point, and where everything lies and came from."""

    id: int
    entry: int
    image: Image
    plan: LoadPlan

    def __repr__(self) -> str:
        name, size = os.path.basename(self.plan.stem), self.image.size
        return f"<Loaded {name} as id {self.id}, {size} bytes at {self.image.base:#x}>"


class Step(NamedTuple):
    """An ioctl of the sequence: modload's exit status and message when it fails."""

    command: Ioctl
    status: int
    text: str


RESERVE = Step(lkm.LMRESERV, 9, "can't reserve memory")
FORCE = Step(lkm.LMFORCE, 10, "can't force load")
BUFFER = Step(lkm.LMLOADBUF, 11, "error loading buffer")
DESCRIBE = Step(lkm.LMINFO, 11, "error loading buffer")
SYMBOLS = Step(lkm.LMLOADSYMS, 11, "error loading buffer")
START = Step(lkm.LMREADY, 14, "error initializing module")


class Loader(NamedTuple):
    """One load over an open /dev/lkm: who loads, how, and where the tool's messages go."""

    p: Process
    fd: int
    options: Options
    say: Say


class Reservation(NamedTuple):
    """What LMRESERV gave: an id and an address."""

    slot: int
    addr: int


def load_object(p: Process, path: str, options: Options, say: Say = silent) -> Loaded:
    """Load the object file `path`; waits while /dev/lkm is in use. See lkmtools.modules.load."""
    try:
        with lkm_device(p) as fd:
            return load_fd(Loader(p, fd, options, say), path)
    except KernelError as error:
        raise LoadError(3, DEV_LKM, error.errno, error.reason) from error


def load_fd(by: Loader, path: str) -> Loaded:
    """`load_object` over a /dev/lkm that is open for writing; several modules may follow each other."""
    plan = prepare(by.p, path, by.options, by.say)
    # The object has passed every check that can be made without the kernel's memory.
    reservation = _reserve(by, plan)
    try:
        if by.options.force:
            _ioctl(by, FORCE, _word(by.p, 1))
            by.say("warning", f"Forced load of LKM '{plan.stem}'. MAY CAUSE SYSTEM INSTABILITY.")
        loaded = _transfer(by, plan, reservation)
        if by.options.ready:
            _ioctl(by, START, _word(by.p, loaded.entry))
    except LoadError:
        _release(by, reservation)
        raise
    if not by.options.ready:
        _release(by, reservation)
    return loaded


def _reserve(by: Loader, plan: LoadPlan) -> Reservation:
    """LMRESERV: room for the image and, with -s, for its symbols."""
    layout = lkm.lmc_resrv.layout(by.p.dm)
    table = symbol_table(plan.exports, None, by.p.dm) if by.options.symbols else None
    name = by.p.buffer(os.fsencode(plan.stem) + b"\0")
    request = layout.pack(
        size=plan.pre.size,
        name=name.addr,
        slot=-1,
        sym_size=len(table.symtab) + len(table.strtab) if table else 0,
        sym_symsize=len(table.symtab) if table else 0,
    )
    by.say("verbose", f"reserving {plan.pre.size} bytes of memory")
    buf = by.p.buffer(request)
    _ioctl(by, RESERVE, buf, name)
    return Reservation(layout.get(buf.data, 0, "slot"), layout.get(buf.data, 0, "addr"))


def _transfer(by: Loader, plan: LoadPlan, reservation: Reservation) -> Loaded:
    """Link at the reserved address and hand the image, its description and its symbols to the kernel."""
    p, options = by.p, by.options
    output = options.output or plan.stem
    with linking(f"can't link `{plan.path}' creating `{output}' bound to {reservation.addr:#x}"):
        image = link(plan.pre, reservation.addr, plan.values.get)
        if options.output is not None:
            debug = debug_sections(plan.pre, image, partial(by.say, "warning"))
            _write(options.output, write_output(image, debug))
    entry = image.symbol(plan.entry)
    assert entry is not None  # prepare() found it in the object
    for section in image.sections:
        by.say("debug", f"loading `{section.name}': addr = {section.address:#x}, size = {section.size:#x}")
    _send(by, BUFFER, image.data)
    where = os.path.abspath(plan.path)
    _ioctl(
        by,
        DESCRIBE,
        *info_buffers(p, image, where, options.constants, plan.dialect, checksum(plan.pre.object)),
    )
    if options.symbols:
        for part in symbol_table(plan.exports, image, p.dm):
            _send(by, SYMBOLS, part)
    by.say("debug", f"modentry = {entry.value:#x}")
    return Loaded(reservation.slot, entry.value, image, plan)


def _send(by: Loader, step: Step, data: bytes) -> None:
    """LMLOADBUF or LMLOADSYMS: `data` in pieces of at most MODIOBUF bytes."""
    layout = lkm.lmc_loadbuf.layout(by.p.dm)
    for at in range(0, len(data), lkm.MODIOBUF):
        piece = by.p.buffer(data[at : at + lkm.MODIOBUF])
        _ioctl(by, step, by.p.buffer(layout.pack(cnt=len(piece.data), data=piece.addr)), piece)


def _release(by: Loader, reservation: Reservation) -> None:
    """LMUNRESRV. A failure is only warned about: closing the device gives the memory back as well."""
    try:
        by.p.ioctl(by.fd, lkm.LMUNRESRV.code(by.p.dm))
    except KernelError as error:
        by.say("warning", f"can't release slot 0x{reservation.slot:08x} memory: {error}")


def _ioctl(by: Loader, step: Step, *buffers: Buffer) -> None:
    """One step: its ioctl, or LoadError with the kernel's errno and reason."""
    try:
        by.p.ioctl(by.fd, step.command.code(by.p.dm), *buffers)
    except KernelError as error:
        raise LoadError(step.status, step.text, error.errno, error.reason) from error


def _word(p: Process, value: int) -> Buffer:
    """An u_long of the kernel."""
    return p.buffer(value.to_bytes(p.dm.pointer, "little" if p.dm.order == "<" else "big"))


def _write(path: str, data: bytes) -> None:
    """Write the linked image; OSError with the file's name."""
    with open(path, "wb") as file:
        try:
            file.write(data)
            file.flush()
        except OSError as error:
            error.filename = path
            raise
