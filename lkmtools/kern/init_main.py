"""What a kernel prints and creates when it boots (init_main.c, subr_autoconf.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.conf import major
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.stat import S_IFCHR, S_IFMT
from lkmtools.abi.vmparam import PAGE_SIZE
from lkmtools.kern.base.cred import Cred
from lkmtools.kern.dev.subr_devsw import convs

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

_MB = 1 << 20


def banner(k: Kernel) -> str:
    """What the console shows of a boot before the first process: copyright, machine, memory, devices."""
    programs = k.frames.total * PAGE_SIZE
    lines = [
        k.mem.cstr(k.symbol("copyright")).decode(*C_TEXT),
        k.version,
        f"total memory = {k.mem.size / _MB:.0f} MB",
        f"for modules and data = {(k.kmap.end - k.kmap.start) / _MB:.1f} MB, "
        f"for programs = {programs / _MB:.1f} MB",
        f"mainbus0 (root): {k.port.name}",
        f"cpu0 at mainbus0: emulated, {8 * k.dm.pointer}-bit, {k.dm.byteorder}-endian",
        *_devices(k),
    ]
    return "\n".join(lines) + "\n"


def _devices(k: Kernel) -> list[str]:
    """A line for each driver: its major, and the nodes in /dev that lead to it."""
    nodes: dict[int, list[str]] = {}
    dev = k.vfs.tree.lookup("/dev", Cred(0, 0)).children or {}
    for name, node in dev.items():
        if node.mode & S_IFMT == S_IFCHR:
            nodes.setdefault(major(node.rdev), []).append(name)
    return [
        f"{name} at mainbus0 major {number}: {', '.join(sorted(nodes.get(number, [])))}"
        for name, _, number, _ in convs(k)
    ]
