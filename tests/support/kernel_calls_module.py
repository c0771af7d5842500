"""The module that calls kernel functions for kernel_calls.py, and which variables fit which parameter."""

from __future__ import annotations

PROBE = r"""
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/buf.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/exec.h>
#include <sys/lkm.h>
#include <sys/lock.h>
#include <sys/malloc.h>
#include <sys/mount.h>
#include <sys/mutex.h>
#include <sys/namei.h>
#include <sys/rwlock.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <sys/vnode.h>
#define TEN long, long, long, long, long, long, long, long, long, long
typedef long any(TEN);
char probe_block[8192];
const char probe_text[] = "%s %d %*.*x %b /dev/null";
const char probe_path[] = "/tmp/file";
struct iovec probe_iovec[2] = { { probe_block, 100 }, { probe_block + 200, 50 } };
struct uio probe_uio = { .uio_iov = probe_iovec, .uio_iovcnt = 2, .uio_resid = 150 };
callout_t probe_callout;
kmutex_t probe_mutex;
krwlock_t probe_rwlock;
kcondvar_t probe_cv;
struct lock probe_lock;
struct selinfo probe_selinfo;
struct timeval probe_timeval = { 1, 2 };
struct buf *probe_buf;
struct cdevsw probe_cdevsw;
struct bdevsw probe_bdevsw;
void *probe_heap, *probe_freed;
long probe_call(any *, TEN);
long
probe_call(any *fn, long a, long b, long c, long d, long e, long f, long g, long h, long i, long j)
{
	return fn(a, b, c, d, e, f, g, h, i, j);
}
MOD_MISC("probe");
int probe_lkmentry(struct lkm_table *, int, int);
static int
start(struct lkm_table *t, int cmd)
{
	int bmajor = 200, cmajor = 200;

	callout_init(&probe_callout, 0);
	mutex_init(&probe_mutex, MUTEX_DEFAULT, IPL_NONE);
	rw_init(&probe_rwlock);
	cv_init(&probe_cv, "probe");
	lockinit(&probe_lock, 0, "probe", 0, 0);
	selinit(&probe_selinfo);
	probe_heap = malloc(100, M_TEMP, M_WAITOK);
	probe_freed = malloc(100, M_TEMP, M_WAITOK);
	free(probe_freed, M_TEMP);
	probe_buf = geteblk(512);
	return devsw_attach("probe", &probe_bdevsw, &bmajor, &probe_cdevsw, &cmajor);
}
int
probe_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{
	DISPATCH(lkmtp, cmd, ver, start, lkm_nofunc, lkm_nofunc);
}
"""
# A parameter whose declaration has this text: the names of what it may point to.
FITTING = (
    ("struct lwp *", ("lwp", "curlwp")),
    ("struct proc *", ("proc",)),
    ("struct vnode *", ("vnode",)),
    ("struct mount *", ("mount",)),
    ("struct buf *", ("*probe_buf",)),
    ("struct uio *", ("probe_uio",)),
    ("callout_t *", ("probe_callout",)),
    ("mutex", ("probe_mutex",)),
    ("krwlock_t *", ("probe_rwlock",)),
    ("kcondvar_t *", ("probe_cv",)),
    ("struct lock *", ("probe_lock",)),
    ("struct selinfo *", ("probe_selinfo",)),
    ("struct timeval *", ("probe_timeval",)),
    ("struct malloc_type *", ("M_TEMP", "M_DEVBUF")),
    ("struct lkm_table *", ("lkm_table",)),
    ("kauth_cred_t", ("cred",)),
    ("const char *", ("probe_text", "probe_path", "probe_block", "long")),
    ("(*", ("probe_call", "stub")),
)
