"""A directory tree of the host, walked so that nothing outside it can be reached.

A file is kept by a descriptor that can neither read nor write it (O_PATH). From a directory's descriptor one
name at a time is looked up, never `..` and never through a symbolic link, and where what was found lies is
asked afterwards: whatever the host renames meanwhile, also the directory itself, a lookup ends in the tree or
fails. The parent of a directory is the one it was found in.

Contents are opened through /proc/self/fd, which is that very file whatever its name now means, and only those
of regular files and directories: opening a FIFO could block, and a device do anything.
"""

from __future__ import annotations

import errno as host
import os
import resource
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lkmtools.abi.errno import BY_NAME, EINVAL, EIO, EISDIR, ENFILE, ENOENT, ENXIO, EPERM
from lkmtools.abi.fcntl import FREAD, FWRITE
from lkmtools.errors import KernelError
from lkmtools.kern.vfs.cookies import Cookies

_PATH = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_WAYS = {FREAD: os.O_RDONLY, FWRITE: os.O_WRONLY}
_RESERVE = 64  # descriptors of this process that are not for files of the host
_MODES = 0o1777  # no set-user-id file is made on the host
Key = tuple[int, int]  # st_dev, st_ino
HostEntry = tuple[int, bytes, int, int]  # of a directory


def kernel_errno(number: int) -> int:
    """The kernel's number of an errno of the host, by its name; EIO for what has no name there."""
    return BY_NAME.get(host.errorcode.get(number, ""), EIO)


@contextmanager
def host_errors(what: str, file: Inode | None = None) -> Iterator[None]:
    """Errors of the host become KernelErrors; the reason names `what`, an operation on `file` or a name."""
    try:
        yield
    except OSError as error:
        number = kernel_errno(error.errno or 0)
        raise KernelError(number, f"{_of(what, file)}: {error.strerror} (on the host)") from None
    except OverflowError:
        raise KernelError(EINVAL, f"{_of(what, file)}: the number is too large for the host") from None


def _of(what: str, file: Inode | None) -> str:
    return what if file is None else f"{what} '{file.path}'"


