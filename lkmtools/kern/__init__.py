"""The simulated kernel, without sockets: tables in guest memory, processes, /dev/lkm.

Files are named for the NetBSD sources they stand for. kernel.Kernel is what a daemon or a test drives.
"""

from lkmtools.kern.base.console import Console
from lkmtools.kern.base.cred import Cred
from lkmtools.kern.base.options import Config
from lkmtools.kern.base.panic import KernelPanic
from lkmtools.kern.base.request import Reply, Request, UserRegion
from lkmtools.kern.exec.kern_fork import Spawn
from lkmtools.kern.kernel import Kernel, prepare
from lkmtools.kern.proc.hostfile import open_host_files
from lkmtools.kern.proc.kern_proc import Exit

__all__ = [
    "Config",
    "Console",
    "Cred",
    "Exit",
    "Kernel",
    "KernelPanic",
    "Reply",
    "Request",
    "Spawn",
    "UserRegion",
    "open_host_files",
    "prepare",
]
