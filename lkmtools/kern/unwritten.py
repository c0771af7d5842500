"""Functions that a module may name but not call (abi/unwritten.py): a call panics with the name."""

from lkmtools.abi.unwritten import PROTOTYPES
from lkmtools.kern.base.export import unwritten

FUNCTIONS = tuple(map(unwritten, PROTOTYPES))