class Inode:
    """A file of the tree. `users` counts who needs it: its vnode, and the files found in it."""

    def __init__(self, tree: HostDir, fd: int, parent: Inode | None, name: bytes) -> None:
        self.tree = tree
        self.fd = fd
        self.name = name  # by which it was found last; of the root, its path
        self.parent = parent
        status = os.fstat(fd)
        self.key: Key = (status.st_dev, status.st_ino)
        self.kind = stat.S_IFMT(status.st_mode)
        self.users = 0
        self._io: dict[int, int] = {}  # FREAD, FWRITE -> descriptor
        self._cookies: Cookies[bytes] = Cookies()

    def status(self) -> os.stat_result:
        """fstat(2)."""
        with host_errors("stat", self):
            return os.fstat(self.fd)

    @property
    def path(self) -> str:
        """Its path on the host, by the name under which it was found last."""
        above = f"{self.parent.path.rstrip('/')}/" if self.parent is not None else ""
        return above + _shown(self.name)

    @property
    def _again(self) -> str:
        """A name of this very file."""
        return f"/proc/self/fd/{self.fd}"

    def io(self, way: int) -> int:
        """A descriptor to read (FREAD) or write (FWRITE) a regular file, kept until forget()."""
        if self.kind != stat.S_IFREG:
            raise KernelError(
                EISDIR if self.kind == stat.S_IFDIR else ENXIO, f"'{self.path}' is not a regular file"
            )
        fd = self._io.get(way)
        if fd is None:
            with host_errors("open", self):
                fd = self._io[way] = self.tree.kept(os.open(self._again, _WAYS[way] | _OPEN))
        return fd

    def close(self) -> None:
        """Give back the descriptors."""
        for fd in (*self._io.values(), self.fd):
            os.close(fd)
        self._io.clear()

    # -- directories ----------------------------------------------------------------------------------------

    def lookup(self, name: bytes) -> Inode:
        """The file called `name` here, a symbolic link itself; ENOENT. The caller use()s it, or closes it."""
        with host_errors(_shown(name)):
            fd = self.tree.kept(os.open(_plain(name), _PATH, dir_fd=self.fd))
            try:
                self.tree.check_inside(fd)
                return Inode(self.tree, fd, self, name)
            except (KernelError, OSError):
                os.close(fd)
                raise

    def entries(self) -> list[HostEntry]:
        """All names: (cookie, name, inode number, type or 0)."""
        with host_errors("readdir", self):
            fd = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self.fd)
            try:
                with os.scandir(fd) as rows:
                    found = {os.fsencode(row.name): (row.inode(), _type(row)) for row in rows}
            finally:
                os.close(fd)
            self.tree.check_inside(self.fd)
        return [(cookie, name, *found[name]) for name, cookie in self._cookies.of(found)]

    def _here(self, name: bytes) -> bytes:
        """A name that is to change in this directory, which must be in the tree. EINVAL, ENOENT."""
        self.tree.check_inside(self.fd)
        return _plain(name)

    def create(self, name: bytes, mode: int) -> None:
        """A regular file; EEXIST."""
        with host_errors(_shown(name)):
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(self._here(name), flags, 0o600, dir_fd=self.fd)
            try:
                os.fchmod(fd, mode & _MODES)
            finally:
                os.close(fd)

    def mkdir(self, name: bytes, mode: int) -> None:
        """A directory; EEXIST."""
        with host_errors(_shown(name)):
            os.mkdir(self._here(name), 0o700, dir_fd=self.fd)
        made = self.lookup(name)
        try:
            if made.kind == stat.S_IFDIR:
                made.chmod(mode & _MODES)
        finally:
            made.close()

    def symlink(self, name: bytes, text: bytes) -> None:
        """A symbolic link that says `text`."""
        with host_errors(_shown(name)):
            os.symlink(text, self._here(name), dir_fd=self.fd)

    def remove(self, name: bytes) -> None:
        """unlink(2)."""
        with host_errors(_shown(name)):
            os.unlink(self._here(name), dir_fd=self.fd)

    def rmdir(self, name: bytes) -> None:
        """rmdir(2)."""
        with host_errors(_shown(name)):
            os.rmdir(self._here(name), dir_fd=self.fd)

    def link(self, name: bytes, file: Inode) -> None:
        """Another name for `file`, here."""
        with host_errors(_shown(name)):
            os.link(file._again, self._here(name), dst_dir_fd=self.fd, follow_symlinks=True)

    def rename(self, name: bytes, target: Inode, new: bytes) -> None:
        """rename(2) from here to another directory."""
        with host_errors(_shown(name)):
            os.rename(self._here(name), target._here(new), src_dir_fd=self.fd, dst_dir_fd=target.fd)

    # -- attributes and contents ----------------------------------------------------------------------------

    def readlink(self) -> bytes:
        """What a symbolic link says."""
        with host_errors("readlink", self):
            return os.readlink(b"", dir_fd=self.fd)

    def chmod(self, mode: int) -> None:
        """The permissions; never set-user-id ones."""
        if mode & ~_MODES:
            raise KernelError(
                EPERM, f"mode {mode:04o} would make a set-user-ID or set-group-ID file on the host"
            )
        self._by_name("chmod", lambda name: os.chmod(name, mode))

    def chown(self, uid: int, gid: int) -> None:
        """Owner and group, -1 for one that stays."""
        self._by_name("chown", lambda name: os.chown(name, self.tree.outside(uid), gid))

    def utime(self, atime: int, mtime: int) -> None:
        """Times of access and change, in nanoseconds since 1970."""
        self._by_name("utimes", lambda name: os.utime(name, ns=(atime, mtime)))

    def _by_name(self, what: str, action: Callable[[str], None]) -> None:
        if self.kind == stat.S_IFLNK:
            raise KernelError(EINVAL, f"cannot {what} '{self.path}': it is a symbolic link of the host")
        with host_errors(what, self):
            action(self._again)

    def read(self, count: int, offset: int) -> bytes:
        """Bytes of a regular file; fewer only at its end."""
        with host_errors("read", self):
            return os.pread(self.io(FREAD), count, offset)

    def write(self, data: bytes, offset: int) -> int:
        """Write to a regular file; how many bytes."""
        with host_errors("write", self):
            return os.pwrite(self.io(FWRITE), data, offset)

    def truncate(self, size: int) -> None:
        """Set a regular file's length."""
        with host_errors("truncate", self):
            os.ftruncate(self.io(FWRITE), size)

    def fsync(self) -> None:
        """fsync(2) of what was written."""
        if FWRITE in self._io:
            with host_errors("fsync", self):
                os.fsync(self._io[FWRITE])


