"""The flags that make a host compiler compile for the simulated kernel.

A module is freestanding C, linked at a fixed address (no PIC), for a CPU whose vector registers belong to
somebody else. Frame pointers and debug information are for the kernel's backtraces. Sources of the LKM era
rely on things later compilers made errors (implicit int, undeclared functions, pointers of another type):
they stay warnings. What the C standard leaves undefined does what the machine does, so that a stray
pointer faults where it is used.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

INCLUDE = Path(__file__).resolve().parent.parent / "include"


class Target(NamedTuple):
    """A machine, as compilers name it and as its objects say it (e_machine and EI_CLASS of the ELF header)."""

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

_KERNEL = (
    *("-D_KERNEL", "-D_LKM", "-D__NetBSD__"),
    *("-Ulinux", "-U__linux", "-U__linux__", "-U__gnu_linux__"),
)
_LANGUAGE = ("-std=gnu99", "-fgnu89-inline", "-fcommon", "-ffreestanding", "-nostdinc")
_CODE = (
    *("-O2", "-g", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls"),
    *(
        "-fno-pic",
        "-fno-pie",
        "-fno-stack-protector",
        "-fcf-protection=none",
        "-fno-asynchronous-unwind-tables",
    ),
    *("-mgeneral-regs-only", "-fno-strict-aliasing", "-fwrapv", "-fno-delete-null-pointer-checks"),
)
_WARNINGS = (
    *("-Wall", "-Wno-unused", "-Wno-pointer-sign", "-Wno-main", "-Wno-parentheses", "-Wno-missing-braces"),
    "-Wno-error=implicit-int",
    "-Wno-error=implicit-function-declaration",
    "-Wno-error=int-conversion",
    "-Wno-error=incompatible-pointer-types",
    "-Wno-error=return-type",
)
_WARNINGS_OF = {
    "gcc": (),
    "clang": (
        "-Wno-error=incompatible-function-pointer-types",
        "-Wno-unknown-warning-option",
        "-Qunused-arguments",
    ),
}
_WARNINGS_OF["zig"] = (*_WARNINGS_OF["clang"], "-fno-sanitize=all")


def _target_flags(family: str, target: Target) -> tuple[str, ...]:
    if family == "gcc":
        return target.gcc
    return ("-target", target.zig if family == "zig" else target.clang)


def compile_flags(family: str, machine: str) -> list[str]:
    """The flags with which a compiler of `family` ("gcc", "clang", "zig") compiles a module for `machine`."""
    target = MACHINES[machine]
    return [
        *_target_flags(family, target),
        *target.code,
        *_LANGUAGE,
        *_CODE,
        *_WARNINGS,
        *_WARNINGS_OF[family],
        *_KERNEL,
        "-isystem",
        str(INCLUDE),
    ]


def link_flags(family: str, machine: str) -> list[list[str]]:
    """The flags that join objects into one relocatable object; clang has two ways, for the linkers it may find."""
    target = MACHINES[machine]
    join = ["-r", "-nostdlib"]
    if family != "clang":
        return [[*_target_flags(family, target), *join]]
    clang = ["-target", target.clang.replace("-none-elf", "-linux-gnu"), *join]
    return [clang, [*clang, "-fuse-ld=lld"]]
