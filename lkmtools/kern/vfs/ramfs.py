"""The root file system: directories, files, FIFOs, device nodes and symbolic links in Python memory.

Nodes have the attributes stat(2) shows. Their number and the size of all files are limited: beyond the limits
is ENOSPC.
"""

from __future__ import annotations

from collections.abc import ItemsView

from lkmtools.abi.conf import CN_MAJOR, DEV_KMEM, DEV_MEM, DEV_NULL, DEV_ZERO, MEM_MAJOR, makedev
from lkmtools.abi.datamodel import C_TEXT
from lkmtools.abi.errno import (
    EACCES,
    EBUSY,
    EEXIST,
    EFBIG,
    EINVAL,
    EISDIR,
    ENAMETOOLONG,
    ENOENT,
    ENOSPC,
    ENOTDIR,
    ENOTEMPTY,
    EPERM,
)
from lkmtools.abi.limits import NAME_MAX, PATH_MAX
from lkmtools.abi.stat import S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG, S_ISVTX
from lkmtools.errors import KernelError
from lkmtools.kern.base.cred import Cred
from lkmtools.kern.dev.mem import KMEM_GID
from lkmtools.kern.vfs.cookies import Cookies
from lkmtools.tuples import NamedTuple

NODES_MAX = 1 << 16
DATA_MAX = 1 << 26  # bytes in all files


class OfNode:
    """An open file that was opened through a node's name."""

    node: Node


class Node:
    """A directory (`children` is a dict), a file (`data`), a device (`rdev`) or a symbolic link (`target`).

    `mounted` is the struct mount that covers a directory, 0 when none does. Without a name (`nlink` is 0) a
    node exists while somebody has it `held`.
    """

    def __init__(self, ino: int, mode: int, uid: int, gid: int, rdev: int, now: float) -> None:
        self.ino = ino
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.rdev = rdev
        self.time = now
        self.mounted = 0
        self.nlink = 0  # names
        self.parent: Node | None = None  # of a directory: where it is; None for the root directory
        self.target: str | None = None
        self.children: dict[str, Node] | None = {} if mode & S_IFMT == S_IFDIR else None
        self.data: bytearray | None = bytearray() if mode & S_IFMT == S_IFREG else None
        self.held = False
        self._cookies: Cookies[str] = Cookies()

    @property
    def size(self) -> int:
        """What st_size says: bytes of a file, or of a symbolic link's text."""
        return len(self.data or ()) if self.target is None else len(self.target.encode(*C_TEXT))

    def listed(self) -> dict[str, Node]:
        """A directory's children; ENOTDIR for anything else."""
        if self.children is None:
            raise KernelError(ENOTDIR, f"'{self.path}' is not a directory")
        return self.children

    @property
    def path(self) -> str:
        """Where it is; of a file with several names, by the last that it was given."""
        if self.parent is None:
            return "/"
        names = (name for name, node in self.parent.listed().items() if node is self)
        return self.parent.at(next(names, "(a removed file)"))

    def at(self, name: str) -> str:
        """The path of a name in this directory."""
        return f"{self.path.rstrip('/')}/{name}"

    def cookies(self) -> ItemsView[str, int]:
        """A directory's names with their cookies, in the order in which they are read."""
        return self._cookies.of(self.listed())

    def access(self, cred: Cred, want: int) -> None:
        """EACCES unless `cred` may access in the ways of `want` (4 read, 2 write, 1 search)."""
        if cred.uid == 0:
            return
        shift = 6 if cred.uid == self.uid else 3 if cred.gid == self.gid else 0
        if want & ~(self.mode >> shift & 7):
            raise KernelError(
                EACCES,
                f"mode {self.mode & 0o7777:04o} and owner uid {self.uid} deny access to uid {cred.uid}",
            )


class Made(NamedTuple):
    """What a new node is: type and permissions, the device's number, a symbolic link's text."""

    mode: int
    rdev: int = 0
    target: str | None = None


