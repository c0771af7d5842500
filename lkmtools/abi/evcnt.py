"""<sys/evcnt.h>, NetBSD 5.2: counters of events."""

from lkmtools.abi.datamodel import Struct

EVCNT_STRING_MAX = 255
EVCNT_TYPE_MISC, EVCNT_TYPE_INTR, EVCNT_TYPE_TRAP = range(3)

evcnt = Struct(
    "evcnt",
    """uint64_t ev_count; struct evcnt *tqe_next; struct evcnt **tqe_prev; u_char ev_type; u_char ev_grouplen;
       u_char ev_namelen; char ev_pad1; const struct evcnt *ev_parent; const char *ev_group;
       const char *ev_name""",
)
