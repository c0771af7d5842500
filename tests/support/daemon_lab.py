"""A private daemon and C modules in its directory, for the tests of modload, modunload and modstat."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from support.compiling import Compile
from support.daemons import Daemon

HEADERS = """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/exec.h>
#include <sys/conf.h>
#include <sys/proc.h>
#include <sys/errno.h>
#include <sys/lkm.h>
"""

ENTRY = """
int {name}_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{{
    DISPATCH(lkmtp, cmd, ver, {load}, {unload}, lkm_nofunc);
}}
"""


class DaemonLab:
    """A daemon; its tools run in the directory where misc(), syscall() and device() put their objects."""

    def __init__(self, daemon: Daemon, cc: Compile, machine: str = "amd64") -> None:
        self.daemon = daemon
        self.cc = cc
        self.machine = machine
        self.dir = Path(daemon.dir)

    def run(self, *argv: str, **options: Any) -> Any:
        """Run a tool to its end: status, out, err."""
        return self.daemon.run(*argv, **options)

    def status(self) -> dict[str, Any]:
        """What the kernel says of its modules and memory, after whatever has ended has been dealt with."""
        with self.daemon.connect() as p:
            p.getpid()
            kernel: dict[str, Any] = p.control("status")["kernel"]
        return {"lkm": kernel["lkm"], "memory": kernel["memory"]}

    def names(self) -> list[str]:
        """The names of the loaded modules, by id."""
        return [row["name"] for row in json.loads(self.run("modstat", "--json").out)["modules"]]

    def compile(self, name: str, source: str, machine: str | None = None) -> str:
        """Compile C text to NAME.o in the tools' directory; the file's name."""
        made = self.cc(HEADERS + source, machine or self.machine, name)
        shutil.copyfile(made, self.dir / f"{name}.o")
        return f"{name}.o"

    def misc(self, name: str, load: str = "return 0;", unload: str = "return 0;", more: str = "") -> str:
        """A MISC module whose handlers have these bodies, after the definitions `more`."""
        return self.compile(
            name,
            f"""MOD_MISC("{name}");
            {more}
            static int do_load(struct lkm_table *lkmtp, int cmd) {{ {load} }}
            static int do_unload(struct lkm_table *lkmtp, int cmd) {{ {unload} }}
            """
            + ENTRY.format(name=name, load="do_load", unload="do_unload"),
        )

    def syscall(self, name: str) -> str:
        """A SYSCALL module in an automatic slot."""
        return self.compile(
            name,
            f"""static int newcall(struct lwp *l, const void *v, register_t *retval) {{ return 0; }}
            static struct sysent newcall_sysent = {{ 0, 0, 0, newcall }};
            MOD_SYSCALL("{name}", -1, &newcall_sysent);
            """
            + ENTRY.format(name=name, load="lkm_nofunc", unload="lkm_nofunc"),
        )

    def device(self, name: str) -> str:
        """A DEV module with a character device at an automatic major, and no block device."""
        return self.compile(
            name,
            f"""static int dev_open(dev_t dev, int flag, int mode, struct lwp *l) {{ return 0; }}
            static int dev_close(dev_t dev, int flag, int mode, struct lwp *l) {{ return 0; }}
            static const struct cdevsw dev_cdevsw = {{
                dev_open, dev_close, noread, nowrite, noioctl, nostop, notty, nopoll, nommap, nokqfilter,
                {{ 0 }}
            }};
            MOD_DEV("{name}", "{name}", NULL, -1, &dev_cdevsw, -1);
            """
            + ENTRY.format(name=name, load="lkm_nofunc", unload="lkm_nofunc"),
        )


def lines(*texts: str) -> str:
    """What modload says on standard error: these lines."""
    return "".join(f"modload: {text}\n" for text in texts)
