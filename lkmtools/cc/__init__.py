"""The C compiler of module authors: which one, with which flags, for which machine."""

from lkmtools.cc.compilers import Compiler, CompilerError, find_compiler, usable_compilers
from lkmtools.cc.flags import (
    INCLUDE,
    MACHINES,
    SAMPLES,
    Target,
    compile_flags,
    link_flags,
    program_flags,
    runtime,
)

__all__ = [
    "INCLUDE",
    "MACHINES",
    "SAMPLES",
    "Compiler",
    "CompilerError",
    "Target",
    "compile_flags",
    "find_compiler",
    "link_flags",
    "program_flags",
    "runtime",
    "usable_compilers",
]
