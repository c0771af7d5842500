"""A command line of lkmcc, taken apart, and the commands that it comes to: pure."""

from __future__ import annotations

import os

from lkmtools.cc.compilers import Compiler, CompilerError
from lkmtools.cc.flags import compile_flags, link_flags, program_flags, runtime
from lkmtools.tuples import NamedTuple

_SOURCES = (".c", ".i", ".s", ".S")
_OBJECTS = (".o", ".a")
_TAKES_ARGUMENT = {
    *(
        "-D",
        "-U",
        "-I",
        "-include",
        "-imacros",
        "-isystem",
        "-iquote",
        "-idirafter",
        "-x",
        "-MF",
        "-MT",
        "-MQ",
    ),
    *("-Xclang", "-Xpreprocessor", "-Xassembler", "-T", "-L", "-u", "-z", "-arch", "-target", "--param"),
}
_OPTIONS = (
    "--machine",
    "--api",
    "--cflags",
    "--check-compiler",
    "--user",
    "--samples",
    "--version",
    "--help",
)
_SYNTAX = "-fsyntax-only"
_NOT_COMPILING = {"-E", "-S", _SYNTAX, "-M", "-MM"}


class CompilerArgs(NamedTuple):
    """The compiler's part of the command line, taken apart."""

    sources: list[str]
    objects: list[str]
    options: list[str]
    output: str | None
    join: bool
    verbose: bool
    jobs: int
    compile_only: bool = False  # -c
    api: str | None = None  # the dialect that was chosen


def parse(words: list[str]) -> CompilerArgs:
    """Take the compiler's words apart; CompilerError when -o has no file or nothing is to be done."""
    sources, objects, options = [], [], []
    output, jobs = None, len(os.sched_getaffinity(0))
    flags = set()
    rest = iter(words)
    for word in rest:
        if word == "-o":
            output = next(rest, None)
            if output is None:
                raise CompilerError("-o needs a file name")
        elif word.startswith("-o"):
            output = word[2:]
        elif word.startswith("-j"):
            jobs = _number(word[2:] or next(rest, ""))
        elif near := _misspelt(word):
            raise CompilerError(f"{word}: no such option; did you mean {near}?")
        elif word in _TAKES_ARGUMENT:
            options += [word, *[argument for argument in [next(rest, None)] if argument is not None]]
        elif word.startswith("-") and word not in ("-c", "-r", "-v"):
            options.append(word)
        elif word.endswith(_OBJECTS):
            objects.append(word)
        elif word.endswith(_SOURCES):
            sources.append(word)
        elif word.startswith("-"):
            flags.add(word)
        elif os.path.isdir(word):
            raise CompilerError(f"{word} is a directory; name the sources in it: {word.rstrip('/')}/*.c")
        else:
            raise CompilerError(
                f"{word}: neither a C source nor an object (the suffixes are .c .i .s .S .o .a)"
            )
    if not sources and not objects:
        raise CompilerError("no source files; try lkmcc --help")
    join, verbose, compile_only = ("-r" in flags, "-v" in flags, "-c" in flags)
    return CompilerArgs(sources, objects, options, output, join, verbose, jobs, compile_only)


def _number(word: str) -> int:
    """The argument of -j."""
    if not word.isascii() or not word.isdigit() or int(word) < 1:
        raise CompilerError(f"-j needs a number of processes, 1 or more, not '{word}'")
    return int(word)


def _misspelt(word: str) -> str | None:
    """The option of ours that `word` was probably meant to be; the compilers' own are not meant."""
    if not word.startswith("--") or word in _TAKES_ARGUMENT:
        return None
    from difflib import get_close_matches

    return next(iter(get_close_matches(word.partition("=")[0], _OPTIONS, 1, 0.8)), None)


class Compile(NamedTuple):
    """One source: the command, and the file that it makes."""

    command: list[str]
    output: str


