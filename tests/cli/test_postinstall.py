"""Postinstall scripts as they were written for NetBSD: their tools work inside, the host's /dev stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from support.daemon_lab import DaemonLab
from support.daemons import Daemon, Place


def script(lab: DaemonLab, text: str) -> str:
    """A postinstall program of that shell text."""
    post = lab.dir / "post.sh"
    post.write_text(f"#!/bin/sh\n{text}\n")
    post.chmod(0o755)
    return "./post.sh"


def listing(lab: DaemonLab) -> dict[str, str]:
    """What of /dev is not there at boot: name -> the rest of its line."""
    rows = [line.split() for line in lab.run("lkmctl", "ls", "/dev").out.splitlines()]
    known = (
        "console",
        "kmem",
        "ksyms",
        "lkm",
        "mem",
        "null",
        "zero",
        "stdin",
        "stdout",
        "stderr",
        "tty",
        "fd",
    )
    return {row[-1]: " ".join(row[:-1]) for row in rows if row[-1] not in known}


@pytest.fixture
def host_dev() -> Any:
    """The host's /dev has the same names afterwards."""
    before = sorted(os.listdir("/dev"))
    yield
    assert sorted(os.listdir("/dev")) == before


OLD_SCRIPT = """
if [ $# -ne 4 ]; then exit 1; fi
rm -f /dev/lkmdev /dev/lkmdev0 /dev/alias
mknod -m 640 /dev/lkmdev0 c $3 0
mknod /dev/lkmdev1 c $3 1
chown root:kmem /dev/lkmdev0
chgrp operator /dev/lkmdev1
chmod u=rw,go=r /dev/lkmdev1
mknod -m 600 /dev/byname c d 7
ln -s lkmdev0 /dev/lkmdev
ln /dev/lkmdev1 /dev/alias
"""


def test_a_script_of_the_time_works_unchanged(lab: DaemonLab, host_dev: None) -> None:
    """mknod, rm, chmod, chown, chgrp and ln under /dev, with their options."""
    assert lab.run("modload", "-p", script(lab, OLD_SCRIPT), lab.device("d")).err == ""
    rows = listing(lab)
    major = rows["lkmdev0"].split()[-2].rstrip(",")
    assert rows == {
        "byname": f"crw------- 0 0 {major}, 7",
        "alias": f"crw-r--r-- 0 5 {major}, 1",
        "lkmdev": "lrwxr-xr-x 0 0 7",
        "lkmdev0": f"crw-r----- 0 2 {major}, 0",
        "lkmdev1": f"crw-r--r-- 0 5 {major}, 1",
    }


def test_relative_names_and_both_kinds_at_once(lab: DaemonLab, host_dev: None) -> None:
    """After cd /dev; operands of the host go to the host's own command; what is neither is the host's."""
    text = """
    top=$PWD
    umask 077
    touch mine other
    cd /dev
    mknod foo c $3 0
    mknod ./bar c $3 1
    ln -sf foo baz
    chmod 604 bar "$top/other"
    rm baz "$top/mine"
    cd "$top"
    ln other linked
    ls
    """
    run = lab.run("modload", "-p", script(lab, text), lab.device("d"))
    assert (run.status, run.err) == (0, "")
    assert {"linked", "other"} <= set(run.out.split())
    assert "mine" not in run.out.split()
    assert (lab.dir / "other").stat().st_mode & 0o777 == 0o604
    rows = listing(lab)
    assert (sorted(rows), rows["foo"][:10], rows["bar"][:10]) == (["bar", "foo"], "crw-------", "crw----r--")


def test_what_cannot_be_done_is_said_in_one_line(lab: DaemonLab, host_dev: None) -> None:
    """The script's exit status is its own; the host's files are not linked into /dev."""
    text = """
    rm /dev/none; echo $?
    rm -f /dev/none; echo $?
    mknod /dev/null c 2 2; echo $?
    mknod /dev/x c one 2; echo $?
    ln /etc/passwd /dev/passwd; echo $?
    mknod -F hpux /dev/x c 1 2; echo $?
    rm -r /dev/lkm/; echo $?
    exit 9
    """
    run = lab.run("modload", "-p", script(lab, text), lab.misc("m"))
    assert (run.status, run.out.split()[5:]) == (9, ["1", "0", "1", "1", "1", "1", "0"])
    assert run.err.splitlines()[:3] == [
        "rm: /dev/none: No such file or directory",
        "mknod: /dev/null: File exists",
        "mknod: major 'one' is neither a number nor a character driver; "
        "the drivers are cons, mem, lkm and ksyms",
    ]
    assert "links between /dev of the kernel and files of the host cannot be made" in run.err


def test_the_program_reaches_the_kernel_the_module_was_loaded_into(
    place: Place, start_daemon: Callable[..., Daemon]
) -> None:
    """Also when modload was told by --socket, and lkmctl is on its PATH."""
    daemon = start_daemon()
    hello = daemon.dir + "/m.c"
    with open(hello, "w") as file:
        file.write(
            '#include <sys/param.h>\n#include <sys/lkm.h>\nMOD_MISC("m");\n'
            "int m_lkmentry(struct lkm_table *t, int c, int v) { DISPATCH(t, c, v, lkm_nofunc, lkm_nofunc, "
            "lkm_nofunc); }\n"
        )
    assert daemon.run("lkmcc", "m.c").status == 0
    with open(f"{place.dir}/post.sh", "w") as file:
        file.write("#!/bin/sh\nmknod /dev/here c 2 2 && lkmctl ls /dev/here\n")
    os.chmod(f"{place.dir}/post.sh", 0o755)
    run = place.run("modload", "--socket", daemon.socket, "-p", "./post.sh", f"{daemon.dir}/m.o")
    assert (run.status, run.err, run.out.split()[-1]) == (0, "", "/dev/here")
