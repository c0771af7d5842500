"""<sys/mutex.h>, <sys/rwlock.h>, <sys/condvar.h>, <sys/lock.h>, <sys/callout.h>: locks and timers.

Modules treat them as opaque; the kernel keeps its state in the members named here. The magic number
distinguishes an initialised lock from garbage. Sizes are a fixed number of longs.
"""

from lkmtools.abi.datamodel import Struct

MUTEX_SPIN, MUTEX_ADAPTIVE, MUTEX_DEFAULT, MUTEX_DRIVER, MUTEX_NODEBUG = 0, 1, 2, 3, 4
MUTEX_MAGIC = 0x4D75_7458
kmutex = Struct("kmutex", "u_long mtx_magic; struct lwp *mtx_owner; u_long mtx_ipl; u_long mtx_oldspl")

RW_READER, RW_WRITER = 0, 1
RW_MAGIC = 0x5277_4C6B
krwlock = Struct("krwlock", "u_long rw_magic; struct lwp *rw_owner; u_long rw_readers; u_long rw_waiters")

CV_MAGIC = 0x4376_4172
kcondvar = Struct("kcondvar", "u_long cv_magic; const char *cv_wmesg; u_long cv_waiters")

# lockmgr(9): the request is the low four bits, the rest modify it.
LK_SHARED, LK_EXCLUSIVE, LK_UPGRADE, LK_EXCLUPGRADE, LK_DOWNGRADE, LK_RELEASE, LK_DRAIN = 1, 2, 3, 4, 5, 6, 7
LK_TYPE_MASK = 0x0000_000F
LK_NOWAIT = 0x0000_0010
LK_SLEEPFAIL = 0x0000_0020
LK_CANRECURSE = 0x0000_0040
LK_INTERLOCK = 0x0001_0000
LK_RETRY = 0x0002_0000
LK_MAGIC = 0x4C6F_636B
lock = Struct(
    "lock",
    """u_long lk_magic; u_int lk_flags; int lk_sharecount; int lk_exclusivecount; int lk_waitcount;
       int lk_recurselevel; int lk_prio; int lk_timo; struct lwp *lk_lockholder; const char *lk_wmesg""",
)
simplelock = Struct("simplelock", "u_long lock_data")

CALLOUT_PENDING, CALLOUT_FIRED, CALLOUT_INVOKING = 0x02, 0x04, 0x08  # c_flags
CALLOUT_MPSAFE = 0x0100
CALLOUT_MAGIC = 0x11DE_ECED
callout = Struct(
    "callout",
    """u_long c_magic; void (*c_func)(void *); void *c_arg; u_long c_flags;
       u_long c_time; u_long c_spare[5]""",
)

IPL_NONE, IPL_SOFTCLOCK, IPL_SOFTBIO, IPL_SOFTNET, IPL_SOFTSERIAL, IPL_VM, IPL_SCHED, IPL_HIGH = range(8)
