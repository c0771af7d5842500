"""Killing modload at each step of its sequence leaves nothing behind; so does ^C."""

from __future__ import annotations

import os
import signal

from support.daemon_lab import DaemonLab
from support.daemons import PATIENCE, Proxy


def stalled_modload(lab: DaemonLab, frame: int, signum: int, *argv: str) -> int:
    """Run modload behind a proxy that stalls before `frame`, send the signal there; its exit status."""
    path = os.path.join(lab.daemon.dir, f"proxy{frame}")
    with Proxy(lab.daemon.socket, path, stall_before=frame) as proxy:
        process = lab.daemon.popen("modload", *argv, env={"LKM_SOCKET": path})
        assert proxy.stalled.wait(PATIENCE), f"modload never sent frame {frame}"
        process.send_signal(signum)
        process.communicate(timeout=PATIENCE)
    return int(process.returncode)


def frames_of(lab: DaemonLab, *argv: str) -> int:
    """How many frames a whole run sends; what it loaded is unloaded again."""
    path = os.path.join(lab.daemon.dir, "count")
    with Proxy(lab.daemon.socket, path) as proxy:
        assert lab.run("modload", *argv, env={"LKM_SOCKET": path}).status == 0
    assert lab.run("modunload", "-n", "victim").status == 0
    return proxy.frames


def test_a_kill_before_any_frame_leaves_no_reservation_no_slot_no_memory(lab: DaemonLab) -> None:
    # Two imports, symbols, LMFORCE and an image of several LMLOADBUF: every kind of frame modload sends.
    obj = lab.misc(
        "victim", load='printf("%d\\n", big[1]); return 0;', more="static char big[150000] = { 1 };"
    )
    argv = ("-s", "-f", obj)
    frames = frames_of(lab, *argv)
    before = lab.status()
    loaded = []
    for frame in range(frames):
        assert stalled_modload(lab, frame, signal.SIGKILL, *argv) == -signal.SIGKILL
        if "victim" in lab.names():
            loaded.append(frame)
            assert lab.run("modunload", "victim").status == 0
        assert before == lab.status(), f"after a kill before frame {frame} of {frames}"
    # Only the last frame, close(2) of /dev/lkm, comes after LMREADY: there the load is done.
    assert loaded == [frames - 1]


def test_control_c_ends_modload_and_gives_everything_back(lab: DaemonLab) -> None:
    obj = lab.misc("victim")
    frames = frames_of(lab, obj)
    before = lab.status()
    assert stalled_modload(lab, frames - 3, signal.SIGINT, obj) == 130
    assert before == lab.status()
    assert lab.names() == []