class Tree:
    """The tree, from "/" down."""

    def __init__(self, now: float) -> None:
        self._ino = 1
        self.nodes = 1
        self.used = 0  # bytes in files
        self.root = Node(1, S_IFDIR | 0o755, 0, 0, 0, now)
        self.root.nlink = 1
        self.root_dev = self.root  # /dev, once it is made

    def lookup(self, path: str, cred: Cred) -> Node:
        """The node at `path`; ENOENT, ENOTDIR, EACCES, ENAMETOOLONG."""
        node = self.root
        for name in _parts(path):
            node = self.child(node, name, cred)
        return node

    def parent(self, path: str, cred: Cred) -> tuple[dict[str, Node], Node, str]:
        """The directory that holds `path`'s last name: its children, its node, and that name."""
        parts = _parts(path)
        if not parts:
            raise KernelError(EINVAL, f"'{path}' is the root directory: it has no parent and no name")
        node = self.root
        for name in parts[:-1]:
            node = self.child(node, name, cred)
        return node.listed(), node, parts[-1]

    def child(self, node: Node, name: str, cred: Cred) -> Node:
        """The node called `name` in directory `node`; ENOENT, ENOTDIR, EACCES."""
        children = node.listed()
        node.access(cred, 1)
        if name not in children:
            raise KernelError(ENOENT, f"'{node.at(name)}' does not exist")
        return children[name]

    def make(self, path: str, mode: int, cred: Cred, now: float, rdev: int = 0) -> Node:
        """add() by path."""
        _, directory, name = self.parent(path, cred)
        return self.add(directory, name, Made(mode, rdev), cred, now)

    def add(self, directory: Node, name: str, made: Made, cred: Cred, now: float) -> Node:
        """Create a directory, file, device node or symbolic link; EEXIST, ENOSPC."""
        if self.nodes >= NODES_MAX:
            raise KernelError(ENOSPC, f"the root file system has at most {NODES_MAX} files")
        node = Node(self._ino + 1, made.mode, cred.uid, cred.gid, made.rdev, now)
        node.target = made.target
        self.enter(directory, name, node, cred)
        self._ino += 1
        self.nodes += 1
        return node

    def resize(self, node: Node, size: int) -> bytearray:
        """Set the length of a file, whose content is returned; EINVAL for another node, EFBIG, ENOSPC."""
        if node.data is None:
            raise KernelError(EINVAL, f"'{node.path}' is not a regular file")
        if size > DATA_MAX:
            raise KernelError(
                EFBIG, f"the file would have {size} bytes; the root file system allows {DATA_MAX}"
            )
        more = size - len(node.data)
        if self.used + more > DATA_MAX:
            raise KernelError(ENOSPC, f"the files of the root file system have at most {DATA_MAX} bytes")
        if more < 0:
            del node.data[size:]
        else:
            node.data.extend(bytes(more))
        self.used += more
        return node.data

    def forget(self, node: Node) -> None:
        """Stop counting a node that has neither a name nor a holder."""
        if not node.nlink and not node.held:
            self.nodes -= 1
            self.used -= len(node.data or ())

    def enter(self, directory: Node, name: str, node: Node, cred: Cred) -> None:
        """Give a node a name; EEXIST, EACCES."""
        children = directory.listed()
        directory.access(cred, 2)
        if name in children:
            raise KernelError(EEXIST, f"'{directory.at(name)}' exists")
        children[name] = node
        node.parent = directory
        node.nlink += 1

    def drop(self, directory: Node, name: str, cred: Cred, want_directory: bool) -> None:
        """Remove a name: of a directory, which must be empty, or of something else."""
        node = self.child(directory, name, cred)
        self._may_remove(directory, node, cred)
        if want_directory and node.children is None:
            raise KernelError(ENOTDIR, f"'{directory.at(name)}' is not a directory")
        if not want_directory and node.children is not None:
            raise KernelError(EPERM, f"'{directory.at(name)}' is a directory")
        if node.children:
            raise KernelError(
                ENOTEMPTY, f"'{directory.at(name)}' is not empty (entries: {len(node.children)})"
            )
        if node.mounted:
            raise KernelError(EBUSY, f"'{directory.at(name)}' is a mount point")
        del directory.listed()[name]
        node.nlink -= 1
        self.forget(node)

    def _may_remove(self, directory: Node, node: Node, cred: Cred) -> None:
        """EACCES; in a sticky directory EPERM for a user who owns neither it nor the file."""
        directory.access(cred, 2)
        if directory.mode & S_ISVTX and cred.uid not in (0, directory.uid, node.uid):
            raise KernelError(EPERM, f"uid {cred.uid} owns neither '{node.path}' nor its directory")

    def rename(self, path: str, to: str, cred: Cred) -> None:
        """move() by path."""
        _, directory, name = self.parent(path, cred)
        _, other, new = self.parent(to, cred)
        self.move(directory, name, other, new, cred)

    def move(self, directory: Node, name: str, other: Node, new: str, cred: Cred) -> None:
        """Give a node another name; what has the new name goes.

        EINVAL into itself, EISDIR, ENOTDIR, ENOTEMPTY, EBUSY.
        """
        node = self.child(directory, name, cred)
        self._may_remove(directory, node, cred)
        other.access(cred, 2)
        old = other.listed().get(new)
        if old is node:
            return
        above: Node | None = other
        while above is not None:
            if above is node:
                raise KernelError(EINVAL, f"'{other.at(new)}' is inside '{directory.at(name)}'")
            above = above.parent
        if old is not None:
            if old.children is not None and node.children is None:
                raise KernelError(EISDIR, f"'{other.at(new)}' is a directory")
            self.drop(other, new, cred, node.children is not None)
        other.listed()[new] = node
        node.parent = other
        del directory.listed()[name]

    def symlink(self, path: str, target: str, cred: Cred, now: float) -> None:
        """Make a symbolic link; EEXIST."""
        _, directory, name = self.parent(path, cred)
        self.add(directory, name, Made(S_IFLNK | 0o755, 0, target), cred, now)

    def link(self, node: Node, path: str, cred: Cred) -> None:
        """Another name for a node that is not a directory; EEXIST."""
        _, directory, name = self.parent(path, cred)
        self.enter(directory, name, node, cred)

    def remove(self, path: str, cred: Cred, want_directory: bool) -> None:
        """drop() by path."""
        _, directory, name = self.parent(path, cred)
        self.drop(directory, name, cred, want_directory)

    def discard(self, path: str) -> None:
        """Remove a directory that a session left behind; nothing when it is gone."""
        above, _, name = path.rpartition("/")
        node = self.root
        for part in filter(None, above.split("/")):
            if node.children is None or part not in node.children:
                return
            node = node.children[part]
        if node.children is not None and name in node.children:
            gone = node.children.pop(name)
            gone.nlink = 0
            self.forget(gone)

    def make_device(self, path: str, perms: int, gid: int, rdev: int, now: float) -> Node:
        """A character device node at boot, owned by root."""
        return self.make(path, S_IFCHR | perms, Cred(0, gid), now, rdev)


