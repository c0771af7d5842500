"""<sys/extent.h>, NetBSD 5.2: ranges of numbers, and the regions of them that are taken."""

from lkmtools.abi.datamodel import Struct

EXF_FIXED, EXF_NOCOALESCE = 0x01, 0x02

EX_NOWAIT = 0x00
EX_WAITOK = 0x01
EX_FAST = 0x02
EX_CATCH = 0x04
EX_NOCOALESCE = 0x08
EX_MALLOCOK = 0x10
EX_WAITSPACE = 0x20
EX_BOUNDZERO = 0x40

extent = Struct(
    "extent",
    """const char *ex_name; void *ex_lock; u_long ex_cv[3]; struct extent_region *ex_regions; u_long ex_start;
       u_long ex_end; struct malloc_type *ex_mtype; int ex_flags; u_char ex_flwanted""",
)
extent_region = Struct(
    "extent_region",
    """struct extent_region *le_next; struct extent_region **le_prev; u_long er_start; u_long er_end;
       int er_flags""",
)
