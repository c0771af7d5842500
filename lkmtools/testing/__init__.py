"""A kernel under test: what the fixture lkm_kernel of the pytest plugin gives.

    kernel.load("echo.c")          compiled for the kernel's machine, linked, started: a LoadedModule
    kernel.open("/dev/echo")       an OpenFile: read, write, ioctl
    kernel.syscall(210, 42)        any system call
    kernel.run("prog.c", "arg")    a user program, compiled and run inside
    kernel.dmesg()                 what the kernel printed

What goes wrong is an exception: modules.LoadError from load(), KernelError with a BSD errno, PanicError when
the module took the kernel down. Its note is the panic report with the backtrace, so that pytest prints it;
the kernel has booted again by then, and nothing is loaded in it. What the kernel reports and survives, such
as a sleep that nobody will end, is a ReportWarning, and is in kernel.reports.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lkmtools import modules
from lkmtools.abi import stat as st
from lkmtools.abi.conf import makedev
from lkmtools.abi.fcntl import O_RDWR
from lkmtools.abi.ioccom import IOC_IN, IOC_OUT, IOCPARM_LEN
from lkmtools.abi.mman import PROT_READ, PROT_WRITE
from lkmtools.abi.syscall import SYS_nanosleep
from lkmtools.client import Buffer, Process
from lkmtools.debug import source_of
from lkmtools.errors import DaemonError, LkmtoolsError, PanicError
from lkmtools.testing.build import Builder
from lkmtools.testing.host import DaemonHost, Host, LocalHost
from lkmtools.tuples import NamedTuple

__all__ = ["Builder", "LkmKernel", "LoadedModule", "OpenFile", "Ran", "ReportWarning"]

_R = TypeVar("_R")
READ = 65536  # bytes that read() asks for when nothing else is said


class ReportWarning(UserWarning):
    """The kernel reports what is wrong with the call that a test makes; it goes on."""


class Ran(NamedTuple):
    """How a program ended: exit status (None when a signal ended it), signal (0), output, and why."""

    status: int | None
    signal: int
    out: str
    reason: str


class OpenFile:
    """An open file or device of the simulated kernel; closed at the end of a with block."""

    def __init__(self, kernel: LkmKernel, process: Process, fd: int, path: str) -> None:
        self.kernel = kernel
        self.process = process
        self.fd = fd
        self.path = path

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        __tracebackhide__ = True
        if kind is None or not issubclass(kind, PanicError | DaemonError):  # else the process is gone
            self.close()

    def read(self, size: int = READ) -> bytes:
        """One read(2): at most `size` bytes, none at the end."""
        __tracebackhide__ = True
        return self.kernel.do(self.process.read, self.fd, size)

    def write(self, data: bytes) -> int:
        """One write(2): how many bytes were taken."""
        __tracebackhide__ = True
        return self.kernel.do(self.process.write, self.fd, data)

    def seek(self, offset: int) -> int:
        """lseek(2) from the beginning: the new offset."""
        __tracebackhide__ = True
        return self.kernel.do(self.process.lseek, self.fd, offset)

    def ioctl(self, command: int, data: bytes | int = b"") -> bytes:
        """ioctl(2): the argument as the device leaves it; nothing for a command that gives nothing out.

        An int is stored with the size of the command's argument. lkmtools.abi.ioccom has _IOR and its kin.
        """
        __tracebackhide__ = True
        size = IOCPARM_LEN(command)
        if not command & (IOC_IN | IOC_OUT):
            self.kernel.do(self.process.ioctl, self.fd, command, data if isinstance(data, int) else 0)
            return b""
        order = self.process.dm.byteorder
        raw = data if isinstance(data, bytes) else (data % (1 << 8 * size)).to_bytes(size, order)
        if len(raw) > size:
            raise ValueError(f"{len(raw)} bytes; ioctl {command:#x} takes {size}")
        buffer = self.process.buffer(raw.ljust(size, b"\0"))
        self.kernel.do(self.process.ioctl, self.fd, command, buffer)
        return bytes(buffer.data) if command & IOC_OUT else b""

    def ioctl_int(self, command: int, value: int = 0) -> int:
        """ioctl() of a command whose argument is a signed integer."""
        __tracebackhide__ = True
        return int.from_bytes(self.ioctl(command, value), self.process.dm.byteorder, signed=True)

    @contextmanager
    def map(self, length: int, offset: int = 0, prot: int = PROT_READ | PROT_WRITE) -> Iterator[memoryview]:
        """mmap(2) until the block ends: a device's memory itself, which the module sees changed at once."""
        __tracebackhide__ = True
        address = self.kernel.do(self.process.mmap, self.fd, length, offset, prot)
        try:
            yield self.process.memory(address, length)
        except (PanicError, DaemonError):
            raise  # the process is gone, and the mapping with it
        except BaseException:
            self.process.munmap(address, length)
            raise
        self.kernel.do(self.process.munmap, address, length)

    def close(self) -> None:
        """close(2)."""
        __tracebackhide__ = True
        self.kernel.do(self.process.close, self.fd)


