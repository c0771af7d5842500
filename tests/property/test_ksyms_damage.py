"""Symbol tables and images of /dev/ksyms that are damaged: read or refused, and nothing else."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import given, settings
from hypothesis import strategies as st

from lkmtools.abi.errno import EINVAL
from lkmtools.elf import list_symbols
from lkmtools.errors import KernelError, ObjectError
from lkmtools.kern import Kernel
from lkmtools.kern.lkm import kern_ksyms
from lkmtools.local import LocalKernel
from lkmtools.modules import load
from lkmtools.modules.check import check, target
from support.compiling import Compile
from support.damaged_files import changes
from support.readelf import section

HELLO = Path(__file__).parents[2] / "examples" / "hello" / "hello.c"
MACHINES = ["amd64", "i386"]


def snapshot(k: Kernel) -> bytes:
    """The image of /dev/ksyms."""
    image = k.ksyms.image().make()
    with open(image.fd, "rb", closefd=False) as file:
        file.seek(0)
        data = file.read(image.size)
    image.release()
    return data


def refusal(action: Callable[[], object]) -> str | None:
    """What an action is refused with by an ObjectError; None when it is not."""
    try:
        action()
    except ObjectError as error:
        return str(error)
    return None


@pytest.fixture(params=MACHINES, scope="module")
def kernel(request: Any, cc: Compile) -> Iterator[tuple[LocalKernel, Path]]:
    """A kernel with the sample hello loaded with -s, for all examples, and the object."""
    with LocalKernel(inside=True, machine=request.param, ram=32 << 20) as lk:
        obj = cc(HELLO, machine=request.param, name="hello")
        load(lk.process("loader"), obj, symbols=True)
        yield lk, obj


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_image_is_read_or_refused(kernel: tuple[LocalKernel, Path], data: st.DataObject) -> None:
    """modload -A, lkmctl nm and lkmctl check: an ObjectError that names the file, or whatever it says."""
    lk, obj = kernel
    damaged = data.draw(changes(snapshot(lk.kernel)))
    said = refusal(lambda: list_symbols(damaged, "saved.syms"))
    assert said is None or said.startswith("saved.syms: ")
    said = refusal(lambda: check(str(obj), target(damaged, "saved.syms")))
    assert said is None or said.startswith("saved.syms: ")


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_symbol_table_of_a_module_is_added_or_EINVAL(
    kernel: tuple[LocalKernel, Path], data: st.DataObject
) -> None:
    """LMLOADSYMS takes any bytes: the image is sound after it, and as before when the table has gone."""
    k = kernel[0].kernel
    module = k.modules.by_id[0]
    before = snapshot(k)
    table = ELFFile(io.BytesIO(before))
    symtab, strtab = (section(table, name).data() for name in (".symtab", ".strtab"))
    entry = k.ksyms.codec.symbol.size
    damaged = data.draw(changes(symtab[-20 * entry :])), data.draw(changes(strtab))
    own, module.name = module.name, "damaged"
    try:
        errno = added(k, module, *damaged)
    finally:
        module.name = own
    assert errno in (0, EINVAL)
    assert snapshot(k) == before


def added(k: Kernel, module: Any, symtab: bytes, strtab: bytes) -> int:
    """Add a table, look at the image, and take the table away again: 0, or with what it was refused."""
    try:
        kern_ksyms.addsymtab(k, module, symtab, strtab)
    except KernelError as error:
        return error.errno
    tables = [k.ksyms.kernel_table(), *k.ksyms.tables.values()]
    assert len(list_symbols(snapshot(k), "image")) == sum(len(table.rows) for table in tables)
    kern_ksyms.delsymtab(k, module)
    return 0
