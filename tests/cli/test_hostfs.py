"""lkmctl mount -t hostfs and lkmctl exec --root: directories of the host, from a shell."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.daemons import Daemon

CAT = """
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	char b[100];
	long n;
	int fd, i;

	for (i = 1; i < argc; i++) {
		if ((fd = open(argv[i], O_RDONLY)) < 0)
			printf("%s: errno %d\\n", argv[i], errno);
		else if ((n = read(fd, b, sizeof(b))) >= 0)
			printf("%s: %d bytes\\n", argv[i], (int)n);
	}
	fd = open("made", O_CREAT | O_WRONLY, 0644);
	printf("made: %d\\n", fd < 0 ? errno : 0);
	return 4;
}
"""


@pytest.fixture
def root(start_daemon: Callable[..., Daemon], machine: str) -> tuple[Any, Path]:
    """A daemon, and in its directory root/ with a program, a file and a link out."""
    daemon = start_daemon("--machine", machine)
    top = Path(daemon.dir, "root")
    (top / "bin").mkdir(parents=True)
    (top / "dev").mkdir()
    (top / "file").write_text("12345")
    (top / "dev/null").write_text("the host's")
    os.symlink("/etc/passwd", top / "out")
    Path(daemon.dir, "cat.c").write_text(CAT)
    done = daemon.run("lkmcc", "--machine", machine, "--user", "-o", "root/bin/cat", "cat.c")
    assert (done.status, done.err) == (0, "")
    return daemon, top


def test_a_program_in_a_root_directory_sees_that_and_dev(root: tuple[Any, Path]) -> None:
    """Its program comes from there too; read-only unless --rw says otherwise; nothing stays mounted."""
    daemon, top = root
    words = ("/bin/cat", "/file", "../../file", "out", "/dev/null", "/dev/../file", "/tmp")
    expected = [
        "/file: 5 bytes", "../../file: 5 bytes", "out: errno 2", "/dev/null: 0 bytes",
        "/dev/../file: 5 bytes", "/tmp: errno 2", "made: 30",
    ]  # fmt: skip
    ran = daemon.run("lkmctl", "exec", "--root", "root", *words)
    assert (ran.status, ran.out.splitlines(), ran.err) == (4, expected, "")
    ran = daemon.run("lkmctl", "exec", "--rw", "--root", "root", *words)
    assert (ran.status, ran.out.splitlines()) == (4, [*expected[:-1], "made: 0"])
    assert (top / "made").exists()
    assert daemon.run("lkmctl", "mount").out == ""
    assert daemon.run("lkmctl", "ls", "/roots").out == ""


def test_what_cannot_be_executed_in_a_root_directory(root: tuple[Any, Path]) -> None:
    """127 for no such file, 126 for what is none; no such directory and --rw alone are errors too."""
    daemon, _ = root
    ran = daemon.run("lkmctl", "exec", "--root", "root", "/bin/none")
    assert (ran.status, ran.err.splitlines()[0]) == (127, "lkmctl: /bin/none: No such file or directory")
    ran = daemon.run("lkmctl", "exec", "--root", "root", "/file")
    assert (ran.status, ran.err.splitlines()[0]) == (126, "lkmctl: /file: Permission denied")
    assert daemon.run("lkmctl", "exec", "--root", "nowhere", "/file").status == 1
    assert daemon.run("lkmctl", "exec", "--rw", "/file").status == 2
    assert daemon.run("lkmctl", "mount").out == ""


def test_a_directory_is_mounted_read_only_or_to_be_written(root: tuple[Any, Path]) -> None:
    """On /mnt, which a fresh kernel has; the source is resolved where the command is called."""
    daemon, top = root

    def ok(*argv: str) -> str:
        ran = daemon.run("lkmctl", *argv)
        assert (ran.status, ran.err) == (0, "")
        return str(ran.out)

    ok("mount", "-t", "hostfs", "root", "/mnt")
    assert ok("mount") == f"{top} on /mnt type hostfs (read-only, nosuid)\n"
    assert ok("cat", "/mnt/file") == "12345"
    ran = daemon.run("lkmctl", "exec", "/mnt/bin/cat", "/mnt/file")  # the host has no such program
    assert (ran.status, ran.out.splitlines()[0]) == (4, "/mnt/file: 5 bytes")
    refused = daemon.run("lkmctl", "mkdir", "/mnt/new")
    assert (refused.status, refused.err.splitlines()[0]) == (1, "lkmctl: /mnt/new: Read-only file system")
    ok("umount", "/mnt")
    ok("mount", "-t", "hostfs", "-o", "rw", "root", "/mnt")
    ok("mkdir", "/mnt/new")
    assert (top / "new").is_dir()
    ok("umount", "/mnt")
    assert daemon.run("lkmctl", "mount", "-t", "hostfs", "/mnt").status == 2
    missing = daemon.run("lkmctl", "mount", "-t", "hostfs", "none", "/mnt")
    assert (missing.status, missing.err.splitlines()[0]) == (1, "lkmctl: none: No such file or directory")
