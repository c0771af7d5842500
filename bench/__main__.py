"""Run every benchmark and print its line; exit status 1 when a ratio is over its limit."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from bench import (
    boot,
    calls,
    clients,
    compile,
    crowd,
    debug,
    devices,
    exec,
    execution,
    kernelcalls,
    ksyms,
    linux,
    many,
    memory,
    objects,
    panics,
    peers,
    scale,
    slopes,
    supervisor,
    tools,
    wire,
)

SUITES = {
    "tools": tools,
    "compile": compile,
    "wire": wire,
    "calls": calls,
    "many": many,
    "scale": scale,
    "slopes": slopes,
    "ksyms": ksyms,
    "exec": exec,
    "execution": execution,
    "linux": linux,
    "devices": devices,
    "crowd": crowd,
    "debug": debug,
    "clients": clients,
    "boot": boot,
    "supervisor": supervisor,
    "panics": panics,
    "memory": memory,
    "kernelcalls": kernelcalls,
}
APART = {"objects": objects, "peers": peers}  # only when they are named: they need the network


def main() -> int:
    """Run the suites named on the command line, or all."""
    names = sys.argv[1:] or list(SUITES)
    suites = SUITES | APART
    if unknown := [name for name in names if name not in suites]:
        sys.exit(f"bench: there is no suite {unknown[0]!r}; there are {', '.join(suites)}")
    over = 0
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory(prefix="lkmb") as directory:
        for name in names:
            for result in suites[name].run(Path(directory)):
                print(result.line(), flush=True)
                over += result.limit is not None and result.ratio > result.limit
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
