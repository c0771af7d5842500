"""printf and its family (subr_prf.c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lkmtools.kern.export import export

if TYPE_CHECKING:
    from lkmtools.kern.kernel import Kernel
    from lkmtools.machine import VaList


@export("void printf(const char *fmt, ...)", "sys/systm.h")
def printf(k: Kernel, fmt: int, va: VaList) -> None:
    """Print to the console."""
    k.console.write(k.umem.cstr(fmt).decode("latin-1"))
