"""python -m lkmtools.cli.autostarted --socket PATH --lock-fd N: lkmd, as a tool starts it that found none.

It is lkmd in all but the time that it takes: without an lkmd.conf there is nothing to parse, so click is not
imported, which would be a tenth of what a cold start takes. Where there is anything to parse, lkmd does it.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import os
import sys

from lkmtools.cli.entry import end


def main(words: list[str]) -> int:
    """Serve in the background; an exit status. `words` are the command line's."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as for any tool while it starts (entry.py)
    from lkmtools.cli.serving import DEFAULTS, MACHINES, reason, serve
    from lkmtools.cli.settings import lkmd_conf_file

    machine = os.environ.get("LKM_MACHINE") or DEFAULTS["machine"]
    if lkmd_conf_file() is not None or machine not in MACHINES or "LISTEN_FDS" in os.environ:
        from lkmtools.cli.lkmd import main as lkmd

        lkmd(words)
    _, path, _, lock = words
    given = {**DEFAULTS, "machine": machine, "settings": {}}
    try:
        return serve(given, path, int(lock), False, (None, None))
    except Exception as error:
        sys.stderr.write(f"lkmd: {reason(error)}\n")
        return 1


if __name__ == "__main__":
    end(main(sys.argv[1:]))
