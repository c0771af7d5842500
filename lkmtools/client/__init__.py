"""A process of the simulated kernel, seen from a program of the host: the public Python interface.

    from lkmtools import client
    from lkmtools.abi.fcntl import O_RDWR

    with client.connect(comm="demo") as p:
        fd = p.open("/dev/lkm", O_RDWR)

A connection is a process: closing it ends the process, and the kernel closes what it had open. All methods
of Process are system calls of NetBSD 5.2 with the prototypes of <sys/syscallargs.h>; they go through the
kernel's system call table by number, so a module that replaces a call is seen here.
"""

from lkmtools.client.connection import connect
from lkmtools.client.core import Buffer
from lkmtools.client.process import Process

__all__ = ["Buffer", "Process", "connect"]
