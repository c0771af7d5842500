"""The crashes of one socket: a directory with a subdirectory for each, which has its number.

A crash is written into ".new-N", and renamed when it is whole. Numbers are never used again: "next" has the
next one. Who writes holds the lock, so a ".new-N" that somebody else finds with the lock is what is left of
a process that was killed.

    N/crash.json     the summary: CrashSummary, and the modules
    N/record.json    the record (evidence/record.py), if there is one
    N/report.txt     the text
    N/kernel.sym     symbols (symbolfile.py), and
    N/core           memory (corefile.py), if the kernel died
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from lkmtools.errors import LkmtoolsError, host_reason
from lkmtools.evidence.record import RecordedModule, row_of
from lkmtools.tuples import NamedTuple

MOST = 16  # crashes
LIMIT = 256 << 20  # bytes that they may have on disk
SUMMARY, RECORD, TEXT, SYMBOLS, CORE = "crash.json", "record.json", "report.txt", "kernel.sym", "core"
VERSION = 1  # of the summary
_LOCK, _NEXT, _NEW = "lock", "next", ".new-"
_MOST_READ = 64 << 20  # bytes of a file that is read
_MOST_NUMBER = 1 << 31


class CrashError(LkmtoolsError):
    """A crash, or the directory of crashes, cannot be used: the text names it, and says why."""


class CrashSummary(NamedTuple):
    """A crash in a few words: `kind` is "panic", "died" or "report"; `time` in seconds since 1970.

    `core` is "" for one that has a core, otherwise the reason why it has none.
    """

    number: int
    time: float
    boot: int
    kind: str
    machine: str
    reason: str
    core: str
    modules: tuple[RecordedModule, ...]


class CrashDirectory:
    """The directory at `path`; open from the beginning to close(). CrashError.

    It must be the user's, and private: what is in it names files, which a debugger reads. `make`: make it
    when it is missing; without, FileNotFoundError then.
    """

    def __init__(self, path: str, make: bool = False) -> None:
        self.path = path
        if make:
            _make(path)
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise CrashError(host_reason(error)) from None
        try:
            self._check()
        except CrashError:
            os.close(self._fd)
            raise

    def _check(self) -> None:
        status = os.fstat(self._fd)
        uid, mode = os.geteuid(), stat.S_IMODE(status.st_mode)
        if uid not in (status.st_uid, 0):
            raise CrashError(f"{self.path}: belongs to uid {status.st_uid}, not to uid {uid}")
        if mode & 0o077:
            raise CrashError(
                f"{self.path}: has mode {mode:04o}; the limit is 0700: chmod 700 {self.path}, "
                "or name another directory"
            )

    def close(self) -> None:
        """Nothing else may be called after it."""
        os.close(self._fd)

    # -- reading ------------------------------------------------------------------------------------------

    def numbers(self) -> list[int]:
        """The numbers of the crashes that are there, in order."""
        return sorted(int(name) for name in os.listdir(self._fd) if _is_number(name))

    def file(self, number: int, name: str) -> str:
        """The path of a file of a crash."""
        return os.path.join(self.path, str(number), name)

    def has(self, number: int, name: str) -> bool:
        """Has the crash this file?"""
        try:
            return stat.S_ISREG(os.lstat(f"{number}/{name}", dir_fd=self._fd).st_mode)
        except OSError:
            return False

    def text(self, number: int, name: str) -> str:
        """A file of a crash; "" when it is missing. CrashError."""
        path = self.file(number, name)
        try:
            fd = os.open(
                f"{number}/{name}",
                os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK,
                dir_fd=self._fd,
            )
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise CrashError(f"{path}: {error.strerror}") from None
        with open(fd, encoding="utf-8", errors="backslashreplace") as file:
            if (size := os.fstat(fd).st_size) > _MOST_READ:
                raise CrashError(f"{path}: the file has {size} bytes; the limit is {_MOST_READ}")
            try:
                return file.read()
            except OSError as error:
                raise CrashError(f"{path}: {error.strerror}") from None

    def summary(self, number: int) -> CrashSummary:
        """What a crash was. CrashError when that is missing or damaged."""
        import json

        path = self.file(number, SUMMARY)
        try:
            found = json.loads(self.text(number, SUMMARY) or "null")
            return _summary(number, found)
        except (ValueError, KeyError, RecursionError) as error:
            what = str(error) if isinstance(error, ValueError) else repr(error)
            raise CrashError(f"{path}: the file is damaged: {what}") from None

    # -- writing ------------------------------------------------------------------------------------------

    @contextmanager
    def locked(self, wait: bool = True) -> Iterator[bool]:
        """Be the only one who writes; True then. Without `wait`, False when somebody else does."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(_LOCK, flags, 0o600, dir_fd=self._fd)
        alone = True
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                alone = False
            yield alone
        finally:
            os.close(fd)

    def begin(self) -> int:
        """The number of a new crash, whose files are then made by create(). With the lock only."""
        self.clear_away()
        number = max(self._next(), *(taken + 1 for taken in self.numbers()), 1)
        with self.open_new(f"{_NEXT}~") as file:
            file.write(f"{number + 1}\n".encode())
        os.rename(f"{_NEXT}~", _NEXT, src_dir_fd=self._fd, dst_dir_fd=self._fd)
        os.mkdir(f"{_NEW}{number}", 0o700, dir_fd=self._fd)
        return number

    def _next(self) -> int:
        try:
            with open(os.open(_NEXT, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=self._fd), "rb") as file:
                text = file.read(16).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return 1
        return int(text) if _is_number(text) else 1

    def open_new(self, name: str) -> Any:
        """A binary file to write, mode 0600."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        return open(os.open(name, flags, 0o600, dir_fd=self._fd), "wb", buffering=0)

    def create(self, number: int, name: str) -> Any:
        """A file of the crash that has begun."""
        return self.open_new(f"{_NEW}{number}/{name}")

    def finish(self, number: int) -> None:
        """The crash is whole: make room for it, and let it be seen."""
        size = self._size(f"{_NEW}{number}")
        others = self.numbers()
        sizes = {other: self._size(str(other)) for other in others}
        while others and (len(others) >= MOST or sum(map(sizes.__getitem__, others)) + size > LIMIT):
            self._remove(str(others.pop(0)))
        os.rename(f"{_NEW}{number}", str(number), src_dir_fd=self._fd, dst_dir_fd=self._fd)

    def clear_away(self) -> None:
        """Remove what is left of crashes that were not finished. With the lock only."""
        for name in os.listdir(self._fd):
            if name.startswith(_NEW):
                self._remove(name)

    def _size(self, name: str) -> int:
        """The bytes on disk of a crash."""
        return sum(512 * status.st_blocks for _, status in self._files(name))

    def _files(self, name: str) -> Iterator[tuple[str, os.stat_result]]:
        """The files of a crash."""
        with suppress(FileNotFoundError, NotADirectoryError):
            fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._fd)
            try:
                for file in os.listdir(fd):
                    yield f"{name}/{file}", os.stat(file, dir_fd=fd, follow_symlinks=False)
            finally:
                os.close(fd)

    def _remove(self, name: str) -> None:
        """Remove a crash: first its name, if it has a number, so that nobody finds half of it."""
        if not name.startswith(_NEW):
            hidden = f"{_NEW}{name}"
            os.rename(name, hidden, src_dir_fd=self._fd, dst_dir_fd=self._fd)
            name = hidden
        for path, _ in tuple(self._files(name)):
            with suppress(FileNotFoundError):
                os.unlink(path, dir_fd=self._fd)
        with suppress(FileNotFoundError):
            os.rmdir(name, dir_fd=self._fd)


def _make(path: str) -> None:
    """Make the directory, private, and those above it that are missing."""
    try:
        os.makedirs(path, 0o700, exist_ok=True)
    except FileExistsError:
        raise CrashError(f"{path}: is not a directory") from None
    except OSError as error:
        raise CrashError(host_reason(error)) from None


def _is_number(name: str) -> bool:
    """Is it the name of a crash: a number without leading zeros, below the limit?"""
    return (
        name.isascii() and name.isdigit() and name[0] != "0" and len(name) < 11 and int(name) < _MOST_NUMBER
    )


def _summary(number: int, found: Any) -> CrashSummary:
    """A summary from its JSON. ValueError or KeyError when it is damaged."""
    if not isinstance(found, dict):
        raise ValueError("it is missing" if found is None else "it is not an object")
    if found["version"] != VERSION:
        raise ValueError(f"it has version {found['version']}; this lkmtools reads {VERSION}")
    members = {key: value for key, value in found.items() if key != "version"}
    return row_of(CrashSummary, {**members, "number": number})
