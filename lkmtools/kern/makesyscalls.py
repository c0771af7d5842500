"""<sys/syscall.h> and <sys/syscallargs.h> from syscalls.master (makesyscalls.sh).

`python -m lkmtools.kern.makesyscalls syscall.h > lkmtools/include/sys/syscall.h`, and so for syscallargs.h.
"""

from __future__ import annotations

import re
import sys
from textwrap import wrap

from lkmtools.abi import syscall as abi
from lkmtools.abi.syscalls_master import SystemCall, calls
from lkmtools.kern.rows import SYSCALLS

_MADE = "Made by lkmtools.kern.makesyscalls; do not edit."
_JOINED = "\0"  # for a blank within a member, where a line is not broken
_SYSCALL_H = f"""\
/* <sys/syscall.h>: the numbers of NetBSD 5.2's system calls. 210 to 219 are for modules. {_MADE} */

#ifndef _SYS_SYSCALL_H_
#define _SYS_SYSCALL_H_

#include <sys/cdefs.h>

#define SYS_MAXSYSARGS	{abi.SYS_MAXSYSARGS}

"""
_SYSCALLARGS_H = f"""\
/*
 * <sys/syscallargs.h>: the arguments of system calls, each in words of a register. SCARG(uap, x) reads one.
 * {_MADE}
 */

#ifndef _SYS_SYSCALLARGS_H_
#define _SYS_SYSCALLARGS_H_

#include <sys/types.h>
#include <sys/select.h>
#include <sys/signal.h>
#include <sys/syscall.h>
#include <sys/systm.h>

/* A value narrower than a register stands at its low end. */
#define syscallarg(type) \\
	union {{ \\
		register_t	pad; \\
		struct {{ type datum; }} le; \\
	}}
#define SCARG(uap, name)	((uap)->name.le.datum)

"""


def syscall_h() -> str:
    """A define for each call."""
    lines = [f"#define SYS_{call.name}\t{call.number}\n" for call in calls().values()]
    lines.append(f"#define SYS_lkmwait\t{abi.SYS_lkmwait}\t/* not NetBSD's */\n")
    limits = ("SYS_MAXSYSCALL", "SYS_NSYSENT")
    lines += ["\n", *(f"#define {name}\t{getattr(abi, name)}\n" for name in limits)]
    return _SYSCALL_H + "".join(lines) + "\n#include <sys/syscall_old.h>\n\n#endif\n"


def syscallargs_h() -> str:
    """A struct for each call that has arguments, and the prototypes of those that are written."""
    rows = [call for call in calls().values() if call.function and call.params]
    params = " ".join(param for call in rows for param in call.params)
    forward = "".join(f"{tag};\n" for tag in sorted(set(re.findall(r"\b(?:struct|union) \w+", params))))
    written = sorted({row.symbol for row in SYSCALLS.values()} | {"sys_nosys", "sys_lkmnosys"})
    protos = "".join(f"sy_call_t\t{name};\n" for name in written)
    return (
        f"{_SYSCALLARGS_H}{forward}\n{''.join(map(_struct, rows))}\n#ifdef _KERNEL\n"
        "/* The calls themselves, for modules that wrap them; the dialect says who calls. */\n"
        f"{protos}#endif\n\n#endif\n"
    )


def _struct(call: SystemCall) -> str:
    """struct sys_NAME_args."""
    members = " ".join(_member(param).replace(" ", _JOINED) for param in call.params)
    lines = [line.replace(_JOINED, " ") for line in wrap(members, 112, break_on_hyphens=False)]
    if len(lines) == 1 and len(lines[0]) + len(call.function) < 90:
        return f"struct {call.function}_args {{ {lines[0]} }};\n"
    body = "".join(f"\t{line}\n" for line in lines)
    return f"struct {call.function}_args {{\n{body}}};\n"


def _member(param: str) -> str:
    if param == "...":
        return "syscallarg(register_t) args[SYS_MAXSYSARGS];"
    found = re.fullmatch(r"(.*?)(\w+)", param)
    assert found is not None, param
    return f"syscallarg({found[1].strip()}) {found[2]};"


if __name__ == "__main__":
    sys.stdout.write({"syscall.h": syscall_h, "syscallargs.h": syscallargs_h}[sys.argv[1]]())
