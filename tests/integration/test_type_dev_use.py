"""A character driver used by programs: entries, several buffers at once, modes, signals, the last close."""

from __future__ import annotations

from signal import SIGTERM

import pytest

from lkmtools import modules
from lkmtools.abi.errno import EBUSY, ENODEV, ENOTTY, ENXIO
from lkmtools.abi.fcntl import F_GETFL, F_SETFL, O_NONBLOCK, O_RDWR
from lkmtools.abi.filio import FIOASYNC, FIONBIO
from lkmtools.abi.signal import SIGUSR1
from lkmtools.abi.stat import S_IFCHR
from lkmtools.errors import KernelError
from support.errors import errno_of
from support.lab import Lab
from support.programs import Runner, spawn_main

COMMANDS = """
struct pair { int a; long long b; char text[8]; };
#define GET	_IOR('q', 1, struct pair)
#define SET	_IOW('q', 2, struct pair)
#define BOTH	_IOWR('q', 3, struct pair)
#define COUNTS	_IOR('q', 4, int[8])
"""
# Each write is one message, and each read takes one; a read sleeps for it, a signal ends that sleep.
QUEUE = (
    """
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/exec.h>
#include <sys/fcntl.h>
#include <sys/filio.h>
#include <sys/ioctl.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <sys/vnode.h>
#include <sys/lkm.h>
"""
    + COMMANDS
    + """
static char message[64];
static int length = -1;
static struct pair kept;
static struct selinfo sel;
int queue_counts[8];	/* opens, closes, reads, writes, pieces, modes told, the last of them, refuse modes */
static int queue_open(dev_t dev, int flag, int mode, struct lwp *l)
{
	queue_counts[0]++;
	return 0;
}
static int queue_close(dev_t dev, int flag, int mode, struct lwp *l)
{
	queue_counts[1]++;
	return 0;
}
static int queue_read(dev_t dev, struct uio *uio, int flag)
{
	int n, error;
	queue_counts[2]++;
	queue_counts[4] += uio->uio_iovcnt;
	while (length < 0) {
		if (flag & IO_NDELAY)
			return EWOULDBLOCK;
		if ((error = tsleep(message, PWAIT | PCATCH, "queue", 0)) != 0)
			return error;
	}
	n = length;
	length = -1;
	return uiomove(message, n, uio);
}
static int queue_write(dev_t dev, struct uio *uio, int flag)
{
	int error, n = uio->uio_resid;
	queue_counts[3]++;
	queue_counts[4] += uio->uio_iovcnt;
	if (n > sizeof message)
		return EMSGSIZE;
	if ((error = uiomove(message, n, uio)) != 0)
		return error;
	length = n;
	wakeup(message);
	selnotify(&sel, POLLIN, 0);
	return 0;
}
static int queue_ioctl(dev_t dev, u_long cmd, void *data, int flag, struct lwp *l)
{
	struct pair *p = data;
	switch (cmd) {
	case GET: *p = kept; return 0;
	case SET: kept = *p; return 0;
	case BOTH: p->a = -p->a; p->b = -p->b; p->text[0]++; return 0;
	case COUNTS: memcpy(data, queue_counts, sizeof queue_counts); return 0;
	case FIONBIO:
	case FIOASYNC:
		queue_counts[5]++;
		queue_counts[6] = *(int *)data;
		return queue_counts[7] ? EPASSTHROUGH : 0;
	}
	return EPASSTHROUGH;
}
static int queue_poll(dev_t dev, int events, struct lwp *l)
{
	if (length >= 0)
		return events & (POLLIN | POLLOUT);
	if (events & POLLIN)
		selrecord(l, &sel);
	return events & POLLOUT;
}
static const struct cdevsw queue_cdevsw = {
	queue_open, queue_close, queue_read, queue_write, queue_ioctl, nostop, notty, queue_poll, nommap,
	nokqfilter, D_OTHER
};
MOD_DEV("queue", "queue", NULL, -1, &queue_cdevsw, -1);
int queue_lkmentry(struct lkm_table *, int, int);
int queue_lkmentry(struct lkm_table *t, int cmd, int ver)
{
	DISPATCH(t, cmd, ver, lkm_nofunc, lkm_nofunc, lkm_nofunc);
}
"""
)


