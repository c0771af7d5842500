"""lkmctl mount, umount, mkdir, rmdir, mv: a file system of a module, used from a shell."""

from __future__ import annotations

from pathlib import Path

from support.compiling import Compile
from support.daemons import Daemon

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_memfs_from_a_shell(daemon: Daemon, cc: Compile) -> None:
    """The session of examples/memfs/README."""
    obj = cc(EXAMPLES / "memfs/memfs.c", name="memfs")

    def ok(*argv: str, stdin: bytes = b"") -> str:
        result = daemon.run(*argv, stdin=stdin)
        assert (result.status, result.err) == (0, "")
        return str(result.out)

    assert "loaded" in ok("modload", str(obj))
    assert ok("lkmctl", "mount", "-t", "memfs", "/mnt") == ""
    assert ok("lkmctl", "mount") == "memfs on /mnt type memfs\n"
    assert ok("lkmctl", "tee", "/mnt/greeting", stdin=b"hello\n") == "hello\n"
    ok("lkmctl", "mkdir", "/mnt/dir")
    ok("lkmctl", "mv", "/mnt/greeting", "/mnt/dir/moved")
    assert ok("lkmctl", "cat", "/mnt/dir/moved") == "hello\n"
    assert [line.split()[-1] for line in ok("lkmctl", "ls", "/mnt").splitlines()] == ["dir"]
    result = daemon.run("modunload", "-n", "memfs")
    assert result.status != 0
    assert "file system 'memfs' is mounted on /mnt" in result.err
    ok("lkmctl", "umount", "/mnt")
    ok("modunload", "-n", "memfs")


def test_mount_says_what_is_wrong(daemon: Daemon) -> None:
    """An unknown type with the reason; a missing type, directory or option is a usage error."""
    result = daemon.run("lkmctl", "mount", "-t", "nofs", "/tmp")
    assert (result.status, result.out) == (1, "")
    assert result.err == (
        "lkmctl: /tmp: Operation not supported by device\n"
        "lkmctl: no file system type 'nofs'; its module is not loaded\n"
    )
    result = daemon.run("lkmctl", "umount", "/tmp")
    assert result.status == 1
    assert "not a mount point" in result.err
    for argv in (["/tmp"], ["-t", "memfs"], ["-t", "memfs", "-o", "fast", "/tmp"]):
        assert daemon.run("lkmctl", "mount", *argv).status == 2
