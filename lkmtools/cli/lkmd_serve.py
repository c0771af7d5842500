"""python -m lkmtools.cli.lkmd_serve JSON: lkmd, when its options are known: without click, which parsed them.

What a process has once imported stays in its memory, and in that of each kernel process that it forks: click
is 2.6 MiB of it. So lkmd executes this in its place, with the options as a JSON object.

A tool that found no daemon runs it with the words for lkmd, --socket PATH --lock-fd N: without an lkmd.conf
there is nothing to parse in them, and a cold start is a tenth shorter. Where there is anything to parse, lkmd
does it.
"""

from __future__ import annotations

import _signal as signal  # type: ignore[import-not-found]
import os
import sys
from typing import Any

from lkmtools.cli.entry import end

EX_NODAEMON, EX_INTERRUPT = 69, 130  # as cli.common has them, which imports click


def main(words: list[str]) -> int:
    """Serve; an exit status. `words` are the command line's."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # as for any tool while it imports (entry.py)
    from lkmtools.cli import streams
    from lkmtools.cli.serving import reason, serve
    from lkmtools.errors import DaemonError

    streams.prepare()
    try:
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # lkmd has blocked it
        return serve(options(words))
    except KeyboardInterrupt:
        sys.stderr.write("\n")  # behind the terminal's ^C
        return EX_INTERRUPT
    except Exception as error:
        sys.stderr.write(f"lkmd: {reason(error)}\n")
        return EX_NODAEMON if isinstance(error, DaemonError) else 1
    finally:
        if ours:
            signal.signal(signal.SIGINT, signal.SIG_DFL)


def options(words: list[str]) -> dict[str, Any]:
    """The options for serve(), from the JSON that lkmd wrote, or from `words` that a tool gave."""
    from lkmtools.cli.serving import DEFAULTS, MACHINES
    from lkmtools.cli.settings import lkmd_conf_file

    if len(words) == 1:
        import json

        return {**DEFAULTS, **json.loads(words[0])}
    machine = os.environ.get("LKM_MACHINE") or DEFAULTS["machine"]
    if lkmd_conf_file() is not None or machine not in MACHINES:
        from lkmtools.cli.lkmd import main as lkmd

        lkmd(words)
    _, path, _, lock = words
    return {**DEFAULTS, "machine": machine, "socket": path, "lock_fd": int(lock)}


if __name__ == "__main__":
    end(main(sys.argv[1:]))