@pytest.fixture
def queue(lab: Lab) -> Lab:
    """The driver as /dev/queue."""
    loaded = lab.load(QUEUE, name="queue", whole=True)
    majors = modules.stat(lab.p, loaded.id).majors
    assert majors is not None
    lab.p.mknod("/dev/queue", S_IFCHR | 0o666, majors[1] << 8)
    return lab


def counts(lab: Lab) -> list[int]:
    """What the driver has counted."""
    return [lab.k.mem.i32(lab.symbols["queue_counts"] + 4 * i) for i in range(8)]


def test_a_program_uses_every_entry(queue: Lab, lab_runner: Runner) -> None:
    """open, write, poll, read, the four kinds of ioctl and their errors, close."""
    ran = lab_runner.main(
        """
        struct pair p = { 7, 1LL << 40, "text" }, q = { 0 };
        char b[16]; int fd = open("/dev/queue", O_RDWR | O_NONBLOCK);
        struct pollfd pfd = { fd, POLLIN | POLLOUT, 0 };
        long n = poll(&pfd, 1, 0); printf("%ld %d ", n, pfd.revents);
        n = read(fd, b, 16); printf("%ld %d ", n, errno);
        n = write(fd, "hello", 5); printf("%ld ", n);
        n = poll(&pfd, 1, 0); printf("%ld %d ", n, pfd.revents);
        n = read(fd, b, 16); printf("%ld %.5s\\n", n, b);
        n = ioctl(fd, SET, &p) || ioctl(fd, GET, &q); printf("%ld ", n);
        printf("%d %d %s ", q.a, q.b == 1LL << 40, q.text);
        n = ioctl(fd, BOTH, &q); printf("%ld %d %d %s\\n", n, q.a, q.b == -(1LL << 40), q.text);
        errno = 0; ioctl(fd, _IO('q', 9), 0); printf("%d ", errno);
        errno = 0; ioctl(fd, GET, (void *)8); printf("%d ", errno);
        errno = 0; ioctl(fd, BOTH, (void *)8); printf("%d ", errno);
        errno = 0; write(fd, (void *)8, 5); printf("%d ", errno);
        errno = 0; write(fd, b, 100); printf("%d ", errno);
        n = close(fd); errno = 0; read(fd, b, 1); printf("%ld %d\\n", n, errno);
        """,
        before="#include <sys/ioctl.h>\n" + COMMANDS,
    )
    assert ran.out.splitlines() == [
        "1 4 -1 35 5 1 5 5 hello",
        "0 7 1 text 0 -7 1 uext",
        "25 14 14 14 40 0 9",
    ]
    assert counts(queue)[:2] == [1, 1]


def test_several_buffers_are_one_call_of_the_driver(queue: Lab, lab_runner: Runner) -> None:
    """A message goes and comes whole: readv does not wait for a second one to fill the other buffer."""
    ran = lab_runner.main("""
        char a[4], b[8]; int fd = open("/dev/queue", O_RDWR);
        struct iovec out[3] = { { "mess", 4 }, { "", 0 }, { "age", 3 } }, in[2] = { { a, 4 }, { b, 8 } };
        long n = writev(fd, out, 3); printf("%ld ", n);
        n = readv(fd, in, 2); printf("%ld %.4s %.3s ", n, a, b);
        write(fd, "four", 4);
        n = readv(fd, in, 2); printf("%ld %.4s\\n", n, a);
    """)
    assert ran.out == "7 7 mess age 4 four\n"
    assert counts(queue)[2:5] == [2, 2, 3 + 2 + 1 + 2]


def test_readv_of_a_pipe_gives_what_there_is(queue: Lab, lab_runner: Runner) -> None:
    """Also when that fills the first buffer exactly; at the end it is nothing."""
    ran = lab_runner.main("""
        char a[4], b[4]; int fd[2]; struct iovec in[2] = { { a, 4 }, { b, 4 } };
        long n; pipe(fd);
        write(fd[1], "four", 4); n = readv(fd[0], in, 2); printf("%ld ", n);
        write(fd[1], "sevenup", 7); n = readv(fd[0], in, 2); printf("%ld %.3s ", n, b);
        printf("%d ", fcntl(fd[0], F_GETFL) & O_NONBLOCK);
        close(fd[1]); n = readv(fd[0], in, 2); printf("%ld\\n", n);
    """)
    assert ran.out == "4 7 nup 0 0\n"


