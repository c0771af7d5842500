"""Crashes on disk: what a supervisor keeps of a kernel that died, for lkmctl crash and for debuggers.

directory.py    the numbered crashes of one socket: at most MOST, and LIMIT bytes on disk
corefile.py     an ELF core of RAM, with a thread for each lwp
symbolfile.py   an ELF file of the kernel's symbols and of those of its modules
crossings.py    the rules by which debuggers get from one call into a module to the one outside it
debugger.py     how gdb is started on them
"""
