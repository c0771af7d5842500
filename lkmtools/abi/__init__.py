"""Numbers and struct layouts, as the C headers have them, for each data model. No behaviour.

One file per header: errno.py is <sys/errno.h>, lkm.py is <sys/lkm.h>, and so on. Nothing here imports
anything outside this package.
"""
