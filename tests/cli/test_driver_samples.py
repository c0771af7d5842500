"""The driver samples from a shell, as their READMEs say: nodes by a script, data, refusal, unloading."""

from __future__ import annotations

from pathlib import Path

from support.compiling import Compile
from support.daemons import Daemon

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_ramdisk_with_its_postinstall_script(daemon: Daemon, cc: Compile) -> None:
    """Block and raw nodes; a few bytes go through the buffer; the size by ioctl; then everything is gone."""
    obj = cc(EXAMPLES / "ramdisk/ramdisk.c", name="ramdisk")
    assert daemon.run("modload", "-p", str(EXAMPLES / "ramdisk/nodes.sh"), str(obj)).status == 0
    listing = daemon.run("lkmctl", "ls", "/dev").out.splitlines()
    assert [line[0] for line in listing if "ramdisk" in line] == ["b", "b", "c", "c"]
    assert daemon.run("lkmctl", "tee", "/dev/ramdisk1", stdin=b"hello").status == 0
    assert daemon.run("lkmctl", "cat", "/dev/rramdisk0").out == "hello" + "\0" * (131072 - 5)
    assert "131072" in daemon.run("lkmctl", "ioctl", "/dev/rramdisk0", "0x40047201").out
    with daemon.connect() as p:
        p.open("/dev/ramdisk0")
        refused = daemon.run("modunload", "ramdisk")
        assert refused.status == 5
        assert f"block device 60, 0 of 'ramdisk' is open, by pid {p.pid} (test)" in refused.err
    assert daemon.run("modunload", "ramdisk").status == 0
    assert daemon.run("lkmctl", "cat", "/dev/ramdisk0").err.startswith(
        "lkmctl: /dev/ramdisk0: Device not configured\n"
    )


def test_modunload_waits_until_the_device_is_closed(daemon: Daemon, cc: Compile) -> None:
    """-w: the tool sleeps in the kernel meanwhile."""
    assert daemon.run("modload", str(cc(EXAMPLES / "ramdisk/ramdisk.c", name="ramdisk"))).status == 0
    with daemon.connect() as p:
        p.mknod("/dev/ramdisk0", 0o060666, 60 << 8)
        fd = p.open("/dev/ramdisk0")
        with daemon.popen("modunload", "-w", "50", "ramdisk") as process:
            while not any(row["wmesg"] == "lkmwait" for row in p.control("ps")["processes"]):
                assert process.poll() is None
            p.close(fd)
            assert process.wait() == 0


def test_ticker_is_a_drv_module(daemon: Daemon, cc: Compile) -> None:
    """modstat's row has the type and no offset; dmesg has the devices that attach and detach."""
    obj = cc(EXAMPLES / "ticker/ticker.c", name="ticker")
    assert daemon.run("modload", str(obj)).status == 0
    row = daemon.run("modstat", "-n", "ticker").out.splitlines()[1].split()
    assert (row[0], row[2], row[-1]) == ("DRV", "-", "ticker")
    assert daemon.run("modunload", "ticker").status == 0
    said = [line for line in daemon.run("lkmctl", "dmesg").out.splitlines() if line.startswith("ticker")]
    assert said[1:] == ["ticker0: attached", "ticker1: attached", "ticker0: detached", "ticker1: detached"]
