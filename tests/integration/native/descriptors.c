/* Descriptors, pipes, waiting for them, scattered transfers, times, and what the kernel says of itself. */
static char b[64];

static void duplicates(void)
{
	int fd = open("/dev/zero", O_RDWR | O_NONBLOCK), other;

	CHECK((other = dup(fd)) == fd + 1 && dup2(fd, 40) == 40 && dup2(40, 40) == 40);
	CHECK(fcntl(fd, F_DUPFD, 50) == 50 && fcntl(fd, F_MAXFD) == 50);
	FAILS(dup2(fd, 5000), EBADF);
	FAILS(dup2(99, 3), EBADF);
	FAILS(dup(-1), EBADF);
	CHECK(fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK) && fcntl(fd, F_SETFL, O_APPEND) == 0);
	CHECK(fcntl(other, F_GETFL) == (O_RDWR | O_APPEND));	/* one open file */
	CHECK(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(other, F_GETFD) == 0);
	CHECK(fcntl(open("/dev/zero", O_RDONLY | O_CLOEXEC), F_GETFD) == FD_CLOEXEC);
	FAILS(fcntl(fd, 99), EINVAL);
	CHECK(close(40) == 0 && fcntl(fd, F_CLOSEM) == 0);
	FAILS(close(40), EBADF);
	FAILS(read(fd, b, 1), EBADF);
}

static void waiting(void)
{
	int p[2], n = 0;
	struct timespec from, to;
	struct timeval tv = { 0, 20000 };
	fd_set in, out;

	CHECK(pipe(p) == 0);
	struct pollfd q[4] = { { p[0], POLLIN, 0 }, { p[1], POLLOUT, 0 }, { -1, POLLIN, 7 }, { 77, POLLIN, 0 } };
	CHECK(poll(q, 4, 0) == 2 && q[0].revents == 0 && q[1].revents == POLLOUT && q[2].revents == 0);
	CHECK(q[3].revents == POLLNVAL);
	clock_gettime(CLOCK_MONOTONIC, &from);
	CHECK(poll(q, 1, 20) == 0 && select(0, NULL, NULL, NULL, &tv) == 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	CHECK((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 39);
	FD_ZERO(&in); FD_ZERO(&out); FD_SET(p[0], &in); FD_SET(p[1], &out);
	CHECK(select(p[1] + 1, &in, &out, NULL, NULL) == 1 && !FD_ISSET(p[0], &in) && FD_ISSET(p[1], &out));
	CHECK(write(p[1], "abcde", 5) == 5 && ioctl(p[0], FIONREAD, &n) == 0 && n == 5);
	FD_SET(p[0], &in);
	CHECK(select(p[1] + 1, &in, &out, NULL, NULL) == 2 && FD_ISSET(p[0], &in));
	FD_SET(77, &in);
	FAILS(select(78, &in, NULL, NULL, NULL), EBADF);
	FAILS(select(-1, NULL, NULL, NULL, NULL), EINVAL);
	FAILS(poll((struct pollfd *)16, 1, 0), EFAULT);
	struct iovec v[2] = { { b, 2 }, { b + 8, 8 } };
	CHECK(readv(p[0], v, 2) == 5 && memcmp(b, "ab", 2) == 0 && memcmp(b + 8, "cde", 3) == 0);
	CHECK(writev(p[1], v, 1) == 2 && read(p[0], b, 9) == 2);
	FAILS(writev(p[1], v, 0), EINVAL);
	q[1].events = POLLPRI, q[1].fd = 0;	/* a file, of which there is never such news */
	CHECK(poll(q + 1, 1, 0) == 0 && q[1].revents == 0);
	close(p[1]);
	CHECK(poll(q, 1, -1) == 1 && q[0].revents == (POLLIN | POLLHUP) && read(p[0], b, 1) == 0);
	close(p[0]);
}

static void kernel(void)
{
	int mib[2] = { CTL_HW, HW_PAGESIZE }, page = 0;
	size_t n = sizeof page;
	struct timeval tv;
	struct timespec ts;

	CHECK(sysctl(mib, 2, &page, &n, NULL, 0) == 0 && n == sizeof page && page == 4096);
	FAILS(sysctl(mib, 2, NULL, NULL, &page, n), EPERM);
	mib[0] = CTL_KERN, mib[1] = KERN_OSTYPE, n = 2;
	FAILS(sysctl(mib, 2, b, &n, NULL, 0), ENOMEM);
	CHECK(n == 7 && sysctl(mib, 2, b, &n, NULL, 0) == 0 && strcmp(b, "NetBSD") == 0);
	mib[1] = 9999;
	FAILS(sysctl(mib, 2, b, &n, NULL, 0), ENOENT);
	CHECK(gettimeofday(&tv, NULL) == 0 && clock_gettime(CLOCK_REALTIME, &ts) == 0);
	CHECK(tv.tv_sec > 1600000000 && tv.tv_usec < 1000000 && ts.tv_sec - tv.tv_sec < 100);
	FAILS(clock_gettime(99, &ts), EINVAL);
	FAILS(gettimeofday((struct timeval *)8, NULL), EFAULT);
}

int main(void)
{
	duplicates();
	waiting();
	kernel();
	return 0;
}
