"""<sys/buf.h>: a block transfer.

b_oflags says whether a transfer is done, and b_cflags whether the buffer is busy. B_ERROR, which 5.x dropped,
still means an error if b_error is 0.
"""

from lkmtools.abi.datamodel import Placed
from lkmtools.abi.mutex import kcondvar

B_WRITE, B_ASYNC, B_DONE, B_ERROR = 0, 0x0000_0004, 0x0000_0200, 0x0000_0800
B_PHYS, B_RAW, B_READ = 0x0004_0000, 0x0008_0000, 0x0010_0000
BC_BUSY, BC_INVAL, BC_NOCACHE = 0x0000_0010, 0x0000_2000, 0x0000_8000
BO_DELWRI, BO_DONE = 0x0000_0080, 0x0000_0200

buf = Placed(
    "buf",
    (280, 172),
    """struct buf *u_actq.tqe_next 0/0; struct buf **u_actq.tqe_prev 8/4; void *b_iodone 16/8;
       int b_error 24/12; int b_resid 28/16; u_int b_flags 32/20; int b_prio 36/24; int b_bufsize 40/28;
       int b_bcount 44/32; dev_t b_dev 48/36; void *b_data 56/40; daddr_t b_blkno 64/44;
       daddr_t b_rawblkno 72/52; struct proc *b_proc 80/60; void *b_private 96/68;
       struct kcondvar b_busy 112/80; daddr_t b_lblkno 216/132; u_int b_cflags 228/144;
       struct vnode *b_vp 232/148; struct kcondvar b_done 240/152; u_int b_oflags 264/164;
       struct kmutex *b_objlock 272/168""",
    {"kcondvar": kcondvar},
)
