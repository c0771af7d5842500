"""Walking a directory tree of the host: nothing leads out of it, whatever is renamed meanwhile."""

from __future__ import annotations

import os
import resource
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lkmtools.abi.errno import EDQUOT, EIO, EISDIR, ELOOP, ENFILE, ENOENT, ENOTEMPTY, ENXIO, EPERM
from lkmtools.abi.fcntl import FREAD
from lkmtools.errors import KernelError
from lkmtools.kern.vfs.hostdir import HostDir, Inode, kernel_errno
from support.errors import errno_of, failure


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[HostDir]:
    """root/ with a/b/file and links out of it; outside/ with a secret. No descriptor may be left over."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "a/b").mkdir(parents=True)
    outside.mkdir()
    (root / "a/b/file").write_bytes(b"inside")
    (outside / "file").write_bytes(b"outside")
    made = HostDir(str(root), writable=True)
    yield made
    made.close()
    assert [name for name in open_files() if name.startswith(str(tmp_path))] == []


def open_files() -> Iterator[str]:
    """The names of what this process has open."""
    for fd in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # it was the listing's own
            yield os.readlink(f"/proc/self/fd/{fd}")


def walk(tree: HostDir, *names: bytes) -> Inode:
    """Look names up one after the other; only the last is kept."""
    at = tree.root
    at.users += 1
    for name in names:
        try:
            found = tree.lookup(at, name)
        finally:
            tree.release(at)
        at = found
    return at


def test_errnos_of_the_host_become_the_kernels_by_name() -> None:
    """Linux and NetBSD number them differently; one without a name there is EIO."""
    assert [kernel_errno(n) for n in (1, 39, 40, 122, 71)] == [EPERM, ENOTEMPTY, ELOOP, EDQUOT, 96]
    assert kernel_errno(123456) == EIO


@pytest.mark.parametrize("name", [b"..", b".", b"", b"/etc", b"a/b", b"../root", b"a\0b"])
def test_only_plain_names_are_looked_up(tree: HostDir, name: bytes) -> None:
    assert errno_of(lambda: tree.lookup(tree.root, name)) == 22
    assert errno_of(lambda: tree.root.create(name, 0o644)) == 22


def test_a_symbolic_link_is_itself(tree: HostDir) -> None:
    """It is found, read, and neither followed nor opened."""
    os.symlink("/etc/passwd", f"{tree.path}/link")
    link = walk(tree, b"link")
    assert (link.kind, link.readlink()) == (stat.S_IFLNK, b"/etc/passwd")
    assert errno_of(lambda: link.io(FREAD)) == ENXIO
    assert errno_of(lambda: tree.lookup(link, b"x")) == 20
    assert errno_of(lambda: link.chmod(0o777)) == 22
    tree.release(link)


def test_fifos_are_seen_and_not_opened(tree: HostDir) -> None:
    """Opening one for reading would wait for a writer."""
    os.mkfifo(f"{tree.path}/fifo")
    fifo = walk(tree, b"fifo")
    assert fifo.kind == stat.S_IFIFO
    assert errno_of(lambda: fifo.io(FREAD)) == ENXIO
    tree.release(fifo)
    assert errno_of(lambda: walk(tree, b"a").io(FREAD)) == EISDIR


def test_the_parent_is_where_a_directory_was_found(tree: HostDir) -> None:
    """A directory that the host moves out of the tree does not lead to its new parent."""
    directory = walk(tree, b"a", b"b")
    os.rename(f"{tree.path}/a/b", f"{tree.path}/../outside/b")
    assert directory.parent is not None
    parent = os.fstat(directory.parent.fd)
    assert (parent.st_dev, parent.st_ino) == os.stat(f"{tree.path}/a")[2:0:-1]
    assert errno_of(lambda: walk(tree, b"a", b"b")) == ENOENT
    tree.release(directory)


def test_a_reason_names_the_file_as_it_was_found_last(tree: HostDir) -> None:
    """With its path on the host, also after a rename there."""
    names = [(b"a", b"b", b"file"), (b"a", b"other")]
    found = []
    for place in names:
        found.append(walk(tree, *place))
        path = os.path.join(os.fsencode(tree.path), *place).decode()
        reason = failure(found[0].utime, 0, 1 << 100).reason
        assert reason == f"utimes '{path}': the number is too large for the host"
        if len(found) == 1:
            os.rename(path, f"{tree.path}/a/other")
    assert found[0] is found[1]
    for file in found:
        tree.release(file)


def test_a_directory_that_the_host_moved_out_shows_and_takes_nothing(tree: HostDir) -> None:
    """Who still has it finds and makes nothing there. When it is back again, it goes on."""
    directory = walk(tree, b"a", b"b")
    away = Path(tree.path, "../outside/b")
    os.rename(f"{tree.path}/a/b", away)
    (away / "secret").write_bytes(b"secret")
    for action in (
        lambda: tree.lookup(directory, b"secret"),
        directory.entries,
        lambda: directory.create(b"new", 0o644),
        lambda: directory.mkdir(b"new", 0o755),
        lambda: directory.symlink(b"new", b"text"),
        lambda: directory.remove(b"secret"),
        lambda: directory.rmdir(b"secret"),
        lambda: directory.rename(b"secret", tree.root, b"secret"),
        lambda: tree.root.rename(b"a", directory, b"a"),
        lambda: directory.link(b"new", tree.root),
    ):
        assert errno_of(action) == ENOENT
    assert sorted(os.listdir(away)) == ["file", "secret"]
    os.rename(away, f"{tree.path}/b")
    assert [row[1] for row in directory.entries()] == [b"file", b"secret"]
    tree.release(directory)


def test_a_tree_that_the_host_moves_goes_with_it(tree: HostDir) -> None:
    """It is the directory that is shown, whatever its name; a sibling whose name begins alike is outside."""
    os.rename(tree.path, f"{tree.path}-moved")
    file = walk(tree, b"a", b"b", b"file")
    assert file.read(100, 0) == b"inside"
    tree.release(file)
    directory = walk(tree, b"a")
    os.rename(f"{tree.path}-moved/a", f"{tree.path}-moved-a")
    assert errno_of(directory.entries) == ENOENT
    tree.release(directory)


def test_numbers_that_the_host_cannot_hold_are_einval(tree: HostDir) -> None:
    """Of a module that calls an operation with anything."""
    file = walk(tree, b"a", b"b", b"file")
    for action in (
        lambda: file.truncate(1 << 63),
        lambda: file.read(1, 1 << 63),
        lambda: file.write(b"x", 1 << 63),
        lambda: file.utime(1 << 100, 0),
    ):
        assert errno_of(action) == 22
    tree.release(file)


def test_a_directory_moved_within_the_tree_gets_its_new_parent(tree: HostDir) -> None:
    directory = walk(tree, b"a", b"b")
    os.rename(f"{tree.path}/a/b", f"{tree.path}/b")
    again = walk(tree, b"b")
    assert again is directory
    assert directory.parent is tree.root
    for _ in range(2):
        tree.release(directory)


def test_an_open_file_stays_the_file_it_was(tree: HostDir) -> None:
    """What takes its name later is another; the opened one is read through its own descriptor."""
    file = walk(tree, b"a", b"b", b"file")
    os.unlink(f"{tree.path}/a/b/file")
    os.symlink(f"{tree.path}/../outside/file", f"{tree.path}/a/b/file")
    assert file.read(100, 0) == b"inside"
    tree.release(file)


def test_swapping_a_directory_and_a_link_out_meanwhile_reads_nothing_outside(tree: HostDir) -> None:
    """A thread exchanges a/ with a symbolic link to outside/ all the time; each walk ends inside or fails.

    On a busy host it may be long until a walk succeeds: without one the test would say nothing.
    """
    root, stop = Path(tree.path), threading.Event()
    (root / "a/file").write_bytes(b"inside")
    os.symlink("../outside", root / "out")

    def swap() -> None:
        while not stop.is_set():
            for names in (("a", "t"), ("out", "a"), ("a", "out"), ("t", "a")):
                os.rename(root / names[0], root / names[1])

    thread = threading.Thread(target=swap)
    thread.start()
    seen: set[bytes | int] = set()
    walks = 0
    try:
        while walks < 3000 or b"inside" not in seen:
            walks += 1
            try:
                file = walk(tree, b"a", b"file")
                seen.add(file.read(100, 0))
                tree.release(file)
            except KernelError as error:
                seen.add(error.errno)
    finally:
        stop.set()
        thread.join()
    assert seen <= {b"inside", ENOENT, 20}


def test_the_last_descriptors_are_not_for_files_of_the_host(tree: HostDir, tmp_path: Path) -> None:
    """Who opens too many gets ENFILE, and the process can still open others."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(tmp_path, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + 80, limits[1]))
    found: list[Inode] = []
    try:
        small = HostDir(tree.path, writable=True)
        for i in range(200):
            Path(tree.path, str(i)).touch()

        def use_all() -> None:
            for i in range(200):
                found.append(small.lookup(small.root, b"%d" % i))

        assert (errno_of(use_all), len(found) > 5) == (ENFILE, True)
        os.close(os.open(tmp_path, os.O_RDONLY))
        small.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_names_keep_their_cookies_while_others_come_and_go(tree: HostDir) -> None:
    """A reader that goes on after a cookie misses nothing and sees nothing twice."""
    for name in "cdef":
        Path(tree.path, name).touch()
    first = tree.root.entries()
    assert [row[1] for row in first] == [b"a", b"c", b"d", b"e", b"f"]
    os.unlink(f"{tree.path}/c")
    Path(tree.path, "b").touch()
    assert [row[:2] for row in tree.root.entries()] == [
        *((row[0], row[1]) for row in first if row[1] != b"c"),
        (6, b"b"),
    ]


def test_no_set_user_id_file_is_made(tree: HostDir) -> None:
    tree.root.create(b"new", 0o6755)
    assert os.stat(f"{tree.path}/new").st_mode & 0o7777 == 0o755
    file = walk(tree, b"new")
    assert errno_of(lambda: file.chmod(0o4755)) == EPERM
    file.chmod(0o600)
    assert os.stat(f"{tree.path}/new").st_mode & 0o7777 == 0o600
    tree.release(file)
