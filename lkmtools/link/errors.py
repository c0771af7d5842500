"""What can go wrong in a link besides a malformed object: the LinkErrors that carry data."""

from __future__ import annotations

from typing import NamedTuple

from lkmtools.errors import LinkError

# Names compilers call by themselves, and the option that stops them.
_HINTS = {
    "__stack_chk_fail": "compile with -fno-stack-protector",
    "__stack_chk_guard": "compile with -fno-stack-protector",
    "__stack_chk_fail_local": "compile with -fno-stack-protector",
    "__fentry__": "compile without -pg",
    "mcount": "compile without -pg",
    "__gmon_start__": "compile without -pg",
    "__cyg_profile_func_enter": "compile without -finstrument-functions",
    "__tls_get_addr": "compile without thread-local storage",
    "___tls_get_addr": "compile without thread-local storage",
}
_HINT_PREFIXES = {
    "__asan_": "compile with -fno-sanitize=all",
    "__ubsan_": "compile with -fno-sanitize=all",
    "__tsan_": "compile with -fno-sanitize=all",
    "__msan_": "compile with -fno-sanitize=all",
    "__sanitizer_": "compile with -fno-sanitize=all",
    "__gcov_": "compile without --coverage",
    "__llvm_profile_": "compile without profiling",
    "_Unwind_": "compile with -fno-exceptions",
}


class WrongMachine(LinkError):
    """The object is for another machine than the kernel: `found` and `wanted` are their names."""

    def __init__(self, file: str, found: str, wanted: str) -> None:
        super().__init__(f"{file} is {found}; this kernel is {wanted}")
        self.found = found
        self.wanted = wanted


class Reference(NamedTuple):
    """The first need of a symbol: `function` is "name+0x12", "" where no symbol covers the place."""

    name: str
    section: str
    offset: int
    function: str

    def __str__(self) -> str:
        place = f"{self.section}+{self.offset:#x}"
        where = f"{self.function} ({place})" if self.function else place
        line = f"undefined symbol `{self.name}', first used in {where}"
        hint = _HINTS.get(self.name) or next(
            (text for prefix, text in _HINT_PREFIXES.items() if self.name.startswith(prefix)), ""
        )
        return f"{line} ({hint})" if hint else line


class UndefinedSymbols(LinkError):
    """Symbols nobody defines, all of them, in order of first need; str() is one line for each."""

    def __init__(self, file: str, references: tuple[Reference, ...]) -> None:
        super().__init__("\n".join(map(str, references)))
        self.file = file
        self.references = references
