"""Any kernel function in a slot of a table that the kernel calls through, and that table in use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from lkmtools.abi.conf import bdevsw, cdevsw
from lkmtools.abi.fcntl import O_CREAT, O_RDWR
from lkmtools.abi.mount import vfsops
from lkmtools.errors import DaemonError, KernelError, PanicError
from support.kernel_calls import _NUMBER, Caller

_DATA = ("vfs_name", "vfs_min_mount_data", "vfs_opv_descs", "vfs_refcount")  # of struct vfsops, no functions


class TableCaller(Caller):
    """A Caller that puts functions into tables of function pointers."""

    def slots(self) -> dict[str, tuple[int, Callable[[], object]]]:
        """By name, where tables have function pointers, and what makes the kernel call one."""
        k, p = self.k, self.process
        found: dict[str, tuple[int, Callable[[], object]]] = {}
        for switch, path in ((cdevsw, "/dev/char"), (bdevsw, "/dev/block")):
            for field in switch.layout(k.dm).fields.values():
                if field.size == k.dm.pointer:
                    at = self.real[f"probe_{switch.name}"] + field.offset
                    found[f"{switch.name} {field.name}"] = at, lambda path=path: self._device(path)  # type: ignore[misc]
        for field in vfsops.layout(k.dm).fields.values():
            if "." not in field.name and field.name not in _DATA:
                mp = next(mp for mp in k.vfs.mounts if mp != k.vfs.rootfs._mount)
                found[field.name] = k.vfs.mount(mp).mnt_op + field.offset, self._mounts
        for name, vector, path in (
            ("rootfs", k.vfs.rootfs.vector, "/tmp"),
            ("hostfs", k.vfs.hostfs.vector, "/mnt"),
        ):
            for op, row in k.vfs.operations.items():
                at = vector + row.place * k.dm.pointer
                found[f"{name} {op}"] = at, lambda path=path: self._files(path)  # type: ignore[misc]
        call = (
            k.system_calls.sysent
            + _NUMBER * k.system_calls.layout.size
            + k.system_calls.layout.offsetof("sy_call")
        )
        found["sysent"] = call, lambda: p.syscall(_NUMBER, 1, 2, 3)
        return found

    def _device(self, path: str) -> None:
        p = self.process
        fd = p.open(path, O_RDWR)
        for use in (
            lambda: p.read(fd, 512),
            lambda: p.write(fd, bytes(512)),
            lambda: p.ioctl(fd, 0x40046C03, p.buffer(64)),
            lambda: p.poll([(fd, 1)], 0),
            lambda: p.mmap(fd, 4096),
        ):
            with suppress(KernelError):
                use()
        p.close(fd)

    def _files(self, path: str) -> None:
        p = self.process
        for use in (
            lambda: p.stat(f"{path}/file"),
            lambda: p.listdir(path),
            lambda: p.close(p.open(f"{path}/new", O_RDWR | O_CREAT)),
            lambda: p.write(p.open(f"{path}/file", O_RDWR), b"text"),
            lambda: p.read(p.open(f"{path}/file"), 10),
            lambda: p.rename(f"{path}/new", f"{path}/old"),
            lambda: p.unlink(f"{path}/old"),
            lambda: p.mkdir(f"{path}/d"),
            lambda: p.symlink("x", f"{path}/l"),
            lambda: p.rmdir(f"{path}/d"),
            lambda: p.chmod(f"{path}/file", 0o600),
        ):
            with suppress(KernelError):
                use()

    def _mounts(self) -> None:
        p = self.process
        p.mkdir("/mnt2")
        for use in (
            lambda: p.statvfs("/mnt"),
            lambda: p.syscall(36),
            lambda: p.mount("hostfs", "/mnt2", self.lk.share(str(self.shared))),
            lambda: p.unmount("/mnt2"),
            lambda: p.unmount("/mnt"),
        ):
            with suppress(KernelError):
                use()

    def put_into(self, slot: str, name: str) -> str:
        """Put the kernel function `name` into a slot of a table, and use that table: what came of it."""
        k = self.k
        slots = self.slots()
        for other, (at, _) in slots.items():
            if other.startswith(("cdevsw", "bdevsw")):
                k.mem.set_ptr(at, k.symbol("genfs_nullop"))
        at, use = slots[slot]
        k.mem.set_ptr(at, k.symbol(name))
        try:
            use()
            outcome = "answered"
        except (KernelError, PanicError, DaemonError) as error:
            outcome = str(error)
        if not k.dead:
            self.lk.reboot()
        self.prepare()
        return outcome