# The tree of a kernel at boot: directories with their modes, then the nodes of /dev.
_DIRECTORIES = (("/dev", 0o755), ("/tmp", 0o1777), ("/etc", 0o755), ("/mnt", 0o755))
_NODES = (
    ("/dev/console", 0o600, 0, CN_MAJOR, 0),
    ("/dev/mem", 0o640, KMEM_GID, MEM_MAJOR, DEV_MEM),
    ("/dev/kmem", 0o640, KMEM_GID, MEM_MAJOR, DEV_KMEM),
    ("/dev/null", 0o666, 0, MEM_MAJOR, DEV_NULL),
    ("/dev/zero", 0o666, 0, MEM_MAJOR, DEV_ZERO),
)  # fmt: skip


def first_tree(now: float) -> Tree:
    """The tree of a kernel at boot: four directories, and the nodes of its own drivers."""
    tree = Tree(now)
    made = {path: tree.make(path, S_IFDIR | perms, Cred(0, 0), now) for path, perms in _DIRECTORIES}
    tree.root_dev = made["/dev"]
    for path, perms, gid, maj, mnr in _NODES:
        tree.make_device(path, perms, gid, makedev(maj, mnr), now)
    return tree


def check_length(text: str, what: str, most: int) -> None:
    """ENAMETOOLONG for a path or a name of more than `most` bytes."""
    if 4 * len(text) > most and (length := len(text.encode(*C_TEXT))) > most:
        raise KernelError(ENAMETOOLONG, f"a {what} has at most {most} bytes, this one {length}")


def _parts(path: str) -> list[str]:
    check_length(path, "path", PATH_MAX - 1)
    if not path:
        raise KernelError(ENOENT, "the path is empty")
    out: list[str] = []
    for name in path.split("/"):
        check_length(name, "name", NAME_MAX)
        if name == "..":
            del out[-1:]
        elif name not in ("", "."):
            out.append(name)
    return out
