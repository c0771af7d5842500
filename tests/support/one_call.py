"""The body of a function in a module, and what it returns."""

from __future__ import annotations

from support.lab import Lab

HEAD = """
#include <sys/malloc.h>
#include <sys/kauth.h>
#include <sys/uio.h>
#include <sys/vnode.h>
#include <sys/ucred.h>
#include <sys/queue.h>
#include <sys/device.h>
"""


def run(lab: Lab, body: str, head: str = "") -> int:
    """`body` in a function of a module; int64_t, for what is more than an int."""
    lab.load(f"{HEAD}{head}\nint64_t probe_run(void);\nint64_t probe_run(void) {{ {body} }}")
    return lab.call("int64_t probe_run(void)")
