"""lkmd.conf(5): the daemon's options, as TOML. The command line of lkmd(8) takes precedence."""

from __future__ import annotations

import os
from typing import Any

from lkmtools.errors import LkmtoolsError

# key -> what it must be; the values' limits are those of lkmd's options of the same names.
KEYS: dict[str, tuple[type, ...]] = {
    "machine": (str,),
    "ram": (int,),
    "user_memory": (str,),
    "watchdog": (int, float),
    "hang": (int, float),
    "cores": (bool,),
    "crash_dir": (str,),
    "panic": (str,),
    "panic_on_report": (bool,),
    "securelevel": (int,),
    "multiuser": (bool,),
    "without": (list,),
    "lkm_conf": (str,),
    "lkm_path": (list,),
    "reorder": (bool,),
}
_WORDS = {
    str: "a string",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    list: "a list of strings",
}


class ConfError(LkmtoolsError):
    """A configuration file that cannot be used; the text names file, key and value."""


def read(path: str) -> dict[str, Any]:
    """The keys and values of the lkmd.conf at `path`, with the right types. ConfError."""
    import tomllib

    try:
        with open(path, encoding="utf-8-sig") as file:
            values = tomllib.loads(file.read())
    except OSError as error:
        raise ConfError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfError(f"{path}: not TOML: {error}") from None
    for key, value in values.items():
        _check(path, key, value)
    directory = os.path.dirname(os.path.abspath(path))
    for key in ("lkm_conf", "crash_dir"):
        if values.get(key):
            values[key] = _absolute(values[key], directory)
    if "lkm_path" in values:
        values["lkm_path"] = [_absolute(part, directory) for part in values["lkm_path"]]
    return values


def _absolute(path: str, directory: str) -> str:
    """A path of the file: relative to it, with ~ for the home directory."""
    return os.path.join(directory, os.path.expanduser(path))


def _check(path: str, key: str, value: object) -> None:
    """ConfError for an unknown key or a value of the wrong type."""
    wanted = KEYS.get(key)
    if wanted is None:
        from difflib import get_close_matches

        near = get_close_matches(key, KEYS, 1)
        hint = f"did you mean {near[0]}?" if near else f"the keys are {', '.join(KEYS)}"
        raise ConfError(f"{path}: unknown key: {key!r}; {hint}")
    right = type(value) in wanted
    if isinstance(value, list):
        right = right and all(isinstance(part, str) for part in value)
    if not right:
        raise ConfError(f"{path}: {key}: {value!r} is not {_WORDS[wanted[-1]]}")