def test_the_driver_is_told_of_modes(queue: Lab) -> None:
    """FIONBIO, FIOASYNC and F_SETFL, of what changes; one that refuses F_SETFL leaves the flags alone."""
    p, fd = queue.p, queue.p.open("/dev/queue", O_RDWR)
    p.ioctl(fd, FIONBIO, (1).to_bytes(4, "little"))
    assert (counts(queue)[5:7], p.fcntl(fd, F_GETFL) & O_NONBLOCK) == ([1, 1], O_NONBLOCK)
    p.fcntl(fd, F_SETFL, O_NONBLOCK)
    assert counts(queue)[5] == 1
    p.fcntl(fd, F_SETFL, 0)
    assert (counts(queue)[5:7], p.fcntl(fd, F_GETFL) & O_NONBLOCK) == ([2, 0], 0)
    p.ioctl(fd, FIOASYNC, (1).to_bytes(4, "little"))
    assert counts(queue)[5:7] == [3, 1]
    queue.k.mem.set_u32(queue.symbols["queue_counts"] + 28, 1)
    assert errno_of(lambda: p.fcntl(fd, F_SETFL, O_NONBLOCK)) == ENOTTY
    assert errno_of(lambda: p.ioctl(fd, FIONBIO, bytes(4))) == ENOTTY
    assert p.fcntl(fd, F_GETFL) & O_NONBLOCK == 0


def test_the_kernels_own_devices_take_modes(lab: Lab) -> None:
    """They never block; any other command is ENODEV."""
    for path in ("/dev/null", "/dev/console"):
        fd = lab.p.open(path, O_RDWR)
        lab.p.fcntl(fd, F_SETFL, O_NONBLOCK)
        assert lab.p.fcntl(fd, F_GETFL) & O_NONBLOCK
        with pytest.raises(KernelError) as caught:
            lab.p.ioctl(fd, 0x20007101)
        assert caught.value.errno == ENODEV


def test_a_signal_ends_a_programs_sleep_in_read(queue: Lab) -> None:
    """EINTR for who catches it; who does not is gone, its device closed, and the driver can go."""
    ended, proc = spawn_main(
        queue,
        """
        char b; int n, fd = open("/dev/queue", O_RDONLY); struct sigaction sa = { .sa_handler = caught };
        sigaction(SIGUSR1, &sa, 0);
        n = read(fd, &b, 1);
        return n == -1 && errno == EINTR ? seen : 99;
        """,
        before="static int seen; static void caught(int n) { seen = n; }",
    )
    queue.k.signal(proc, SIGUSR1)
    queue.settle()
    assert ended[0].status == SIGUSR1 << 8
    ended, proc = spawn_main(queue, 'char b; int fd = open("/dev/queue", O_RDONLY); read(fd, &b, 1);')
    with pytest.raises(KernelError, match=rf"pid {proc.pid} \(prog\) sleeps in queue_read") as caught:
        modules.unload(queue.p, "queue")
    assert caught.value.errno == EBUSY
    queue.k.signal(proc, SIGTERM)
    queue.settle()
    assert ended[0].status == SIGTERM
    assert counts(queue)[:2] == [2, 2]
    modules.unload(queue.p, "queue")


def test_the_last_close_of_parent_and_child_is_the_drivers(queue: Lab, lab_runner: Runner) -> None:
    """fork shares what is open, the end closes it; then the driver goes, and its node is ENXIO."""
    ran = lab_runner.main("""
        int n[8], st, fd = open("/dev/queue", O_RDWR), again = dup(fd);
        if (fork() == 0) { close(fd); _exit(0); }
        wait(&st); close(again);
        ioctl(fd, _IOR('q', 4, int[8]), n); printf("%d %d\\n", n[0], n[1]);
    """)
    assert ran.out == "1 0\n"
    assert counts(queue)[:2] == [1, 1]
    modules.unload(queue.p, "queue")
    assert queue.tables() == queue.boot_tables
    after = 'printf("%d ", open("/dev/queue", O_RDWR)); printf("%d\\n", errno);'
    assert lab_runner.main(after).out == f"-1 {ENXIO}\n"
