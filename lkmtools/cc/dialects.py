"""lkmcc --api: the dialect of a source, and how it shows in a compiler's messages.

The headers offer the names and prototypes of the system that __LKM_API says; see docs/dialects.md.
"""

from __future__ import annotations

import re

from lkmtools.abi.dialects import DIALECT

FLAGS: dict[str, tuple[str, ...]] = {
    "1.4": ("-D__LKM_API=104",),
    "2.0": ("-D__LKM_API=200",),
    "4.0": ("-D__LKM_API=400",),
    DIALECT: (),
    "openbsd": ("-D__LKM_API=104", "-U__NetBSD__", "-D__OpenBSD__"),
}

# What only sources of a system say, by the oldest system first; and what compilers say of such a source.
_WORDS = {
    "openbsd": r"\b(__OpenBSD__|OpenBSD|vfs_opv_init_(explicit|default)|vfsconf|timeout_set|timeout_add|"
    r"D_KQFILTER|KERN_NPROCS|fill_kproc2|kthread_create_deferred)\b|\bsuser\s*\(\s*(p|curproc)\s*,\s*0\s*\)|\$(RuOBSD|MirOS)\b",
    "1.4": r"\b(LM_DT_CHAR|LM_DT_BLOCK|lkmenodev|nchrdev|nblkdev|[bc]?dev_decl|dev_init|dev_noimpl|untimeout|"
    r"[bc]dev_(disk|tape|tty|mouse|lkm)_init)\b",
    # The last argument of a device's function; a local variable only where nothing has a struct lwp.
    "2.0": r"\bstruct proc \*\s*\w*\)|\A(?!(?s:.*)\bstruct lwp \*)(?s:.*)\bstruct proc \*p\b",
    "4.0": r"\b(caddr_t|VOP_LEASE|LEASE_READ|LEASE_WRITE|kthread_create1|"
    r"softintr_(establish|disestablish|schedule)|proclist_(un)?lock_(read|write))\b",
}
# A struct proc * is a sign only where it is in the type of a function with which a struct is initialized.
_SIGNS = {
    "openbsd": _WORDS["openbsd"],
    "1.4": "|".join(
        (
            _WORDS["1.4"],
            'macro "MOD_DEV" requires 6 arguments',
            "macro 'MOD_DEV' defined here",
            r"near initialization for .*\.sy_flags",
            r"\(struct proc \*, void \*, register_t \*\)",
            r"to integer conversion initializing 'int' with an expression of type 'int \(struct (proc|lwp)",
        )
    ),
    "2.0": "|".join(
        (
            r"initialization of .* from incompatible pointer type .*\(\*\)\(.*struct proc \*",
            r"initializing .* with an expression of type '[^']*\(.*struct proc \*",
            r"no member named .(a_p|cn_proc)\b",
        )
    ),
    "4.0": _WORDS["4.0"] + r"|no member named .(a_l|cn_lwp)\b|struct nameidata \*, struct lwp \*",
}


def named(words: list[str]) -> str | None:
    """The dialect whose sources alone have one of these names; None when none is among them."""
    text = " ".join(words)
    return next((name for name in ("openbsd", "1.4") if re.search(_WORDS[name], text)), None)


def suggested(messages: str, text: str) -> str | None:
    """The dialect that sources, whose text is `text`, seem to be written in.

    None without a sign of one in the compiler's messages about them.
    """
    signs = [name for name, sign in _SIGNS.items() if re.search(sign, messages)]
    if not signs:
        return None
    return next(name for name, words in _WORDS.items() if name == signs[0] or re.search(words, text))
