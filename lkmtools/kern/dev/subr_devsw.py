"""The device switch: which driver serves which major (subr_devsw.c of NetBSD 5.2).

cdevsw and bdevsw are arrays of pointers in guest memory; they hold modules' drivers and built-in ones alike.
devsw_conv keeps the majors of a driver's name after it has been detached, so that a reload gets the same
ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.abi.conf import MAXDEVSW, NODEVMAJOR, bdevsw, cdevsw, major
from lkmtools.abi.datamodel import C_TEXT, DataModel, Struct
from lkmtools.abi.errno import EEXIST, EINVAL, ENOMEM
from lkmtools.errors import KernelError
from lkmtools.kern.base.export import Data, export

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel

# Majors below these belong to the kernel's own drivers; dynamic ones start here.
SYS_BDEVSWS = 60
SYS_CDEVSWS = 180
MAX_CONVS = 256

devsw_conv = Struct("devsw_conv", "const char *d_name; int d_bmajor; int d_cmajor")


# The switches as modules for NetBSD 1.4 and OpenBSD see them (<sys/conf_old.h>): arrays of structs, in which
# the kernel's drivers lie, too. By table: the array, how many majors it has, and which are kept for modules.
OLD_SWITCHES = {
    "bdevsw": ("lkm_bdevsw", bdevsw, 20, range(8, 14)),
    "cdevsw": ("lkm_cdevsw", cdevsw, 64, range(29, 35)),
}


def lookup(k: Kernel, table: str, maj: int) -> int:
    """The address of the switch structure of major `maj` in "cdevsw" or "bdevsw"; 0 when there is none."""
    if not 0 <= maj < MAXDEVSW:
        return 0
    return attached(k, table, maj) or _patched(k, table, maj)


def attached(k: Kernel, table: str, maj: int) -> int:
    """What devsw_attach() has entered for a major; 0 for nothing."""
    return k.mem.ptr(k.mem.ptr(k.symbol(table)) + maj * k.dm.pointer)


def taken(k: Kernel, table: str, maj: int) -> str:
    """The words for a major that has a switch already, and whose it is."""
    of = ("bdevsw", "cdevsw").index(table) + 1
    name = next((conv[0] for conv in convs(k) if conv[of] == maj), "")
    module = k.modules.at(lookup(k, table, maj))
    whose = [f"driver '{name}'"] if name else []
    whose += [f"module '{module.title}'"] if module is not None else []
    return f"major {maj} of {table} is taken" + (f" by {' of '.join(whose)}" if whose else "")


def old_switch(k: Kernel, table: str, maj: int) -> int:
    """The address of a major's struct in the array that older modules see."""
    array, struct, _, _ = OLD_SWITCHES[table]
    return k.symbol(array) + maj * struct.layout(k.dm).size


def kept(k: Kernel, table: str, maj: int) -> bool:
    """Is that struct's place kept for a module, which has not come?"""
    return k.mem.ptr(old_switch(k, table, maj)) == k.symbol("lkmenodev")


def _patched(k: Kernel, table: str, maj: int) -> int:
    """The address of the struct that a module has filled in for major `maj`; 0 if it is empty."""
    if maj >= OLD_SWITCHES[table][2] or kept(k, table, maj):
        return 0
    addr = old_switch(k, table, maj)
    return addr if k.mem.ptr(addr) else 0


@export("const struct cdevsw *cdevsw_lookup(dev_t dev)", "sys/conf.h")
def cdevsw_lookup(k: Kernel, dev: int) -> int:
    """The character driver of `dev`, or NULL."""
    return lookup(k, "cdevsw", major(dev))


@export("const struct bdevsw *bdevsw_lookup(dev_t dev)", "sys/conf.h")
def bdevsw_lookup(k: Kernel, dev: int) -> int:
    """The block driver of `dev`, or NULL."""
    return lookup(k, "bdevsw", major(dev))


@export("devmajor_t cdevsw_lookup_major(const struct cdevsw *cdev)", "sys/conf.h")
def cdevsw_lookup_major(k: Kernel, cdev: int) -> int:
    """The lowest major of a character driver, or NODEVMAJOR."""
    return _lookup_major(k, "cdevsw", cdev)


@export("devmajor_t bdevsw_lookup_major(const struct bdevsw *bdev)", "sys/conf.h")
def bdevsw_lookup_major(k: Kernel, bdev: int) -> int:
    """The lowest major of a block driver, or NODEVMAJOR."""
    return _lookup_major(k, "bdevsw", bdev)


