/* A MISC module of NetBSD 5: mutex, condvar, rwlock, kmem, callout with flags, devsw_attach by hand, C99. */

#include <sys/param.h>
#include <sys/systm.h>
#include <sys/atomic.h>
#include <sys/callout.h>
#include <sys/condvar.h>
#include <sys/conf.h>
#include <sys/kernel.h>
#include <sys/kmem.h>
#include <sys/lkm.h>
#include <sys/lwp.h>
#include <sys/mutex.h>
#include <sys/poll.h>
#include <sys/queue.h>
#include <sys/rwlock.h>
#include <sys/select.h>
#include <sys/time.h>

struct item {
	SIMPLEQ_ENTRY(item)	link;
	size_t			len;
	char			data[];
};

static SIMPLEQ_HEAD(, item) items = SIMPLEQ_HEAD_INITIALIZER(items);
static kmutex_t lock;
static kcondvar_t cv;
static krwlock_t rw;
static callout_t ch;
static struct selinfo sel;
static volatile u_int opens;
static devmajor_t bmajor = NODEVMAJOR, cmajor = NODEVMAJOR;

static int
fifo_open(dev_t self, int flag, int mode, struct lwp *l)
{
	atomic_inc_uint(&opens);
	return 0;
}

static int
fifo_close(dev_t self, int flag, int mode, struct lwp *l)
{
	return atomic_dec_uint_nv(&opens), 0;
}

static int
fifo_read(dev_t dev, struct uio *uio, int flag)
{
	struct item *it;
	int error = 0;

	mutex_enter(&lock);
	while ((it = SIMPLEQ_FIRST(&items)) == NULL && error == 0)
		error = cv_timedwait_sig(&cv, &lock, mstohz(5000));
	if (it != NULL)
		SIMPLEQ_REMOVE_HEAD(&items, link);
	mutex_exit(&lock);
	if (it == NULL)
		return error;
	error = uiomove(it->data, MIN(it->len, uio->uio_resid), uio);
	kmem_free(it, sizeof(*it) + it->len);
	return error;
}

static int
fifo_write(dev_t dev, struct uio *uio, int flag)
{
	const size_t len = uio->uio_resid;
	struct item *it = kmem_zalloc(sizeof(*it) + len, KM_SLEEP);

	it->len = len;
	for (int error; (error = uiomove(it->data, len, uio)) != 0;) {
		kmem_free(it, sizeof(*it) + len);
		return error;
	}
	mutex_enter(&lock);
	SIMPLEQ_INSERT_TAIL(&items, it, link);
	cv_broadcast(&cv);
	mutex_exit(&lock);
	selnotify(&sel, POLLIN | POLLRDNORM, 0);
	return 0;
}

static int
fifo_poll(dev_t dev, int events, struct lwp *l)
{
	int revents = events & (POLLOUT | POLLWRNORM);

	mutex_enter(&lock);
	if (!SIMPLEQ_EMPTY(&items))
		revents |= events & (POLLIN | POLLRDNORM);
	else
		selrecord(l, &sel);
	mutex_exit(&lock);
	return revents;
}

static const struct cdevsw fifo_cdevsw = {
	fifo_open, fifo_close, fifo_read, fifo_write, noioctl,
	nostop, notty, fifo_poll, nommap, nokqfilter, D_OTHER | D_MPSAFE,
};

static void
fifo_report(void *arg)
{
	struct timeval tv;

	getmicrouptime(&tv);
	rw_enter(&rw, RW_READER);
	printf("fifo: %u opens, up %" PRId64 " s, flags %b\n", opens, tv.tv_sec, opens, "\177\020b\0OPEN\0");
	rw_exit(&rw);
	callout_schedule(&ch, 60 * hz);
}

static int
fifo_load(struct lkm_table *lkmtp, int cmd)
{
	int error;

	mutex_init(&lock, MUTEX_DEFAULT, IPL_NONE);
	cv_init(&cv, "fifo");
	rw_init(&rw);
	selinit(&sel);
	callout_init(&ch, CALLOUT_MPSAFE);
	callout_setfunc(&ch, fifo_report, NULL);
	if ((error = devsw_attach("fifo", NULL, &bmajor, &fifo_cdevsw, &cmajor)) == 0)
		callout_schedule(&ch, hz);
	return error;
}

static int
fifo_unload(struct lkm_table *lkmtp, int cmd)
{
	if (opens != 0)
		return EBUSY;
	callout_halt(&ch, NULL);
	callout_destroy(&ch);
	devsw_detach(NULL, &fifo_cdevsw);
	rw_destroy(&rw);
	cv_destroy(&cv);
	mutex_destroy(&lock);
	return 0;
}

MOD_MISC("mutex_misc");

int mutex_misc_lkmentry(struct lkm_table *, int, int);

int
mutex_misc_lkmentry(struct lkm_table *lkmtp, int cmd, int ver)
{

	DISPATCH(lkmtp, cmd, ver, fifo_load, fifo_unload, lkm_nofunc);
}
