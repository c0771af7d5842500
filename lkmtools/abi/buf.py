"""<sys/buf.h>: a block transfer.

b_oflags says whether a transfer is done, and b_cflags whether the buffer is busy. B_ERROR, which 5.x dropped,
still means an error if b_error is 0.
"""

from lkmtools.abi.datamodel import Struct
from lkmtools.abi.mutex import kcondvar

B_WRITE, B_ASYNC, B_DONE, B_ERROR = 0, 0x0000_0004, 0x0000_0200, 0x0000_0800
B_PHYS, B_RAW, B_READ = 0x0004_0000, 0x0008_0000, 0x0010_0000
BC_BUSY, BC_INVAL, BC_NOCACHE = 0x0000_0010, 0x0000_2000, 0x0000_8000
BO_DELWRI, BO_DONE = 0x0000_0080, 0x0000_0200

buf = Struct(
    "buf",
    """struct buf *u_actq.tqe_next; struct buf **u_actq.tqe_prev; void (*b_iodone)(struct buf *); int b_error;
       int b_resid; u_int b_flags; int b_prio; int b_bufsize; int b_bcount; dev_t b_dev; void *b_data;
       daddr_t b_blkno; daddr_t b_rawblkno; struct proc *b_proc; void *b_saveaddr; void *b_private;
       off_t b_dcookie; struct kcondvar b_busy; u_int b_refcnt; void *b_dep; void *b_hash[2];
       void *b_vnbufs[2]; void *b_freelist[2]; void *b_wapbllist[2]; daddr_t b_lblkno; int b_freelistindex;
       u_int b_cflags; struct vnode *b_vp; struct kcondvar b_done; u_int b_oflags;
       struct kmutex *b_objlock""",
    {"kcondvar": kcondvar},
)
