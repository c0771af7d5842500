"""The systems for which sources are written, by the names that lkmcc --api and the notes of objects have.

All objects have the layouts of NetBSD 5.2. The sets say how the kernel serves the module of an object.
"""

DIALECT = "5.2"
DIALECTS = {
    "1.4": "NetBSD 1.4",
    "2.0": "NetBSD 2.0",
    "4.0": "NetBSD 4.0",
    DIALECT: "NetBSD 5.2",
    "openbsd": "OpenBSD 3",
}
PROC_DEVICES = frozenset(("1.4", "2.0", "openbsd"))  # a device gets a struct proc *, not a struct lwp *
PROC_CALLS = frozenset(("1.4", "openbsd"))  # a system call gets one
ONE_SWITCH = frozenset(("1.4", "openbsd"))  # a DEV module has one struct cdevsw or bdevsw, and one major
TYPE_BEFORE_KQFILTER = frozenset(("openbsd",))  # its struct cdevsw ends so
