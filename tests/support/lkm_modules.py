"""Modules for the tests of /dev/lkm, and `clean`: a lab that knows whether anything was left."""

from __future__ import annotations

import pytest

from support.lab import Lab
from support.lkmraw import (
    Lkm,
    entry,
    place,
)

HEAD = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/lkm.h>
"""
ENTRY = """
int probe_lkmentry(struct lkm_table *, int, int);
int probe_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, LOAD, UNLOAD, lkm_nofunc)
}
"""


def source(text: str, load: str = "lkm_nofunc", unload: str = "lkm_nofunc") -> str:
    """A whole module: `text`, then an entry that dispatches to these handlers."""
    return HEAD + text + ENTRY.replace("UNLOAD", unload).replace("LOAD", load)


PLAIN = source('MOD_MISC("probe");')


@pytest.fixture
def clean(lab: Lab) -> Lab:
    """A lab that has loaded once, so that heap and process have their pages; `same()`: nothing was left."""
    lkm = Lkm(lab.p)
    slot, image = place(lab, lkm, PLAIN, sym_size=100)
    lkm.send(image.data)
    lkm.ready(entry(image))
    lkm.unload(slot)
    lkm.close()
    lab.remember()
    return lab
