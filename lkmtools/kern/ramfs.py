"""The root file system: a tree of directories, device nodes and symbolic links in Python memory.

It holds no data, so it has no regular files; file systems with data are modules' work. Nodes have the
attributes stat(2) shows.
"""

from __future__ import annotations

from lkmtools.abi.errno import (
    EACCES,
    EEXIST,
    EINVAL,
    EISDIR,
    ENAMETOOLONG,
    ENOENT,
    ENOTDIR,
    ENOTEMPTY,
)
from lkmtools.abi.stat import S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT
from lkmtools.errors import KernelError
from lkmtools.kern.config import Cred

NAME_MAX = 511
PATH_MAX = 1024


class Node:
    """A directory (`children` is a dict), a device node (`rdev`) or a symbolic link (`target`).

    `mounted` is the struct mount that covers a directory, 0 when none does.
    """

    def __init__(self, ino: int, mode: int, uid: int, gid: int, rdev: int, now: float) -> None:
        self.ino = ino
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.rdev = rdev
        self.time = now
        self.mounted = 0
        self.nlink = 1
        self.target: str | None = None
        self.children: dict[str, Node] | None = {} if mode & S_IFMT == S_IFDIR else None

    def access(self, cred: Cred, want: int) -> None:
        """EACCES unless `cred` may access in the ways of `want` (4 read, 2 write, 1 search)."""
        if cred.uid == 0:
            return
        shift = 6 if cred.uid == self.uid else 3 if cred.gid == self.gid else 0
        if want & ~(self.mode >> shift & 7):
            raise KernelError(
                EACCES, f"mode {self.mode & 0o7777:04o} of uid {self.uid} forbids it to uid {cred.uid}"
            )


class Tree:
    """The tree, from "/" down."""

    def __init__(self, now: float) -> None:
        self._ino = 1
        self.root = Node(1, S_IFDIR | 0o755, 0, 0, 0, now)
        self.root_dev = self.root  # /dev, once it is made

    def lookup(self, path: str, cred: Cred, cwd: str = "/") -> Node:
        """The node at `path`; ENOENT, ENOTDIR, EACCES, ENAMETOOLONG."""
        node = self.root
        for name in _parts(path, cwd):
            node = self.child(node, name, path, cred)
        return node

    def parent(self, path: str, cred: Cred, cwd: str = "/") -> tuple[dict[str, Node], Node, str]:
        """The directory that holds `path`'s last name: its children, its node, and that name."""
        parts = _parts(path, cwd)
        if not parts:
            raise KernelError(EINVAL, f"'{path}' has no last name")
        node = self.root
        for name in parts[:-1]:
            node = self.child(node, name, path, cred)
        if node.children is None:
            raise KernelError(ENOTDIR, f"the parent of '{path}' is not a directory")
        return node.children, node, parts[-1]

    def child(self, node: Node, name: str, path: str, cred: Cred) -> Node:
        """The node called `name` in directory `node`; `path` is what was asked for. ENOENT and so on."""
        if node.children is None:
            raise KernelError(ENOTDIR, f"a part of '{path}' before '{name}' is not a directory")
        node.access(cred, 1)
        if name not in node.children:
            raise KernelError(ENOENT, f"no '{name}' in '{path}'")
        return node.children[name]

    def make(self, path: str, mode: int, cred: Cred, now: float, rdev: int = 0, cwd: str = "/") -> Node:
        """Create a directory or device node; EEXIST."""
        children, directory, name = self.parent(path, cred, cwd)
        directory.access(cred, 2)
        if name in children:
            raise KernelError(EEXIST, f"'{path}' exists")
        self._ino += 1
        node = children[name] = Node(self._ino, mode, cred.uid, cred.gid, rdev, now)
        return node

    def rename(self, path: str, to: str, cred: Cred) -> None:
        """Give a node another name; a device node of the new name goes.

        EINVAL into itself, EISDIR, ENOTDIR, ENOTEMPTY.
        """
        children, directory, name = self.parent(path, cred)
        node = self.child(directory, name, path, cred)
        others, other_directory, new = self.parent(to, cred)
        directory.access(cred, 2)
        other_directory.access(cred, 2)
        old = others.get(new)
        if old is node:
            return
        if node.children is not None and f"{to}/".startswith(f"{path}/"):
            raise KernelError(EINVAL, f"'{to}' is inside '{path}'")
        if old is not None:
            if old.children is not None and node.children is None:
                raise KernelError(EISDIR, f"'{to}' is a directory")
            if old.children is None and node.children is not None:
                raise KernelError(ENOTDIR, f"'{to}' is not a directory")
            if old.children:
                raise KernelError(ENOTEMPTY, f"'{to}' has {len(old.children)} entries")
        others[new] = node
        del children[name]

    def symlink(self, path: str, target: str, cred: Cred, now: float) -> None:
        """Make a symbolic link; EEXIST."""
        self.make(path, S_IFLNK | 0o755, cred, now).target = target

    def link(self, node: Node, path: str, cred: Cred) -> None:
        """Another name for a device node or symbolic link; EEXIST."""
        children, directory, name = self.parent(path, cred)
        directory.access(cred, 2)
        if name in children:
            raise KernelError(EEXIST, f"'{path}' exists")
        children[name] = node
        node.nlink += 1

    def discard(self, path: str) -> None:
        """Remove a directory that a session left behind; nothing when it is gone."""
        above, _, name = path.rpartition("/")
        node = self.root
        for part in filter(None, above.split("/")):
            if node.children is None or part not in node.children:
                return
            node = node.children[part]
        if node.children is not None:
            node.children.pop(name, None)

    def make_device(self, path: str, perms: int, gid: int, rdev: int, now: float) -> Node:
        """A character device node at boot, owned by root."""
        return self.make(path, S_IFCHR | perms, Cred(0, gid), now, rdev)


def _parts(path: str, cwd: str) -> list[str]:
    if len(path) >= PATH_MAX:
        raise KernelError(ENAMETOOLONG, f"a path has at most {PATH_MAX - 1} bytes, this one {len(path)}")
    if not path:
        raise KernelError(ENOENT, "the path is empty")
    out: list[str] = []
    for name in (path if path.startswith("/") else f"{cwd}/{path}").split("/"):
        if len(name) > NAME_MAX:
            raise KernelError(ENAMETOOLONG, f"a name has at most {NAME_MAX} bytes, this one {len(name)}")
        if name == "..":
            del out[-1:]
        elif name not in ("", "."):
            out.append(name)
    return out
