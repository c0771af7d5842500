"""Where lkm.conf, lkmd.conf, the module directories and the crashes are.

Instead of the original's /etc/lkm.conf, /lkm and /usr/lkm, the user and the installation have directories:

    $XDG_CONFIG_HOME/lkmtools  (~/.config/lkmtools), then PREFIX/etc/lkmtools      lkm.conf, lkmd.conf
    $XDG_DATA_HOME/lkmtools/lkm  (~/.local/share/lkmtools/lkm), then PREFIX/share/lkmtools/lkm      modules
    $XDG_STATE_HOME/lkmtools/crash  (~/.local/state/lkmtools/crash)                                 crashes

PREFIX is where Python and lkmtools are installed; for /usr the files are in /etc/lkmtools. LKM_CONF,
LKMD_CONF, LKM_PATH and LKM_CRASH_DIR say otherwise; one that is set and empty means none.
"""

from __future__ import annotations

import os
import re
import sys
from binascii import crc32

PACKAGE = "lkmtools"
_READABLE = 48  # characters of a socket's path in the name of a directory


def _home(variable: str, fallback: str) -> str | None:
    """A directory of the user by the XDG rules: only an absolute value counts."""
    given = os.environ.get(variable, "")
    base = given if os.path.isabs(given) else os.path.expanduser(f"~/{fallback}")
    return os.path.join(base, PACKAGE) if os.path.isabs(base) else None


def config_directories() -> list[str]:
    """The user's directory, then the installation's; they need not exist."""
    etc = "/etc" if sys.prefix == "/usr" else os.path.join(sys.prefix, "etc")
    return [d for d in (_home("XDG_CONFIG_HOME", ".config"), os.path.join(etc, PACKAGE)) if d]


def find(name: str, variable: str) -> str | None:
    """The configuration file `name`: that of the environment variable, otherwise the first that exists.

    A file named by the variable need not exist: the caller that opens it reports that.
    """
    given = os.environ.get(variable)
    if given is not None:
        return os.path.abspath(given) if given else None
    paths = (os.path.join(directory, name) for directory in config_directories())
    return next((path for path in paths if os.path.exists(path)), None)


def module_directories() -> list[str]:
    """Where modules without a leading slash are looked for, in this order (LKM_PATH, colons between)."""
    given = os.environ.get("LKM_PATH")
    if given is not None:
        return [os.path.abspath(part) for part in given.split(":") if part]
    share = os.path.join(sys.prefix, "share", PACKAGE)
    return [os.path.join(d, "lkm") for d in (_home("XDG_DATA_HOME", ".local/share"), share) if d]


def crash_directory(socket: str, base: str | None = None) -> str | None:
    """Where the crashes of the kernels at a socket are kept, below `base` or the usual place; None: nowhere.

    The name shows the path of the socket, which is absolute, and its checksum tells it from others.
    """
    if base is None:
        base = _home("XDG_STATE_HOME", ".local/state")
        base = base and os.path.join(base, "crash")
    if not base:
        return None
    readable = re.sub(r"[^\w.-]+", "_", socket, flags=re.ASCII).strip("_.")[-_READABLE:]
    return os.path.join(base, f"{readable}-{crc32(os.fsencode(socket)):08x}")
