"""The simulated kernel, without sockets: tables in guest memory, processes, /dev/lkm.

Files are named for the NetBSD sources they stand for. kernel.Kernel is what a daemon or a test drives.
"""

from lkmtools.kern.config import Config, Cred
from lkmtools.kern.console import Console
from lkmtools.kern.hostfile import open_host_files
from lkmtools.kern.kern_fork import Spawn
from lkmtools.kern.kern_proc import Exit
from lkmtools.kern.kernel import Kernel, prepare
from lkmtools.kern.panic import Panic
from lkmtools.kern.request import Region, Reply, Request

__all__ = [
    "Config",
    "Console",
    "Cred",
    "Exit",
    "Kernel",
    "Panic",
    "Region",
    "Reply",
    "Request",
    "Spawn",
    "open_host_files",
    "prepare",
]
