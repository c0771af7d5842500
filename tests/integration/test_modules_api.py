"""lkmtools.modules, the Python interface the tools stand on, against a real kernel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, EEXIST, EINVAL, ENAMETOOLONG, ENOENT
from lkmtools.abi.fcntl import O_NONBLOCK, O_RDWR
from lkmtools.abi.lkm import LM_MISC
from lkmtools.errors import KernelError
from lkmtools.modules.prepare import LoadError
from support.compiling import Compile
from support.daemons import Daemon

SOURCE = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/errno.h>
#include <sys/lkm.h>
MOD_MISC("hello");
char big[BIG] = { 1 };
static int loaded(struct lkm_table *t, int cmd) { return lkmexists(t) ? EEXIST : 0; }
int hello_lkmentry(struct lkm_table *t, int cmd, int ver)
{
    DISPATCH(t, cmd, ver, loaded, lkm_nofunc, lkm_nofunc);
}
"""


def hello(cc: Compile, machine: str, big: int = 1) -> Path:
    path: Path = cc(SOURCE.replace("BIG", str(big)), machine)
    return path


def test_load_stat_and_unload(start_daemon: Callable[..., Daemon], cc: Compile, machine: str) -> None:
    daemon = start_daemon("--machine", machine)
    with daemon.connect() as p:
        loaded = modules.load(p, hello(cc, machine))
        module = modules.stat(p, "hello")
        assert (loaded.id, loaded.image.base, "hello", LM_MISC, -1) == (
            module.id,
            module.area,
            module.name,
            module.type,
            module.offset,
        )
        assert modules.stat(p, loaded.id) == module
        assert modules.stat_all(p) == [module]
        modules.unload(p, "hello")
        assert modules.stat_all(p) == []


def test_an_image_larger_than_one_transfer_arrives_whole(daemon: Daemon, cc: Compile) -> None:
    with daemon.connect() as p:
        loaded = modules.load(p, hello(cc, "amd64", 200_000), symbols=True)
        assert loaded.image.size > 3 * 65536
        modules.unload(p, loaded.id)


def test_a_failed_load_says_what_modload_would_and_leaves_the_device_free(
    daemon: Daemon, cc: Compile
) -> None:
    with daemon.connect() as p:
        modules.load(p, hello(cc, "amd64"))
        with pytest.raises(LoadError) as caught:
            modules.load(p, hello(cc, "amd64"))
        assert (caught.value.status, caught.value.errno) == (14, EEXIST)
        assert caught.value.text == "error initializing module: File exists"
        p.close(p.open("/dev/lkm", O_RDWR | O_NONBLOCK))
        assert len(modules.stat_all(p)) == 1


def test_the_errors_of_stat_and_unload_are_the_kernels(daemon: Daemon, cc: Compile) -> None:
    with daemon.connect() as p:
        modules.load(p, hello(cc, "amd64"))
        for call in (modules.stat, modules.unload):
            for module, errno in (("nosuch", ENOENT), (7, EINVAL)):
                with pytest.raises(KernelError) as caught:
                    call(p, module)
                assert (call, module, caught.value.errno) == (call, module, errno)
        with pytest.raises(KernelError) as caught:
            modules.unload(p, "n" * 40)
        assert caught.value.errno == ENAMETOOLONG


def test_a_device_in_use_is_reported_when_not_waiting(daemon: Daemon) -> None:
    with daemon.connect() as p, daemon.connect() as q:
        with modules.lkm_device(p), pytest.raises(KernelError) as caught, modules.lkm_device(q, O_NONBLOCK):
            pass
        assert caught.value.errno == EBUSY
        with modules.lkm_device(q, O_NONBLOCK):
            pass


def test_a_loaded_module_shows_itself_in_a_line(daemon: Daemon, cc: Compile) -> None:
    """Without its image."""
    with daemon.connect() as p:
        loaded = modules.load(p, cc(SOURCE, name="hello", flags=("-DBIG=100",)))
        assert repr(loaded) == (
            f"<Loaded hello as id 0, {loaded.image.size} bytes at {loaded.image.base:#x}>"
        )
        modules.unload(p, "hello")