def _lookup_major(k: Kernel, table: str, entries: int) -> int:
    majors = (maj for maj in range(MAXDEVSW) if entries and lookup(k, table, maj) == entries)
    return next(majors, NODEVMAJOR)


def convs(k: Kernel) -> list[tuple[str, int, int, int]]:
    """(name, block major, char major, address) of every row of devsw_conv."""
    layout = devsw_conv.layout(k.dm)
    base = k.mem.ptr(k.symbol("devsw_conv"))
    out = []
    for i in range(k.mem.i32(k.symbol("max_devsw_convs"))):
        view = k.mem.view(layout, base + i * layout.size)
        out.append((k.mem.cstr(view.d_name).decode(*C_TEXT), view.d_bmajor, view.d_cmajor, view.addr))
    return out


def add_conv(k: Kernel, name: str, bmajor: int, cmajor: int) -> None:
    """Remember a driver name's majors; ENOMEM when the table is full, or without memory for the name."""
    count_addr = k.symbol("max_devsw_convs")
    count = k.mem.i32(count_addr)
    if count >= MAX_CONVS:
        raise KernelError(ENOMEM, f"devsw_conv has room for {MAX_CONVS} driver names")
    layout = devsw_conv.layout(k.dm)
    text = name.encode(*C_TEXT) + b"\0"
    name_addr = k.heap.alloc(len(text))
    if not name_addr:
        raise KernelError(ENOMEM, "no kernel memory for the name of a driver")
    k.mem.write(name_addr, text)
    k.mem.write(
        k.mem.ptr(k.symbol("devsw_conv")) + count * layout.size,
        layout.pack(d_name=name_addr, d_bmajor=bmajor, d_cmajor=cmajor),
    )
    k.mem.set_u32(count_addr, count + 1)


def _dynamic(k: Kernel, table: str, first: int, reserved: set[int]) -> int:
    """The first major of a table from `first` up that is neither taken nor reserved; ENOMEM."""
    for maj in range(first, MAXDEVSW):
        if maj not in reserved and not lookup(k, table, maj):
            return maj
    raise KernelError(ENOMEM, f"all majors of {table} below {MAXDEVSW} are taken")


@export(
    "int devsw_attach(const char *devname, const struct bdevsw *bdev, int *bmajor, "
    "const struct cdevsw *cdev, int *cmajor)",
    "sys/conf.h",
)
def devsw_attach(k: Kernel, devname: int, bdev: int, bmajorp: int, cdev: int, cmajorp: int) -> int:
    """Attach a driver.

    Negative majors are chosen here and stored. EINVAL, EEXIST, ENOMEM; then nothing is attached.
    """
    if not devname or not cdev:
        raise KernelError(EINVAL, "a driver needs a name and a cdevsw (a character half is mandatory)")
    name = k.umem.cstr(devname).decode(*C_TEXT)
    bmajor, cmajor = k.umem.i32(bmajorp), k.umem.i32(cmajorp)
    rows = convs(k)
    known = next((row for row in rows if row[0] == name), None)
    if known is not None:
        bmajor, cmajor = _known_majors(known, bdev, bmajor, cmajor)
    else:
        if bdev and bmajor < 0:
            bmajor = _dynamic(k, "bdevsw", SYS_BDEVSWS, {row[1] for row in rows})
        if cmajor < 0:
            cmajor = _dynamic(k, "cdevsw", SYS_CDEVSWS, {row[2] for row in rows})
    if not bdev:
        bmajor = -1
    for table, maj, wanted in (("bdevsw", bmajor, bdev), ("cdevsw", cmajor, cdev)):
        _check_free(k, table, maj, wanted, name)
    if known is None:
        add_conv(k, name, bmajor, cmajor)
    if bdev:
        k.mem.set_ptr(k.mem.ptr(k.symbol("bdevsw")) + bmajor * k.dm.pointer, bdev)
    k.mem.set_ptr(k.mem.ptr(k.symbol("cdevsw")) + cmajor * k.dm.pointer, cdev)
    k.umem.set_u32(bmajorp, bmajor)
    k.umem.set_u32(cmajorp, cmajor)
    return 0


def _known_majors(row: tuple[str, int, int, int], bdev: int, bmajor: int, cmajor: int) -> tuple[int, int]:
    """The majors a known name keeps; EINVAL when others are asked for."""
    name, kept_b, kept_c, _ = row
    if (bmajor >= 0 and bmajor != kept_b) or (cmajor >= 0 and cmajor != kept_c):
        raise KernelError(
            EINVAL,
            f"driver '{name}' has majors {kept_b}/{kept_c} (block/char); {bmajor}/{cmajor} were asked for",
        )
    if kept_b >= 0 and not bdev:
        raise KernelError(EINVAL, f"driver '{name}' has block major {kept_b} but now no bdevsw")
    if kept_c < 0:
        raise KernelError(EINVAL, f"driver '{name}' has no character major")
    return kept_b, kept_c