class LoadedModule:
    """A loaded module. `id`, `name`, and `offset` as modstat(8) shows them; see modules.Module."""

    def __init__(self, kernel: LkmKernel, module: modules.Module, symbols: dict[str, int]) -> None:
        self.kernel = kernel
        self.id = module.id
        self.name = module.name
        self.type = module.type_name
        self.offset = module.offset
        self.majors = module.majors
        self.symbols = symbols

    def __repr__(self) -> str:
        return f"<{self.type} module {self.name!r}, id {self.id}>"

    def syscall(self, *args: int | str | bytes | Buffer) -> int:
        """Make the system call of a SYSCALL module; what it returns."""
        __tracebackhide__ = True
        if self.type != "SYSCALL":
            raise ValueError(f"{self.name} is a {self.type} module: it has no system call of its own")
        return self.kernel.syscall(self.offset, *args)

    def node(self, path: str | None = None, minor: int = 0, block: bool = False) -> str:
        """Make a node for a DEV module's device, by default /dev/NAME, of mode 0666; its path."""
        __tracebackhide__ = True
        if self.majors is None:
            raise ValueError(f"{self.name} is a {self.type} module: it has no device")
        major = self.majors[0 if block else 1]
        if major < 0:
            raise ValueError(f"{self.name} has no {'block' if block else 'character'} device")
        kind = st.S_IFBLK if block else st.S_IFCHR
        name = path or f"/dev/{self.name}"
        self.kernel.do(self.kernel.process.mknod, name, kind | 0o666, makedev(major, minor))
        return name

    def unload(self) -> None:
        """Unload it. KernelError EBUSY when it refuses or is in use."""
        __tracebackhide__ = True
        self.kernel.unload(self.id)


