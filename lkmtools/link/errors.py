"""Errors of a link besides a malformed object: the LinkErrors that carry data."""

from __future__ import annotations

from lkmtools.errors import LinkError
from lkmtools.tuples import NamedTuple

# Names compilers call by themselves, and the option that stops them.
_HINTS = {
    "__stack_chk_fail": "compile with -fno-stack-protector",
    "__stack_chk_guard": "compile with -fno-stack-protector",
    "__stack_chk_fail_local": "compile with -fno-stack-protector",
    "__fentry__": "compile without -pg",
    "mcount": "compile without -pg",
    "__gmon_start__": "compile without -pg",
    "__x86_return_thunk": "compile without -mfunction-return",
    "__morestack": "compile without -fsplit-stack",
    "__tls_get_addr": "compile without thread-local storage",
    "___tls_get_addr": "compile without thread-local storage",
    # Of -ftrapv: addition, subtraction, multiplication, negation and absolute value of each width.
    **{
        f"__{name}v{mode}{count}": "compile without -ftrapv"
        for name, count in (("add", 3), ("sub", 3), ("mul", 3), ("neg", 2), ("abs", 2))
        for mode in ("si", "di", "ti")
    },
}
_HINT_PREFIXES = {
    "__asan_": "compile with -fno-sanitize=all",
    "__ubsan_": "compile with -fno-sanitize=all",
    "__tsan_": "compile with -fno-sanitize=all",
    "__msan_": "compile with -fno-sanitize=all",
    "__sanitizer_": "compile with -fno-sanitize=all",
    "__cyg_profile_": "compile without -finstrument-functions",
    "__x86_indirect_thunk_": "compile with -mindirect-branch=keep (gcc) or -mno-retpoline (clang)",
    "__llvm_retpoline_": "compile with -mno-retpoline",
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
    """The first need of a symbol.

    `function` is "name+0x12", "" where no symbol covers the place; `line` is "FILE:LINE", "" where no debug
    information has it. `section` is "" for a symbol that nothing uses but its visibility wants to be defined.
    """

    name: str
    section: str
    offset: int
    function: str
    line: str = ""

    def __str__(self) -> str:
        place = f"{self.section}+{self.offset:#x}"
        where = f"{self.function} ({place})" if self.function else place
        where = f"first used at {self.line}, in {where}" if self.line else f"first used in {where}"
        if not self.section:
            where = "which nothing uses; but a hidden, protected or internal symbol must be defined"
        text = f"undefined symbol `{self.name}', {where}"
        return f"{text} ({self.advice})" if self.advice else text

    @property
    def advice(self) -> str:
        """How to keep the compiler from needing the symbol; "" for one that it does not need by itself."""
        base, _, version = self.name.partition("@")
        if version := version.lstrip("@"):
            return f"`{base}' is wanted in version {version} (.symver); the kernel's symbols have no versions"
        return _HINTS.get(self.name) or next(
            (text for prefix, text in _HINT_PREFIXES.items() if self.name.startswith(prefix)), ""
        )


class UndefinedSymbols(LinkError):
    """Symbols nobody defines, all of them, in order of first need; str() is one line for each."""

    def __init__(self, file: str, references: tuple[Reference, ...]) -> None:
        super().__init__(file)
        self.file = file
        self.references = references

    def __str__(self) -> str:
        return "\n".join(map(str, self.references))
