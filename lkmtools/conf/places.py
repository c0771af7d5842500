"""Where lkm.conf, lkmd.conf and the module directories are.

Instead of the original's /etc/lkm.conf, /lkm and /usr/lkm, the user and the installation have directories:

    $XDG_CONFIG_HOME/lkmtools  (~/.config/lkmtools), then PREFIX/etc/lkmtools      lkm.conf, lkmd.conf
    $XDG_DATA_HOME/lkmtools/lkm  (~/.local/share/lkmtools/lkm), then PREFIX/share/lkmtools/lkm      modules

PREFIX is where Python and lkmtools are installed; for /usr the files are in /etc/lkmtools. LKM_CONF,
LKMD_CONF and LKM_PATH say otherwise; one that is set and empty means none.
"""

from __future__ import annotations

import os
import sys

PACKAGE = "lkmtools"


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
