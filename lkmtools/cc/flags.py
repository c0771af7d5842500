"""The flags that make a host compiler compile for the simulated kernel.

A module is freestanding C, linked at a fixed address (no PIC), for a CPU whose vector registers belong to
somebody else. Frame pointers and debug information are for the kernel's backtraces. Sources of the LKM era
rely on constructs that later compilers made errors (implicit int, undeclared functions, incompatible
pointers): these stay warnings. What the C standard leaves undefined does what the machine does, so that a
stray pointer faults where it is used.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from lkmtools.tuples import NamedTuple

_PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
INCLUDE = os.path.join(_PACKAGE, "include")
RUNTIME = os.path.join(_PACKAGE, "user")
# The sample modules: in the package when it is installed, beside it in a checkout.
SAMPLES = os.path.join(_PACKAGE, "examples")
if not os.path.isdir(SAMPLES):
    SAMPLES = os.path.join(os.path.dirname(_PACKAGE), "examples")


class Target(NamedTuple):
    """A machine, as compilers name it and as the ELF header of its objects says it."""

    gcc: tuple[str, ...]
    clang: str
    zig: str
    code: tuple[str, ...]
    e_machine: int
    ei_class: int
    cross: tuple[str, ...]  # names of cross compilers that may be installed


MACHINES = {
    "amd64": Target(
        gcc=("-m64",),
        clang="x86_64-unknown-none-elf",
        zig="x86_64-freestanding-none",
        code=("-mcmodel=kernel", "-mno-red-zone"),
        e_machine=62,
        ei_class=2,
        cross=("x86_64-linux-gnu-gcc", "x86_64-elf-gcc"),
    ),
    "i386": Target(
        gcc=("-m32",),
        clang="i386-unknown-none-elf",
        zig="x86-freestanding-none",
        code=("-march=i686",),
        e_machine=3,
        ei_class=1,
        cross=("i686-linux-gnu-gcc", "x86_64-linux-gnu-gcc", "i686-elf-gcc", "x86_64-elf-gcc"),
    ),
}

_FLAGS = (
    "-std=gnu99",
    "-fgnu89-inline",  # an inline function without static is also a global one, as it was
    "-fcommon",
    "-ffreestanding",  # or printf("x\n") becomes puts
    "-nostdinc",
    "-O2",
    "-g",
    "-fno-omit-frame-pointer",  # for backtraces
    "-fno-optimize-sibling-calls",  # so that every caller is in them
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
    "-fno-pic",
    "-fno-pie",
    "-fno-stack-protector",  # the kernel has no guard value
    "-fcf-protection=none",
    "-fno-strict-aliasing",
    "-fwrapv",
    "-fno-delete-null-pointer-checks",  # a store through NULL must fault, not vanish
    "-Wall",
    "-Wno-unused",
    "-Wno-pointer-sign",
    "-Wno-main",
    "-Wno-parentheses",
    "-Wno-missing-braces",
    "-Wno-error=implicit-int",
    "-Wno-error=implicit-function-declaration",
    "-Wno-error=int-conversion",
    "-Wno-error=incompatible-pointer-types",
    "-Wno-error=return-type",
    "-D__NetBSD__",
    *("-Ulinux", "-U__linux", "-U__linux__", "-U__gnu_linux__"),
)
_MODULE = ("-mgeneral-regs-only", "-D_KERNEL", "-D_LKM")
_PROGRAM = ("-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none")
_CLANG = (
    "-Wno-error=incompatible-function-pointer-types",
    "-Wno-deprecated-non-prototype",  # int f(); and f(x) int x; {}, as sources of the time have them
    "-Wno-unknown-warning-option",
    "-Qunused-arguments",
)
_FAMILY_FLAGS = {
    "gcc": (),
    "gcc14": ("-fpermissive",),  # all that became errors in this version is a warning again
    "clang": _CLANG,
    "zig": (*_CLANG, "-fno-sanitize=all"),
}


def _target_flags(family: str, target: Target) -> tuple[str, ...]:
    if family.startswith("gcc"):
        return target.gcc
    return ("-target", target.zig if family == "zig" else target.clang)


def _headers(family: str, options: Sequence[str], *directories: str) -> list[str]:
    """The user's options, and those for our directories of headers, which come behind the user's.

    zig looks into its own <stdint.h> before what -isystem names: for it every -isystem becomes a -I.
    """
    words = [*options, *(word for directory in directories for word in ("-isystem", directory))]
    if family != "zig":
        return words
    return ["-I" + word.removeprefix("-isystem") if word.startswith("-isystem") else word for word in words]


def compile_flags(family: str, machine: str, options: Sequence[str] = ()) -> list[str]:
    """The flags with which a compiler of `family` (see Compiler) compiles a module for `machine`.

    `options` are the user's: what they include comes before our headers.
    """
    target = MACHINES[machine]
    return [
        *_target_flags(family, target),
        *target.code,
        *_FLAGS,
        *_MODULE,
        *_FAMILY_FLAGS[family],
        *_headers(family, options, INCLUDE),
    ]


def program_flags(family: str, machine: str, options: Sequence[str] = ()) -> list[str]:
    """The flags that make a static user program of sources and our runtime, in one command.

    `options` are the user's, as those of compile_flags().
    """
    target = MACHINES[machine]
    where = _target_flags(family, target)
    if family == "clang":
        where = ("-target", target.clang.replace("-none-elf", "-linux-gnu"))
    return [
        *where,
        *_FLAGS,
        *_FAMILY_FLAGS[family],
        *_PROGRAM,
        *_headers(family, options, os.path.join(RUNTIME, "include"), INCLUDE),
    ]


def runtime() -> list[str]:
    """The sources of the runtime that every user program is linked with."""
    return sorted(os.path.join(RUNTIME, name) for name in os.listdir(RUNTIME) if name.endswith(".c"))


def link_flags(family: str, machine: str) -> list[list[str]]:
    """The flags that join objects into one: a list of ways, for clang may find GNU ld or only lld."""
    target = MACHINES[machine]
    join = ["-r", "-nostdlib"]
    if family != "clang":
        return [[*_target_flags(family, target), *join]]
    clang = ["-target", target.clang.replace("-none-elf", "-linux-gnu"), *join]
    return [clang, [*clang, "-fuse-ld=lld"]]
