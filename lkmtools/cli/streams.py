"""The standard streams of a tool: their errors are reported as such, and closed streams do no harm.

Python leaves a stream that the caller closed None, lets the next file that is opened take its descriptor, and
raises errors of standard output that look like those of any file.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING, TextIO

from lkmtools.errors import LkmtoolsError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_CLOSED = ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY))  # a stream, and what it cannot be used for


class StreamError(LkmtoolsError):
    """Standard input cannot be read, or standard output not be written; `errno` is the host's."""

    def __init__(self, stream: str, error: OSError) -> None:
        super().__init__(f"{stream}: {error.strerror}")
        self.errno = error.errno


class _Output(io.FileIO):
    """Standard output: every error is a StreamError, and remembered."""

    failed = False

    def write(self, data: ReadableBuffer, /) -> int | None:  # type: ignore[override]
        """write(2); StreamError."""
        try:
            return super().write(data)
        except OSError as error:
            _Output.failed = True
            raise StreamError("standard output", error) from None


class _Diagnostics(io.FileIO):
    """Standard error: what cannot be written is lost, as there is nobody left whom one could tell."""

    def write(self, data: ReadableBuffer, /) -> int | None:  # type: ignore[override]
        """write(2), which succeeds."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def prepare() -> None:
    """Make sys.stdout and sys.stderr such streams, unless somebody else has replaced them already."""
    fill()
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    if sys.stdout is sys.__stdout__:
        sys.stdout = _text(_Output(1, "w", closefd=False), sys.stdout, "surrogateescape")
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Diagnostics(2, "w", closefd=False), sys.stderr, "backslashreplace")


def fill() -> None:
    """Open what the caller closed of descriptors 0, 1 and 2, so that it cannot be read, or not be written.

    Else the next file that is opened would be the input or output of this process, and of its children.
    """
    for fd, wrong in _CLOSED:
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, wrong)


def _text(raw: io.FileIO, old: TextIO | None, errors: str) -> io.TextIOWrapper:
    """A text stream like `old` over `raw`."""
    if old is not None:
        old.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(old, "encoding", "utf-8"),
        errors=errors,
        line_buffering=getattr(old, "line_buffering", False) or raw.fileno() == 2,
        write_through=getattr(old, "write_through", False),
    )


def read_input(size: int) -> bytes:
    """At most `size` bytes of standard input, b"" at its end; StreamError."""
    try:
        return os.read(0, size)
    except OSError as error:
        raise StreamError("standard input", error) from None


def output_failed() -> bool:
    """Has something that was written to standard output not arrived?"""
    return _Output.failed


def redirect_output() -> None:
    """Standard output has failed: what was to be written, and what follows, goes to standard error."""
    os.dup2(2, 1)
    sys.stdout.flush()


def discard_output() -> None:
    """Standard output has failed: what Python flushes at exit goes nowhere."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