def _check_free(k: Kernel, table: str, maj: int, wanted: int, name: str) -> None:
    if not wanted:
        return
    if not 0 <= maj < MAXDEVSW:
        raise KernelError(
            EINVAL if maj < 0 else ENOMEM,
            f"driver '{name}': major {maj} of {table} is not between 0 and {MAXDEVSW - 1}",
        )
    if lookup(k, table, maj):
        raise KernelError(EEXIST, f"driver '{name}': {taken(k, table, maj)}")


@export("void devsw_detach(const struct bdevsw *bdev, const struct cdevsw *cdev)", "sys/conf.h")
def devsw_detach(k: Kernel, bdev: int, cdev: int) -> None:
    """Remove every entry that points to these; cannot fail, and ignores open devices."""
    for table, gone in (("bdevsw", bdev), ("cdevsw", cdev)):
        if not gone:
            continue
        base = k.mem.ptr(k.symbol(table))
        for maj in range(MAXDEVSW):
            if k.mem.ptr(base + maj * k.dm.pointer) == gone:
                k.mem.set_ptr(base + maj * k.dm.pointer, 0)


def _pointers(dm: DataModel) -> int:
    return MAXDEVSW * dm.pointer


def _table(symbol: str, init_symbol: str) -> tuple[Data, Data]:
    """The pointer array and the exported variable that points to it."""
    return (
        Data(init_symbol, f"const struct {symbol} *{init_symbol}[]", _pointers, None, "sys/conf.h"),
        Data(
            symbol,
            f"const struct {symbol} **{symbol}",
            lambda dm: dm.pointer,
            lambda k, addr: k.mem.set_ptr(addr, k.symbol(init_symbol)),
            "sys/conf.h",
        ),
    )


def _keep(k: Kernel, table: str) -> None:
    """Mark the places for modules: their d_open, which is the first member, is lkmenodev."""
    for maj in OLD_SWITCHES[table][3]:
        k.mem.set_ptr(old_switch(k, table, maj), k.symbol("lkmenodev"))


def _old(table: str) -> tuple[Data, Data]:
    """The array that older modules see, and the variable with its length."""
    array, struct, count, _ = OLD_SWITCHES[table]
    return (
        Data(
            array,
            f"struct {table} {array}[]",
            lambda dm: count * struct.layout(dm).size,
            lambda k, addr: _keep(k, table),
            "sys/conf.h",
        ),
        _int("nblkdev" if table == "bdevsw" else "nchrdev", count, "int"),
    )


def _int(symbol: str, value: int, ctype: str = "const int") -> Data:
    return Data(
        symbol, f"{ctype} {symbol}", lambda dm: 4, lambda k, addr: k.mem.set_u32(addr, value), "sys/conf.h"
    )


DATA = (
    *_table("bdevsw", "bdevsw0"),
    *_table("cdevsw", "cdevsw0"),
    *_old("bdevsw"),
    *_old("cdevsw"),
    _int("max_bdevsws", MAXDEVSW),
    _int("max_cdevsws", MAXDEVSW),
    _int("sys_bdevsws", SYS_BDEVSWS),
    _int("sys_cdevsws", SYS_CDEVSWS),
    Data("devsw_conv0", "struct devsw_conv devsw_conv0[]", lambda dm: MAX_CONVS * devsw_conv.layout(dm).size),
    Data(
        "devsw_conv",
        "struct devsw_conv *devsw_conv",
        lambda dm: dm.pointer,
        lambda k, addr: k.mem.set_ptr(addr, k.symbol("devsw_conv0")),
        "sys/conf.h",
    ),
    _int("max_devsw_convs", 0),
)


def attach_builtin(k: Kernel, name: str, cmajor: int, entries: dict[str, int], flag: int = 0) -> None:
    """A kernel driver: a row of cdevsw whose entries are kernel functions."""
    layout = cdevsw.layout(k.dm)
    old = cmajor < OLD_SWITCHES["cdevsw"][2]
    addr = old_switch(k, "cdevsw", cmajor) if old else k.heap.alloc(layout.size)
    k.mem.write(addr, layout.pack(d_flag=flag, **entries))
    k.mem.set_ptr(k.symbol("cdevsw0") + cmajor * k.dm.pointer, addr)
    add_conv(k, name, -1, cmajor)
