"""What outlives a kernel process: memory that it writes and its supervisor keeps.

The supervisor makes this memory and forks the kernel process, which inherits it, so that neither needs a
descriptor for it. One rule holds throughout: a writer may die between any two instructions, so what makes a
record valid is stored last, and a reader takes nothing that is not valid.

    area.py     Evidence: all of the following, for one boot
    msgbuf.py   the message buffer, which goes on from boot to boot
    marks.py    when its text was printed, and where its boots begin and end
    vitals.py   counters, each in its place
    latest.py   one text, of which the last complete version is found
    calls.py    the last kernel calls of module code
    modules.py  which modules were loaded, and their symbols
    show.py     what `lkmctl status` says, from all that

Nothing in this package knows the kernel or the machine.
"""

from lkmtools.evidence.area import Evidence
from lkmtools.evidence.modules import ModuleRecord, ModuleState
from lkmtools.evidence.msgbuf import MsgBuf

__all__ = ["Evidence", "ModuleRecord", "ModuleState", "MsgBuf"]
