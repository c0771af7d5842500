"""RAM, page permissions and CPU of a simulated machine. Knows no NetBSD.

The only importer of unicorn (as a shared library: see uclib.py). A machine port is one file of rows, port.py
says which. From here the kernel gets: a Memory, an Engine that calls machine code and is called back, and
backtraces.
"""

from lkmtools.machine.backtrace import StackFrame
from lkmtools.machine.cproto import Prototype, VaList
from lkmtools.machine.cpu import PERCPU_TABLE, Cpu
from lkmtools.machine.ctype import CType
from lkmtools.machine.emulator import Fault
from lkmtools.machine.engine import Engine
from lkmtools.machine.engines import engines
from lkmtools.machine.memory import EXEC, READ, WRITE, MemFault, Memory
from lkmtools.machine.port import Port
from lkmtools.machine.ports import PORTS, port
from lkmtools.machine.rate import measure_rate
from lkmtools.machine.space import AddressSpace, DeviceMapping, Frames
from lkmtools.machine.text import SLOT, KernelFunction, Shortcut, Text
from lkmtools.machine.thread import Thread
from lkmtools.machine.usercpu import UserThread

__all__ = [
    "EXEC",
    "PERCPU_TABLE",
    "PORTS",
    "READ",
    "SLOT",
    "WRITE",
    "AddressSpace",
    "CType",
    "Cpu",
    "DeviceMapping",
    "Engine",
    "Fault",
    "Frames",
    "KernelFunction",
    "MemFault",
    "Memory",
    "Port",
    "Prototype",
    "Shortcut",
    "StackFrame",
    "Text",
    "Thread",
    "UserThread",
    "VaList",
    "engines",
    "measure_rate",
    "port",
]
