/* System calls by name. */

#include <sys/types.h>
#include <sys/syscall.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/sysctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#ifdef __LP64__
#define QUAD(x)		(long)(x)
#else
#define QUAD(x)		(long)(x), (long)((x) >> 32)
#endif

extern long long syscall_quad(int, ...) __asm__("syscall");
extern int __syscall2(int, int *);
extern void __sigtramp(void);
extern char **environ;
extern char end[];

static char *curbrk = end;

void	_exit(int status) { for (;;) syscall(SYS_exit, status); }
int	fork(void)
{
	int r[2];

	if (__syscall2(SYS_fork, r) < 0)
		return -1;
	return r[1] == 1 ? 0 : r[0];
}
int	pipe(int fd[2]) { return __syscall2(SYS_pipe, fd); }
ssize_t	read(int fd, void *buf, size_t n) { return syscall(SYS_read, fd, buf, n); }
ssize_t	write(int fd, const void *buf, size_t n) { return syscall(SYS_write, fd, buf, n); }
ssize_t	readv(int fd, const struct iovec *v, int n) { return syscall(SYS_readv, fd, v, n); }
ssize_t	writev(int fd, const struct iovec *v, int n) { return syscall(SYS_writev, fd, v, n); }
ssize_t	pread(int fd, void *buf, size_t n, off_t o) { return syscall(SYS_pread, fd, buf, n, 0, QUAD(o)); }
ssize_t	pwrite(int fd, const void *buf, size_t n, off_t o) { return syscall(SYS_pwrite, fd, buf, n, 0, QUAD(o)); }
off_t	lseek(int fd, off_t o, int whence) { return syscall_quad(SYS_lseek, fd, 0, QUAD(o), whence); }
int	close(int fd) { return syscall(SYS_close, fd); }
int	dup(int fd) { return syscall(SYS_dup, fd); }
int	dup2(int fd, int to) { return syscall(SYS_dup2, fd, to); }
int	unlink(const char *path) { return syscall(SYS_unlink, path); }
int	link(const char *path, const char *to) { return syscall(SYS_link, path, to); }
int	symlink(const char *text, const char *path) { return syscall(SYS_symlink, text, path); }
ssize_t	readlink(const char *path, char *buf, size_t n) { return syscall(SYS_readlink, path, buf, n); }
int	rename(const char *from, const char *to) { return syscall(SYS_rename, from, to); }
int	access(const char *path, int mode) { return syscall(SYS_access, path, mode); }
int	chdir(const char *path) { return syscall(SYS_chdir, path); }
int	chroot(const char *path) { return syscall(SYS_chroot, path); }
int	fchdir(int fd) { return syscall(SYS_fchdir, fd); }
char	*getcwd(char *buf, size_t n) { return syscall(SYS___getcwd, buf, n) < 0 ? NULL : buf; }
int	mkdir(const char *path, mode_t mode) { return syscall(SYS_mkdir, path, mode); }
int	rmdir(const char *path) { return syscall(SYS_rmdir, path); }
int	chmod(const char *path, mode_t mode) { return syscall(SYS_chmod, path, mode); }
int	mknod(const char *path, mode_t mode, dev_t dev) { return syscall(SYS___mknod50, path, mode, QUAD(dev)); }
mode_t	umask(mode_t mode) { return syscall(SYS_umask, mode); }
int	stat(const char *path, struct stat *st) { return syscall(SYS___stat50, path, st); }
int	lstat(const char *path, struct stat *st) { return syscall(SYS___lstat50, path, st); }
int	fstat(int fd, struct stat *st) { return syscall(SYS___fstat50, fd, st); }
int	getdents(int fd, char *buf, size_t n) { return syscall(SYS___getdents30, fd, buf, n); }
int	mount(const char *type, const char *path, int flags, void *data, size_t n)
	{ return syscall(SYS___mount50, type, path, flags, data, n); }
