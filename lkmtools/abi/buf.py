"""<sys/buf.h>: a block transfer.

The members that drivers of NetBSD 2.0 to 5.x use. As in 5.x, b_oflags says whether a transfer is done and
b_cflags whether the buffer is busy. B_ERROR, which 5.x dropped, still means an error if b_error is 0.
"""

from lkmtools.abi.datamodel import Struct

B_WRITE, B_ASYNC, B_DONE, B_ERROR = 0, 0x0000_0004, 0x0000_0200, 0x0000_0800
B_PHYS, B_RAW, B_READ = 0x0004_0000, 0x0008_0000, 0x0010_0000
BC_BUSY, BC_INVAL, BC_NOCACHE = 0x0000_0010, 0x0000_2000, 0x0000_8000
BO_DELWRI, BO_DONE = 0x0000_0080, 0x0000_0200

buf = Struct(
    "buf",
    """struct buf *tqe_next; struct buf **tqe_prev; void (*b_iodone)(struct buf *); int b_error; int b_resid;
       u_int b_flags; int b_prio; int b_bufsize; int b_bcount; dev_t b_dev; void *b_data; daddr_t b_blkno;
       daddr_t b_rawblkno; daddr_t b_lblkno; struct proc *b_proc; struct vnode *b_vp; void *b_private;
       u_int b_cflags; u_int b_oflags""",
)