class LkmKernel:
    """A booted kernel and a process in it, on `machine`; `tool_env` is for commands on a daemon's.

    Crashes are kept in, or for a daemon below, the directory `crashes`; without one they are not. `reports`
    are the texts, with source, of what the kernel has reported about the calls of the process.
    """

    def __init__(
        self,
        builder: Builder,
        machine: str,
        places: Sequence[Path],
        *,
        daemon: bool = False,
        crashes: str | None = None,
        **options: Any,
    ) -> None:
        self.builder = builder
        self.machine = machine
        self.places = places
        host = DaemonHost if daemon else LocalHost
        self.host: Host = host(machine, options, crashes)
        self._process: Process | None = None
        self.reports: list[str] = []
        self._warned = 0

    @property
    def process(self) -> Process:
        """The process that makes the calls (client.Process, user 0); a new one after a panic."""
        if self._process is None:
            self._process = self.host.process()
            self._process.on_report = self._reported
        return self._process

    def _reported(self, text: str, record: str) -> None:
        self.reports.append("\n".join([text.rstrip("\n"), *source_of(record)]))

    def _warn(self) -> None:
        """A warning for each new report."""
        new, self._warned = self.reports[self._warned :], len(self.reports)
        for text in new:
            warnings.warn(text, ReportWarning, stacklevel=4)

    @property
    def tool_env(self) -> dict[str, str]:
        """The environment in which modload, lkmctl and the like reach this kernel: a daemon's."""
        if not isinstance(self.host, DaemonHost):
            raise ValueError("tools cannot reach this kernel: use pytest.mark.lkm_kernel(daemon=True)")
        return {**os.environ, "LKM_SOCKET": self.host.socket, "LKM_CRASH_DIR": self.host.crashes}

    def do(self, function: Callable[..., _R], *args: Any, **options: Any) -> _R:
        """Call something that calls the kernel; its errors are shown where the test stands.

        What the kernel reports meanwhile is a ReportWarning. A PanicError gets the panic report as a note,
        and the next call is of a new process in a new kernel.
        """
        __tracebackhide__ = True
        try:
            return function(*args, **options)
        except LkmtoolsError as error:
            if isinstance(error, PanicError):
                self._process = None
                if not getattr(error, "__notes__", None):
                    error.add_note("\n".join([error.report.rstrip("\n"), *source_of(error.record)]))
            raise error.with_traceback(None) from None
        finally:
            self._warn()

    def find(self, path: str | os.PathLike[str]) -> Path:
        """A file beside the test or in the root directory of the tests. FileNotFoundError names both."""
        for place in self.places:
            if (found := place / path).exists():
                return found
        raise FileNotFoundError(f"{os.fspath(path)}: not in {' or '.join(map(str, self.places))}")

    def build(self, source: str | os.PathLike[str], *flags: str) -> Path:
        """The object of a module's C source, made for this kernel's machine as lkmcc does."""
        __tracebackhide__ = True
        return self.do(self.builder.module, self.find(source), self.machine, flags)

    def load(self, path: str | os.PathLike[str], *flags: str, **options: Any) -> LoadedModule:
        """Load a module: an object (.o), or a C source, which is compiled with `flags` first.

        `options` are those of modules.load: symbols=True is modload -s, entry, force ...
        """
        __tracebackhide__ = True
        found = self.find(path)
        if found.suffix == ".c":
            found = self.build(found, *flags)
        loaded = self.do(modules.load, self.process, found, **options)
        symbols = {symbol.name: symbol.value for symbol in loaded.image.symbols}
        return LoadedModule(self, self.do(modules.stat, self.process, loaded.id), symbols)

    def unload(self, module: int | str) -> None:
        """Unload a module by its id or name. KernelError."""
        __tracebackhide__ = True
        self.do(modules.unload, self.process, module)

    def modules(self) -> list[modules.Module]:
        """All loaded modules, by id."""
        __tracebackhide__ = True
        return self.do(modules.stat_all, self.process)

    def open(self, path: str, flags: int = O_RDWR, mode: int = 0o666) -> OpenFile:
        """Open a file or device of the kernel (not of the host)."""
        __tracebackhide__ = True
        return OpenFile(self, self.process, self.do(self.process.open, path, flags, mode), path)

    def buffer(self, content: bytes | int) -> Buffer:
        """Memory of the process, with this content or this number of zero bytes, for syscall(); see .data."""
        return self.process.buffer(content)

    def syscall(self, number: int, *args: int | str | bytes | Buffer) -> int:
        """Make a system call; what it returns. KernelError."""
        __tracebackhide__ = True
        return self.do(self.process.syscall, number, *args)[0]

    def sleep(self, seconds: float) -> None:
        """Let the kernel's clock run so long: nanosleep(2)."""
        __tracebackhide__ = True
        dm = self.process.dm
        whole, rest = divmod(round(seconds * 1_000_000_000), 1_000_000_000)
        spec = whole.to_bytes(8, dm.byteorder) + rest.to_bytes(dm.pointer, dm.byteorder)
        self.syscall(SYS_nanosleep, spec, 0)

    def run(self, path: str | os.PathLike[str], *args: str, stdin: bytes = b"", uid: int = 0) -> Ran:
        """Run a user program inside to its end: a static ELF file, or a C source, which is compiled first."""
        __tracebackhide__ = True
        found = self.find(path)
        if found.suffix == ".c":
            found = self.do(self.builder.program, found, self.machine)
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
            given.write(stdin)
            given.seek(0)
            files = (given.fileno(), taken.fileno(), taken.fileno())
            status, reason = self.do(self.host.execute, found.read_bytes(), found.name, args, uid, files)
            taken.seek(0)
            out = taken.read().decode("utf-8", "backslashreplace")
        signal = status & 0x7F
        return Ran(None if signal else status >> 8, signal, out, reason)

    def dmesg(self) -> str:
        """Everything the kernel has printed; it survives panics."""
        return self.host.dmesg()

    def reboot(self) -> None:
        """Boot a new kernel: nothing stays loaded."""
        self._process = None
        self.host.reboot()

    def close(self) -> None:
        """The end of process and kernel. PanicError when what the process had open brings it down."""
        try:
            if self._process is not None:
                self.do(self._process.exit)
        finally:
            self.host.close()
