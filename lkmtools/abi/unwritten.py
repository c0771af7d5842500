"""Functions that the headers declare and that this kernel does not implement yet.

A module that names one links and loads; only a call of it panics, with its name. A function that is
implemented is removed from the files.
"""

from functools import cache

from lkmtools.abi import unwritten_dev, unwritten_kern, unwritten_net, unwritten_uvm, unwritten_vfs

# C prototypes by header, each followed by a semicolon.
PROTOTYPES: dict[str, str] = {
    **unwritten_dev.DEVICES,
    **unwritten_kern.THE_REST,
    **unwritten_net.NETWORK,
    **unwritten_uvm.UVM,
    **unwritten_vfs.VFS,
}


def prototypes(header: str) -> list[str]:
    """Those of a header."""
    return [" ".join(text.split()) for text in PROTOTYPES[header].split(";") if text.strip()]


@cache
def names() -> frozenset[str]:
    """Those of all: the last word before the first parenthesis of each. A load wants only these, and soon."""
    return frozenset(
        text.partition("(")[0].split()[-1].lstrip("*")
        for text in "".join(PROTOTYPES.values()).split(";")
        if "(" in text
    )
