"""The one tree of errors.

Text never replaces the number: a KernelError always carries its BSD errno, and the reason beside it.
Errors are converted to a register, a reply or an exit status at one place each.
"""

import errno
import os
from contextlib import suppress

from lkmtools.abi.errno import ENOMEM, errno_name, strerror

DEBUG_FILE = "LKM_DEBUG_TRACEBACK"
NO_MEMORY = "the host has no memory left"
_LONGEST = 200  # characters of an error's own text that are shown


def bug(error: BaseException, place: bool = True) -> str:
    """An exception that only a bug of ours can cause, in one line: what it is, and where it was raised.

    A lack of memory is not a bug: it is reported as such, with the limits.

    A user never sees a traceback. A developer names a file in LKM_DEBUG_TRACEBACK: tracebacks are appended
    to it, and go nowhere else.
    """
    _note(error)
    text = " ".join(str(error).split())
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}... ({len(text)} characters)"
    text = f": {text}" if text else ""
    where = _place(error) if place else ""
    if is_shortage(error):
        return f"{NO_MEMORY}{text}{where}{memory_limits()}"
    return f"internal error: {type(error).__name__}{text}{where}"


def _place(error: BaseException) -> str:
    """Where an exception was raised; "" when it was not."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    code = trace.tb_frame.f_code
    file = code.co_filename.rpartition("/")[2]
    return f" in {code.co_qualname} ({file}, line {trace.tb_lineno})"


def is_shortage(error: BaseException) -> bool:
    """Does it mean that the host has no memory? The loader of libraries has no number for that."""
    if isinstance(error, ImportError):
        return "failed to map segment" in str(error)
    return isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)


def memory_limits() -> str:
    """The limits on this process's memory, to be put behind what is said of a lack of it; "" for none."""
    import resource

    limits = ((resource.RLIMIT_AS, "address space", "v"), (resource.RLIMIT_DATA, "data", "d"))
    known = ((resource.getrlimit(number)[0], what, letter) for number, what, letter in limits)
    return "".join(
        f"; the limit is {most >> 10} KiB of {what} (ulimit -{letter})"
        for most, what, letter in known
        if most != resource.RLIM_INFINITY
    )


def _note(error: BaseException) -> None:
    """Append the traceback to the file that LKM_DEBUG_TRACEBACK names, if it can be written."""
    path = os.environ.get(DEBUG_FILE)
    if path:
        import traceback

        with suppress(OSError), open(path, "a", encoding="utf-8") as file:
            file.write("".join(traceback.format_exception(error)) + "\n")


def host_limit(number: int | None) -> str:
    """The limit of this process that a host's errno is about, to be put behind it; "" for none."""
    if number == errno.ENOMEM:
        return memory_limits()
    import resource

    limits = {errno.EMFILE: (resource.RLIMIT_NOFILE, "n"), errno.EAGAIN: (resource.RLIMIT_NPROC, "u")}
    if number not in limits:
        return ""
    limit, letter = limits[number]
    most = resource.getrlimit(limit)[0]
    return f"; the limit is {most} (ulimit -{letter})" if most != resource.RLIM_INFINITY else ""


def host_reason(error: OSError) -> str:
    """Why the host refused something, where nothing better is known: the file, its words, and the way out."""
    what = f"{error.filename}: " if error.filename is not None else ""
    text = f"{what}{error.strerror or error}"
    if limit := host_limit(error.errno):
        return text + limit
    if error.errno == errno.ENOENT and not what and not _has_directory():
        return f"{text} (the working directory was removed)"
    return text


def _has_directory() -> bool:
    """Does the working directory still exist?"""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


class LkmtoolsError(Exception):
    """Base of every error that a user, a module file, a client or a configuration can cause."""


class KernelError(LkmtoolsError):
    """A system call or kernel function failed: a BSD errno (never the host's number) and why."""

    def __init__(self, errno: int, reason: str = "") -> None:
        super().__init__(errno, reason)
        self.errno = errno
        self.reason = reason

    def __str__(self) -> str:
        text = strerror(self.errno)
        return f"{text}: {self.reason}" if self.reason else text

    def __repr__(self) -> str:
        return f"KernelError({errno_name(self.errno)}, {self.reason!r})"


def answer_to(error: KernelError | MemoryError) -> KernelError:
    """The error that a function of the kernel answers with: ENOMEM where the host has no memory for it."""
    if isinstance(error, KernelError):
        return error
    return KernelError(ENOMEM, f"{NO_MEMORY} for this call{memory_limits()}")


class PanicError(LkmtoolsError):
    """The simulated kernel panicked while it served this client.

    `report` is the whole console text, `record` what it was made of: a CrashRecord (evidence/record.py) as
    JSON, or "".
    """

    def __init__(self, reason: str, report: str = "", record: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.report = report
        self.record = record


class DaemonError(LkmtoolsError):
    """The daemon cannot be reached, started or spoken to."""


class ObjectError(LkmtoolsError):
    """A module object cannot be read: the text has file, place and value."""


class LinkError(LkmtoolsError):
    """A module object cannot be linked: file, section, offset, symbol, value and range in the text."""
