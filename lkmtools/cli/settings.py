"""Settings of lkmd(8) and rc.lkm(8) besides their command lines: the environment, then lkmd.conf(5)."""

from __future__ import annotations

import os
from typing import Any

from lkmtools.conf import lkmdconf, places


def lkmd_conf_file(given: str | None = None) -> str | None:
    """The lkmd.conf to use: `given`, LKMD_CONF, or the first that exists; None for none."""
    return given or places.find("lkmd.conf", "LKMD_CONF")


def lkmd_conf() -> dict[str, Any]:
    """The keys of lkmd.conf. ConfError."""
    path = lkmd_conf_file()
    return lkmdconf.read(path) if path else {}


def lkm_conf(given: str | None = None, settings: dict[str, Any] | None = None) -> str | None:
    """The lkm.conf to use: `given`, LKM_CONF, the key lkm_conf, or the first that exists; None for none."""
    if given:
        return os.path.abspath(given)
    if "LKM_CONF" not in os.environ:
        known = lkmd_conf() if settings is None else settings
        if "lkm_conf" in known:
            return known["lkm_conf"] or None
    return places.find("lkm.conf", "LKM_CONF")


def module_directories(settings: dict[str, Any] | None = None) -> list[str]:
    """Where modules are looked for: LKM_PATH, the key lkm_path, or the usual places."""
    if "LKM_PATH" not in os.environ:
        known = lkmd_conf() if settings is None else settings
        if "lkm_path" in known:
            return list(known["lkm_path"])
    return places.module_directories()


def crash_directory(
    socket: str, given: str | None = None, settings: dict[str, Any] | None = None
) -> str | None:
    """Where the crashes of a socket are kept: below `given`, LKM_CRASH_DIR, the key crash_dir, or as usual.

    None: nowhere.
    """
    base = given if given is not None else os.environ.get("LKM_CRASH_DIR")
    if base is None:
        base = (lkmd_conf() if settings is None else settings).get("crash_dir")
    return places.crash_directory(socket, base and os.path.abspath(base))