class Plan(NamedTuple):
    """What is to be run: all of `compiles`, side by side, then the first of `then` that works.

    Either may be empty. `temporary` are files that may be left behind.
    """

    compiles: list[Compile]
    then: list[list[str]]
    temporary: list[str]


def joins(args: CompilerArgs) -> bool:
    """Is the result one module of several parts?"""
    return args.join and not _NOT_COMPILING & set(args.options)


def plan(args: CompilerArgs, compiler: Compiler, machine: str) -> Plan:
    """The commands that make modules; CompilerError for words that contradict one another."""
    compile_one = [*compiler.argv, *compile_flags(compiler.family, machine, args.options)]
    if _SYNTAX in args.options and compiler.family == "zig":  # its driver wants a file that is never made
        rest = [word for word in compile_one if word != _SYNTAX]
        unwanted = [f".{_stem(source)}.{os.getpid()}.tmp.s" for source in args.sources]
        return Plan(_each(args.sources, unwanted, [*rest, "-S"]), [], unwanted)
    if _NOT_COMPILING & set(args.options):
        output = ["-o", args.output] if args.output else []
        return Plan([], [[*compile_one, *output, *args.sources]], [])
    if args.join:
        return _join(args, compiler, machine, compile_one)
    if args.objects:
        raise CompilerError(f"{args.objects[0]}: objects are joined only with -r")
    if args.output and len(args.sources) > 1:
        raise CompilerError("-o with several sources needs -r, which makes one module of them")
    return Plan(_each(args.sources, _objects(args), [*compile_one, "-c"]), [], [])


def _objects(args: CompilerArgs) -> list[str]:
    """The objects that the sources become; CompilerError when two would be one file."""
    outputs = [args.output or f"{_stem(source)}.o" for source in args.sources]
    made: dict[str, str] = {}
    for source, target in zip(args.sources, outputs, strict=True):
        if target in made:
            raise CompilerError(f"{made[target]} and {source} would both become {target}")
        made[target] = source
    return outputs


def _join(args: CompilerArgs, compiler: Compiler, machine: str, compile_one: list[str]) -> Plan:
    """-r: compile, then join."""
    if args.output is None:
        raise CompilerError("-r needs -o FILE, the module to make")
    parts = [f"{args.output}.{number}.tmp.o" for number in range(len(args.sources))]
    inputs = [*parts, *args.objects, "-o", args.output]
    ways = [[*compiler.argv, *flags, *inputs] for flags in link_flags(compiler.family, machine)]
    return Plan(_each(args.sources, parts, [*compile_one, "-c"]), ways, parts)


def _each(sources: list[str], outputs: list[str], command: list[str]) -> list[Compile]:
    pairs = zip(sources, outputs, strict=True)
    return [Compile([*command, source, "-o", output], output) for source, output in pairs]


def _stem(source: str) -> str:
    return os.path.splitext(os.path.basename(source))[0]


def plan_program(args: CompilerArgs, compiler: Compiler, machine: str) -> Plan:
    """The command that makes a static user program, or with -c the objects of one: --user."""
    if args.join:
        raise CompilerError("-r and --user exclude each other: -r makes modules")
    flags = program_flags(compiler.family, machine, args.options)
    inputs = [*args.sources, *args.objects]
    if _NOT_COMPILING & set(args.options):
        raise CompilerError("--user compiles and links at once: it takes no -E, -S or -M")
    if args.compile_only:
        return _compile_program(args, [*compiler.argv, *flags, "-c"])
    output = args.output or "a.out"
    return Plan([], [[*compiler.argv, *flags, *inputs, *runtime(), "-o", output]], [])


def _compile_program(args: CompilerArgs, command: list[str]) -> Plan:
    """--user -c: objects, to be linked by another --user."""
    if args.objects:
        raise CompilerError(f"{args.objects[0]}: -c links no objects")
    if args.output and len(args.sources) > 1:
        raise CompilerError("-o with -c takes one source")
    return Plan(_each(args.sources, _objects(args), command), [], [])
