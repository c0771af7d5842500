"""<sys/mutex.h>, <sys/rwlock.h>, <sys/condvar.h>, <sys/lock.h>, <sys/callout.h>: locks and timers.

A kmutex and a krwlock are one word: the lwp that has the lock, and the bits below. The word does not say
whether the lock was ever initialised; kern/sync/subr_lockdebug.py keeps that.
"""

from lkmtools.abi.datamodel import Struct

MUTEX_SPIN, MUTEX_ADAPTIVE, MUTEX_DEFAULT, MUTEX_DRIVER, MUTEX_NODEBUG = 0, 1, 2, 3, 4
# mtxa_owner: the holder's struct lwp, and WAITERS; of a spin mutex, SPIN, the level in the next byte, and 1
# in the byte after that while it is held.
MUTEX_BIT_SPIN, MUTEX_BIT_WAITERS = 0x01, 0x02
kmutex = Struct("kmutex", "struct word u", {"word": Struct("word", "u_long mtxa_owner")})

RW_READER, RW_WRITER = 0, 1
# rw_owner: the writer's struct lwp with WRITE_LOCKED, or the number of readers times RW_READ_INCR.
RW_HAS_WAITERS, RW_WRITE_WANTED, RW_WRITE_LOCKED = 0x01, 0x02, 0x04
RW_READ_INCR = 0x10
krwlock = Struct("krwlock", "u_long rw_owner")

kcondvar = Struct("kcondvar", "u_long cv_opaque[2]; const char *cv_wmesg")

# lockmgr(9): the request is the low four bits, the rest modify it.
LK_SHARED, LK_EXCLUSIVE, LK_UPGRADE, LK_EXCLUPGRADE, LK_DOWNGRADE, LK_RELEASE, LK_DRAIN = 1, 2, 3, 4, 5, 6, 7
LK_TYPE_MASK = 0x0000_000F
LK_NOWAIT = 0x0000_0010
LK_SLEEPFAIL = 0x0000_0020
LK_CANRECURSE = 0x0000_0040
LK_REENABLE = 0x0000_0080
LK_INTERLOCK = 0x0001_0000
LK_RETRY = 0x0002_0000
LK_SETRECURSE, LK_RECURSEFAIL, LK_SPIN = 0x0010_0000, 0x0020_0000, 0x0040_0000
LK_EXCLOTHER = 8  # an answer of lockstatus()
LK_MAGIC = 0x4C6F_636B
lock = Struct(
    "lock",
    """u_long lk_magic; u_int lk_flags; int lk_sharecount; int lk_exclusivecount; int lk_waitcount;
       int lk_recurselevel; int lk_prio; int lk_timo; struct lwp *lk_lockholder; const char *lk_wmesg""",
)
simplelock = Struct("simplelock", "u_long lock_data")

CALLOUT_PENDING, CALLOUT_FIRED, CALLOUT_INVOKING = 0x02, 0x04, 0x08  # c_flags
CALLOUT_MPSAFE = 0x0100
CALLOUT_MAGIC = 0x11DE_EBA1  # c_magic
CALLOUT_STATIC = 0x11DE_ECED  # ... of CALLOUT_INITIALIZER, which no function has seen yet
callout = Struct("callout", "void *_c_store[10]")
# What is in the store, private to kern_timeout.c; the rest of it is spare.
callout_impl = Struct(
    "callout_impl",
    """void *c_next; void *c_prev; void (*c_func)(void *); void *c_arg; void *c_cpu;
       int c_time; u_int c_flags; u_int c_magic""",
)

IPL_NONE, IPL_PREEMPT, IPL_SOFTCLOCK, IPL_SOFTBIO, IPL_SOFTNET, IPL_SOFTSERIAL = range(6)
IPL_VM, IPL_SCHED, IPL_HIGH = range(6, 9)
