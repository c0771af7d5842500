"""<sys/cdefs.h>: the note that marks an object as compiled with our headers, and with which version.

Structs and functions that the headers declare are the kernel's interface; INTERFACE counts its versions. A
note is laid out as the System V gABI (chapter 5, "Note Section") says: three 32-bit words, name, descriptor.
"""

INTERFACE = 2  # __LKM_INTERFACE
NOTE_SECTION = ".note.lkmtools"
NOTE_OWNER = b"lkmtools\0"
NOTE_TYPE = 1  # the descriptor: the interface's number, a 32-bit word; from 2 on the dialect, a C string