int	unmount(const char *path, int flags) { return syscall(SYS_unmount, path, flags); }
void	sync(void) { syscall(SYS_sync); }
pid_t	getpid(void) { return syscall(SYS_getpid); }
pid_t	getppid(void) { return syscall(SYS_getppid); }
uid_t	getuid(void) { return syscall(SYS_getuid); }
uid_t	geteuid(void) { return syscall(SYS_geteuid); }
gid_t	getgid(void) { return syscall(SYS_getgid); }
gid_t	getegid(void) { return syscall(SYS_getegid); }
int	kill(pid_t pid, int signo) { return syscall(SYS_kill, pid, signo); }
int	killpg(pid_t pgrp, int signo) { return kill(-pgrp, signo); }
pid_t	getpgrp(void) { return syscall(SYS_getpgrp); }
int	setpgid(pid_t pid, pid_t pgrp) { return syscall(SYS_setpgid, pid, pgrp); }
pid_t	setsid(void) { return syscall(SYS_setsid); }
int	setuid(uid_t uid) { return syscall(SYS_setuid, uid); }
int	seteuid(uid_t uid) { return syscall(SYS_seteuid, uid); }
int	setgid(gid_t gid) { return syscall(SYS_setgid, gid); }
int	raise(int signo) { return kill(getpid(), signo); }
int	sched_yield(void) { return syscall(SYS_sched_yield); }
int	execve(const char *p, char *const a[], char *const e[]) { return syscall(SYS_execve, p, a, e); }
int	execv(const char *p, char *const a[]) { return execve(p, a, environ); }
pid_t	wait4(pid_t pid, int *st, int opt, void *ru) { return syscall(SYS___wait450, pid, st, opt, ru); }
pid_t	waitpid(pid_t pid, int *st, int opt) { return wait4(pid, st, opt, NULL); }
pid_t	wait(int *st) { return wait4(-1, st, 0, NULL); }
int	munmap(void *addr, size_t n) { return syscall(SYS_munmap, addr, n); }
int	mprotect(void *addr, size_t n, int prot) { return syscall(SYS_mprotect, addr, n, prot); }
void	*mmap(void *addr, size_t n, int prot, int flags, int fd, off_t o)
	{ return (void *)syscall(SYS_mmap, addr, n, prot, flags, fd, 0L, QUAD(o)); }
int	poll(struct pollfd *p, nfds_t n, int ms) { return syscall(SYS_poll, p, n, ms); }
int	select(int n, fd_set *r, fd_set *w, fd_set *e, const struct timeval *tv)
	{ return syscall(SYS___select50, n, r, w, e, tv); }
int	getrlimit(int which, struct rlimit *r) { return syscall(SYS_getrlimit, which, r); }
int	getrusage(int who, struct rusage *r) { return syscall(SYS___getrusage50, who, r); }
int	getitimer(int which, struct itimerval *i) { return syscall(SYS___getitimer50, which, i); }
int	setitimer(int which, const struct itimerval *i, struct itimerval *o)
	{ return syscall(SYS___setitimer50, which, i, o); }
int	nanosleep(const struct timespec *a, struct timespec *b) { return syscall(SYS___nanosleep50, a, b); }
int	gettimeofday(struct timeval *tv, void *tz) { return syscall(SYS___gettimeofday50, tv, tz); }
int	clock_gettime(clockid_t c, struct timespec *ts) { return syscall(SYS___clock_gettime50, c, ts); }
int	sysctl(const int *name, u_int n, void *o, size_t *ol, const void *w, size_t wl)
	{ return syscall(SYS___sysctl, name, n, o, ol, w, wl); }
int	sigaction(int signo, const struct sigaction *a, struct sigaction *o)
	{ return syscall(SYS___sigaction_sigtramp, signo, a, o, __sigtramp, 2); }
int	sigprocmask(int how, const sigset_t *s, sigset_t *o) { return syscall(SYS___sigprocmask14, how, s, o); }
int	sigaltstack(const stack_t *n, stack_t *o) { return syscall(SYS___sigaltstack14, n, o); }
int	sigpending(sigset_t *s) { return syscall(SYS___sigpending14, s); }
int	sigsuspend(const sigset_t *s) { return syscall(SYS___sigsuspend14, s); }

int
open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	return syscall(SYS_open, path, flags, mode);
}

int
fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	return syscall(SYS_fcntl, fd, cmd, arg);
}

int
ioctl(int fd, unsigned long com, ...)
{
	va_list ap;
	void *data;

	va_start(ap, com);
	data = va_arg(ap, void *);
	va_end(ap);
	return syscall(SYS_ioctl, fd, com, data);
}

sig_t
signal(int signo, sig_t handler)
{
	struct sigaction new = { .sa_handler = handler, .sa_flags = SA_RESTART }, old;

	return sigaction(signo, &new, &old) < 0 ? SIG_ERR : old.sa_handler;
}

unsigned int
alarm(unsigned int seconds)
{
	struct itimerval want = { .it_value = { .tv_sec = seconds } }, old = { { 0 } };

	setitimer(ITIMER_REAL, &want, &old);
	return (unsigned int)old.it_value.tv_sec + (old.it_value.tv_usec != 0);
}

int
pause(void)
{
	sigset_t now;

	sigprocmask(SIG_BLOCK, NULL, &now);
	return sigsuspend(&now);
}

unsigned int
sleep(unsigned int seconds)
{
	struct timespec want = { .tv_sec = seconds }, left = { 0 };

	return nanosleep(&want, &left) < 0 ? (unsigned int)left.tv_sec : 0;
}

int
brk(void *addr)
{
	if (syscall(SYS_break, addr) < 0)
		return -1;
	curbrk = addr;
	return 0;
}

void *
sbrk(intptr_t by)
{
	char *old = curbrk;

	return brk(old + by) < 0 ? (void *)-1 : old;
}

void
exit(int status)
{
	fflush(stdout);
	_exit(status);
}

void
abort(void)
{
	signal(SIGABRT, SIG_DFL);
	raise(SIGABRT);
	_exit(127);
}