class HostDir:
    """A tree with its root directory, and the files of it that somebody uses.

    The user that this process runs as is root inside, as for all requests; other users keep their numbers.
    """

    def __init__(self, path: str, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self._me = os.geteuid()
        self._limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        with host_errors(path):
            self.root = Inode(
                self, os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC), None, os.fsencode(path)
            )
        self.root.users = 1
        self._files: dict[Key, Inode] = {self.root.key: self.root}

    def kept(self, fd: int) -> int:
        """A descriptor that stays open; ENFILE when few are left."""
        if fd < self._limit - _RESERVE:
            return fd
        os.close(fd)
        raise KernelError(
            ENFILE, f"the daemon has few descriptors left on the host; the limit is {self._limit}"
        )

    def check_inside(self, fd: int) -> None:
        """ENOENT unless a descriptor's file is in the tree at this moment. OSErrors."""
        top, path = (os.readlink(f"/proc/self/fd/{each}") for each in (self.root.fd, fd))
        if path != top and not path.startswith(f"{top.rstrip('/')}/"):
            raise KernelError(ENOENT, f"the host moved it out of '{self.path}'")

    def inside(self, uid: int) -> int:
        """The kernel's number of a user of the host."""
        return 0 if uid == self._me else uid

    def outside(self, uid: int) -> int:
        """The host's number of a user of the kernel."""
        return self._me if uid == 0 else uid

    def lookup(self, directory: Inode, name: bytes) -> Inode:
        """The file `name` of a directory, with one user more; one Inode a file."""
        found = directory.lookup(name)
        known = self._files.get(found.key)
        if known is None:
            self._files[found.key] = known = found
            directory.users += 1
        else:
            found.close()
            self._moved(known, directory, name)
        known.users += 1
        return known

    def _moved(self, file: Inode, directory: Inode, name: bytes) -> None:
        """A known file was found as `name` in `directory`: that is its parent now."""
        old = file.parent
        if old is not None:
            file.name = name
        if old is None or old is directory:
            return
        directory.users += 1
        file.parent = directory
        self.release(old)

    def release(self, file: Inode) -> None:
        """One user fewer; without users it is closed, and releases its parent."""
        last: Inode | None = file
        while last is not None:
            last.users -= 1
            if last.users:
                return
            del self._files[last.key]
            last.close()
            last = last.parent

    def close(self) -> None:
        """Close everything."""
        for file in self._files.values():
            file.close()
        self._files.clear()


def _plain(name: bytes) -> bytes:
    """A name of one component that stays in its directory; EINVAL."""
    if name in (b"", b".", b"..") or b"/" in name or b"\0" in name:
        raise KernelError(EINVAL, f"{name!r} is not the name of a file")
    return name


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "backslashreplace")


def _type(entry: os.DirEntry[str]) -> int:
    """The type of a directory entry; symbolic links are themselves."""
    if entry.is_symlink():
        return stat.S_IFLNK
    if entry.is_dir(follow_symlinks=False):
        return stat.S_IFDIR
    return stat.S_IFREG if entry.is_file(follow_symlinks=False) else 0
